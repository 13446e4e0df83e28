"""What goes over the wire: paths, query names, headers and bodies as the API documents them."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from pydantic import SecretStr

from telnyx_api import InvalidArgument, TelnyxClient
from tests.telnyx_api.conftest import KEY, ScriptedCarrier

ORDER = {"id": "o-1", "status": "pending"}
EMPTY = {"data": [], "meta": {"page_number": 1, "page_size": 250, "total_pages": 0, "total_results": 0}}
NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
NOON_TEXT = "2026-03-01T12:30:00.000000Z"


async def test_every_filter_of_the_order_listing_has_the_name_that_the_api_gives_it(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers(EMPTY)
    await client.portouts(
        status="pending",
        status_in=["pending", "rejected-pending"],
        carrier_name="Onvoy & Sons",
        country_code="US",
        country_code_in=["US", "CA"],
        foc_date=NOON,
        inserted_gte=NOON,
        inserted_lte=NOON,
        phone_number="+13035551212",
        pon="P 1",
        ported_out_gte=NOON,
        ported_out_lte=NOON,
        spid="073H",
        support_key="PO_abc123",
    )
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("GET", "/v2/portouts")
    assert asked.query == {
        "page[number]": "1",
        "page[size]": "250",
        "filter[status]": "pending",
        "filter[status_in]": "pending,rejected-pending",
        "filter[carrier_name]": "Onvoy & Sons",
        "filter[country_code]": "US",
        "filter[country_code_in]": "US,CA",
        "filter[foc_date]": NOON_TEXT,
        "filter[inserted_at][gte]": NOON_TEXT,
        "filter[inserted_at][lte]": NOON_TEXT,
        "filter[phone_number]": "+13035551212",
        "filter[pon]": "P 1",
        "filter[ported_out_at][gte]": NOON_TEXT,
        "filter[ported_out_at][lte]": NOON_TEXT,
        "filter[spid]": "073H",
        "filter[support_key]": "PO_abc123",
    }


async def test_filters_that_are_left_out_are_not_sent(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers(EMPTY)
    assert await client.portouts() == []
    assert await client.events() == []
    assert [set(asked.query) for asked in carrier.asked] == [{"page[number]", "page[size]"}] * 2


async def test_every_filter_of_the_event_listing_has_the_name_that_the_api_gives_it(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers(EMPTY)
    await client.events(
        portout_id="o-1", event_type="portout.status_changed", created_gte=NOON, created_lte=NOON
    )
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("GET", "/v2/portouts/events")
    assert asked.query == {
        "page[number]": "1",
        "page[size]": "250",
        "filter[portout_id]": "o-1",
        "filter[event_type]": "portout.status_changed",
        "filter[created_at][gte]": NOON_TEXT,
        "filter[created_at][lte]": NOON_TEXT,
    }


async def test_times_of_other_zones_are_sent_in_utc(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers(EMPTY)
    await client.portouts(inserted_gte=NOON.astimezone(timezone(timedelta(hours=-7))))
    assert carrier.asked[0].query["filter[inserted_at][gte]"] == NOON_TEXT


async def test_an_order_is_read_by_its_id(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": ORDER})
    order = await client.portout("o-1")
    assert (order.id, order.status) == ("o-1", "pending")
    assert (carrier.asked[0].method, carrier.asked[0].path) == ("GET", "/v2/portouts/o-1")


async def test_the_key_goes_as_bearer_token_and_only_there(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": ORDER})
    await client.portout("o-1")
    headers = carrier.asked[0].headers
    assert headers["authorization"] == f"Bearer {KEY.get_secret_value()}"
    assert [name for name, value in headers.items() if KEY.get_secret_value() in value] == ["authorization"]


async def test_codes_are_read_for_one_order(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers(
        {
            "data": [
                {"code": 1001, "description": "Other", "reason_required": True},
                {"code": "1002", "description": "Invalid PIN", "reason_required": False},
                {"code": 1003},
                {"description": "no code"},
            ]
        }
    )
    codes = await client.rejection_codes("o-1")
    assert carrier.asked[0].path == "/v2/portouts/rejections/o-1"
    assert [(code.code, code.reason_required) for code in codes] == [
        (1001, True),
        (1002, False),
        (1003, True),
    ]


async def test_a_denial_sends_reason_and_code(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": {**ORDER, "status": "rejected-pending", "rejection_code": 1002}})
    order = await client.update_status("o-1", "rejected-pending", reason="Wrong PIN.", rejection_code=1002)
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("PATCH", "/v2/portouts/o-1/rejected-pending")
    assert json.loads(asked.body) == {"reason": "Wrong PIN.", "rejection_code": 1002}
    assert asked.headers["content-type"] == "application/json"
    assert (order.status, order.rejection_code) == ("rejected-pending", 1002)


async def test_an_approval_sends_what_becomes_of_messaging_only_when_told(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": {**ORDER, "status": "authorized"}})
    await client.update_status("o-1", "authorized", reason="Verified.", host_messaging=False)
    await client.update_status("o-1", "authorized", reason="Verified.")
    assert [json.loads(asked.body) for asked in carrier.asked] == [
        {"reason": "Verified.", "host_messaging": False},
        {"reason": "Verified."},
    ]


async def test_a_reason_with_a_broken_character_can_be_sent(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": ORDER})
    await client.update_status("o-1", "authorized", reason="Müller \ud83d")
    assert json.loads(carrier.asked[0].body) == {"reason": "Müller \ud83d"}


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_any_success_is_success(client: TelnyxClient, carrier: ScriptedCarrier, status: int) -> None:
    carrier.answers({"data": ORDER}, status)
    assert (await client.update_status("o-1", "authorized", reason="Verified.")).id == "o-1"


async def test_a_number_is_looked_up_by_its_digits_and_matched_exactly(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers(
        {
            "data": [
                {"phone_number": "+130355512129", "status": "active"},
                {"phone_number": "+13035551212", "status": "active", "external_pin": "0042"},
            ]
        }
    )
    number = await client.phone_number("+1 (303) 555-1212")
    assert carrier.asked[0].path == "/v2/phone_numbers"
    assert carrier.asked[0].query["filter[phone_number]"] == "13035551212"
    assert number is not None
    assert number.phone_number == "+13035551212"
    assert number.external_pin == SecretStr("0042")


IDS: list[tuple[str, str]] = [
    ("0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"),
    ("a b?c#d", "a%20b%3Fc%23d"),
    ("50%2Fx", "50%252Fx"),
    ("é;=&", "%C3%A9%3B%3D%26"),
]


@pytest.mark.parametrize(("id_", "quoted"), IDS)
async def test_an_id_is_quoted_as_one_segment(
    client: TelnyxClient, carrier: ScriptedCarrier, id_: str, quoted: str
) -> None:
    carrier.answers({"data": {**ORDER, "id": id_}})
    await client.portout(id_)
    await client.update_status(id_, "authorized", reason="Verified.")
    assert [asked.path for asked in carrier.asked] == [
        f"/v2/portouts/{quoted}",
        f"/v2/portouts/{quoted}/authorized",
    ]


BY_ID: list[Callable[[TelnyxClient, str], Awaitable[object]]] = [
    lambda client, id_: client.portout(id_),
    lambda client, id_: client.rejection_codes(id_),
    lambda client, id_: client.update_status(id_, "authorized", reason="Verified."),
]


@pytest.mark.parametrize("call", BY_ID)
@pytest.mark.parametrize(
    "id_", ["", "  ", ".", "..", "a/b", "/", "a\\b", "../phone_numbers", "a\nb", "x" * 201]
)
async def test_an_id_that_would_lead_elsewhere_is_refused_before_anything_is_sent(
    client: TelnyxClient,
    carrier: ScriptedCarrier,
    call: Callable[[TelnyxClient, str], Awaitable[object]],
    id_: str,
) -> None:
    with pytest.raises(InvalidArgument, match="not the id of a port-out"):
        await call(client, id_)
    assert carrier.asked == []


BAD_CALLS: list[Callable[[TelnyxClient], Awaitable[object]]] = [
    lambda client: client.portouts(status_in=[]),
    lambda client: client.portouts(status_in="pending"),
    lambda client: client.portouts(inserted_gte=datetime(2026, 3, 1)),
    lambda client: client.portouts(foc_date=datetime(2026, 3, 1)),
    lambda client: client.events(created_lte=datetime(2026, 3, 1)),
    lambda client: client.phone_number("+"),
    lambda client: client.update_status("o-1", "ported", reason="No."),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", BAD_CALLS)
async def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    client: TelnyxClient, carrier: ScriptedCarrier, call: Callable[[TelnyxClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgument):
        await call(client)
    assert carrier.asked == []


@pytest.mark.parametrize("key", ["", "  ", "KEY\nX-Other: 1", "KEY 1", "schlüssel"])
def test_a_key_that_no_header_takes_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidArgument, match="TELNYX_API_KEY") as refusal:
        TelnyxClient(SecretStr(key))
    assert not key.strip() or key.strip() not in str(refusal.value)


async def test_white_space_around_a_key_and_a_last_slash_are_taken_for_slips(
    carrier: ScriptedCarrier,
) -> None:
    carrier.answers({"data": ORDER})
    async with TelnyxClient(SecretStr("KEY0123\n"), carrier.base_url + "/") as client:
        await client.portout("o-1")
    assert carrier.asked[0].headers["authorization"] == "Bearer KEY0123"
    assert carrier.asked[0].path == "/v2/portouts/o-1"


@pytest.mark.parametrize(
    "url", ["", "api.telnyx.com/v2", "ftp://api.telnyx.com", "http://", "https://x:y", "http://a/?b"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="TELNYX_BASE_URL"):
        TelnyxClient(KEY, url)


async def test_a_client_that_was_passed_in_is_used_and_left_open(carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": ORDER})
    async with httpx.AsyncClient() as shared:
        async with TelnyxClient(KEY, carrier.base_url, http=shared) as client:
            await client.portout("o-1")
        assert not shared.is_closed
        assert "authorization" not in shared.headers
    assert len(carrier.asked) == 1

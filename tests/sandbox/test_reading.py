"""Reading orders, rejection codes and numbers: auth, shapes, pages, errors."""

import httpx
import pytest

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from tests.sandbox.conftest import NO_TLS, START, Client, Hands, detail

PORTOUT_FIELDS = {
    *("already_ported", "authorized_name", "carrier_name", "city", "created_at", "current_carrier"),
    *("end_user_name", "foc_date", "host_messaging", "id", "inserted_at", "lsr", "phone_numbers", "pon"),
    *("reason", "record_type", "rejection_code", "requested_foc_date", "service_address", "spid", "state"),
    *("status", "support_key", "updated_at", "user_id", "vendor", "zip"),
}
NUMBER_FIELDS_REQUIRED = {
    *("id", "record_type", "phone_number", "country_iso_alpha2", "status", "tags", "external_pin"),
    *("created_at", "phone_number_type", "purchased_at", "deletion_lock_enabled"),
}
UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


@pytest.mark.parametrize("header", [None, "Bearer wrong", "sandbox", "Basic sandbox", "Bearer sandboxes"])
async def test_without_the_right_key_every_operation_answers_401(
    server: SandboxServer, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    async with httpx.AsyncClient(
        base_url=server.base_url, headers=headers, trust_env=False, verify=NO_TLS
    ) as stranger:
        for path in ("/portouts", f"/portouts/{UNKNOWN}", "/portouts/events", "/phone_numbers", "/nowhere"):
            answer = await stranger.get(path)
            assert answer.status_code == 401
            assert answer.json() == {
                "errors": [
                    {
                        "code": "10009",
                        "title": "Authentication failed",
                        "detail": "Could not understand the provided credentials.",
                        "meta": {"url": "https://developers.telnyx.com/docs/overview/errors/10009"},
                    }
                ]
            }


async def test_another_key_can_be_chosen() -> None:
    async with SandboxServer(key="KEY-2") as server:
        client = Client(server)
        async with client.http:
            assert (await client.get("/portouts")).status_code == 200


async def test_a_pending_order_is_mostly_null_as_real_ones_are(client: Client) -> None:
    order_id = await client.place(carrier_name="Onvoy", spid="073H")

    order = await client.data(f"/portouts/{order_id}")

    assert set(order) == PORTOUT_FIELDS
    assert order["status"] == "pending"
    assert (order["carrier_name"], order["spid"]) == ("Onvoy", "073H")
    assert order["phone_numbers"] == ["+12125550123"]
    assert order["lsr"] == []
    assert order["inserted_at"] == order["created_at"] == order["updated_at"] == "2026-03-02T14:00:00.000Z"
    nulls = ("authorized_name", "end_user_name", "foc_date", "pon", "service_address", "city", "state", "zip")
    assert [order[name] for name in nulls] == [None] * len(nulls)
    assert order["reason"] is order["rejection_code"] is None


async def test_an_order_shows_what_it_was_placed_with(client: Client) -> None:
    given = {
        "authorized_name": "Maria Lopez",
        "end_user_name": "Harbor Coffee LLC",
        "pon": "A-1",
        "zip": "02139",
        "city": "Cambridge",
        "state": "MA",
        "service_address": "1 Example Street",
        "vendor": "0e66ed3b-37e6-4fed-93d6-a30ce2493661",
        "lsr": ["https://example.com/files/lsr.pdf"],
        "host_messaging": True,
        "support_key": "PO_abc123",
        "id": UNKNOWN,
    }

    order_id = await client.place(
        **given, foc_date="2026-03-05T10:00:00-05:00", requested_foc_date="2026-03-04T00:00:00Z"
    )

    order = await client.data(f"/portouts/{order_id}")
    assert {name: order[name] for name in given} == given
    assert order["foc_date"] == "2026-03-05T15:00:00.000Z"
    assert order["requested_foc_date"] == "2026-03-04T00:00:00.000Z"


@pytest.mark.parametrize(
    "path",
    [f"/portouts/{UNKNOWN}", "/portouts/not-a-uuid", f"/portouts/events/{UNKNOWN}", "/elsewhere"],
)
async def test_what_does_not_exist_is_404(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    error = answer.json()["errors"][0]
    assert (error["code"], error["title"]) == ("10005", "Resource not found")


async def test_an_operation_with_another_method_is_404(client: Client) -> None:
    assert (await client.http.delete("/portouts")).status_code == 404


async def test_every_answer_counts_down_the_rate_limit(client: Client) -> None:
    first = (await client.get("/portouts")).headers
    second = (await client.get("/portouts/events")).headers
    assert first["x-ratelimit-limit"] == second["x-ratelimit-limit"] == "100000"
    assert int(second["x-ratelimit-remaining"]) == int(first["x-ratelimit-remaining"]) - 1
    assert first["x-ratelimit-reset"] == "60"


async def test_the_rate_limit_starts_again_after_its_window(client: Client, hands: Hands) -> None:
    before = (await client.get("/portouts")).headers
    hands.turn(61)
    after = (await client.get("/portouts")).headers
    assert before["x-ratelimit-remaining"] == after["x-ratelimit-remaining"]


async def test_twenty_orders_make_a_page_unless_asked_otherwise(client: Client, carrier: Carrier) -> None:
    for _ in range(45):
        carrier.create_order()
    answer = (await client.get("/portouts")).json()
    assert len(answer["data"]) == 20
    assert answer["meta"] == {"page_number": 1, "page_size": 20, "total_pages": 3, "total_results": 45}
    last = (await client.get("/portouts", query={"page[number]": 3})).json()
    assert len(last["data"]) == 5
    assert last["meta"]["page_number"] == 3


async def test_pages_together_hold_every_order_once_newest_first(client: Client, carrier: Carrier) -> None:
    made = [carrier.create_order(age_seconds=1000 - number) for number in range(600)]
    seen = []
    for number in (1, 2, 3):
        page = await client.data("/portouts", {"page[number]": number, "page[size]": 250})
        seen += [order["id"] for order in page]
    assert seen == made[::-1]


async def test_a_page_beyond_the_last_is_empty(client: Client, carrier: Carrier) -> None:
    carrier.create_order()
    answer = (await client.get("/portouts", query={"page[number]": 9})).json()
    assert answer["data"] == []
    assert answer["meta"]["total_results"] == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("page[size]", value) for value in ("0", "251", "-1", "x", "", "1e2", "٣")),
        *(("page[number]", value) for value in ("0", "-3", "one")),
    ],
)
@pytest.mark.parametrize("path", ["/portouts", "/portouts/events", "/phone_numbers"])
async def test_a_page_outside_its_bounds_is_422(client: Client, path: str, key: str, value: str) -> None:
    answer = await client.get(path, query={key: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"parameter": key}


async def test_250_orders_fit_on_a_page(client: Client, carrier: Carrier) -> None:
    for _ in range(251):
        carrier.create_order()
    assert len(await client.data("/portouts", {"page[size]": 250})) == 250


async def test_the_published_codes_are_eligible_unless_an_order_says_otherwise(client: Client) -> None:
    order_id = await client.place()
    other = await client.place(eligible_codes=[1001, {"code": 1003, "description": "Number is leased"}])
    bare = await client.place(eligible_codes=[])

    assert await client.data(f"/portouts/rejections/{order_id}") == [
        {"code": 1001, "description": "Other", "reason_required": True},
        {"code": 1002, "description": "Invalid PIN", "reason_required": False},
    ]
    assert await client.data(f"/portouts/rejections/{other}") == [
        {"code": 1001, "description": "Other", "reason_required": True},
        {"code": 1003, "description": "Number is leased", "reason_required": False},
    ]
    assert await client.data(f"/portouts/rejections/{bare}") == []


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ([("filter[code]", "1002")], [1002]),
        ([("filter[code]", "1001,1002")], [1001, 1002]),
        ([("filter[code][]", "1002"), ("filter[code][]", "1003")], [1002]),
        ([("filter[code][in]", "1001,1009")], [1001]),
        ([("filter[code]", "9999")], []),
    ],
)
async def test_rejection_codes_can_be_filtered(
    client: Client, query: list[tuple[str, str]], codes: list[int]
) -> None:
    order_id = await client.place()
    found = await client.data(f"/portouts/rejections/{order_id}", query)
    assert [code["code"] for code in found] == codes


async def test_a_rejection_code_that_is_no_number_is_422(client: Client) -> None:
    order_id = await client.place()
    answer = await client.get(f"/portouts/rejections/{order_id}", query={"filter[code]": "pin"})
    assert answer.status_code == 422


async def test_rejection_codes_of_an_unknown_order_are_404(client: Client) -> None:
    assert (await client.get(f"/portouts/rejections/{UNKNOWN}")).status_code == 404


async def test_a_number_is_shown_with_its_pin_on_file(client: Client, carrier: Carrier) -> None:
    carrier.add_number(phone_number="+12125550123", external_pin="0042", tags=["vip"], purchased_at=START)
    carrier.add_number(phone_number="+13035550124")

    (number,) = await client.data("/phone_numbers", {"filter[phone_number]": "12125550123"})

    assert set(number) >= NUMBER_FIELDS_REQUIRED
    assert number["external_pin"] == "0042"
    assert (number["status"], number["tags"]) == ("active", ["vip"])
    assert number["purchased_at"] == "2026-03-02T14:00:00.000Z"


@pytest.mark.parametrize("digits", ["+12125550123", "212-555", "212 555", "vip", "", "٢١٢"])
async def test_anything_but_digits_finds_no_number(client: Client, carrier: Carrier, digits: str) -> None:
    carrier.add_number(phone_number="+12125550123")
    assert await client.data("/phone_numbers", {"filter[phone_number]": digits}) == []


async def test_three_digits_find_the_numbers_that_hold_them(client: Client, carrier: Carrier) -> None:
    for number in ("+12125550123", "+13035550124", "+12125550125"):
        carrier.add_number(phone_number=number)
    found = await client.data("/phone_numbers", {"filter[phone_number]": "212"})
    assert [number["phone_number"] for number in found] == ["+12125550125", "+12125550123"]


async def test_two_digits_are_too_few_to_find_a_number(client: Client) -> None:
    answer = await client.get("/phone_numbers", query={"filter[phone_number]": "21"})
    assert answer.status_code == 422
    assert detail(answer) == "At least three digits are required."


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 3),
        ({"filter[status]": "active"}, 2),
        ({"filter[status]": "port-out-pending"}, 1),
        ({"filter[tag]": "vip"}, 1),
        ({"filter[customer_reference]": "C-1"}, 1),
        ({"filter[country_iso_alpha2]": "CA"}, 1),
        ({"filter[phone_number]": "555", "filter[status]": "active"}, 2),
    ],
)
async def test_numbers_can_be_filtered(
    client: Client, carrier: Carrier, query: dict[str, str], count: int
) -> None:
    carrier.add_number(phone_number="+12125550123", tags=["vip"])
    carrier.add_number(phone_number="+13035550124", customer_reference="C-1", status="port-out-pending")
    carrier.add_number(phone_number="+14165550125", country_iso_alpha2="CA")
    answer = (await client.get("/phone_numbers", query=query)).json()
    assert answer["meta"]["total_results"] == len(answer["data"]) == count


async def test_a_number_put_again_is_the_same_number_with_another_pin(
    client: Client, carrier: Carrier
) -> None:
    carrier.add_number(phone_number="+12125550123", external_pin="48213957")
    (before,) = await client.data("/phone_numbers")
    carrier.add_number(phone_number="+12125550123", external_pin="60917342")
    (after,) = await client.data("/phone_numbers")
    assert after["id"] == before["id"]
    assert after["external_pin"] == "60917342"

"""`portout carrier list`, `show`, `codes`, `events`, `event`: the carrier asked directly, with nothing else running."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.carrier_asking import STATUSES, each_of, one_of, several, time_of
from commands.output import Failed
from sandbox.models import NewFault, NewOrder
from sandbox.serve import SandboxServer
from tests.commands.inside import Inside
from tests.commands.shell import made_in

PIN = "48213957"
LONG_AGO = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def placed(sandbox: SandboxServer, **order: object) -> str:
    usual = {"phone_numbers": ["+12125550101"], "carrier_name": "Onvoy", "spid": "073H", "attempted_pin": PIN}
    return sandbox.carrier.create_order(NewOrder.model_validate(usual | order))


async def test_orders_are_listed_as_they_came_in(sandbox: SandboxServer, operator: Inside) -> None:
    late = placed(
        sandbox,
        carrier_name="Pine [bold]Tree",
        inserted_at=datetime(2027, 1, 1, tzinfo=UTC),
        silence_after=3e8,
    )
    soon = placed(sandbox, inserted_at=LONG_AGO, silence_after=3e8, foc_date=LONG_AGO)
    ran, listed = await operator("carrier", "list"), await operator("carrier", "list", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [order["id"] for order in listed.json] == [soon, late]
    assert "2026-01-31 09:30  2026-01-31" in ran.out
    assert "Pine [bold]Tree" in ran.out
    assert listed.json[0]["phone_numbers"] == ["+12125550101"]
    assert PIN not in ran.out + listed.out


async def test_a_year_that_all_orders_share_is_told_once(sandbox: SandboxServer, operator: Inside) -> None:
    placed(sandbox, inserted_at=LONG_AGO, silence_after=3e8)
    ran = await operator("carrier", "list")
    assert "1 order at the carrier, all of 2026, times in UTC" in ran.out
    assert re.search(r"  01-31 09:30  —", ran.out)


async def test_a_listing_of_several_pages_is_whole(sandbox: SandboxServer, operator: Inside) -> None:
    for _ in range(260):
        placed(sandbox)
    ran = await operator("carrier", "list", "--json")
    assert len({order["id"] for order in ran.json}) == 260


async def test_every_filter_of_the_listing_reaches_the_carrier(
    sandbox: SandboxServer, operator: Inside
) -> None:
    filters = {
        "status": "pending",
        "status-in": "pending,rejected-pending",
        "carrier-name": "Onvoy",
        "country-code": "US",
        "country-code-in": "US,CA",
        "foc-date": "2026-02-01",
        "inserted-at-gte": "2026-01-01",
        "inserted-at-lte": "2026-03-01T00:00:00Z",
        "phone-number": "+12125550101",
        "pon": "P-1",
        "ported-out-at-gte": "2026-01-01",
        "ported-out-at-lte": "2026-03-01",
        "spid": "073H",
        "support-key": "PO_1",
    }
    arguments = [part for name, value in filters.items() for part in (f"--{name}", value)]
    ran = await operator("carrier", "list", *arguments)
    assert ran.out == "The carrier has no order that fits.\n"
    [asked] = sandbox.carrier.log.since()
    query = {
        name.replace("][", "_").removeprefix("filter[").rstrip("]"): value
        for name, value in asked["query"].items()
    }
    assert {name.replace("-", "_") for name in filters} <= query.keys()
    assert query["status_in"] == "pending,rejected-pending"
    assert query["inserted_at_gte"] == "2026-01-01T00:00:00.000000Z"


async def test_an_order_is_shown_by_its_id_or_its_support_key_with_all_that_the_carrier_has(
    sandbox: SandboxServer, operator: Inside
) -> None:
    order = placed(
        sandbox, support_key="PO_1", authorized_name="Gary Oldfield", zip="00501", host_messaging=True
    )
    shown, by_key = (
        await operator("carrier", "show", order),
        await operator("carrier", "show", "po_1", "--json"),
    )
    for told in ("PO_1 at the carrier", "Authorized name  Gary Oldfield", "ZIP              00501", order):
        assert told in shown.out
    assert "Not given        PON, " in shown.out
    assert by_key.json["id"] == order
    assert by_key.json["authorized_name"] == "Gary Oldfield"


async def test_codes_are_those_of_the_order_and_can_be_picked(
    sandbox: SandboxServer, operator: Inside
) -> None:
    order = placed(sandbox, support_key="PO_1", eligible_codes=[1001, 1002, 1003])
    table, picked, none = (
        await operator("carrier", "codes", "PO_1"),
        await operator("carrier", "codes", order, "--code", "1001", "--code", "1003", "--json"),
        await operator("carrier", "codes", order, "--code", "4242"),
    )
    assert "1001  Other        required" in table.out
    assert [code["code"] for code in picked.json] == [1001, 1003]
    assert none.out == "The carrier lists no such code for this order.\n"


async def test_events_tell_that_a_pin_was_attempted_and_nothing_of_it(
    sandbox: SandboxServer, operator: Inside
) -> None:
    with_pin = placed(sandbox, support_key="PO_1", attempted_pin="4")
    without = placed(sandbox, attempted_pin=None)
    sandbox.carrier.move_foc(with_pin, LONG_AGO)
    table, of_one, listed = (
        await operator("carrier", "events"),
        await operator(
            "carrier", "events", "--portout-id", "PO_1", "--event-type", "portout.status_changed", "--json"
        ),
        await operator("carrier", "events", "--created-at-gte", "2026-01-01", "--json"),
    )
    assert table.code == 0
    assert "status pending, [PIN]" in table.out
    assert "FOC date 2026-01-31" in table.out
    assert f"Order {without}" in table.out
    assert "3 events of 2 orders" in table.out
    [event] = of_one.json
    assert event["payload"]["attempted_pin"] == "[PIN]"
    assert [one["payload"]["attempted_pin"] for one in listed.json if one["portout_id"] == without] == [None]
    shown, as_json = (
        await operator("carrier", "event", event["id"]),
        await operator("carrier", "event", event["id"], "--json"),
    )
    assert re.search(r"Attempted PIN +\[PIN\]", shown.out)
    assert re.search(r"Happened +20\d\d-\d\d-\d\d \d\d:\d\d UTC", shown.out)
    assert as_json.json == event


async def test_tables_fit_a_narrow_terminal_and_leave_ids_whole(
    sandbox: SandboxServer, operator: Inside
) -> None:
    order = placed(sandbox, carrier_name="Wide Horizons Wireless of the Western Plains", foc_date=LONG_AGO)
    sandbox.carrier.update_status(order, "rejected-pending", {"reason": "Not theirs."})
    events = (await operator("carrier", "events", "--json")).json
    for command in (("list",), ("events",), ("show", order), ("codes", order)):
        ran = await operator("carrier", *command, COLUMNS="80")
        assert max(map(len, ran.out.splitlines())) <= 80, ran.out
        assert command != ("events",) or all(event["id"] in ran.out for event in events)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "PO_0"), "The carrier knows no order PO_0: give the port-out id or the support key"),
        (("codes", "34dc46a9-53ed-4e01-9454-26227ea13326"), "The carrier knows no order 34dc46a9-"),
        (("event", "34dc46a9-53ed-4e01-9454-26227ea13326"), "The carrier knows no event 34dc46a9-"),
        (("event", "../secret"), "The carrier knows no event ../secret: give an id that"),
        (
            ("list", "--foc-date", "tomorrow"),
            "--foc-date: 'tomorrow' is not a date or time: write 2026-01-31",
        ),
        (("list", "--status", "pendin"), "--status: 'pendin' is not one of pending, authorized, "),
    ],
)
async def test_what_cannot_be_asked_is_one_sentence(
    operator: Inside, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = await operator("carrier", *arguments)
    assert ran.code in (1, 2)
    assert ran.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            {"status": 403},
            "The API key lacks the right: grant it in the carrier's portal (listing port-outs, HTTP 403).",
        ),
        ({"status": 422}, "The carrier calls the request invalid: "),
        ({"status": 500}, "The carrier failed: try again (listing port-outs, HTTP 500)."),
        ({"drop": True}, "No answer came from the carrier: "),
    ],
)
async def test_what_the_carrier_refuses_is_one_sentence(
    sandbox: SandboxServer, operator: Inside, fault: dict[str, object], sentence: str
) -> None:
    sandbox.carrier.faults.add(NewFault.model_validate(fault))
    ran = await operator("carrier", "list")
    assert ran.code == 1
    assert ran.sentence.startswith(sentence)


async def test_a_wrong_key_and_a_carrier_that_is_away_say_what_to_check(operator: Inside) -> None:
    wrong, away, real = (
        await operator("carrier", "list", TELNYX_API_KEY="wrong"),
        await operator("carrier", "list", TELNYX_BASE_URL="http://127.0.0.1:1/v2"),
        await operator("carrier", "list", TELNYX_BASE_URL="http://127.0.0.1:1/v2", TELNYX_API_KEY="mine"),
    )
    assert wrong.sentence.startswith("The carrier does not accept the API key: check TELNYX_API_KEY")
    assert away.sentence == (
        "No carrier answers at http://127.0.0.1:1/v2: start `portout up` or `portout sandbox`, or set TELNYX_API_KEY for "
        "a real account."
    )
    assert (
        real.sentence == "No carrier answers at http://127.0.0.1:1/v2: check TELNYX_BASE_URL and the network."
    )


async def test_reading_makes_nothing_on_this_machine(
    sandbox: SandboxServer, operator: Inside, tmp_path: Path
) -> None:
    placed(sandbox)
    assert (await operator("carrier", "list")).code == 0
    assert made_in(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T09:30", LONG_AGO),
        ("2026-01-31T10:30:00+01:00", LONG_AGO),
    ],
)
def test_a_time_without_a_zone_is_in_utc(text: str, moment: datetime) -> None:
    assert time_of("--since", text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "31.01.2026", "2026-02-30"])
def test_a_time_that_is_none_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(Failed, match="is not a date or time: write 2026-01-31") as refused:
        time_of("--since", text)
    assert refused.value.code == 2


def test_values_come_several_times_or_between_commas() -> None:
    assert several(["US", "CA, MX"]) == ["US", "CA", "MX"]
    assert several(None) is several([]) is None
    assert each_of("--status-in", ["pending,ported"], STATUSES) == ["pending", "ported"]
    assert one_of("--status", None, STATUSES) is None
    with pytest.raises(Failed, match=r"^--status-in: 'x' is not one of pending, "):
        each_of("--status-in", ["pending,x"], STATUSES)

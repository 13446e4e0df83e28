"""Every filter of the two listings."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.carrier import Carrier
from tests.sandbox.conftest import START, Client, Hands

Pairs = list[tuple[str, str]]


async def found(client: Client, pairs: Pairs) -> set[str]:
    """The support keys that a listing of orders with that query holds."""
    return {order["support_key"] for order in await client.data("/portouts", pairs)}


@pytest.fixture
def orders(carrier: Carrier) -> None:
    """One order for each status, by support key, which is the status."""
    made: dict[str, str] = {}
    for status in ("pending", "authorized", "rejected-pending", "rejected", "canceled", "ported"):
        made[status] = carrier.create_order(support_key=status)
    answer = {"reason": "Verified."}
    carrier.update_status(made["authorized"], "authorized", answer)
    carrier.update_status(made["ported"], "authorized", answer)
    carrier.rule(made["ported"], "port")
    carrier.cancel(made["canceled"])
    carrier.update_status(made["rejected"], "rejected-pending", answer)
    carrier.rule(made["rejected"], "accept")
    carrier.update_status(made["rejected-pending"], "rejected-pending", answer)


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("status", ["pending", "authorized", "rejected-pending", "canceled", "ported"])
async def test_orders_are_found_by_status(client: Client, status: str) -> None:
    assert await found(client, [("filter[status]", status)]) == {status}


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    "pairs",
    [
        [("filter[status_in]", "pending,rejected")],
        [("filter[status_in]", "pending"), ("filter[status_in]", "rejected")],
        [("filter[status_in][]", "pending"), ("filter[status_in][]", "rejected")],
        [("filter[status_in][0]", "pending"), ("filter[status_in][1]", "rejected")],
    ],
    ids=["joined by commas", "repeated", "in brackets", "indexed"],
)
async def test_several_statuses_can_be_asked_for_in_every_way_of_writing(
    client: Client, pairs: Pairs
) -> None:
    assert await found(client, pairs) == {"pending", "rejected"}


@pytest.mark.usefixtures("orders")
async def test_status_and_status_in_must_both_hold(client: Client) -> None:
    both: Pairs = [("filter[status]", "pending"), ("filter[status_in]", "pending,rejected")]
    neither: Pairs = [("filter[status]", "ported"), ("filter[status_in]", "pending")]
    assert await found(client, both) == {"pending"}
    assert await found(client, neither) == set()


async def test_several_statuses_are_listed_newest_first(
    client: Client, carrier: Carrier, hands: Hands
) -> None:
    for number in range(4):
        hands.turn(1)
        order_id = carrier.create_order(support_key=str(number))
        if number % 2:
            carrier.cancel(order_id)
    rows = await client.data("/portouts", [("filter[status_in]", "pending,canceled")])
    assert [row["support_key"] for row in rows] == ["3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("filter[carrier_name]", "Onvoy")], {"a"}),
        ([("filter[spid]", "6529")], {"b"}),
        ([("filter[pon]", "PON-1")], {"a"}),
        ([("filter[support_key]", "b")], {"b"}),
        ([("filter[phone_number]", "+13035550124")], {"a", "b"}),
        ([("filter[phone_number]", "+13035550")], set()),
        ([("filter[country_code]", "CA")], {"b"}),
        ([("filter[country_code]", "US")], {"a", "b"}),
        ([("filter[country_code_in]", "CA,PR")], {"b"}),
        ([("filter[country_code_in][]", "CA"), ("filter[country_code_in][]", "US")], {"a", "b"}),
        ([("filter[foc_date]", "2026-03-09T00:00:00.000Z")], {"a"}),
        ([("filter[foc_date]", "2026-03-09")], {"a"}),
        ([("filter[foc_date]", "2026-03-10T01:00:00+02:00")], {"a"}),
        ([("filter[foc_date]", "2026-03-08")], set()),
        ([("filter[spid]", "6529"), ("filter[pon]", "PON-1")], set()),
    ],
)
async def test_orders_are_found_by_what_they_hold(
    client: Client, carrier: Carrier, pairs: Pairs, expected: set[str]
) -> None:
    carrier.create_order(
        support_key="a",
        carrier_name="Onvoy",
        spid="073H",
        pon="PON-1",
        phone_numbers=["+12125550123", "+13035550124"],
        foc_date=START + timedelta(days=7),
    )
    carrier.create_order(
        support_key="b",
        carrier_name="T-Mobile",
        spid="6529",
        phone_numbers=["+13035550124", "+14165550125"],
    )
    carrier.create_order(support_key="null", phone_numbers=None)
    carrier.create_order(support_key="nowhere", phone_numbers=["+99912345678"])
    assert await found(client, pairs) == expected


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("filter[inserted_at][gte]", "2026-03-02T13:00:00Z")], {"now", "hour"}),
        ([("filter[inserted_at][gte]", "2026-03-02T13:00:00.001Z")], {"now"}),
        ([("filter[inserted_at][lte]", "2026-03-02T13:00:00.000Z")], {"hour", "day"}),
        ([("filter[inserted_at][lte]", "2026-03-02T15:00:00+02:00")], {"hour", "day"}),
        ([("filter[inserted_at][gte]", "2026-03-01"), ("filter[inserted_at][lte]", "2026-03-02")], {"day"}),
    ],
)
async def test_orders_are_found_by_when_they_came_bounds_included(
    client: Client, carrier: Carrier, pairs: Pairs, expected: set[str]
) -> None:
    for key, age in (("now", 0), ("hour", 3600), ("day", 86_000)):
        carrier.create_order(support_key=key, age_seconds=age)
    assert await found(client, pairs) == expected


@pytest.mark.usefixtures("orders")
async def test_orders_are_found_by_when_they_were_ported(client: Client) -> None:
    assert await found(client, [("filter[ported_out_at][gte]", "2026-03-02T14:00:00Z")]) == {"ported"}
    assert await found(client, [("filter[ported_out_at][lte]", "2026-03-02T14:00:00Z")]) == {"ported"}
    assert await found(client, [("filter[ported_out_at][lte]", "2026-03-02T13:59:59Z")]) == set()
    assert await found(client, [("filter[ported_out_at][gte]", "2026-03-02T14:00:01Z")]) == set()


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ("/portouts", "filter[status]", "open"),
        ("/portouts", "filter[status_in]", "pending,open"),
        ("/portouts", "filter[inserted_at][gte]", "yesterday"),
        ("/portouts", "filter[foc_date]", "soon"),
        ("/portouts", "filter[statuses]", "pending"),
        ("/portouts", "filter[inserted_at][gt]", "2026-03-02"),
        ("/portouts", "filter", "pending"),
        ("/portouts/events", "filter[event_type]", "portout.lost"),
        ("/portouts/events", "filter[created_at][gte]", ""),
        ("/portouts/events", "filter[status]", "pending"),
        ("/phone_numbers", "filter[pin]", "1"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_422_and_named(
    client: Client, path: str, key: str, value: str
) -> None:
    answer = await client.get(path, query={key: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"parameter": key}


async def test_other_parameters_are_ignored(client: Client) -> None:
    assert (await client.get("/portouts", query={"sort": "inserted_at"})).status_code == 200


async def events(client: Client, pairs: Pairs) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await client.data("/portouts/events", pairs)
    return rows


async def test_events_are_listed_newest_first_with_pages(client: Client, carrier: Carrier) -> None:
    ids = [carrier.create_order(age_seconds=age) for age in (300, 200, 100)]
    carrier.cancel(ids[0])
    answer = (await client.get("/portouts/events", query={"page[size]": 3})).json()
    assert [event["portout_id"] for event in answer["data"]] == [ids[0], ids[2], ids[1]]
    assert answer["meta"] == {"page_number": 1, "page_size": 3, "total_pages": 2, "total_results": 4}


async def test_events_are_found_by_order(client: Client, carrier: Carrier) -> None:
    first, second = carrier.create_order(), carrier.create_order()
    carrier.cancel(second)
    statuses = [
        event["payload"]["status"] for event in await events(client, [("filter[portout_id]", second)])
    ]
    assert statuses == ["canceled", "pending"]
    assert len(await events(client, [("filter[portout_id]", first)])) == 1
    assert await events(client, [("filter[portout_id]", "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0")]) == []


async def test_events_are_found_by_type(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    carrier.move_foc(order_id, START + timedelta(days=3))
    (event,) = await events(client, [("filter[event_type]", "portout.foc_date_changed")])
    assert event["payload"]["foc_date"] == "2026-03-05T14:00:00.000Z"
    assert await events(client, [("filter[event_type]", "portout.new_comment")]) == []


async def test_events_are_found_by_time_bounds_included(
    client: Client, carrier: Carrier, hands: Hands
) -> None:
    order_id = carrier.create_order()
    hands.turn(60)
    carrier.cancel(order_id)
    later: Pairs = [("filter[created_at][gte]", "2026-03-02T14:01:00Z")]
    earlier: Pairs = [("filter[created_at][lte]", "2026-03-02T14:00:59.999999Z")]
    both: Pairs = [
        ("filter[created_at][gte]", "2026-03-02T14:00:00+00:00"),
        ("filter[created_at][lte]", "2026-03-02T14:01:00.000000Z"),
    ]
    for extra in ([], [("filter[portout_id]", order_id)]):
        assert [event["payload"]["status"] for event in await events(client, later + extra)] == ["canceled"]
        assert [event["payload"]["status"] for event in await events(client, earlier + extra)] == ["pending"]
        assert len(await events(client, both + extra)) == 2


async def test_an_event_can_be_read_alone(client: Client, carrier: Carrier) -> None:
    carrier.create_order()
    (event,) = await events(client, [])
    assert await client.data(f"/portouts/events/{event['id']}") == event

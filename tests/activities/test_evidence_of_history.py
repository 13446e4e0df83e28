"""Checks on what other orders did: counts within a window, and the same request once more."""

from typing import Any

import sqlalchemy as sa

from tests.activities.parts import Parts
from tests.activities.screening_desk import NUMBER, OTHER, PER_SPID, Desk, add_customers
from tests.service import RIGHT_PIN, WRONG_PIN


async def test_other_orders_of_the_spid_are_counted_once_they_are_opened(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    orders = [await desk.open(parts.place(spid=spid)) for spid in ("073H", "073h ", "ZZZZ")]
    found = await desk.ask(orders[0])
    assert (found.result, found.facts) == ("within_limit", {"history.orders_per_spid": 1})
    orders.append(await desk.open(parts.place()))
    found = await desk.ask(orders[0])
    assert (found.result, found.values) == ("over_limit", {"count": 2, "limit": 1})
    assert (await desk.screen(parts.place(spid=None))).result == "missing"
    assert desk.asked == []


async def test_a_spid_that_no_database_can_hold_is_counted_all_the_same(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    for _ in range(2):
        await desk.open(parts.place(spid="07\x003H"))
    assert (await desk.screen(parts.place(spid="07\x003H"))).result == "over_limit"


async def test_orders_that_came_before_the_window_do_not_count(parts: Parts) -> None:
    desk = Desk.under(parts, r={"velocity": {**PER_SPID["velocity"], "within": "1h"}})
    await desk.open(parts.place(age_seconds=3700))
    await desk.open(parts.place(age_seconds=3500))
    assert (await desk.screen(parts.place())).facts == {"history.orders_per_spid": 1}


async def test_opening_an_order_again_counts_it_once(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    order = parts.place()
    for _ in range(3):
        await desk.open(order)
    assert (await desk.screen(parts.place())).facts == {"history.orders_per_spid": 1}


async def test_of_several_numbers_the_one_with_the_most_counts(parts: Parts) -> None:
    desk = Desk.under(parts, r={"velocity": {"count": "orders", "per": "number", "at_most": "5"}})
    for _ in range(2):
        await desk.open(parts.place(phone_numbers=[OTHER]))
    await desk.open(parts.place())
    found = await desk.screen(parts.place(phone_numbers=[NUMBER, OTHER]))
    assert found.facts == {"history.orders_per_number": 2}


async def test_a_customer_is_counted_over_all_of_its_numbers(parts: Parts) -> None:
    third = "+14155550125"
    add_customers(parts, f"c1,{NUMBER};{OTHER},Ann Smith", f"c2,{third},Bob Jones")
    desk = Desk.under(parts, r={"velocity": {"count": "orders", "per": "customer", "at_most": "0"}})
    await desk.open(parts.place(phone_numbers=[OTHER]))
    same = await desk.screen(parts.place())
    assert (same.result, same.facts["history.orders_per_customer"]) == ("over_limit", 1)
    assert (await desk.screen(parts.place(phone_numbers=[NUMBER, third]))).result == "mixed"
    assert (await desk.screen(parts.place(phone_numbers=["+15125550126"]))).result == "missing"


async def test_wrong_pins_and_denials_of_other_orders_are_counted(parts: Parts) -> None:
    def per_carrier(what: str) -> dict[str, Any]:
        return {"velocity": {"count": what, "per": "carrier", "at_most": "0"}}

    desk = Desk.under(
        parts, pin={"pin": {}}, failures=per_carrier("pin_failures"), denials=per_carrier("denials")
    )
    wrong = parts.place(attempted_pin=WRONG_PIN, carrier_name="Onvoy, LLC")
    assert (await desk.screen(wrong, "pin")).result == "mismatch"
    await desk.deny(wrong)
    await desk.deny(parts.place(), decided="none")
    mine = await desk.open(parts.place(carrier_name="ONVOY"))
    found = [await desk.ask(mine, rule) for rule in ("failures", "denials")]
    assert [(check.result, check.values["count"]) for check in found] == [("over_limit", 1)] * 2
    assert [(await desk.ask(await desk.open(wrong), rule)).result for rule in ("failures", "denials")] == [
        "within_limit"
    ] * 2


async def test_the_first_request_costs_the_carrier_nothing(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}})
    await desk.deny(parts.place(phone_numbers=[OTHER]))
    await desk.open(parts.place())
    assert (await desk.screen(parts.place())).result == "first"
    assert desk.asked == []


async def test_the_same_request_again_is_unchanged_and_a_corrected_one_says_what(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}})
    await desk.deny(parts.place(authorized_name="Ann Smith", attempted_pin=WRONG_PIN))
    again = await desk.screen(parts.place(authorized_name="ann smith", attempted_pin=WRONG_PIN, pon="2"))
    assert (again.result, again.facts["history.changed"]) == ("unchanged", [])
    assert desk.asked == [("GET", "/portouts/events")] * 2
    corrected = await desk.screen(parts.place(authorized_name="Ann Jones", attempted_pin=RIGHT_PIN))
    assert corrected.result == "changed"
    assert corrected.facts["history.changed"] == ["portout.authorized_name", "pin"]
    without = await desk.screen(parts.place(authorized_name="Ann Smith", attempted_pin=None))
    assert without.values == {"changed": ["PIN"]}
    told = str([again, corrected, without])
    assert RIGHT_PIN not in told
    assert WRONG_PIN not in told


async def test_a_rejected_order_that_can_no_longer_be_read_is_not_called_unchanged(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}}, pin={"pin": {}})
    erased = parts.place(attempted_pin=None)
    await desk.deny(erased)
    _execute(parts, "DELETE FROM keys")
    assert (await desk.screen(parts.place(attempted_pin=None))).result == "missing"


def _execute(parts: Parts, statement: str) -> None:
    engine = sa.create_engine(f"sqlite:///{parts.home}/records.db")
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


async def test_an_attempt_that_the_carrier_no_longer_shows_cannot_be_compared(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}}, pin={"pin": {}})
    rejected = parts.place(attempted_pin=WRONG_PIN)
    await desk.screen(rejected, "pin")
    await desk.deny(rejected)
    parts.sandbox._orders.get(rejected).events.clear()
    assert (await desk.screen(parts.place(attempted_pin=WRONG_PIN))).result == "missing"

"""What was asked for, denied and tried before: an order counts for all others and never for itself."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import get_args

import pytest

from records.attempts import Attempt
from records.cases import CaseUpdate
from records.history import Counted, CountedPer, Denial, PastOrder
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from screening.facts import COUNTED, COUNTED_PER
from tests.records.conftest import NOW

ONE, TWO, THREE = "+13125550101", "+13125550102", "+13125550103"
DAY = timedelta(hours=24)
SINCE = NOW - DAY
KEYS = {"number": ONE, "customer": "c1", "spid": "073h", "carrier": "onvoy"}


def order(
    portout_id: str,
    numbers: Sequence[str] = (ONE,),
    *,
    ago: timedelta = timedelta(hours=1),
    spid: str | None = "073h",
    carrier: str | None = "onvoy",
    customer: str | None = "c1",
) -> PastOrder:
    holders = {} if customer is None else dict.fromkeys(numbers, customer)
    return PastOrder(portout_id, numbers, holders, spid, carrier, NOW - ago)


def open_(records: Records, *orders: PastOrder) -> None:
    for opened in orders:
        records.open_case(CaseUpdate(portout_id=opened.portout_id, updated_at=NOW), opened)


def deny(records: Records, portout_id: str, at: datetime = NOW) -> None:
    entry = LedgerEntry(portout_id, EntryKind.ANSWERED, f"{portout_id}:answered", at, {"round": 1})
    case = CaseUpdate(portout_id=portout_id, updated_at=at)
    records.ledger.append_and_show([entry], case, denied_at=at)


def fail_pin(records: Records, portout_id: str, event: str, *numbers: str, result: str = "mismatch") -> None:
    records.attempts.record(
        [Attempt(portout_id, 1, event, number, None, NOW - timedelta(hours=1)) for number in numbers]
    )
    records.attempts.settle(portout_id, 1, event, result)


def count(
    records: Records, what: Counted, per: CountedPer, since: datetime = SINCE, besides: str = "mine"
) -> int:
    return records.history.count(what, per, [KEYS[per]], since, besides=besides).get(KEYS[per], 0)


def test_the_words_are_those_of_the_catalogue_of_facts() -> None:
    assert get_args(Counted) == tuple(COUNTED)
    assert get_args(CountedPer) == COUNTED_PER


@pytest.mark.parametrize("per", COUNTED_PER)
def test_other_orders_of_the_key_count_and_an_order_not_for_itself(records: Records, per: CountedPer) -> None:
    open_(records, order("mine"), order("p1"), order("p2"))
    open_(records, order("p3", [THREE], spid="zzzz", carrier="other", customer="c3"))
    assert count(records, "orders", per) == 2
    assert count(records, "orders", per, besides="p9") == 3
    assert count(records, "denials", per) == count(records, "pin_failures", per) == 0


@pytest.mark.parametrize("per", COUNTED_PER)
def test_an_order_of_many_numbers_counts_once(records: Records, per: CountedPer) -> None:
    open_(records, order("p1", [ONE, TWO, THREE, ONE]))
    deny(records, "p1")
    fail_pin(records, "p1", "e1", ONE, TWO, THREE)
    assert [count(records, what, per) for what in get_args(Counted)] == [1, 1, 1]


@pytest.mark.parametrize("per", COUNTED_PER)
def test_only_what_lies_within_the_window_counts(records: Records, per: CountedPer) -> None:
    open_(records, order("p1", ago=DAY), order("p2", ago=DAY + timedelta(microseconds=1)))
    deny(records, "p1", NOW - 2 * DAY)
    deny(records, "p2", NOW - DAY)
    fail_pin(records, "p2", "e1", ONE)
    assert count(records, "orders", per) == 1
    assert count(records, "denials", per) == 1
    assert count(records, "denials", per, NOW - 2 * DAY) == 2
    assert count(records, "pin_failures", per) == 1
    assert count(records, "pin_failures", per, NOW) == 0


@pytest.mark.parametrize("per", COUNTED_PER)
def test_only_wrong_pins_of_other_orders_count_each_event_once(records: Records, per: CountedPer) -> None:
    open_(records, order("mine"), order("p1", [ONE, TWO]), order("p2"))
    fail_pin(records, "mine", "e0", ONE)
    fail_pin(records, "p1", "e1", ONE, TWO)
    fail_pin(records, "p1", "e2", ONE, TWO)
    fail_pin(records, "p2", "e3", ONE, result="match")
    fail_pin(records, "p2", "e4", ONE, result="missing")
    # The next round of an order finds the same events again.
    records.attempts.record([Attempt("p1", 2, "e1", ONE, None, NOW)])
    records.attempts.settle("p1", 2, "e1", "mismatch")
    assert count(records, "pin_failures", per) == 2
    assert count(records, "pin_failures", per, besides="p1") == 1


def test_each_number_is_counted_for_itself(records: Records) -> None:
    open_(records, order("p1", [ONE, TWO]), order("p2", [TWO]))
    many = [f"+1303{number:07}" for number in range(1200)]
    found = records.history.count("orders", "number", [ONE, *many, TWO, THREE], SINCE, besides="mine")
    assert found == {ONE: 1, TWO: 2}
    assert records.history.count("orders", "number", [], SINCE, besides="mine") == {}


def test_an_order_that_names_nothing_counts_for_nobody_but_its_spid(records: Records) -> None:
    open_(records, order("p1", [], carrier=None))
    found = {per: count(records, "orders", per) for per in get_args(CountedPer)}
    assert found == {"number": 0, "customer": 0, "spid": 1, "carrier": 0}


def test_opening_again_corrects_who_it_was_and_keeps_when_it_came_and_that_it_was_denied(
    records: Records,
) -> None:
    open_(records, order("p1", ago=2 * DAY, spid="zzzz"))
    deny(records, "p1")
    open_(records, order("p1"))
    assert count(records, "orders", "spid") == 0
    assert count(records, "orders", "spid", NOW - 2 * DAY) == 1
    assert count(records, "denials", "spid") == 1


def test_a_denial_written_twice_counts_once(records: Records) -> None:
    open_(records, order("p1"))
    deny(records, "p1")
    deny(records, "p1")
    assert count(records, "denials", "number") == 1


def test_the_last_denial_of_another_order_for_one_of_the_numbers_is_found(records: Records) -> None:
    open_(records, order("mine"), order("p1", [ONE, TWO]), order("p2", [TWO]), order("p3", [THREE]))
    for portout_id, days in (("mine", 0), ("p1", 3), ("p2", 2), ("p3", 1)):
        deny(records, portout_id, NOW - timedelta(days=days))

    def last(*numbers: str, days: int = 30) -> Denial | None:
        return records.history.last_denied(numbers, NOW - timedelta(days=days), besides="mine")

    assert last(ONE) == Denial("p1", NOW - timedelta(days=3))
    assert last(ONE, TWO) == Denial("p2", NOW - timedelta(days=2))
    assert last(TWO, *(f"+1303{number:07}" for number in range(1200)), THREE) == Denial("p3", NOW - DAY)
    assert last(ONE, days=2) is None
    assert last("+13125550199") is None
    assert last() is None


def test_orders_that_were_not_denied_are_no_rejections(records: Records) -> None:
    open_(records, order("p1"))
    assert records.history.last_denied([ONE], SINCE, besides="mine") is None


def test_the_orders_that_are_remembered_are_told(records: Records) -> None:
    open_(records, order("p1", [ONE, TWO]), order("p2"))
    assert records.history.known(["p1", "p3", *(f"x{number}" for number in range(1200)), "p2"]) == {
        "p1",
        "p2",
    }


def test_queue_and_history_know_an_opened_order_both_or_neither(records: Records) -> None:
    unfit = PastOrder("p1", [ONE], {}, None, None, NOW.replace(tzinfo=None))
    with pytest.raises(Exception, match="without a zone"):
        open_(records, unfit)
    assert records.cases.all() == []
    assert records.history.known(["p1"]) == set()


def test_of_orders_opened_in_parallel_every_one_counts_all_others(records: Records) -> None:
    opened, counted = threading.Barrier(8), dict[str, int]()

    def screen(portout_id: str) -> None:
        open_(records, order(portout_id))
        opened.wait()
        counted[portout_id] = count(records, "orders", "spid", besides=portout_id)

    threads = [threading.Thread(target=screen, args=(f"p{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(counted.values()) == [7] * 8

"""PIN attempts see each other across parallel orders."""

import threading
from datetime import timedelta

import pytest

from records.attempts import Attempt
from records.store import Records
from tests.records.conftest import NOW

NUMBER = "+13125550142"
SINCE = NOW - timedelta(days=30)


def attempt(portout: str = "p1", number: str = NUMBER, event: str = "e1", days: int = 0) -> Attempt:
    return Attempt(portout, 1, event, number, "073H", NOW - timedelta(days=days))


def test_an_order_without_company_is_not_barred(records: Records) -> None:
    records.attempts.record([attempt()])
    assert not records.attempts.barring("p1", [NUMBER], SINCE)


@pytest.mark.parametrize(
    ("result", "bars"),
    [
        (None, True),
        ("mismatch", True),
        ("mixed", True),
        ("not_set", True),
        ("missing", True),
        ("match", False),
    ],
)
def test_an_attempt_of_another_order_bars_unless_it_matched(
    records: Records, result: str | None, bars: bool
) -> None:
    records.attempts.record([attempt("p2")])
    if result:
        records.attempts.settle("p2", 1, "e1", result)
    assert records.attempts.barring("p1", [NUMBER], SINCE) is bars


@pytest.mark.parametrize(("result", "bars"), [("mismatch", True), ("missing", False), ("match", False)])
def test_of_its_own_attempts_only_a_mismatch_bars(records: Records, result: str, bars: bool) -> None:
    records.attempts.record([attempt()])
    records.attempts.settle("p1", 1, "e1", result)
    assert records.attempts.barring("p1", [NUMBER], SINCE) is bars


def test_attempts_on_other_numbers_and_old_ones_do_not_bar(records: Records) -> None:
    records.attempts.record([attempt("p2", "+13125550199"), attempt("p3", days=31)])
    assert not records.attempts.barring("p1", [NUMBER], SINCE)
    assert records.attempts.barring("p1", [NUMBER], NOW - timedelta(days=31))


def test_one_number_of_many_is_enough(records: Records) -> None:
    records.attempts.record([attempt("p2")])
    many = [f"+1312{number:07}" for number in range(1200)]
    assert records.attempts.barring("p1", [*many, NUMBER], SINCE)
    assert not records.attempts.barring("p1", many, SINCE)
    assert not records.attempts.barring("p1", [], SINCE)


def test_recording_again_changes_nothing(records: Records) -> None:
    records.attempts.record([attempt("p2")])
    records.attempts.settle("p2", 1, "e1", "match")
    records.attempts.record([attempt("p2")])
    records.attempts.record([])
    assert not records.attempts.barring("p1", [NUMBER], SINCE)


def test_the_events_that_were_counted_are_those_of_the_order(records: Records) -> None:
    records.attempts.record([attempt(), attempt(event="e2"), attempt("p2", event="e3")])
    assert records.attempts.event_ids("p1") == {"e1", "e2"}


def test_an_event_is_compared_once_its_attempt_is_settled(records: Records) -> None:
    records.attempts.record([attempt(), attempt(event="e2")])
    assert records.attempts.compared("p1") == set()
    records.attempts.settle("p1", 1, "e2", "match")
    assert records.attempts.compared("p1") == {"e2"}


def test_a_mismatch_stays_one_whatever_comes_after(records: Records) -> None:
    records.attempts.record([attempt("p2"), attempt("p2", event="e2")])
    records.attempts.settle("p2", 1, "e1", "mismatch")
    records.attempts.settle("p2", 1, "e1", "match")
    records.attempts.settle("p2", 1, "e2", "match")
    assert records.attempts.barring("p1", [NUMBER], SINCE)


def test_of_ten_guesses_in_parallel_at_most_the_first_is_not_barred(records: Records) -> None:
    barrier, barred = threading.Barrier(10), list[bool]()

    def guess(number: int) -> None:
        barrier.wait()
        records.attempts.record([attempt(f"p{number}")])
        barred.append(records.attempts.barring(f"p{number}", [NUMBER], SINCE))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert barred.count(False) <= 1

"""Marks of the service, and who was told of what."""

import threading

from records.store import Records
from tests.records.conftest import NOW


def test_a_mark_holds_what_was_set_last(records: Records) -> None:
    assert records.marks.get("cursor") is None
    records.marks.set("cursor", "1")
    records.marks.set("cursor", "2")
    assert records.marks.get("cursor") == "2"


def test_of_many_who_set_a_mark_once_the_first_wins_and_all_learn_it(records: Records) -> None:
    barrier, seen = threading.Barrier(6), set[str]()

    def write(value: str) -> None:
        barrier.wait()
        seen.add(records.marks.set_once("first_sending", value))

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {records.marks.get("first_sending")}


def test_a_cause_is_told_once(records: Records) -> None:
    assert not records.notices.told("review/p1/1")
    assert records.notices.tell("review/p1/1", NOW)
    assert not records.notices.tell("review/p1/1", NOW)
    assert records.notices.told("review/p1/1")
    assert not records.notices.told("review/p2/1")

"""The ledger: written once, sealed, readable, and what it says about earlier rounds."""

import hashlib
import json
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from records.errors import BadKey, NotRecordable
from records.ledger_entries import KEY_IS_NOT_HERE, EntryKind, LedgerEntry
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY, Open

PERSONAL = {"portout.authorized_name": "Ann Lee", "portout.phone_numbers": ["+13125550142"]}


def entry(step: str, kind: EntryKind = EntryKind.SCREENED, portout: str = "p1", **body: Any) -> LedgerEntry:
    return LedgerEntry(portout, kind, step, NOW, {"round": 1, **body}, PERSONAL)


def test_an_entry_comes_back_as_it_was_given(records: Records) -> None:
    assert records.ledger.append(entry("s1", score=15))
    (read,) = records.ledger.entries("p1")
    assert (read.position, read.kind, read.step_key, read.at) == (1, "screened", "s1", NOW)
    assert read.body == {"round": 1, "score": 15}
    assert read.personal == PERSONAL
    assert read.unreadable is None


def test_a_step_is_written_once_whatever_it_says_the_second_time(records: Records) -> None:
    assert records.ledger.append(entry("s1", score=15))
    assert not records.ledger.append(entry("s1", score=99))
    assert [read.body["score"] for read in records.ledger.entries("p1")] == [15]


def test_the_same_step_of_another_port_out_is_another_entry(records: Records) -> None:
    assert records.ledger.append(entry("s1"))
    assert records.ledger.append(entry("s1", portout="p2"))


def test_what_is_stored_is_hashed_and_names_the_hash_before_it(records: Records, url: str) -> None:
    records.ledger.append_all([entry("s1"), entry("s2", EntryKind.DECIDED)])
    rows = behind_its_back(url, "SELECT entry, hash FROM ledger ORDER BY seq", triggers=True)
    assert [hashlib.sha256(stored).hexdigest() for stored, _ in rows] == [hash_ for _, hash_ in rows]
    first, second = (json.loads(stored) for stored, _ in rows)
    assert first["prev_hash"] == "0" * 64
    assert second["prev_hash"] == rows[0][1]


def test_no_personal_fact_is_in_the_file(records: Records, file: Path) -> None:
    records.ledger.append(entry("s1"))
    records.close()
    data = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"Ann Lee" not in data
    assert b"3125550142" not in data


def test_many_writers_make_one_chain_and_each_step_once(records: Records) -> None:
    barrier, written = threading.Barrier(8), list[bool]()

    def write() -> None:
        barrier.wait()
        written.extend(records.ledger.append(entry(f"s{step}")) for step in range(10))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 70 + [True] * 10
    entries = records.ledger.entries("p1")
    assert [read.position for read in entries] == list(range(1, 11))
    assert {read.step_key for read in entries} == {f"s{step}" for step in range(10)}
    assert all(read.personal == PERSONAL for read in entries)
    assert records.ledger.verify_chain("p1") == []


def test_two_workers_write_a_step_once_and_seal_under_one_key(open_records: Open, url: str) -> None:
    workers, barrier, written = [open_records(), open_records()], threading.Barrier(2), list[bool]()

    def write(worker: Records) -> None:
        barrier.wait()
        written.extend(worker.ledger.append(entry(f"s{step}")) for step in range(20))

    threads = [threading.Thread(target=write, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 20 + [True] * 20
    assert workers[0].ledger.verify_chain("p1") == []
    assert behind_its_back(url, "SELECT count(*) FROM keys", triggers=True) == [(1,)]


def test_entries_of_one_call_are_written_all_or_none(records: Records) -> None:
    with pytest.raises(NotRecordable):
        records.ledger.append_all([entry("s1"), entry("s2", at=NOW)])
    assert records.ledger.entries("p1") == []
    assert records.ledger.append_all([entry("s1"), entry("s1"), entry("s2")]) == [True, False, True]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'closed'",
        "DELETE FROM ledger",
        "UPDATE ledger SET hash = hash WHERE seq = 1",
    ],
)
def test_the_database_itself_refuses_changes(records: Records, url: str, statement: str) -> None:
    records.ledger.append(entry("s1"))
    with pytest.raises((sqlite3.IntegrityError, psycopg.Error), match="the ledger is append-only"):
        behind_its_back(url, statement, triggers=True)
    assert records.ledger.verify_chain("p1") == []


def test_personal_facts_need_a_key_and_others_do_not(open_records: Open) -> None:
    records = open_records(records_key=None)
    with pytest.raises(BadKey, match="PORTOUT_RECORDS_KEY is not set"):
        records.ledger.append(entry("s1"))
    assert records.ledger.append(LedgerEntry("p1", EntryKind.CLOSED, "s2", NOW, {"round": 1}))
    (read,) = records.ledger.entries("p1")
    assert (read.personal, read.unreadable) == ({}, None)


def test_a_destroyed_key_erases_the_person_and_breaks_no_chain(records: Records, url: str) -> None:
    records.ledger.append(entry("s1"))
    behind_its_back(url, "DELETE FROM keys WHERE portout_id = 'p1'", triggers=True)
    (read,) = records.ledger.entries("p1")
    assert (read.personal, read.unreadable) == (None, "The personal facts were erased.")
    assert read.body == {"round": 1}
    assert records.ledger.verify_chain("p1") == []
    records.ledger.append(entry("s2"))
    assert [read.personal for read in records.ledger.entries("p1")] == [None, PERSONAL]


def test_under_another_records_key_new_entries_are_written_and_old_ones_explained(open_records: Open) -> None:
    first = open_records()
    first.ledger.append(entry("s1"))
    later = open_records(records_key=OTHER_KEY)
    later.ledger.append(entry("s2"))
    sentences = [read.unreadable for read in later.ledger.entries("p1")]
    assert sentences == [KEY_IS_NOT_HERE, None]
    assert [read.personal for read in first.ledger.entries("p1")] == [PERSONAL, None]
    assert first.ledger.verify_chain("p1") == []


def test_sealed_facts_unseal_in_no_other_place(records: Records, url: str) -> None:
    records.ledger.append_all([entry("s1"), entry("s2")])
    (first,), (second,) = behind_its_back(url, "SELECT entry FROM ledger ORDER BY seq")
    moved = {**json.loads(first), "sealed": json.loads(second)["sealed"]}
    behind_its_back(url, "UPDATE ledger SET entry = ? WHERE seq = 1", json.dumps(moved).encode())
    assert records.ledger.entries("p1")[0].unreadable == "The sealed facts were changed."


def test_sealed_facts_that_are_no_base64_are_said_to_be_changed(records: Records, url: str) -> None:
    records.ledger.append(entry("s1"))
    ((stored,),) = behind_its_back(url, "SELECT entry FROM ledger")
    changed = json.loads(stored)
    changed["sealed"]["data"] = "a"
    behind_its_back(url, "UPDATE ledger SET entry = ?", json.dumps(changed).encode())
    assert records.ledger.entries("p1")[0].unreadable == "The sealed facts were changed."


@pytest.mark.parametrize("damage", [b"rubbish", b"[]", b'{"body": 1, "sealed": null}', b"\xff"])
def test_a_damaged_entry_is_said_and_the_others_still_read(records: Records, url: str, damage: bytes) -> None:
    records.ledger.append_all([entry("s1"), entry("s2")])
    behind_its_back(url, "UPDATE ledger SET entry = ? WHERE seq = 1", damage)
    first, second = records.ledger.entries("p1")
    assert (first.body, first.personal, first.unreadable) == ({}, None, "The stored bytes are damaged.")
    assert second.personal == PERSONAL


def answer(step: str, round_: int, minutes: int = 0, **body: Any) -> LedgerEntry:
    at = NOW + timedelta(minutes=minutes)
    return LedgerEntry("p1", EntryKind.ANSWERED, step, at, {"round": round_, **body})


def test_an_order_without_entries_is_in_its_first_round(records: Records) -> None:
    past = records.ledger.rounds("p1")
    assert (past.next_round, past.barred, past.answer) == (1, [], None)


@pytest.mark.parametrize("kind", [EntryKind.SCREENED, EntryKind.ASKED, EntryKind.REVIEWED, EntryKind.DECIDED])
def test_a_round_that_was_not_answered_is_not_over(records: Records, kind: EntryKind) -> None:
    records.ledger.append(entry("s1", kind))
    assert records.ledger.rounds("p1").next_round == 1


@pytest.mark.parametrize("kind", [EntryKind.ANSWERED, EntryKind.DECIDED_ELSEWHERE, EntryKind.CLOSED])
def test_an_answered_or_ended_round_is_over(records: Records, kind: EntryKind) -> None:
    records.ledger.append(entry("s1", kind))
    assert records.ledger.rounds("p1").next_round == 2


@pytest.mark.parametrize(("status", "next_round"), [(422, 2), (401, 1), (404, 1)])
def test_only_a_422_of_the_carrier_ends_a_round(records: Records, status: int, next_round: int) -> None:
    records.ledger.append(entry("s1", EntryKind.REFUSED_BY_CARRIER, http_status=status))
    assert records.ledger.rounds("p1").next_round == next_round


def test_sent_rejections_are_barred_and_approvals_are_not(records: Records) -> None:
    records.ledger.append_all(
        [
            answer("a1", 1, status="rejected-pending", rejection_code=1002, reason="Wrong PIN."),
            answer("a2", 2, 30, status="rejected-pending", rejection_code=None, reason="Other."),
            answer("a3", 3, 20, status="authorized", rejection_code=None, reason="Verified."),
        ]
    )
    past = records.ledger.rounds("p1")
    assert past.next_round == 4
    assert past.barred == [(1002, "Wrong PIN."), (None, "Other.")]
    assert past.answer is not None
    assert past.answer.body["status"] == "authorized"


def test_a_reason_that_names_somebody_may_be_sealed_and_still_bars(records: Records, url: str) -> None:
    body = {"round": 1, "status": "rejected-pending", "rejection_code": 1001}
    records.ledger.append(LedgerEntry("p1", EntryKind.ANSWERED, "a", NOW, body, {"reason": "Not Ann Lee."}))
    assert records.ledger.rounds("p1").barred == [(1001, "Not Ann Lee.")]
    behind_its_back(url, "DELETE FROM keys", triggers=True)
    assert records.ledger.rounds("p1").barred == [(1001, None)]


def test_answered_gives_the_last_answer_of_those_that_have_one(records: Records) -> None:
    records.ledger.append_all([answer("a1", 1, 5), answer("a2", 2, 9), entry("s1", portout="p2")])
    asked = [f"q{number}" for number in range(1200)]
    assert records.ledger.answered([*asked, "p1", "p2"]) == {"p1": NOW + timedelta(minutes=9)}
    assert records.ledger.answered([]) == {}


def test_nothing_prints_personal_facts(records: Records) -> None:
    records.ledger.append(entry("s1"))
    assert "Ann" not in f"{records.ledger.entries('p1')!r} {entry('s1')!r}"

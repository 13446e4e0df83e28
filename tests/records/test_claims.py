"""Claims: nobody looks at what somebody else looks at, and `next` hands out no order twice."""

import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from records.cases import _FIRST_WAITING, _NEXT, _WAITING, Case, CaseUpdate
from records.store import Records
from settings import PROJECT
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, Open
from tests.records.test_cases import got, put

LEASE = timedelta(minutes=15)
UNTIL = NOW + LEASE


def wait(records: Records, *portout_ids: str) -> None:
    """Let orders wait for a person, the first with the soonest deadline."""
    for hours, portout_id in enumerate(portout_ids, 1):
        put(records, portout_id, stage="awaiting_review", respond_by=NOW + timedelta(hours=hours))


def taken(records: Records, person: str, *, at: timedelta = timedelta(0)) -> str | None:
    case = records.cases.claim_next(person, at=NOW + at, until=NOW + at + LEASE)
    return case.portout_id if case else None


def claims(records: Records, portout_id: str, person: str, *, at: timedelta = timedelta(0)) -> bool:
    return records.cases.claim(portout_id, person, at=NOW + at, until=NOW + at + LEASE)


def test_next_takes_the_most_urgent_order_that_nobody_has(records: Records) -> None:
    wait(records, "soon", "later")
    put(records, "whenever", stage="awaiting_review")
    put(records, "screened", stage="screening", respond_by=NOW)
    assert [taken(records, person) for person in ("ann", "bob", "ann", "cyd")] == [
        "soon",
        "later",
        "whenever",
        None,
    ]
    case = got(records, "soon")
    assert (case.claimed_by, case.claimed_until) == ("ann", UNTIL)


def test_what_next_returns_is_the_case_with_its_claim(records: Records) -> None:
    wait(records, "p1")
    case = records.cases.claim_next("ann", at=NOW, until=UNTIL)
    assert case == got(records, "p1")


def test_a_claim_ends_with_its_lease(records: Records) -> None:
    wait(records, "p1")
    assert claims(records, "p1", "ann")
    assert not claims(records, "p1", "bob", at=LEASE - timedelta(microseconds=1))
    assert taken(records, "bob", at=LEASE - timedelta(microseconds=1)) is None
    assert taken(records, "bob", at=LEASE) == "p1"
    assert not claims(records, "p1", "ann", at=LEASE)


def test_who_claims_again_has_it_for_longer(records: Records) -> None:
    wait(records, "p1")
    assert claims(records, "p1", "ann")
    assert claims(records, "p1", "ann", at=LEASE / 2)
    assert got(records, "p1").claimed_until == NOW + LEASE / 2 + LEASE


def test_a_claim_is_given_back_by_who_has_it_only(records: Records) -> None:
    wait(records, "p1")
    claims(records, "p1", "ann")
    assert not records.cases.release("p1", "bob")
    assert records.cases.release("p1", "ann")
    assert not records.cases.release("p1", "ann")
    assert claims(records, "p1", "bob")


def test_only_what_waits_for_a_person_is_claimed(records: Records) -> None:
    put(records, "closed", stage="closed")
    assert not claims(records, "closed", "ann")
    assert not claims(records, "unknown", "ann")


def test_who_approved_first_is_not_handed_the_order_again(records: Records) -> None:
    wait(records, "p1", "p2")
    put(records, "p1", first_approval_by="ann")
    assert taken(records, "ann") == "p2"
    assert taken(records, "bob") == "p1"


def test_others_are_told_of_a_claim_as_long_as_it_lasts() -> None:
    case = Case(portout_id="p1", updated_at=NOW, claimed_by="ann", claimed_until=UNTIL)
    assert case.claim_of_another("bob", NOW) == "ann until 2026-03-02 15:45:00 UTC"
    assert case.claim_of_another("ann", NOW) is None
    assert case.claim_of_another("bob", UNTIL) is None
    assert Case(portout_id="p1", updated_at=NOW).claim_of_another("bob", NOW) is None


def test_to_many_who_ask_at_once_no_order_is_handed_twice(records: Records) -> None:
    wait(records, *(f"p{number:03}" for number in range(60)))
    handed = list[str]()

    def work(person: str) -> None:
        while (portout_id := taken(records, person)) is not None:
            handed.append(portout_id)

    threads = [threading.Thread(target=work, args=(f"reviewer {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(handed) == Counter(f"p{number:03}" for number in range(60))


# On PostgreSQL rows are locked between connections, so threads show the same.
@pytest.mark.usefixtures("file")
def test_to_processes_that_ask_at_once_no_order_is_handed_twice(open_records: Open, url: str) -> None:
    wait(open_records(), *(f"p{number:03}" for number in range(60)))
    program = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "from datetime import datetime\n"
        "from records.store import Records\n"
        f"records = Records.open({url!r}, pin_key=None, records_key=None)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"at, until = datetime.fromisoformat({NOW.isoformat()!r}), datetime.fromisoformat({(NOW + LEASE).isoformat()!r})\n"
        "while (case := records.cases.claim_next(sys.argv[1], at=at, until=until)): print(case.portout_id)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, f"reviewer {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate() for process in processes]
    assert [err for _, err in ends] == [""] * 3
    handed = [portout_id for out, _ in ends for portout_id in out.split()]
    assert Counter(handed) == Counter(f"p{number:03}" for number in range(60))


@pytest.mark.parametrize("statement", [_WAITING, _FIRST_WAITING, _NEXT], ids=["queue", "its head", "next"])
@pytest.mark.usefixtures("records", "file")
def test_the_queue_and_the_next_order_are_read_in_the_order_of_the_index(
    statement: sa.Select[Any], url: str
) -> None:
    """Without it 50,000 waiting orders would be sorted for each reviewer who asks."""
    compiled = statement.compile(dialect=sqlite.dialect())
    given = ["any"] * len(compiled.positiontup or [])
    plan = str(behind_its_back(url, f"EXPLAIN QUERY PLAN {compiled}", *given))
    assert "USING INDEX ix_cases_stage_respond_by_portout_id (stage=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_on_postgresql_those_who_ask_at_once_pass_over_what_another_is_taking() -> None:
    written = str(_NEXT.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert written.endswith("FOR UPDATE SKIP LOCKED")


def test_stages_are_counted_without_reading_the_cases(records: Records) -> None:
    wait(records, "p1", "p2")
    records.cases.upsert(CaseUpdate(portout_id="p3", updated_at=NOW))
    assert records.cases.count_by_stage() == {"awaiting_review": 2, "screening": 1}
    assert [case.portout_id for case in records.cases.waiting(1)] == ["p1"]

"""What may leave the ledger: chains past their retention, for a signed stub, and a person's facts."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from commands.ledger_page import read_page, text_of
from records.attempts import MISMATCH, Attempt
from records.canonical import canonical
from records.cases import CaseUpdate, Stage
from records.errors import BadKey
from records.history import PastOrder
from records.ledger_actor import LedgerActor
from records.ledger_entries import EntryKind, LedgerEntry
from records.ledger_pruning import Erased, NotErasable
from records.signing import Signer
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import LEDGER_KEY, NOW, OTHER_KEY, Open
from tests.records.sealed import closed, forge, seal, verified, write

LATER = NOW + timedelta(days=1)
LOOKED_BACK_ON_UNTIL = NOW + timedelta(days=366)
MUCH_LATER = LOOKED_BACK_ON_UNTIL + timedelta(seconds=1)
DANA = LedgerActor.person("dana", token="ab12", role="senior")
NUMBER = "+13125550142"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside" / "checkpoints.jsonl"


@pytest.fixture
def past(records: Records, outside: Path) -> Records:
    """Two closed port-outs, one that is watched and one that was never ended; all of the same age, and sealed."""
    for portout in ("p1", "p2", "watched"):
        write(records, portout)
    write(records, "open", kinds=(EntryKind.SCREENED,))
    order = PastOrder("p1", [NUMBER], {NUMBER: "C-1"}, "073H", "onvoy", NOW)
    records.open_case(CaseUpdate(portout_id="p1", updated_at=NOW), order)
    records.attempts.record([Attempt("p1", 1, "e1", NUMBER, "073H", NOW)])
    closed(records, "p1", "p2")
    records.cases.upsert(CaseUpdate(portout_id="watched", updated_at=NOW, stage=Stage.AWAITING_CARRIER))
    seal(records, outside)
    return records


def left(url: str, portout: str) -> dict[str, int]:
    """How many rows each table has of a port-out."""
    tables = ("ledger", "keys", "cases", "history", "attempts")
    counted = {
        table: behind_its_back(
            url, f"SELECT count(*) FROM {table} WHERE portout_id = ?", portout, triggers=True
        )
        for table in tables
    }
    return {table: rows[0][0] for table, rows in counted.items() if rows[0][0]}


def test_closed_orders_past_their_retention_leave_only_a_stub_and_the_ledger_holds(
    past: Records, url: str, outside: Path
) -> None:
    done = past.pruning.prune(LATER, at=LATER, by="dana")
    assert (done.port_outs, done.entries, done.refused) == (2, 8, [])
    assert left(url, "p1") == left(url, "p2") == {}
    assert left(url, "watched") == {"ledger": 4, "keys": 1, "cases": 1}
    found = verified(past, outside)
    assert (found.faults, found.pruned, found.entries) == ([], 2, 5)
    [stub] = read_page(past, "p1").pruned
    assert (stub["pruned_by"], [entry[2] for entry in stub["entries"]]) == (
        "dana",
        ["screened", "reviewed", "answered", "closed"],
    )
    assert past.pruning.prune(LATER, at=LATER, by="dana").port_outs == 0


def test_what_is_younger_stays(past: Records) -> None:
    assert past.pruning.prune(NOW, at=LATER, by="dana").port_outs == 0


def test_a_pruned_chain_that_goes_on_follows_its_last_hash(past: Records, url: str, outside: Path) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    write(past, "p1", kinds=(EntryKind.REVIEWED,), first=9)
    assert [entry.position for entry in past.ledger.entries("p1")] == [5]
    assert past.ledger.verify_chain("p1") == []
    seal(past, outside)
    assert verified(past, outside).faults == []
    behind_its_back(url, "DELETE FROM stubs WHERE portout_id = 'p1'")
    told = "\n".join(verified(past, outside).faults)
    assert "Port-out p1: entries 1 to 4 are missing." in told


def test_a_step_that_was_pruned_is_never_written_again_and_shows_nothing(
    past: Records, url: str, outside: Path
) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    write(past, "p1")
    again = LedgerEntry("p1", EntryKind.CLOSED, "s4", LATER, {"round": 1}, {"name": "Ann Lee"})
    past.ledger.append_and_show([again], CaseUpdate(portout_id="p1", updated_at=LATER))
    assert left(url, "p1") == {}
    late = LedgerEntry("p1", EntryKind.REVIEWED, "s5", NOW, {"round": 1}, {"name": "Ann Lee"})
    for shown in (late, again):
        past.ledger.append_and_show(
            [shown], CaseUpdate(portout_id="p1", updated_at=LATER, stage=Stage.CLOSED)
        )
        assert left(url, "p1") == {"ledger": 1, "keys": 1, "cases": 1}
    seal(past, outside)
    assert verified(past, outside).faults == []
    assert past.pruning.prune(LATER, at=LATER, by="dana").entries == 1
    assert left(url, "p1") == {}
    for entry in (again, late):
        assert past.ledger.append(entry) is False
    found = verified(past, outside)
    assert (found.faults, found.pruned) == ([], 2)


def test_a_stub_of_the_first_format_is_believed_and_what_follows_it_is_kept(
    past: Records, url: str, outside: Path
) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    [(stored,)] = behind_its_back(url, "SELECT content FROM stubs WHERE portout_id = 'p1'")
    said = {**json.loads(bytes(stored)), "format": 1}
    del said["steps"]
    content = canonical(said)
    behind_its_back(
        url,
        "UPDATE stubs SET content = ?, signature = ? WHERE portout_id = 'p1'",
        content,
        Signer(LEDGER_KEY).sign(content),
    )
    write(past, "p1", kinds=(EntryKind.SCREENED,))
    assert [entry.position for entry in past.ledger.entries("p1")] == [5]
    seal(past, outside)
    assert verified(past, outside).faults == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM stubs WHERE portout_id = 'p2'", "Port-out p2 is lost"),
        (
            "UPDATE stubs SET signature = 'AA==' WHERE portout_id = 'p2'",
            "the stub of what was pruned was edited",
        ),
        (
            "UPDATE stubs SET portout_id = 'p3' WHERE portout_id = 'p2'",
            "the stub of what was pruned was edited",
        ),
        ("UPDATE stubs SET hash = '00' WHERE portout_id = 'p2'", "the stub of what was pruned was edited"),
        ("UPDATE stubs SET content = '{}' WHERE portout_id = 'p2'", "the stub of what was pruned was edited"),
    ],
)
def test_a_stub_that_was_edited_or_removed_is_found(
    past: Records, url: str, outside: Path, statement: str, told: str
) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    behind_its_back(url, statement)
    assert told in "\n".join(verified(past, outside).faults)


@pytest.mark.parametrize(
    "change", ["content = '{}'", "signature = 'AA=='", "hash = '00'", "position = position + 1"]
)
def test_show_names_a_stub_that_was_edited_and_believes_nothing_of_it(
    past: Records, url: str, change: str
) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    write(past, "p1", first=5)
    behind_its_back(url, f"UPDATE stubs SET {change} WHERE portout_id = 'p1'")
    page = read_page(past, "p1")
    told = "Port-out p1: the stub of what was pruned was edited: its signature does not fit it."
    assert (told in page.faults, told in list(text_of(page)), page.pruned) == (True, True, [])


def test_a_stub_that_an_earlier_key_signed_is_believed_when_that_key_is_given(
    past: Records, open_records: Open
) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    old = past.checkpoints.public_key
    assert old is not None
    rotated = open_records(ledger_key=OTHER_KEY)
    assert read_page(rotated, "p1").faults[0] == (
        f"Port-out p1: the stub of what was pruned is signed by a key that is not trusted here ({old}): "
        "if it was yours, give it by --public-key."
    )
    assert read_page(rotated, "p1", [old]).faults == []


@pytest.mark.usefixtures("file")
def test_a_position_of_a_stub_that_is_no_number_stops_nobody(past: Records, url: str, outside: Path) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    behind_its_back(url, "UPDATE stubs SET position = 'x' WHERE portout_id = 'p1'")
    write(past, "p1", first=5)
    told = "Port-out p1: the stub of what was pruned was edited: its signature does not fit it."
    assert told in read_page(past, "p1").faults
    assert told in verified(past, outside).faults


def test_a_broken_chain_is_not_hidden_by_a_stub(past: Records, url: str) -> None:
    forge(url, "p1", 2, lambda value: value["body"].update(round=2))
    done = past.pruning.prune(LATER, at=LATER, by="dana")
    assert done.port_outs == 1
    assert "Port-out p1, entry 3 does not follow the entry before it" in done.refused[0]
    assert left(url, "p1")["ledger"] == 4


@pytest.mark.usefixtures("past")
def test_without_a_key_nothing_is_pruned(open_records: Open, url: str) -> None:
    with pytest.raises(BadKey, match="PORTOUT_LEDGER_KEY is not set"):
        open_records(ledger_key=None).pruning.prune(LATER, at=LATER, by="dana")
    assert left(url, "p1")["ledger"] == 4


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger WHERE portout_id = 'watched'",
        "UPDATE ledger SET hash = hash",
        "UPDATE checkpoints SET at = at",
        "DELETE FROM checkpoints",
        "UPDATE stubs SET hash = hash",
        "DELETE FROM stubs",
    ],
)
def test_the_database_refuses_whatever_no_stub_stands_for(past: Records, url: str, statement: str) -> None:
    past.pruning.prune(LATER, at=LATER, by="dana")
    with pytest.raises(Exception, match="the ledger is append-only"):
        behind_its_back(url, statement, triggers=True)


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize("table", ["ledger", "checkpoints"])
def test_sqlite_refuses_to_replace_what_it_would_delete_unheard(url: str, file: Path, table: str) -> None:
    assert file.exists()
    with pytest.raises(Exception, match="the ledger is append-only"):
        behind_its_back(url, f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1", triggers=True)


def test_an_erased_person_is_gone_from_every_table_and_the_chain_says_who_did_it(
    past: Records, url: str, outside: Path
) -> None:
    assert past.pruning.erase("p1", by=DANA, at=MUCH_LATER) == Erased(anything=True, numbers_until=None)
    assert left(url, "p1") == {"ledger": 5, "cases": 1}
    case = past.cases.get("p1")
    assert case is not None
    assert (case.note, case.reason) == (None, None)
    *before, last = past.ledger.entries("p1")
    assert {entry.unreadable for entry in before} == {"The personal facts were erased."}
    assert (last.kind, last.actor["name"], last.actor["authenticated"]) == ("erased", "dana", "token")
    assert verified(past, outside).faults == []
    assert past.pruning.erase("p1", by=DANA, at=MUCH_LATER) == Erased(anything=False, numbers_until=None)
    assert [entry.unreadable for entry in past.ledger.entries("p2")] == [None] * 4


@pytest.mark.parametrize("pruned", [False, True])
def test_what_is_written_after_erasing_is_kept_without_personal_facts_and_the_chain_is_whole(
    past: Records, url: str, outside: Path, pruned: bool
) -> None:
    past.pruning.erase("p1", by=DANA, at=LATER)
    if pruned:
        seal(past, outside)
        past.pruning.prune(LATER + timedelta(days=1), at=LATER, by="dana")
    denied = {"round": 2, "status": "rejected-pending", "rejection_code": 1002}
    late = LedgerEntry("p1", EntryKind.ANSWERED, "late", LATER, denied, {"reason": "Not Ann Lee."})
    again = CaseUpdate(portout_id="p1", updated_at=LATER, note="Ann Lee again", reason="Not Ann Lee.")
    past.ledger.append_and_show([late], again)
    [kept] = [entry for entry in past.ledger.entries("p1") if entry.step_key == "late"]
    assert (kept.body, kept.personal, kept.unreadable) == (denied, None, "The personal facts were erased.")
    assert past.ledger.rounds("p1").barred[-1] == (1002, None)
    assert "keys" not in left(url, "p1")
    case = past.cases.get("p1")
    assert case is not None
    assert (case.note, case.reason) == (None, None)
    seal(past, outside)
    assert verified(past, outside).faults == []


def test_a_person_is_erased_from_the_tables_of_an_order_that_nothing_was_sealed_for(
    records: Records, url: str
) -> None:
    order = PastOrder("p9", [NUMBER], {}, None, None, NOW)
    case = CaseUpdate(
        portout_id="p9", updated_at=NOW, stage=Stage.CLOSED, note="Ann Lee", reason="Ann Lee called"
    )
    records.open_case(case, order)
    records.ledger.append(LedgerEntry("p9", EntryKind.DECIDED_ELSEWHERE, "s1", NOW, {"round": 1}))
    assert records.pruning.erase("p9", by=DANA, at=MUCH_LATER).anything
    assert left(url, "p9") == {"ledger": 2, "cases": 1}
    stored = records.cases.get("p9")
    assert stored is not None
    assert (stored.note, stored.reason) == (None, None)
    assert not records.pruning.erase("p9", by=DANA, at=MUCH_LATER).anything


def test_who_is_erased_goes_on_barring_other_orders_as_long_as_rules_look_back(
    past: Records, url: str
) -> None:
    def bars() -> tuple[bool, bool]:
        denied = past.history.last_denied([NUMBER], NOW, besides="p2")
        return past.attempts.barring("p2", [NUMBER], NOW), denied is not None

    past.attempts.settle("p1", 1, "e1", MISMATCH)
    behind_its_back(url, "UPDATE history SET denied_at = requested_at WHERE portout_id = 'p1'")
    for at in (LATER, LOOKED_BACK_ON_UNTIL):
        erased = past.pruning.erase("p1", by=DANA, at=at)
        assert erased == Erased(anything=at == LATER, numbers_until=LOOKED_BACK_ON_UNTIL)
        assert left(url, "p1") == {"ledger": 5, "cases": 1, "history": 1, "attempts": 1}
        assert bars() == (True, True)
    assert past.pruning.erase("p1", by=DANA, at=MUCH_LATER).anything
    assert left(url, "p1") == {"ledger": 6, "cases": 1}
    assert bars() == (False, False)


def test_a_destroyed_key_is_nowhere_in_sqlites_files(past: Records, url: str, file: Path) -> None:
    [(wrapped,)] = behind_its_back(url, "SELECT wrapped FROM keys WHERE portout_id = 'p1'", triggers=True)
    past.pruning.erase("p1", by=DANA, at=LATER)
    assert all(wrapped not in part.read_bytes() for part in file.parent.glob("records.db*"))


def test_a_copy_that_sqlite_left_in_an_unused_part_of_its_file_is_gone_after_erasing(
    past: Records, file: Path
) -> None:
    def in_file() -> bool:
        return b"A copy of what Maria Lopez said" in file.read_bytes()

    with closing(sqlite3.connect(file, isolation_level=None)) as leaving:
        leaving.execute("PRAGMA secure_delete=OFF")
        leaving.execute("INSERT INTO marks VALUES ('copy', 'A copy of what Maria Lopez said')")
        leaving.execute("DELETE FROM marks")
        leaving.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert in_file()
    assert past.pruning.erase("p1", by=DANA, at=LATER).stands_in_log is None
    assert not in_file()


@pytest.mark.parametrize(
    ("portout", "told"), [("watched", "is open"), ("nobody", "knows no port-out nobody")]
)
def test_what_is_open_or_unknown_is_not_erased(past: Records, url: str, portout: str, told: str) -> None:
    with pytest.raises(NotErasable, match=told):
        past.pruning.erase(portout, by=DANA, at=LATER)
    assert left(url, "watched")["keys"] == 1


def test_an_entry_says_who_acted_and_how_they_proved_it(past: Records) -> None:
    assert {entry.actor["kind"] for entry in past.ledger.entries("p1")} == {"service"}
    assert DANA.as_json() == {
        "kind": "person",
        "name": "dana",
        "authenticated": "token",
        "role": "senior",
        "token": "ab12",
    }
    assert LedgerActor.person("eve").authenticated == "claimed"


def test_entries_that_were_put_where_a_chain_was_pruned_are_found(
    past: Records, url: str, outside: Path
) -> None:
    where = "WHERE portout_id = 'p1' AND position = 1"
    ((entry, hash_),) = behind_its_back(url, f"SELECT entry, hash FROM ledger {where}")
    past.pruning.prune(LATER, at=LATER, by="dana")
    behind_its_back(
        url,
        "INSERT INTO ledger (seq, portout_id, position, step_key, kind, at, entry, hash) "
        "SELECT 100, 'p1', 1, 's1', 'screened', at, ?, ? FROM ledger WHERE portout_id = 'watched' AND position = 1",
        entry,
        hash_,
    )
    told = "Port-out p1, entry 1 was inserted: what stood there was pruned."
    assert verified(past, outside).faults == [told]

"""Whoever changes the sealed ledger behind its back is found out, and told where."""

import hashlib
import json
import re
import shutil
import threading
from pathlib import Path

import pytest

from records import ledger_checkpoints
from records.canonical import canonical
from records.cases import CaseUpdate
from records.checkpoint_file import BadFile
from records.errors import DatabaseDamaged
from records.ledger_checkpoints import ForeignCheckpoint
from records.ledger_entries import EntryKind
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY, Open
from tests.records.sealed import forge, seal, verified, write


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside" / "checkpoints.jsonl"


@pytest.fixture
def sealed(records: Records, outside: Path, monkeypatch: pytest.MonkeyPatch) -> Records:
    """Three port-outs of four entries each, under three checkpoints; a fourth one came after the last."""
    monkeypatch.setattr(ledger_checkpoints, "MOST_ENTRIES", 5)
    for portout in ("p1", "p2", "p3"):
        write(records, portout)
    assert seal(records, outside) == 3
    write(records, "p4")
    return records


def faults(sealed: Records, outside: Path) -> str:
    found = verified(sealed, outside)
    assert found.fault_count == len(found.faults)
    return "\n".join(found.faults)


def test_what_nobody_changed_is_whole_and_what_came_last_is_not_promised(
    sealed: Records, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.ledger_verify.PAGE", 3)
    read: list[int] = []
    found = sealed.verifier().verify(outside, on_entries=read.append)
    assert found.faults == []
    assert (found.entries, found.port_outs, found.checkpoints, found.not_promised) == (16, 4, 3, 4)
    assert sum(read) == 16


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM ledger WHERE portout_id = 'p2' AND position = 2", "Port-out p2: entry 2 is missing."),
        (
            "DELETE FROM ledger WHERE portout_id = 'p1' AND position = 4",
            "The end of port-out p1 is cut off: its entry 4 is missing, which checkpoint 1 holds.",
        ),
        (
            "DELETE FROM ledger WHERE portout_id = 'p3' AND position > 1",
            "The end of port-out p3 is cut off: its entries 2 to 4 are missing, which checkpoint 3 holds.",
        ),
        (
            "DELETE FROM ledger WHERE portout_id = 'p2'",
            "Port-out p2 is lost: checkpoint 2 holds its entry 4, and none of it is left.",
        ),
        (
            "UPDATE ledger SET seq = 100 WHERE portout_id = 'p1' AND position = 4",
            "Port-out p1, entry 4 is not where checkpoint 1 holds it: it was removed or moved.",
        ),
        (
            "UPDATE ledger SET hash = '00' WHERE portout_id = 'p1' AND position = 3",
            "Port-out p1, entry 3 was edited: its bytes do not have the hash that is stored with them.",
        ),
        ("DELETE FROM checkpoints WHERE number = 2", "Checkpoint 2 stands in"),
        ("DELETE FROM checkpoints WHERE number = 3", "but not in the database: it was removed there"),
        ("UPDATE checkpoints SET signature = 'AA==' WHERE number = 1", "Checkpoint 1 is not the same"),
    ],
)
def test_what_was_removed_moved_or_edited_is_named(
    sealed: Records, url: str, outside: Path, statement: str, told: str
) -> None:
    behind_its_back(url, statement)
    assert told in faults(sealed, outside)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ledger SET entry = CAST(entry AS text)", "stored as no program of ours stores it"),
        ("ledger SET position = 'x'", "stored as no program of ours stores it"),
        ("ledger SET at = 'x'", "its column at is not what its bytes say"),
        ("ledger SET hash = x'00'", "do not have the hash that is stored with them"),
        ("ledger SET portout_id = x'00'", "its column portout_id is not what its bytes say"),
        ("checkpoints SET content = 'x'", "is not the same in the database"),
        ("checkpoints SET signature = x'00'", "is not the same in the database"),
        ("checkpoints SET at = 'zzz'", "its column up_to_seq or at is not what it says itself"),
    ],
)
def test_sqlite_takes_any_type_and_verifying_goes_on(
    sealed: Records, url: str, file: Path, outside: Path, change: str, told: str
) -> None:
    assert file.exists()
    key = "number" if change.startswith("checkpoints") else "seq"
    behind_its_back(url, f"UPDATE {change} WHERE {key} = 3")
    found = faults(sealed, outside)
    assert told in found
    assert "checkpoint 2" not in found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "DELETE FROM ledger WHERE portout_id = 'p2'",
            "Port-out p2 (PO_2) is lost: checkpoint 2 holds its entry 4, and none of it is left.",
        ),
        (
            "DELETE FROM ledger WHERE portout_id = 'p2' AND position = 4",
            "The end of port-out p2 (PO_2) is cut off: its entry 4 is missing, which checkpoint 2 holds.",
        ),
        (
            "UPDATE ledger SET kind = 'x' WHERE portout_id = 'p2' AND position = 4",
            "Port-out p2 (PO_2), entry 4 was edited: its column kind is not what its bytes say.",
        ),
    ],
)
def test_an_order_is_named_as_people_call_it_where_that_is_known(
    sealed: Records, url: str, outside: Path, change: str, told: str
) -> None:
    sealed.cases.upsert(CaseUpdate(portout_id="p2", support_key="PO_2", updated_at=NOW))
    behind_its_back(url, change)
    assert told in faults(sealed, outside).splitlines()


def test_a_last_entry_that_was_rewritten_with_its_hash_is_found_by_the_checkpoint(
    sealed: Records, url: str, outside: Path
) -> None:
    forge(url, "p1", 4, lambda value: value["body"].update(round=2))
    assert sealed.ledger.verify_chain("p1") == []
    told = "Port-out p1, entry 4 is not the one that checkpoint 1 holds: it was replaced."
    assert faults(sealed, outside) == told


def test_entries_that_changed_places_are_found(sealed: Records, url: str, outside: Path) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        behind_its_back(
            url, "UPDATE ledger SET position = ? WHERE portout_id = 'p1' AND position = ?", new, old
        )
    assert "Port-out p1, entry 3 was written before the entry that it follows." in faults(sealed, outside)


def test_the_order_among_port_outs_is_sealed_too(sealed: Records, url: str, outside: Path) -> None:
    (first,), (second,) = behind_its_back(
        url,
        "SELECT seq FROM ledger WHERE portout_id IN ('p2', 'p3') AND position IN (1, 4) ORDER BY seq LIMIT 2",
    )
    ((other,),) = behind_its_back(url, "SELECT max(seq) FROM ledger WHERE portout_id = 'p1'")
    for old, new in ((first, 99), (other, first), (99, other)):
        behind_its_back(url, "UPDATE ledger SET seq = ? WHERE seq = ?", new, old)
    assert second > first
    assert "are not those that it sealed, or stand in another order" in faults(sealed, outside)


def test_a_forged_entry_is_found_where_a_sequence_number_was_free(
    records: Records, url: str, outside: Path
) -> None:
    write(records, "p1")
    behind_its_back(url, "UPDATE ledger SET seq = seq + 10 WHERE position = 4")
    seal(records, outside)
    ((stored, before),) = behind_its_back(url, "SELECT entry, hash FROM ledger WHERE position = 4")
    forged = canonical({**json.loads(bytes(stored)), "position": 5, "step_key": "x", "prev_hash": before})
    behind_its_back(
        url,
        "INSERT INTO ledger (seq, portout_id, position, step_key, kind, at, entry, hash) "
        "SELECT seq - 5, portout_id, 5, 'x', kind, at, ?, ? FROM ledger WHERE position = 4",
        forged,
        hashlib.sha256(forged).hexdigest(),
    )
    told = "Port-out p1, entry 5 was inserted: checkpoint 1 does not know it."
    assert told in faults(records, outside)


def test_a_database_that_was_set_back_as_a_whole_is_found_by_the_file_outside(
    sealed: Records, url: str, outside: Path
) -> None:
    behind_its_back(url, "DELETE FROM checkpoints WHERE number > 1")
    behind_its_back(url, "DELETE FROM ledger WHERE portout_id <> 'p1'")
    found = faults(sealed, outside)
    assert "Checkpoint 3 stands in" in found
    assert "Port-out p3 is lost" in found


def test_a_file_that_is_missing_edited_or_of_another_time_is_told(sealed: Records, outside: Path) -> None:
    lines = outside.read_text().splitlines(keepends=True)
    for text, told in (
        ("".join(lines[1:]), "Checkpoint 1 does not stand in"),
        (lines[0].replace("p1", "pX") + "".join(lines[1:]), "Checkpoint 1 is not the same in the database"),
        ("rubbish\n" + "".join(lines), "Line 1 of"),
        ("".join([lines[1], lines[0], lines[2]]), "holds checkpoint 1 after 2"),
    ):
        outside.write_text(text)
        assert told in faults(sealed, outside), text[:80]
    outside.write_text("".join(lines[:2]))
    found = verified(sealed, outside)
    assert (found.faults, len(found.notes)) == ([], 1)
    outside.write_text("")
    assert f"No checkpoint stands in {outside}, so nobody would notice" in faults(sealed, outside)
    shutil.rmtree(outside.parent)
    assert "There is no file of checkpoints at" in faults(sealed, outside)


def test_checkpoints_of_a_key_that_nobody_trusts_count_for_nothing(
    sealed: Records, open_records: Open, outside: Path
) -> None:
    later = open_records(ledger_key=OTHER_KEY)
    assert "Checkpoint 1 is signed by a key that is not trusted here" in faults(later, outside)
    before = sealed.checkpoints.public_key
    assert before is not None
    seal(later, outside, before)
    found = verified(later, outside, before)
    assert (found.faults, found.checkpoints) == ([], 4)


def test_nothing_is_built_on_a_checkpoint_that_a_foreign_key_signed(
    sealed: Records, open_records: Open, outside: Path
) -> None:
    forger = open_records(ledger_key=OTHER_KEY)
    foreign, ours = forger.checkpoints.public_key, sealed.checkpoints.public_key
    assert foreign is not None
    assert ours is not None
    seal(forger, outside, ours)
    before = outside.read_bytes()
    write(sealed, "p5")
    told = f"Nothing was written to {outside}: Checkpoint 4 is the last one and signed by another key"
    with pytest.raises(BadFile, match=re.escape(told)) as refused:
        seal(sealed, outside)
    assert f"`portout ledger checkpoint --public-key {foreign}` once" in str(refused.value)
    assert outside.read_bytes() == before
    with pytest.raises(ForeignCheckpoint, match="Checkpoint 4 is the last one"):
        sealed.checkpoints.not_sealed()
    assert open_records(ledger_key=None).checkpoints.not_sealed() == 4


def test_a_new_key_takes_over_from_the_old_one_even_when_nothing_else_is_new(
    records: Records, open_records: Open, outside: Path
) -> None:
    write(records, "p1")
    assert seal(records, outside) == 1
    old = records.checkpoints.public_key
    assert old is not None
    rotated = open_records(ledger_key=OTHER_KEY)
    assert seal(rotated, outside, old) == 1
    assert seal(rotated, outside) == 0
    write(rotated, "p2")
    assert seal(rotated, outside) == 1
    assert (verified(rotated, outside, old).faults, rotated.checkpoints.not_sealed()) == ([], 0)
    assert [checkpoint.number for seq in (4, 5) if (checkpoint := rotated.checkpoints.covering(seq))] == [
        1,
        3,
    ]


def test_a_checkpoint_that_somebody_wrote_anew_with_another_key_is_found(
    sealed: Records, open_records: Open, url: str, outside: Path
) -> None:
    behind_its_back(url, "DELETE FROM checkpoints")
    forger = open_records(ledger_key=OTHER_KEY)
    list(forger.checkpoints.make(NOW))
    found = faults(sealed, outside)
    assert "Checkpoint 1 is not the same in the database" in found
    assert "Checkpoint 4 is signed by a key that is not trusted here" in found


def test_many_faults_are_counted_and_only_the_first_are_told(
    sealed: Records, url: str, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.ledger_verify.KEPT_FAULTS", 2)
    behind_its_back(url, "UPDATE ledger SET hash = '00'")
    found = verified(sealed, outside)
    assert len(found.faults) == 2
    assert found.fault_count > 16


def test_a_process_that_died_before_it_wrote_the_file_is_made_up_for(sealed: Records, outside: Path) -> None:
    with outside.open("ab") as half_a_line:
        half_a_line.write(b'{"checkpoint":{"at')
    assert len(list(sealed.checkpoints.make(NOW))) == 1
    assert seal(sealed, outside) == 1
    assert seal(sealed, outside) == 0
    found = verified(sealed, outside)
    assert (found.faults, found.checkpoints, found.not_promised) == ([], 4, 0)


@pytest.mark.parametrize("foreign", [b"a key without a line end", b"notes\n{", b'{"checkpoint":1}\n{"ch'])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(
    records: Records, outside: Path, foreign: bytes
) -> None:
    write(records, "p1")
    outside.parent.mkdir()
    outside.write_bytes(foreign)
    with pytest.raises(BadFile, match="is no checkpoint"):
        seal(records, outside)
    assert outside.read_bytes() == foreign


@pytest.mark.parametrize("half", [b"{", b'{"checkpoint":', b'{"checkpoint":{"at'])
def test_half_a_line_of_ours_is_cut_off(records: Records, outside: Path, half: bytes) -> None:
    write(records, "p1")
    outside.parent.mkdir()
    outside.write_bytes(half)
    assert seal(records, outside) == 1
    assert verified(records, outside).faults == []


def test_entries_that_are_written_while_it_is_sealed_are_each_sealed_once(
    open_records: Open, outside: Path
) -> None:
    workers = [open_records() for _ in range(3)]

    def append(worker: Records, name: str) -> None:
        for number in range(25):
            write(worker, f"{name}-{number % 5}", kinds=(EntryKind.REVIEWED,), first=number)

    threads = [
        threading.Thread(target=append, args=(worker, f"p{number}")) for number, worker in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    sealer = open_records()
    while any(thread.is_alive() for thread in threads):
        seal(sealer, outside)
    for thread in threads:
        thread.join()
    seal(sealer, outside)
    found = verified(sealer, outside)
    assert (found.faults, found.entries, found.not_promised) == ([], 75, 0)


def test_a_column_beside_a_checkpoint_that_was_changed_is_told_and_changes_nothing(
    sealed: Records, url: str, outside: Path
) -> None:
    behind_its_back(url, "UPDATE checkpoints SET up_to_seq = 9000000000")
    told = "Checkpoint 3 was edited: its column up_to_seq or at is not what it says itself."
    assert told in faults(sealed, outside)
    assert sealed.checkpoints.not_sealed() == 4
    covering = [sealed.checkpoints.covering(seq) for seq in (1, 12, 13)]
    assert [one.number if one else None for one in covering] == [1, 3, None]
    assert seal(sealed, outside) == 1
    assert verified(sealed, outside).not_promised == 0


def test_the_time_of_a_checkpoint_that_was_changed_is_told(sealed: Records, url: str, outside: Path) -> None:
    behind_its_back(url, "UPDATE checkpoints SET at = '2026-01-01T00:00:00.000000Z' WHERE number = 2")
    told = "Checkpoint 2 was edited: its column up_to_seq or at is not what it says itself."
    assert faults(sealed, outside) == told


def test_nothing_is_sealed_after_a_checkpoint_that_was_edited(sealed: Records, url: str) -> None:
    behind_its_back(url, "UPDATE checkpoints SET signature = 'AA==' WHERE number = 3")
    with pytest.raises(DatabaseDamaged, match="Checkpoint 3 was edited"):
        list(sealed.checkpoints.make(NOW))
    with pytest.raises(DatabaseDamaged, match="Checkpoint 3 was edited"):
        sealed.checkpoints.not_sealed()


def test_entries_between_two_checkpoints_that_neither_covers_are_told(
    sealed: Records, url: str, outside: Path
) -> None:
    (made,) = sealed.checkpoints.make(NOW)
    content = canonical({**json.loads(made.content), "after_seq": 14})
    signature = sealed.checkpoints.signer().sign(content)
    behind_its_back(
        url, "UPDATE checkpoints SET content = ?, signature = ? WHERE number = 4", content, signature
    )
    told = "Checkpoint 4 covers what comes after entry 14 of the ledger, but the one before it ends at 12."
    assert told in faults(sealed, outside)


def test_a_position_that_is_text_hides_no_end_that_is_cut_off(
    sealed: Records, url: str, file: Path, outside: Path
) -> None:
    assert file.exists()
    behind_its_back(url, "UPDATE ledger SET position = '' WHERE portout_id = 'p1' AND position = 4")
    assert "The end of port-out p1 is cut off: its entry 4 is missing" in faults(sealed, outside)

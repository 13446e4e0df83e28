"""What is told of one port-out, and handed out of it, says where it is not what the checkpoints hold."""

import zipfile
from pathlib import Path

import pytest

from commands.ledger_bundle import write_bundle
from commands.ledger_page import read_page, text_of
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY, Open
from tests.records.sealed import closed, forge, seal, write


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside" / "checkpoints.jsonl"


@pytest.fixture
def sealed(records: Records, outside: Path) -> Records:
    """A port-out under two checkpoints, the second of which holds its last entry alone."""
    write(records, "p1")
    seal(records, outside)
    write(records, "p1", first=5)
    seal(records, outside)
    return records


def test_what_nobody_changed_is_sealed_by_the_checkpoint_that_holds_its_end(sealed: Records) -> None:
    page = read_page(sealed, "p1")
    assert (page.faults, page.sealed_by) == ([], 2)
    assert [one.number for one in page.checkpoints] == [1, 2]
    write(sealed, "p1", first=9)
    page = read_page(sealed, "p1")
    assert (page.faults, page.sealed_by) == ([], None)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "DELETE FROM ledger WHERE position = 8",
            ["Port-out p1, entry 8 is missing, which checkpoint 2 holds: it was cut off or removed."],
        ),
        (
            "DELETE FROM ledger WHERE position > 4",
            ["Port-out p1, entry 8 is missing, which checkpoint 2 holds: it was cut off or removed."],
        ),
        (
            "UPDATE checkpoints SET signature = 'é' WHERE number = 2",
            ["Checkpoint 2 was edited: its signature does not fit it."],
        ),
    ],
)
def test_a_chain_that_was_cut_is_neither_whole_nor_sealed(
    sealed: Records, url: str, statement: str, told: list[str]
) -> None:
    behind_its_back(url, statement)
    page = read_page(sealed, "p1")
    assert page.faults == told
    assert any("FAULTS; its end is not sealed yet." in line for line in text_of(page))


def test_an_entry_that_was_replaced_at_the_end_is_told(sealed: Records, url: str) -> None:
    forge(url, "p1", 8, lambda value: value["body"].update(forged=True))
    page = read_page(sealed, "p1")
    assert page.faults == ["Port-out p1, entry 8 is not the one that checkpoint 2 holds: it was replaced."]
    assert page.sealed_by is None


def test_an_entry_that_was_put_behind_a_sealed_end_is_told(sealed: Records, outside: Path, url: str) -> None:
    write(sealed, "p2")
    seal(sealed, outside)
    write(sealed, "p1", first=9)
    behind_its_back(url, "UPDATE ledger SET seq = -seq WHERE portout_id = 'p1' AND position = 9")
    assert (
        "Port-out p1, entry 9 was inserted: checkpoint 2 does not know it." in read_page(sealed, "p1").faults
    )


def test_a_checkpoint_that_is_stored_as_if_it_covered_more_is_told(sealed: Records, url: str) -> None:
    write(sealed, "p2")
    behind_its_back(url, "UPDATE checkpoints SET up_to_seq = 9000 WHERE number = 2")
    page = read_page(sealed, "p2")
    assert page.faults == ["Checkpoint 2 was edited: it is stored as if it covered port-out p2."]
    assert page.sealed_by is None


def test_what_was_pruned_is_not_missing(sealed: Records) -> None:
    closed(sealed, "p1")
    sealed.pruning.prune(NOW.replace(year=2027), at=NOW, by="dana")
    write(sealed, "p1", first=9)
    assert read_page(sealed, "p1").faults == []


def test_a_chain_of_which_nothing_is_left_is_told(sealed: Records, url: str) -> None:
    closed(sealed, "p1")
    behind_its_back(url, "DELETE FROM ledger")
    assert len(read_page(sealed, "p1").faults) == 2


def test_a_key_that_was_rotated_counts_when_it_is_given(sealed: Records, open_records: Open) -> None:
    old = sealed.checkpoints.public_key
    assert old is not None
    rotated = open_records(ledger_key=OTHER_KEY)
    assert "is signed by a key that is not trusted here" in read_page(rotated, "p1").faults[0]
    assert read_page(rotated, "p1", [old]).sealed_by == 2


@pytest.mark.parametrize("change", ["signature = 'é'", "content = '{}'"])
def test_the_bundle_leaves_a_checkpoint_that_was_edited_out_and_says_so(
    sealed: Records, url: str, tmp_path: Path, change: str
) -> None:
    behind_its_back(url, f"UPDATE checkpoints SET {change} WHERE number = 2")
    page = write_bundle(sealed, "p1", tmp_path / "p1.zip")
    with zipfile.ZipFile(tmp_path / "p1.zip") as bundle:
        names = [name for name in bundle.namelist() if name.startswith("checkpoints/")]
        readme = bundle.read("README.txt").decode()
    assert names == ["checkpoints/1.json", "checkpoints/1.sig", "checkpoints/key-1.pem"]
    assert page.faults == ["Checkpoint 2 was edited: its signature does not fit it."]
    assert page.faults[0] in readme

"""Whoever changes the ledger behind its back is found out."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from records.canonical import canonical
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW

EDITED = "entry 2 was edited"
UNLINKED = "does not follow the entry before it"


@pytest.fixture
def chain(records: Records) -> Records:
    kinds = [EntryKind.SCREENED, EntryKind.REVIEWED, EntryKind.DECIDED, EntryKind.ANSWERED]
    for portout in ("p1", "p2"):
        records.ledger.append_all(
            [
                LedgerEntry(portout, kind, f"s{number}", NOW, {"round": 1}, {"name": "Ann"})
                for number, kind in enumerate(kinds)
            ]
        )
    assert records.ledger.verify_chain("p1") == []
    return records


def rewrite(url: str, change: Callable[[dict[str, Any]], object], *, rehash: bool = True) -> None:
    ((stored,),) = behind_its_back(url, "SELECT entry FROM ledger WHERE portout_id = 'p1' AND position = 2")
    value = json.loads(stored)
    change(value)
    data = canonical(value)
    what = "entry = ?, hash = ?" if rehash else "entry = ?"
    values = (data, hashlib.sha256(data).hexdigest()) if rehash else (data,)
    behind_its_back(url, f"UPDATE ledger SET {what} WHERE portout_id = 'p1' AND position = 2", *values)


def test_edited_bytes_are_found(chain: Records, url: str) -> None:
    rewrite(url, lambda value: value["body"].update(round=2), rehash=False)
    faults = chain.ledger.verify_chain("p1")
    assert EDITED in faults[0]
    assert "entry 3" in faults[1]
    assert UNLINKED in faults[1]


def test_edited_bytes_with_a_new_hash_are_found_by_the_next_entry(chain: Records, url: str) -> None:
    rewrite(url, lambda value: value["body"].update(round=2))
    (fault,) = chain.ledger.verify_chain("p1")
    assert "entry 3" in fault
    assert UNLINKED in fault


@pytest.mark.parametrize(
    ("column", "value"),
    [("kind", "closed"), ("step_key", "other"), ("at", "2026-03-02T15:30:00.000001Z"), ("hash", "0" * 64)],
)
def test_an_edited_column_is_found(chain: Records, url: str, column: str, value: str) -> None:
    behind_its_back(url, f"UPDATE ledger SET {column} = ? WHERE portout_id = 'p1' AND position = 2", value)
    (fault,) = chain.ledger.verify_chain("p1")
    assert EDITED in fault
    assert column in fault


def test_a_removed_entry_is_found(chain: Records, url: str) -> None:
    behind_its_back(url, "DELETE FROM ledger WHERE portout_id = 'p1' AND position = 2")
    faults = chain.ledger.verify_chain("p1")
    assert faults[0] == "Port-out p1: entry 2 is missing."
    assert UNLINKED in faults[1]


def test_a_removed_beginning_is_found(chain: Records, url: str) -> None:
    behind_its_back(url, "DELETE FROM ledger WHERE portout_id = 'p1' AND position = 1")
    faults = chain.ledger.verify_chain("p1")
    assert faults[0] == "Port-out p1: entry 1 is missing."
    assert UNLINKED in faults[1]


def test_a_removed_entry_is_found_when_the_others_were_renumbered(chain: Records, url: str) -> None:
    behind_its_back(url, "DELETE FROM ledger WHERE portout_id = 'p1' AND position = 2")
    for position in (3, 4):
        behind_its_back(
            url,
            "UPDATE ledger SET position = ? WHERE portout_id = 'p1' AND position = ?",
            position - 1,
            position,
        )
    assert any(
        "its column position is not what its bytes say" in fault for fault in chain.ledger.verify_chain("p1")
    )


def test_entries_in_another_order_are_found(chain: Records, url: str) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        behind_its_back(
            url, "UPDATE ledger SET position = ? WHERE portout_id = 'p1' AND position = ?", new, old
        )
    faults = chain.ledger.verify_chain("p1")
    assert any("was written before the entry that it follows" in fault for fault in faults)
    assert any(UNLINKED in fault for fault in faults)


def test_an_inserted_entry_is_found(chain: Records, url: str) -> None:
    behind_its_back(
        url,
        "INSERT INTO ledger (portout_id, position, step_key, kind, at, entry, hash) "
        "SELECT portout_id, 5, 'x', kind, at, entry, hash FROM ledger WHERE portout_id = 'p1' AND position = 2",
    )
    assert any("entry 5" in fault for fault in chain.ledger.verify_chain("p1"))


def test_an_entry_moved_to_another_port_out_is_found(chain: Records, url: str) -> None:
    behind_its_back(
        url,
        "UPDATE ledger SET portout_id = 'p1', position = 5, step_key = 's9' WHERE portout_id = 'p2' AND position = 4",
    )
    assert any("column portout_id" in fault for fault in chain.ledger.verify_chain("p1"))


@pytest.mark.parametrize(
    "damage", [b"rubbish", b"[]", b'{"a": 1}', b'{"a":1,"a":1}', b'{"a":NaN}', b"\xff", b"[" * 9999]
)
def test_bytes_that_are_not_canonical_are_found(chain: Records, url: str, damage: bytes) -> None:
    behind_its_back(url, "UPDATE ledger SET entry = ? WHERE portout_id = 'p1' AND position = 4", damage)
    assert any("not in canonical form" in fault for fault in chain.ledger.verify_chain("p1"))


def test_other_port_outs_stay_whole(chain: Records, url: str) -> None:
    behind_its_back(url, "DELETE FROM ledger WHERE portout_id = 'p1' AND position = 2")
    assert chain.ledger.verify_chain("p2") == []
    assert chain.ledger.verify_chain("unknown") == []

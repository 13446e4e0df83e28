"""A ledger of three port-outs that was sealed, and somebody who changes it behind its back."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from records import checkpoint_file
from records.canonical import canonical
from records.cases import CaseUpdate, Stage
from records.ledger_entries import EntryKind, LedgerEntry
from records.ledger_verify import Verified
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW

KINDS = (EntryKind.SCREENED, EntryKind.REVIEWED, EntryKind.ANSWERED, EntryKind.CLOSED)


def write(records: Records, portout: str, *, kinds: tuple[EntryKind, ...] = KINDS, first: int = 1) -> None:
    """Append one entry of each kind to a port-out."""
    records.ledger.append_all(
        [
            LedgerEntry(portout, kind, f"s{number}", NOW, {"round": 1}, {"name": "Ann Lee"})
            for number, kind in enumerate(kinds, first)
        ]
    )


def closed(records: Records, *portouts: str) -> None:
    for portout in portouts:
        records.cases.upsert(
            CaseUpdate(
                portout_id=portout, updated_at=NOW, stage=Stage.CLOSED, note="Ann Lee", reason="Ann Lee"
            )
        )


def seal(records: Records, outside: Path, *trusted: str) -> int:
    return checkpoint_file.seal(records.checkpoints, outside, NOW, trusted)


def verified(records: Records, outside: Path, *trusted: str) -> Verified:
    return records.verifier(trusted).verify(outside)


def forge(url: str, portout: str, position: int, change: Callable[[dict[str, Any]], object]) -> None:
    """Change an entry so that its own hash fits."""
    where = "WHERE portout_id = ? AND position = ?"
    ((stored,),) = behind_its_back(url, f"SELECT entry FROM ledger {where}", portout, position)
    value = json.loads(bytes(stored))
    change(value)
    data = canonical(value)
    behind_its_back(
        url,
        f"UPDATE ledger SET entry = ?, hash = ? {where}",
        data,
        hashlib.sha256(data).hexdigest(),
        portout,
        position,
    )

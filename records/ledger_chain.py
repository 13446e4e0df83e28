"""Whether a port-out's chain of entries is whole. Pure: rows in, faults out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from records.canonical import canonical
from records.errors import NotRecordable
from records.schema import utc_text

FORMAT = 1

START = "0" * 64
"""What the first entry of a port-out names as the hash before it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the ledger as it is stored."""

    seq: int
    portout_id: str
    position: int
    step_key: str
    kind: str
    at: datetime
    entry: bytes
    hash: str


def faults_of(portout_id: str, links: Sequence[Link]) -> list[str]:
    """One sentence per fault of a chain; empty when it is whole.

    Args:
        links: every row of the port-out, by position.
    """
    faults: list[str] = []
    before, expected, last_seq = START, 1, 0
    for link in links:
        place = f"Port-out {portout_id}, entry {link.position}"
        while expected < link.position:
            faults.append(f"Port-out {portout_id}: entry {expected} is missing.")
            expected += 1
        expected = link.position + 1
        if link.seq <= last_seq:
            faults.append(f"{place} was written before the entry that it follows.")
        last_seq = max(last_seq, link.seq)
        actual = hashlib.sha256(link.entry).hexdigest()
        if actual != link.hash:
            faults.append(f"{place} was edited: its bytes do not have the hash that is stored with them.")
        faults.extend(f"{place} {what}" for what in _contents(link, before))
        before = actual
    return faults


def _contents(link: Link, before: str) -> list[str]:
    stored = _parse(link.entry)
    if stored is None:
        return ["is not in canonical form."]
    faults = []
    if stored.get("prev_hash") != before:
        faults.append("does not follow the entry before it: one of the two was edited, removed or moved.")
    columns = {
        "portout_id": link.portout_id,
        "position": link.position,
        "step_key": link.step_key,
        "kind": link.kind,
        "at": utc_text(link.at),
    }
    faults.extend(
        f"was edited: its column {name} is not what its bytes say."
        for name, value in columns.items()
        if stored.get(name) != value
    )
    return faults


def _parse(entry: bytes) -> dict[str, Any] | None:
    try:
        stored = json.loads(entry)
        return stored if isinstance(stored, dict) and canonical(stored) == entry else None
    except (ValueError, NotRecordable, RecursionError):
        return None

"""Whether a port-out's chain of entries is whole: rows in, faults out."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from records.canonical import written
from records.schema import ledger, utc_text

FORMAT = 1

AS_STORED = [
    *(ledger.c[name] for name in ("seq", "portout_id", "position", "step_key", "kind")),
    # A time that is none must be found, and not end the search.
    sa.type_coerce(ledger.c.at, sa.Text).label("at"),
    *(ledger.c[name] for name in ("entry", "hash")),
]
"""The columns of a `Link`, in its order."""

START = "0" * 64
"""What the first entry of a port-out names as the hash before it."""

LEDGER = "ledger"
"""The name under which appends share the ledger, and what seals or prunes it has it alone (`Database.write`)."""


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the ledger as it is stored.

    SQLite keeps whatever it is given in any column, so a row that somebody wrote behind our back may hold other types.
    """

    seq: int
    portout_id: str
    position: int
    step_key: str
    kind: str
    at: datetime | str
    entry: bytes
    hash: str


def faults_of(
    portout_id: str, links: Iterable[Link], *, after: tuple[int, str] = (0, START)
) -> Iterator[str]:
    """One sentence per fault of a chain; none when it is whole.

    Args:
        links: every row of the port-out, by position.
        after: position and hash of the last entry that was pruned.
    """
    pruned, before = after
    expected, last_seq = pruned + 1, 0
    for link in links:
        place = f"Port-out {portout_id}, entry {link.position}"
        if not isinstance(link.position, int) or not isinstance(link.entry, bytes):
            yield f"{place} was edited: it is stored as no program of ours stores it."
            continue
        if link.position <= pruned:
            yield f"{place} was inserted: what stood there was pruned."
            continue
        if expected < link.position:
            missing = (
                f"entry {expected} is"
                if expected == link.position - 1
                else f"entries {expected} to {link.position - 1} are"
            )
            yield f"Port-out {portout_id}: {missing} missing."
        expected = link.position + 1
        if link.seq <= last_seq:
            yield f"{place} was written before the entry that it follows."
        last_seq = max(last_seq, link.seq)
        actual = hashlib.sha256(link.entry).hexdigest()
        if actual != link.hash:
            yield f"{place} was edited: its bytes do not have the hash that is stored with them."
        for what in _contents(link, before):
            yield f"{place} {what}"
        before = actual


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
        "at": utc_text(link.at) if isinstance(link.at, datetime) else link.at,
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
        return stored if isinstance(stored, dict) and written(stored) == entry else None
    except (ValueError, RecursionError):
        return None

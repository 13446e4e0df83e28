"""Stubs: what is left of a chain that was pruned. Signed, they keep the hashes that checkpoints hold."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.engine import Connection

from records.canonical import canonical
from records.ledger_chain import START
from records.ledger_entries import EntryKind
from records.schema import stubs, utc_text
from records.signing import Signer, is_signed

FORMAT = 2
"""The first did not name the steps."""
_LAST = (
    sa.select(stubs.c.position, stubs.c.hash)
    # SQLite takes text there, and holds it for greater than every number.
    .where(stubs.c.portout_id == sa.bindparam("portout"), stubs.c.position <= 2**31 - 1)
    .order_by(stubs.c.position.desc())
    .limit(1)
)
_CONTENTS = sa.select(stubs.c.content).where(stubs.c.portout_id == sa.bindparam("portout"))


class _Content(BaseModel):
    """What a stub says.

    Attributes:
        stub_of: the port-out.
        entries: sequence number, position, kind, time and hash of each.
        steps: SHA-256 of the step key of each, sorted, so that none is ever written again.
    """

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    format: int
    stub_of: str
    entries: list[tuple[int, int, str, str, str]]
    steps: list[str] = []
    pruned_at: str
    pruned_by: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Stub:
    """A stub that can be believed.

    Attributes:
        entries: sequence number, position and hash of each entry that is gone.
        says: all that it says, as JSON.
    """

    portout_id: str
    entries: list[tuple[int, int, str]]
    says: dict[str, Any]


def stub_row(
    portout_id: str, rows: Sequence[Any], *, at: datetime, by: str, signer: Signer
) -> dict[str, Any]:
    """The row that stands for these entries of a port-out from now on.

    Args:
        rows: of the ledger, by position.
        by: who prunes.
    """
    content = canonical(
        {
            "format": FORMAT,
            "stub_of": portout_id,
            "entries": [[row.seq, row.position, row.kind, _text(row.at), row.hash] for row in rows],
            "steps": sorted(_hash_of(row.step_key) for row in rows),
            "pruned_at": utc_text(at),
            "pruned_by": by,
            "public_key": signer.public_key,
        }
    )
    return {
        "portout_id": portout_id,
        "position": rows[-1].position,
        "hash": rows[-1].hash,
        "content": content,
        "signature": signer.sign(content),
    }


def _text(at: datetime | str) -> str:
    # SQLite stores a time as this text already.
    return at if isinstance(at, str) else utc_text(at)


def end_of_pruned(connection: Connection, portout_id: str) -> tuple[int, str]:
    """Position and hash of the last entry of a port-out that was pruned, as its stub is stored: the chain goes on there."""
    row = connection.execute(_LAST, {"portout": portout_id}).one_or_none()
    return (0, START) if row is None else (row.position, str(row.hash))


def was_pruned(connection: Connection, portout_id: str, step_key: str) -> bool:
    """Whether a step is among those that were pruned. Of a stub that names none nobody knows."""
    found = connection.execute(_CONTENTS, {"portout": portout_id}).scalars()
    return any(_hash_of(step_key) in said.steps for content in found if (said := _read(content)))


def was_erased(connection: Connection, portout_id: str) -> bool:
    """Whether the personal facts of a port-out had been erased before it was pruned."""
    found = connection.execute(_CONTENTS, {"portout": portout_id}).scalars()
    kinds = (kind for content in found if (said := _read(content)) for _, _, kind, _, _ in said.entries)
    return EntryKind.ERASED in kinds


def stub_or_fault(row: Any, trusted: Collection[str]) -> Stub | str:
    """The stub in a row, or one sentence that says why it proves nothing: nobody signed it whose signature counts, or its
    columns say something else.

    Args:
        trusted: public keys whose signatures count, base64.
    """
    content = _read(row.content)
    if content is None or not is_signed(row.content, row.signature, content.public_key):
        return _edited(row)
    if content.public_key not in trusted:
        return (
            f"Port-out {row.portout_id}: the stub of what was pruned is signed by a key that is not trusted here "
            f"({content.public_key}): if it was yours, give it by --public-key."
        )
    entries = [(seq, position, hash_) for seq, position, _, _, hash_ in content.entries]
    said = (content.stub_of, *entries[-1][1:]) if entries else None
    if content.format > FORMAT or said != (row.portout_id, row.position, row.hash):
        return _edited(row)
    return Stub(row.portout_id, entries, content.model_dump(mode="json"))


def _read(content: object) -> _Content | None:
    # Somebody may have put text there on SQLite, which would take it.
    if not isinstance(content, bytes):
        return None
    try:
        return _Content.model_validate_json(content)
    except ValidationError:
        return None


def _hash_of(step_key: str) -> str:
    return hashlib.sha256(step_key.encode()).hexdigest()


def _edited(row: Any) -> str:
    return (
        f"Port-out {row.portout_id}: the stub of what was pruned was edited: its signature does not fit it."
    )

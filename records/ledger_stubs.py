"""Stubs: what is left of a chain that was pruned. Signed, they keep the hashes that checkpoints hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from records.canonical import canonical
from records.schema import utc_text
from records.signing import Signer, is_signed

FORMAT = 1


class _Content(BaseModel):
    """What a stub says.

    Attributes:
        stub_of: the port-out.
        entries: sequence number, position, kind, time and hash of each.
    """

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    format: int
    stub_of: str
    entries: list[tuple[int, int, str, str, str]]
    pruned_at: str
    pruned_by: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Stub:
    """A stub that can be believed.

    Attributes:
        entries: sequence number, position and hash of each entry that is gone.
    """

    portout_id: str
    entries: list[tuple[int, int, str]]


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


def stub_in(row: Any, trusted: Collection[str]) -> Stub | None:
    """The stub in a row; None if it is not signed by a trusted key, or its columns say something else.

    Args:
        trusted: public keys whose signatures count, base64.
    """
    if not isinstance(row.content, bytes):
        return None
    try:
        content = _Content.model_validate_json(row.content)
    except ValidationError:
        return None
    if content.public_key not in trusted or not is_signed(row.content, row.signature, content.public_key):
        return None
    entries = [(seq, position, hash_) for seq, position, _, _, hash_ in content.entries]
    said = (content.format, content.stub_of, *entries[-1][1:]) if entries else None
    return Stub(row.portout_id, entries) if said == (FORMAT, row.portout_id, row.position, row.hash) else None

"""What the ledger says of many port-outs at once, without their personal facts: was it screened, and what was sent."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from records.engine import CHUNK, Database
from records.ledger_entries import EntryKind
from records.schema import ledger


@dataclass(frozen=True, slots=True)
class Standing:
    """How a port-out stands in the ledger.

    Args:
        answered_as: the status that was sent last; None when none ever was.
        answered_at: when that was.
        left_on_purpose: the policy left it to the carrier's silence after that.
    """

    answered_as: str | None = None
    answered_at: datetime | None = None
    left_on_purpose: bool = False


_FIRST = sa.select(ledger.c.at).order_by(ledger.c.seq).limit(1)
_OF_MANY = (
    sa.select(ledger.c.portout_id, ledger.c.kind, ledger.c.at, ledger.c.entry)
    .where(ledger.c.portout_id.in_(sa.bindparam("portouts", expanding=True)))
    .order_by(ledger.c.portout_id, ledger.c.position)
)


class Standings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def began(self) -> datetime | None:
        """When the first entry of all was written; None while there is none."""
        with self._database.read() as connection:
            found: datetime | None = connection.execute(_FIRST).scalar_one_or_none()
        return found

    def of(self, portout_ids: Sequence[str]) -> dict[str, Standing]:
        """How each of these port-outs stands; those that the ledger does not know are left out.

        Raises:
            DatabaseUnavailable: try again later.
        """
        found: dict[str, Standing] = {}
        for start in range(0, len(portout_ids), CHUNK):
            chunk = list(portout_ids[start : start + CHUNK])
            with self._database.read() as connection:
                rows = connection.execute(_OF_MANY, {"portouts": chunk}).all()
            for portout_id, kind, at, entry in rows:
                found[portout_id] = _after(found.get(portout_id, Standing()), kind, at, entry)
        return found


def _after(before: Standing, kind: str, at: datetime, entry: bytes) -> Standing:
    if kind not in (EntryKind.ANSWERED, EntryKind.DECIDED):
        return before
    body = json.loads(entry)["body"]
    if kind == EntryKind.ANSWERED:
        return Standing(answered_as=body.get("status"), answered_at=at)
    left = body.get("by") == "deadline" and body.get("outcome") == "leave"
    return Standing(before.answered_as, before.answered_at, left)

"""PIN attempts, committed before the PIN is compared, so that orders screened in parallel see each other.

Instant automatic answers would be an oracle for guessing 10,000 PINs; these rows are what bars them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from records.engine import CHUNK, Database
from records.schema import attempts

MATCH = "match"
MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A PIN was supplied for a number. Never the PIN itself.

    Args:
        event_id: the carrier's event that carried it; with order and round it names the attempt.
    """

    portout_id: str
    round: int
    event_id: str
    number: str
    spid: str | None
    at: datetime


_SETTLE = (
    sa.update(attempts)
    .where(
        attempts.c.portout_id == sa.bindparam("portout"),
        attempts.c.round == sa.bindparam("in_round"),
        attempts.c.event_id == sa.bindparam("event"),
        sa.or_(attempts.c.result.is_(None), attempts.c.result != MISMATCH),
    )
    .values(result=sa.bindparam("found"))
)
_EVENTS = sa.select(attempts.c.event_id).where(attempts.c.portout_id == sa.bindparam("portout"))
_COMPARED = _EVENTS.where(attempts.c.result.is_not(None))
_BARRING = sa.select(
    sa.exists().where(
        attempts.c.number.in_(sa.bindparam("numbers", expanding=True)),
        attempts.c.at >= sa.bindparam("since"),
        sa.or_(
            attempts.c.result == MISMATCH,
            sa.and_(
                attempts.c.portout_id != sa.bindparam("portout"),
                sa.or_(attempts.c.result.is_(None), attempts.c.result != MATCH),
            ),
        ),
    )
)


class Attempts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(attempts).on_conflict_do_nothing()

    def record(self, rows: Sequence[Attempt]) -> None:
        """Commits attempts; those that are there already stay as they are."""
        if rows:
            with self._database.write() as connection:
                connection.execute(self._insert, [asdict(row) for row in rows])

    def settle(self, portout_id: str, round: int, event_id: str, result: str) -> None:
        """Records what the comparison gave (`match`, `mismatch`, …) for every number of the attempt.

        A mismatch stays one, whatever a retry finds: the PIN on file may have been changed in between.
        """
        found = {"portout": portout_id, "in_round": round, "event": event_id, "found": result}
        with self._database.write() as connection:
            connection.execute(_SETTLE, found)

    def barring(self, portout_id: str, numbers: Sequence[str], since: datetime) -> bool:
        """Whether attempts on these numbers since then bar automatic approval of this order: another order's,
        unless recorded as a match, or a mismatch of any order."""
        with self._database.read() as connection:
            for start in range(0, len(numbers), CHUNK):
                chunk = list(numbers[start : start + CHUNK])
                asked = {"portout": portout_id, "numbers": chunk, "since": since}
                if connection.execute(_BARRING, asked).scalar_one():
                    return True
        return False

    def event_ids(self, portout_id: str) -> set[str]:
        """The events of an order whose PINs have been counted."""
        with self._database.read() as connection:
            return set(connection.execute(_EVENTS, {"portout": portout_id}).scalars())

    def compared(self, portout_id: str) -> set[str]:
        """The events of an order whose PINs have been counted and compared with those on file."""
        with self._database.read() as connection:
            return set(connection.execute(_COMPARED, {"portout": portout_id}).scalars())

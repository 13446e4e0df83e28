"""The ledger as others take it away: every entry as it is stored, with its personal facts still sealed."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from records.engine import Database
from records.schema import ledger, stubs

PAGE = 500

_PAGE = (
    sa.select(ledger.c.seq, ledger.c.entry, ledger.c.hash)
    .where(ledger.c.seq > sa.bindparam("after"), ledger.c.at >= sa.bindparam("since"))
    .order_by(ledger.c.seq)
    .limit(PAGE)
)
_STORED = (
    sa.select(ledger.c.seq, ledger.c.position, ledger.c.kind, ledger.c.entry, ledger.c.hash)
    .where(ledger.c.portout_id == sa.bindparam("portout"))
    .order_by(ledger.c.position)
)
_STUBS = sa.select(stubs).where(stubs.c.portout_id == sa.bindparam("portout")).order_by(stubs.c.position)


class LedgerExport:
    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, since: datetime) -> Iterator[dict[str, Any]]:
        """What was written about then and later, in the order of the sequence: `seq`, `hash`, and the `entry` itself.

        The hash is the SHA-256 of the entry as canonical JSON (keys sorted, no spaces, ASCII). An entry that is no JSON
        any more is None.
        """
        after = 0
        while True:
            with self._database.read() as connection:
                page = connection.execute(_PAGE, {"after": after, "since": since}).all()
            if not page:
                return
            for row in page:
                yield {"seq": row.seq, "hash": row.hash, "entry": _json(row.entry)}
            after = page[-1].seq

    def stored(self, portout_id: str) -> list[Any]:
        """The entries of a port-out byte by byte: `seq`, `position`, `kind`, `entry`, `hash`."""
        with self._database.read() as connection:
            return list(connection.execute(_STORED, {"portout": portout_id}).all())

    def stubs_of(self, portout_id: str) -> list[Any]:
        """The stubs of a port-out as they are stored, if it was pruned: `stub_or_fault` reads one."""
        with self._database.read() as connection:
            return list(connection.execute(_STUBS, {"portout": portout_id}).all())


def _json(stored: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(stored)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None

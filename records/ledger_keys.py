"""Replacing PORTOUT_RECORDS_KEY: what the old one wrapped is wrapped by the new one. No entry of the ledger changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.engine import Database
from records.errors import BadKey
from records.ledger_chain import LEDGER
from records.schema import keys
from records.sealing import Sealer

AT_ONCE = 100
"""Keys in one transaction: whoever writes to one of these port-outs waits for it."""
_PAGE = (
    sa.select(keys.c.key_id, keys.c.portout_id, keys.c.wrapped)
    .where(keys.c.wrapped_by != sa.bindparam("by"), keys.c.key_id > sa.bindparam("after"))
    .where(keys.c.wrapped_by.not_like(sa.bindparam("further")))
    .order_by(keys.c.key_id)
    .limit(AT_ONCE)
)
_WITH_ONE = sa.select(keys.c.portout_id).where(
    keys.c.wrapped_by == sa.bindparam("by"), keys.c.portout_id.in_(sa.bindparam("portouts", expanding=True))
)
_REWRAP = (
    sa.update(keys)
    .where(keys.c.key_id == sa.bindparam("which"))
    .values(wrapped=sa.bindparam("wrapped"), wrapped_by=sa.bindparam("by"))
)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What became of some keys of personal facts.

    Args:
        carried_over: wrapped by the first PORTOUT_RECORDS_KEY now.
        left: those that no key that is set opens.
    """

    carried_over: int
    left: int


class FactKeys:
    """The wrapped keys of personal facts, one for each port-out."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def rewrap(self) -> Iterator[Rewrapped]:
        """Wrap by the first key whatever it did not wrap yet, some at a time. Stopped half-way, it can be run again.

        Raises:
            BadKey: PORTOUT_RECORDS_KEY is not set.
        """
        by = self._sealer.wrapped_by
        if not by:
            raise BadKey("PORTOUT_RECORDS_KEY is not set: set the new key and, behind a comma, the old one.")
        after = ""
        while True:
            with self._database.read() as connection:
                page = connection.execute(_PAGE, {"by": by, "further": f"{by}/%", "after": after}).all()
            if not page:
                return
            after = page[-1].key_id
            locks = {f"{LEDGER}:{row.portout_id}" for row in page}
            with self._database.write(*locks, beside_others=LEDGER) as connection:
                carried = self._rewrap_within(connection, page, by)
            yield Rewrapped(carried, len(page) - carried)

    def _rewrap_within(self, connection: Connection, page: Sequence[Any], by: str) -> int:
        portouts = list({row.portout_id for row in page})
        taken = set(connection.execute(_WITH_ONE, {"by": by, "portouts": portouts}).scalars())
        found = []
        for row in page:
            try:
                wrapped = self._sealer.rewrap(row.portout_id, row.key_id, row.wrapped)
            except BadKey:
                continue
            # A port-out that was written to under either key alone has a key for each, and entries that need it.
            name = f"{by}/{row.key_id}" if row.portout_id in taken else by
            taken.add(row.portout_id)
            found.append({"which": row.key_id, "wrapped": wrapped, "by": name})
        if found:
            connection.execute(_REWRAP, found)
        return len(found)

"""What may be taken out of the ledger: chains past their retention, which leave a stub, and a person's facts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.cases import Stage
from records.engine import Database
from records.errors import RecordsError
from records.ledger import Ledger
from records.ledger_actor import LedgerActor
from records.ledger_chain import AS_STORED, LEDGER, Link, faults_of
from records.ledger_checkpoints import Checkpoints
from records.ledger_entries import ERASED, EntryKind, LedgerEntry
from records.ledger_stubs import end_of_pruned, stub_row
from records.schema import attempts, cases, history, keys, ledger, stubs
from screening.policy_values import LONGEST_DURATION

AT_ONCE = 100
"""Chains in one transaction: others who write wait for it."""

_ENDINGS = (EntryKind.CLOSED.value, EntryKind.DECIDED_ELSEWHERE.value)
_OPEN = sa.exists().where(cases.c.portout_id == ledger.c.portout_id, cases.c.stage != Stage.CLOSED.value)
_OLD = (
    sa.select(ledger.c.portout_id)
    .where(ledger.c.portout_id > sa.bindparam("after"), ~_OPEN)
    .group_by(ledger.c.portout_id)
    .having(
        sa.func.max(ledger.c.at) < sa.bindparam("before", type_=ledger.c.at.type),
        # What came after an end that was pruned goes like what it followed.
        (sa.func.max(sa.case((ledger.c.kind.in_(_ENDINGS), 1), else_=0)) == 1)
        | sa.exists().where(stubs.c.portout_id == ledger.c.portout_id),
    )
    .order_by(ledger.c.portout_id)
    .limit(AT_ONCE)
)
_CHAINS = (
    sa.select(*AS_STORED).where(ledger.c.portout_id == sa.bindparam("portout")).order_by(ledger.c.position)
)
_STAGE = sa.select(cases.c.stage).where(cases.c.portout_id == sa.bindparam("portout"))
_NEWEST = [
    sa.select(sa.func.max(moment)).where(moment.table.c.portout_id == sa.bindparam("portout"))
    for moment in (history.c.requested_at, history.c.denied_at, attempts.c.at)
]
_WORDLESS = (
    sa.update(cases)
    .where(
        cases.c.portout_id == sa.bindparam("portout"),
        cases.c.note.is_not(None) | cases.c.reason.is_not(None),
    )
    .values(note=None, reason=None)
)


class NotErasable(RecordsError):
    """The personal facts of a port-out cannot be destroyed now."""


@dataclass(slots=True)
class Pruned:
    """What pruning did.

    Attributes:
        refused: one sentence for each fault of a chain that was left alone for it.
        stands_in_log: why what was pruned may still stand in SQLite's log, as the end of a sentence; None: it does not.
    """

    port_outs: int = 0
    entries: int = 0
    refused: list[str] = field(default_factory=list)
    stands_in_log: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing did.

    Attributes:
        anything: False if there was nothing left to destroy.
        numbers_until: until then rules may look back on the order's numbers, so they are kept; None: they are gone.
        stands_in_log: why what was destroyed may still stand in SQLite's files, as the end of a sentence; None: it does not.
    """

    anything: bool
    numbers_until: datetime | None
    stands_in_log: str | None = None


class Pruning:
    def __init__(self, database: Database, appends: Ledger, checkpoints: Checkpoints) -> None:
        self._database = database
        self._ledger = appends
        self._checkpoints = checkpoints

    def prune(
        self, before: datetime, *, at: datetime, by: str, on_chains: Callable[[int], None] = lambda _: None
    ) -> Pruned:
        """Replace every closed chain whose last entry is older by a signed stub, and forget the rest of that port-out:
        its key, its case, its numbers in the history and its attempts.

        The caller makes a checkpoint and verifies the ledger first: what is gone cannot be looked at again.

        Raises:
            BadKey: there is no PORTOUT_LEDGER_KEY.
            DatabaseUnavailable: run it again; what was pruned is pruned.
        """
        signer, done, after = self._checkpoints.signer(), Pruned(), ""
        while True:
            # Whatever seals the ledger must not see half of it.
            with self._database.write(LEDGER) as connection:
                page = list(connection.execute(_OLD, {"after": after, "before": before}).scalars())
                if not page:
                    break
                for portout_id in page:
                    rows = connection.execute(_CHAINS, {"portout": portout_id}).all()
                    pruned = end_of_pruned(connection, portout_id)
                    faults = list(faults_of(portout_id, (Link(*row) for row in rows), after=pruned))
                    if faults:
                        done.refused += faults
                        continue
                    connection.execute(
                        sa.insert(stubs), stub_row(portout_id, rows, at=at, by=by, signer=signer)
                    )
                    _delete(connection, portout_id, (ledger, keys, cases, history, attempts))
                    done.port_outs += 1
                    done.entries += len(rows)
            on_chains(len(page))
            after = page[-1]
        done.stands_in_log = self._database.drop_leftovers()
        return done

    def erase(self, portout_id: str, *, by: LedgerActor, at: datetime) -> Erased:
        """Destroy what can unseal the personal facts of a port-out. The chain stays whole, and says who did it. What is
        written to it later is kept without any (`Ledger.append`).

        Its numbers in the history and its attempts bar and count other orders: whoever tried a wrong PIN must not be
        rid of that by asking to be forgotten. So they go only when no rule can look back on them any more.

        Raises:
            NotErasable: the order is open, or the ledger knows none of that id.
            DatabaseUnavailable: nothing was erased.
        """
        with self._database.write(f"ledger:{portout_id}", beside_others=LEDGER) as connection:
            if not connection.execute(_CHAINS, {"portout": portout_id}).first():
                raise NotErasable(f"The ledger knows no port-out {portout_id}.")
            stage = connection.execute(_STAGE, {"portout": portout_id}).scalar_one_or_none()
            if stage not in (None, Stage.CLOSED.value):
                raise NotErasable(
                    f"The order {portout_id} is open ({stage}) and still needs its facts: erase them when it is closed."
                )
            until = _looked_back_on_until(connection, portout_id)
            kept_until = until if until and until >= at else None
            deleted = _delete(connection, portout_id, (keys,) if kept_until else (keys, history, attempts))
            deleted += connection.execute(_WORDLESS, {"portout": portout_id}).rowcount
            if deleted:
                entry = LedgerEntry(
                    portout_id=portout_id,
                    kind=EntryKind.ERASED,
                    step_key=f"erased:{at.isoformat()}",
                    at=at,
                    body={"note": ERASED},
                    actor=by,
                )
                self._ledger.append_within(connection, entry)
        # Even if nothing was left to delete: the time before it may have stayed in the log.
        stands_in_log = self._database.drop_leftovers(rewrite=True)
        return Erased(bool(deleted), kept_until, stands_in_log)


def _looked_back_on_until(connection: Connection, portout_id: str) -> datetime | None:
    moments = [connection.execute(newest, {"portout": portout_id}).scalar_one() for newest in _NEWEST]
    newest = max(filter(None, moments), default=None)
    return newest + LONGEST_DURATION if newest else None


def _delete(connection: Connection, portout_id: str, tables: Collection[sa.Table]) -> int:
    return sum(
        connection.execute(sa.delete(table).where(table.c.portout_id == portout_id)).rowcount
        for table in tables
    )

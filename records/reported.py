"""Orders with all that the ledger says of them, without personal facts: what reports are made of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from records.engine import CHUNK, Database
from records.schema import cases, ledger


@dataclass(frozen=True, slots=True)
class ReportedEntry:
    """An entry of the ledger.

    Args:
        kind: one of `records.ledger_entries.EntryKind`.
        body: what is stored in clear.
    """

    kind: str
    at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """An order as it stands, and its entries, oldest first.

    Args:
        came_at: when it came to the carrier.
        limit_at: when silence approves it.
        outcome: `approve`, `deny`, `leave` or `none`; None while nothing is decided.
    """

    portout_id: str
    came_at: datetime
    limit_at: datetime | None
    mode: str | None
    outcome: str | None
    decided_by: str | None
    decided_at: datetime | None
    carrier_status: str | None
    entries: list[ReportedEntry] = field(default_factory=list)


_ORDERS = (
    sa.select(
        cases.c.portout_id,
        cases.c.inserted_at,
        cases.c.limit_at,
        cases.c.mode,
        cases.c.outcome,
        cases.c.decided_by,
        cases.c.decided_at,
        cases.c.carrier_status,
    )
    .where(
        cases.c.inserted_at >= sa.bindparam("since", type_=cases.c.inserted_at.type),
        cases.c.portout_id > sa.bindparam("after"),
    )
    .order_by(cases.c.portout_id)
    .limit(CHUNK)
)
_ENTRIES = (
    sa.select(ledger.c.portout_id, ledger.c.kind, ledger.c.at, ledger.c.entry)
    .where(ledger.c.portout_id.in_(sa.bindparam("portouts", expanding=True)))
    .order_by(ledger.c.portout_id, ledger.c.position)
)


class ReportedOrders:
    def __init__(self, database: Database) -> None:
        self._database = database

    def came_since(self, since: datetime) -> Iterator[ReportedOrder]:
        """The orders that came at that time or later, in ascending order of ids; a page at a time is in memory.

        Raises:
            DatabaseUnavailable: try again later.
        """
        after = ""
        while True:
            with self._database.read() as connection:
                orders = connection.execute(_ORDERS, {"since": since, "after": after}).all()
                if not orders:
                    return
                wanted = [order.portout_id for order in orders]
                rows = connection.execute(_ENTRIES, {"portouts": wanted}).all()
            entries = {
                portout_id: [
                    ReportedEntry(row.kind, row.at, dict(json.loads(row.entry)["body"])) for row in of_one
                ]
                for portout_id, of_one in groupby(rows, key=lambda row: row.portout_id)
            }
            for order in orders:
                yield ReportedOrder(*order, entries=entries.get(order.portout_id, []))
            after = wanted[-1]

"""What was asked for, denied and tried before: what repeats and bursts are told by.

One row for each number of an order. A row says who asked for whose number and when, and never holds what the request
said: that is read from the ledger, where it is sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.attempts import MISMATCH
from records.engine import CHUNK, Database
from records.schema import attempts, history

Counted = Literal["orders", "denials", "pin_failures"]
CountedPer = Literal["number", "customer", "spid", "carrier"]

NO_NUMBER = ""
"""Stands for the number of an order that names none, so that it counts for its SPID and carrier."""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order as the history knows it.

    Args:
        holders: ids of our customers by the numbers that they hold.
        spid, carrier: as they are compared; None if the order names none.
        requested_at: when the request arrived.
    """

    portout_id: str
    numbers: Sequence[str]
    holders: Mapping[str, str]
    spid: str | None
    carrier: str | None
    requested_at: datetime

    def keys(self, per: CountedPer) -> set[str]:
        """What the order is counted by."""
        if per == "number":
            return set(self.numbers)
        if per == "customer":
            return set(self.holders.values())
        key = self.spid if per == "spid" else self.carrier
        return set() if key is None else {key}


@dataclass(frozen=True, slots=True)
class Denial:
    """Our denial of an order."""

    portout_id: str
    at: datetime


_KEYS = {
    "number": history.c.number,
    "customer": history.c.customer_id,
    "spid": history.c.spid,
    "carrier": history.c.carrier,
}
_DETAILS = ("customer_id", "spid", "carrier")
_BESIDES: sa.BindParameter[str] = sa.bindparam("besides")
_KEY: sa.BindParameter[str] = sa.bindparam("key")
_SINCE: sa.BindParameter[datetime] = sa.bindparam("since")
_WANTED: sa.BindParameter[Sequence[str]] = sa.bindparam("wanted", expanding=True)

_MISMATCHES = sa.and_(
    # Spelled out, because only then the index of the wrong ones is used.
    attempts.c.result == sa.literal_column(f"'{MISMATCH}'"),
    attempts.c.at >= _SINCE,
    attempts.c.portout_id != _BESIDES,
)
_DENY = (
    sa.update(history)
    .where(history.c.portout_id == sa.bindparam("portout"))
    .values(denied_at=sa.bindparam("at"))
)
_LAST_DENIED = (
    sa.select(history.c.portout_id, history.c.denied_at)
    .where(history.c.number.in_(_WANTED), history.c.denied_at >= _SINCE, history.c.portout_id != _BESIDES)
    .order_by(history.c.denied_at.desc(), history.c.portout_id)
    .limit(1)
)
_KNOWN = sa.select(history.c.portout_id).where(history.c.portout_id.in_(_WANTED)).distinct()


def _orders_of_one(per: str) -> sa.Select[int]:
    key = _KEYS[per]
    # With the time before the id, those that differ are told apart in the order of the index, without sorting.
    each = (
        sa.select(history.c.requested_at, history.c.portout_id)
        .where(key == _KEY, history.c.requested_at >= _SINCE, history.c.portout_id != _BESIDES)
        .distinct()
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(each)


def _denials(per: str) -> sa.Select[str, int]:
    key = _late_key(per)
    return (
        sa.select(key, sa.func.count(history.c.portout_id.distinct()))
        .where(key.in_(_WANTED), history.c.denied_at >= _SINCE, history.c.portout_id != _BESIDES)
        .group_by(key)
    )


def _pin_failures(per: str) -> sa.Select[str, int]:
    failures = sa.func.count(attempts.c.event_id.distinct())
    if per == "number":
        key = attempts.c.number
        return sa.select(key, failures).where(key.in_(_WANTED), _MISMATCHES).group_by(key)
    # By the order that brought the PIN: whose number it was then, and how its SPID is compared.
    late_key = _late_key(per)
    of_order = sa.and_(history.c.portout_id == attempts.c.portout_id, history.c.number == attempts.c.number)
    return (
        sa.select(late_key, failures)
        .select_from(attempts.join(history, of_order))
        .where(late_key.in_(_WANTED), _MISMATCHES)
        .group_by(late_key)
    )


def _late_key(per: str) -> sa.ColumnElement[str]:
    # A SPID has many orders of which few were denied. As an expression it has no index, so SQLite begins with the few.
    key = _KEYS[per]
    return sa.func.coalesce(key, "") if per in ("spid", "carrier") else key


_ORDERS_PER_NUMBER = (
    # A row for each number of an order, so that no order is counted twice for one.
    sa.select(history.c.number, sa.func.count())
    .where(history.c.number.in_(_WANTED), history.c.requested_at >= _SINCE, history.c.portout_id != _BESIDES)
    .group_by(history.c.number)
)
_ORDERS_OF_ONE = {per: _orders_of_one(per) for per in ("customer", "spid", "carrier")}
_COUNTS = {
    ("orders", "number"): _ORDERS_PER_NUMBER,
    **{("denials", per): _denials(per) for per in _KEYS},
    **{("pin_failures", per): _pin_failures(per) for per in _KEYS},
}


class History:
    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(history)
        self._upsert = insert.on_conflict_do_update(
            index_elements=["portout_id", "number"],
            set_={name: insert.excluded[name] for name in _DETAILS},
        )

    def record_within(self, connection: Connection, order: PastOrder) -> None:
        """Remembers an order, in a transaction that is already open. Again it changes neither when the request arrived
        nor that it was denied."""
        rows = [
            {
                "portout_id": order.portout_id,
                "number": number,
                "customer_id": order.holders.get(number),
                "spid": order.spid,
                "carrier": order.carrier,
                "requested_at": order.requested_at,
            }
            for number in dict.fromkeys(order.numbers or [NO_NUMBER])
        ]
        connection.execute(self._upsert, rows)

    def deny_within(self, connection: Connection, portout_id: str, at: datetime) -> None:
        """Remembers when we denied an order, in a transaction that is already open."""
        connection.execute(_DENY, {"portout": portout_id, "at": at})

    def count(
        self, what: Counted, per: CountedPer, keys: Sequence[str], since: datetime, *, besides: str
    ) -> dict[str, int]:
        """How many orders, denials or wrong PINs each key had since then; none of those that had none.

        Args:
            besides: the order that does not count.
        """
        asked, found = {"since": since, "besides": besides}, dict[str, int]()
        with self._database.read() as connection:
            if what == "orders" and per != "number":
                # There are few such keys, often one, and each may have thousands of orders.
                counts = (
                    (key, connection.scalar(_ORDERS_OF_ONE[per], {**asked, "key": key})) for key in keys
                )
                return {key: count for key, count in counts if count}
            for start in range(0, len(keys), CHUNK):
                wanted = {**asked, "wanted": list(keys[start : start + CHUNK])}
                found.update((row[0], row[1]) for row in connection.execute(_COUNTS[what, per], wanted))
        return found

    def last_denied(self, numbers: Sequence[str], since: datetime, *, besides: str) -> Denial | None:
        """The last denial since then of another order that asked for one of these numbers.

        Args:
            besides: the order that does not count.
        """
        found: list[Denial] = []
        with self._database.read() as connection:
            for start in range(0, len(numbers), CHUNK):
                asked = {"wanted": list(numbers[start : start + CHUNK]), "since": since, "besides": besides}
                found += [Denial(*row) for row in connection.execute(_LAST_DENIED, asked)]
        return max(found, key=lambda denial: denial.at, default=None)

    def known(self, portout_ids: Sequence[str]) -> set[str]:
        """Those of the orders that are remembered."""
        found: set[str] = set()
        with self._database.read() as connection:
            for start in range(0, len(portout_ids), CHUNK):
                asked = {"wanted": list(portout_ids[start : start + CHUNK])}
                found.update(connection.execute(_KNOWN, asked).scalars())
        return found

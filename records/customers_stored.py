"""Customers as the tables hold them: many at once, to be compared or copied out."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.engine import CHUNK
from records.schema import customer_channels, customer_contacts, customer_numbers, customer_tags, customers


@dataclass(frozen=True, slots=True)
class ListTable:
    """Where one of the lists of a customer stands.

    Args:
        fixed: what tells its entries from others of the same table.
    """

    table: sa.Table
    value: str
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> list[sa.ColumnElement[bool]]:
        return [self.table.c[name] == text for name, text in self.fixed.items()]

    @property
    def select(self) -> sa.Select[Any]:
        """The entries of some customers (`ids`)."""
        return self.select_all.where(self.table.c.customer_id.in_(sa.bindparam("ids", expanding=True)))

    @property
    def select_all(self) -> sa.Select[Any]:
        """The entries of all customers, each customer's in their order."""
        order = self.table.c["position" if "position" in self.table.c else self.value]
        return sa.select(self.table.c.customer_id, self.table.c[self.value]).where(*self.ours).order_by(order)

    @property
    def delete(self) -> sa.Delete:
        return sa.delete(self.table).where(self.table.c.customer_id == sa.bindparam("of"), *self.ours)

    def rows(self, customer_id: str, values: Iterable[str]) -> list[dict[str, Any]]:
        """The rows of a customer's list, to be inserted."""
        place = "position" if "position" in self.table.c else None
        return [
            {
                "customer_id": customer_id,
                self.value: value,
                **self.fixed,
                **({place: number} if place else {}),
            }
            for number, value in enumerate(values)
        ]


LIST_TABLES = {
    "authorized_names": ListTable(customer_contacts, "name"),
    "emails": ListTable(customer_channels, "value", {"kind": "email"}),
    "contact_phones": ListTable(customer_channels, "value", {"kind": "phone"}),
    "tags": ListTable(customer_tags, "tag"),
    "numbers": ListTable(customer_numbers, "number"),
}
_LISTED = {name: listed.select for name, listed in LIST_TABLES.items()}
_ALL_LISTED = {name: listed.select_all for name, listed in LIST_TABLES.items()}
_COUNT = sa.select(sa.func.count()).select_from(customers)
_MANY = 10 * CHUNK
_CUSTOMERS = sa.select(customers).where(customers.c.customer_id.in_(sa.bindparam("ids", expanding=True)))
_NEXT = (
    sa.select(customers.c.customer_id)
    .where(customers.c.customer_id > sa.bindparam("after"))
    .order_by(customers.c.customer_id)
    .limit(CHUNK)
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer: the row of `customers`, and its lists by the names of columns of a file."""

    row: Any
    lists: dict[str, list[str]]


def load(connection: Connection, ids: Collection[str]) -> Iterator[Stored]:
    """Those of the customers that are there, in any order."""
    if worth_reading_all(connection, len(ids)):
        yield from _load_of_all(connection, set(ids))
        return
    for chunk in chunks(ids):
        found = {
            row.customer_id: Stored(row, {name: [] for name in LIST_TABLES})
            for row in connection.execute(_CUSTOMERS, {"ids": chunk})
        }
        if not found:
            continue
        for name, statement in _LISTED.items():
            for customer_id, value in connection.execute(statement, {"ids": list(found)}):
                found[customer_id].lists[name].append(value)
        yield from found.values()


def worth_reading_all(connection: Connection, wanted: int) -> bool:
    """Whether so many are so large a part of all that one look at everything is cheaper than many at parts."""
    return wanted > _MANY and connection.execute(_COUNT).scalar_one() < 4 * wanted


def _load_of_all(connection: Connection, ids: Set[str]) -> Iterator[Stored]:
    found = {
        row.customer_id: Stored(row, {name: [] for name in LIST_TABLES})
        for row in connection.execute(sa.select(customers))
        if row.customer_id in ids
    }
    for name, statement in _ALL_LISTED.items():
        for customer_id, value in connection.execute(statement):
            if customer_id in found:
                found[customer_id].lists[name].append(value)
    yield from found.values()


def load_all(connection: Connection) -> Iterator[Stored]:
    """Every customer, by id, a few in memory at a time."""
    after = ""
    while ids := list(connection.execute(_NEXT, {"after": after}).scalars()):
        yield from sorted(load(connection, ids), key=lambda stored: ids.index(stored.row.customer_id))
        after = ids[-1]


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values, as many at a time as one statement takes."""
    left = iter(values)
    while chunk := list(islice(left, CHUNK)):
        yield chunk

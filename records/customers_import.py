"""Storing a file of customers, all or nothing, in one transaction of the caller's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.customers_csv import CustomerFile, CustomerRow
from records.engine import CHUNK, Insert
from records.errors import CsvRefused, RowError
from records.pins import PinHasher
from records.schema import customer_contacts, customer_numbers, customer_tags, customers

_PLAIN = ("name", "business_name", "country")

_STORED = sa.select(customers.c.customer_id, customers.c.pin_hash, customers.c.pin_key_id).where(
    customers.c.customer_id.in_(sa.bindparam("ids", expanding=True))
)
_STORED_CONTACTS = (
    sa.select(customer_contacts.c.customer_id, customer_contacts.c.name)
    .where(customer_contacts.c.customer_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(customer_contacts.c.customer_id, customer_contacts.c.position)
)
_HOLDERS = sa.select(customer_numbers.c.number, customer_numbers.c.customer_id).where(
    customer_numbers.c.number.in_(sa.bindparam("numbers", expanding=True))
)
_SET_PIN = (
    sa.update(customers)
    .where(customers.c.customer_id == sa.bindparam("of"))
    .values(
        pin_hash=sa.bindparam("digest"),
        pin_key_id=sa.bindparam("made_under"),
        pin_changed_at=sa.bindparam("changed"),
    )
)
_SET_CONTACT_CHANGED = (
    sa.update(customers)
    .where(customers.c.customer_id == sa.bindparam("of"))
    .values(contact_changed_at=sa.bindparam("changed"))
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: rows read, customers that were new, customers that were there before."""

    rows: int
    added: int
    updated: int


def store_customers(
    connection: Connection, insert: Insert, file: CustomerFile, hasher: PinHasher, at: datetime
) -> ImportReport:
    """Stores a file.

    Args:
        insert: into `customers`, in the database's dialect.
        at: dates the changes.

    Raises:
        CsvRefused: the file has faults, or gives a number to somebody while another customer holds it.
    """
    errors = [*file.errors, *_taken(connection, file.rows)]
    if errors:
        raise CsvRefused(file.name, sorted(errors, key=lambda error: error.line))
    stored = {row.customer_id: row for row in _select(connection, _STORED, _ids(file.rows))}
    if file.rows:
        connection.execute(
            _upsert(insert, file.columns), [_values(row, file.columns, at) for row in file.rows]
        )
        _store_pins(connection, file.rows, stored, hasher, at)
        if "authorized_names" in file.columns:
            _store_contacts(connection, file.rows, stored, at)
        if "tags" in file.columns:
            _replace(connection, customer_tags, file.rows, _tag_rows(file.rows))
        _replace(connection, customer_numbers, file.rows, _number_rows(file.rows))
    return ImportReport(len(file.rows), len(file.rows) - len(stored), len(stored))


def _taken(connection: Connection, rows: list[CustomerRow]) -> Iterator[RowError]:
    row_of = {number: row for row in rows for number in row.numbers}
    in_file = set(_ids(rows))
    for number, holder in _select(connection, _HOLDERS, row_of, name="numbers"):
        # A holder whom the file names has only the numbers that it says.
        if holder not in in_file:
            yield RowError(
                row_of[number].line,
                "numbers",
                f"{number} belongs to customer {holder} already: leave it out, "
                f"or give customer {holder} a row without it.",
            )


def _upsert(insert: Insert, columns: frozenset[str]) -> Insert:
    names = ["updated_at", *(name for name in _PLAIN if name in columns)]
    return insert.on_conflict_do_update(
        index_elements=["customer_id"], set_={name: insert.excluded[name] for name in names}
    )


def _values(row: CustomerRow, columns: frozenset[str], at: datetime) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in _PLAIN if name in columns}
    return {"customer_id": row.customer_id, "added_at": at, "updated_at": at, **plain}


def _store_pins(
    connection: Connection, rows: list[CustomerRow], stored: dict[str, Any], hasher: PinHasher, at: datetime
) -> None:
    changes = []
    for row in rows:
        if row.pin is None:
            continue
        digest, before = hasher.digest(row.customer_id, row.pin), stored.get(row.customer_id)
        if before is not None and (before.pin_key_id, before.pin_hash) == (hasher.key_id, digest):
            continue
        # A customer's first PIN came with the customer: nothing was changed.
        changed = None if before is None else at
        changes.append(
            {"of": row.customer_id, "digest": digest, "made_under": hasher.key_id, "changed": changed}
        )
    if changes:
        connection.execute(_SET_PIN, changes)


def _store_contacts(
    connection: Connection, rows: list[CustomerRow], stored: dict[str, Any], at: datetime
) -> None:
    names: dict[str, list[str]] = {identity: [] for identity in stored}
    for identity, name in _select(connection, _STORED_CONTACTS, stored):
        names[identity].append(name)
    changes = [
        {"of": row.customer_id, "changed": at}
        for row in rows
        if row.customer_id in stored and names[row.customer_id] != row.authorized_names
    ]
    if changes:
        connection.execute(_SET_CONTACT_CHANGED, changes)
    _replace(connection, customer_contacts, rows, _contact_rows(rows))


def _replace(
    connection: Connection, table: sa.Table, rows: list[CustomerRow], values: list[dict[str, Any]]
) -> None:
    connection.execute(
        sa.delete(table).where(table.c.customer_id == sa.bindparam("of")),
        [{"of": identity} for identity in _ids(rows)],
    )
    if values:
        connection.execute(sa.insert(table).inline(), values)


def _contact_rows(rows: list[CustomerRow]) -> list[dict[str, Any]]:
    return [
        {"customer_id": row.customer_id, "position": position, "name": name}
        for row in rows
        for position, name in enumerate(row.authorized_names)
    ]


def _tag_rows(rows: list[CustomerRow]) -> list[dict[str, Any]]:
    return [{"customer_id": row.customer_id, "tag": tag} for row in rows for tag in row.tags]


def _number_rows(rows: list[CustomerRow]) -> list[dict[str, Any]]:
    return [{"customer_id": row.customer_id, "number": number} for row in rows for number in row.numbers]


def _ids(rows: list[CustomerRow]) -> list[str]:
    return [row.customer_id for row in rows]


def _select(
    connection: Connection, statement: sa.Select[Any], values: Iterable[str], name: str = "ids"
) -> Iterator[Any]:
    left = iter(values)
    while chunk := list(islice(left, CHUNK)):
        yield from connection.execute(statement, {name: chunk})

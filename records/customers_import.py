"""What a file of customers changes: planned against what is stored, then written, all or nothing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from records.customers_changes import Action, Change, change_row, last_change
from records.customers_files import Progress
from records.customers_rows import DATES, LISTS, LOCK, CustomerFile, CustomerRow
from records.customers_stored import LIST_TABLES, Stored, chunks, load, worth_reading_all
from records.errors import FileRefused, RowError
from records.pins import HashedPin, PinHasher, pin_of
from records.schema import customer_changes, customer_numbers, customers

_PLAIN = ("name", "business_name", "country")
_PIN = ("pin_hash", "pin_key_id")
_MUTABLE = (*_PLAIN, *_PIN, *DATES, *LOCK)
_DATED_BY = {
    "authorized_names": "contact_changed_at",
    "contact_phones": "contact_changed_at",
    "emails": "email_changed_at",
}
_CLOCKS_DIFFER = timedelta(days=1)
_AT_ONCE = 5000
"""Rows in one call of the driver, and between two words on the progress."""

_HOLDERS = sa.select(customer_numbers.c.number, customer_numbers.c.customer_id).where(
    customer_numbers.c.number.in_(sa.bindparam("ids", expanding=True))
)
_UPDATE = (
    sa.update(customers)
    .where(customers.c.customer_id == sa.bindparam("of"))
    .values({name: sa.bindparam(f"new_{name}") for name in (*_MUTABLE, "updated_at")})
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do.

    Args:
        rows: those of the file, without its header.
        added, changed, unchanged: customers.
        fields: in how many known customers each field changes.
    """

    rows: int
    added: int
    changed: int
    unchanged: int
    fields: dict[str, int]


class Plan:
    """What is to be written for one file.

    Args:
        by: who imports.
        at: dates the changes.

    Raises:
        FileRefused: the file has faults, or gives a number to somebody while another customer holds it.
    """

    def __init__(
        self, connection: Connection, file: CustomerFile, hasher: PinHasher, *, by: str, at: datetime
    ) -> None:
        self.seen = last_change(connection)
        """The last change of any customer when this was planned. After another one it holds no more."""
        self._hasher, self._file, self._by, self._at = hasher, file.name, by, at
        self._inserts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._deletes: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._new: list[dict[str, Any]] = []
        self._updates: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []
        self._fields: Counter[str] = Counter()
        stored = {
            one.row.customer_id: one for one in load(connection, [row.customer_id for row in file.rows])
        }
        faults = [*file.errors, *_taken(connection, file.rows, stored), *_faults(file.rows, stored, at)]
        faults += _revealing(file.rows, stored, hasher)
        if faults:
            raise FileRefused(file.name, sorted(faults, key=lambda fault: fault.line))
        for row in file.rows:
            known = stored.get(row.customer_id)
            if known is None:
                self._add(row)
            else:
                self._change(row, known)
        self.report = ImportReport(
            rows=len(file.rows),
            added=len(self._new),
            changed=len(self._updates),
            unchanged=len(file.rows) - len(self._new) - len(self._updates),
            fields=dict(sorted(self._fields.items())),
        )

    def store(self, connection: Connection, progress: Progress) -> None:
        """Write it, in a transaction of the caller's. What a customer loses goes before what another one gets."""
        of = len(self._updates) + len(self._new) + len(self._changes)
        of += sum(len(rows) for rows in (*self._deletes.values(), *self._inserts.values()))
        done = 0

        def write(rows: list[dict[str, Any]], how: Callable[[list[dict[str, Any]]], object]) -> None:
            nonlocal done
            for start in range(0, len(rows), _AT_ONCE):
                progress("storing", done, of)
                some = rows[start : start + _AT_ONCE]
                how(some)
                done += len(some)

        for name, rows in self._deletes.items():
            write(rows, partial(connection.execute, LIST_TABLES[name].delete))
        write(self._updates, partial(connection.execute, _UPDATE))
        # In the order of their keys: a tree that grows at one end is in memory where it grows.
        new = sorted(self._new, key=itemgetter("customer_id"))
        write(_without_empty_columns(new), partial(_insert, connection, customers))
        for name, rows in self._inserts.items():
            first = "number" if name == "numbers" else "customer_id"
            in_order = sorted(rows, key=itemgetter(first))
            write(in_order, partial(_insert, connection, LIST_TABLES[name].table))
        changes = sorted(self._changes, key=itemgetter("customer_id"))
        write(_without_empty_columns(changes), partial(_insert, connection, customer_changes))
        progress("storing", of, of)

    def _add(self, row: CustomerRow) -> None:
        # A customer's first PIN came with the customer: nothing was changed.
        plain = {name: getattr(row, name) for name in (*_PLAIN, *DATES)}
        self._new.append(
            {
                "customer_id": row.customer_id,
                **plain,
                **self._pin(row),
                **self._lock(row),
                "added_at": self._at,
                "updated_at": self._at,
            }
        )
        for name in LISTS:
            if values := getattr(row, name):
                self._inserts[name] += LIST_TABLES[name].rows(row.customer_id, values)
        self._note(row, Action.ADDED)

    def _change(self, row: CustomerRow, known: Stored) -> None:
        new: dict[str, Any] = {}
        changes: list[Change] = []
        for name in _PLAIN:
            if name in row.given and getattr(row, name) != (before := getattr(known.row, name)):
                new[name] = getattr(row, name)
                changes.append(Change(name, before, new[name]))
        for name in LISTS:
            if name in row.given and set(getattr(row, name)) != set(before := known.lists[name]):
                changes.append(self._list(name, row, before))
                if name in _DATED_BY:
                    new[_DATED_BY[name]] = self._at
        changes += self._changed_pin(row, known.row, new)
        for name in DATES:
            # The later one: no file may hide a change that was seen.
            told, before = getattr(row, name), getattr(known.row, name)
            if told is not None and (before is None or told > before) and name not in new:
                new[name] = told
                changes.append(Change(name, before and before.isoformat(), told.isoformat()))
        if row.locked_at is not None and known.row.locked_at is None:
            new |= self._lock(row)
            changes.append(Change("locked_at", None, row.locked_at.isoformat()))
        if not changes:
            return
        self._fields.update(change.field for change in changes)
        values = {name: new.get(name, getattr(known.row, name)) for name in _MUTABLE} | {
            "updated_at": self._at
        }
        self._updates.append(
            {"of": row.customer_id} | {f"new_{name}": value for name, value in values.items()}
        )
        self._note(row, Action.CHANGED, changes)

    def _list(self, name: str, row: CustomerRow, before: list[str]) -> Change:
        after = getattr(row, name)
        if before:
            self._deletes[name].append({"of": row.customer_id})
        self._inserts[name] += LIST_TABLES[name].rows(row.customer_id, after)
        return Change(name, before, after)

    def _changed_pin(self, row: CustomerRow, known: Any, new: dict[str, Any]) -> Iterator[Change]:
        if row.pin is None:
            return
        known_key = known.pin_hash is not None and self._hasher.knows(known.pin_key_id)
        if known_key and self._hasher.is_of(known.pin_hash, known.pin_key_id, row.customer_id, row.pin):
            if known.pin_key_id != self._hasher.key_id:
                new |= self._pin(row)
                yield Change("pin_key", known.pin_key_id, self._hasher.key_id)
            return
        new |= self._pin(row) | {"pin_changed_at": self._at}
        yield Change("pin", None, None)

    def _pin(self, row: CustomerRow) -> dict[str, Any]:
        if row.pin is None:
            return dict.fromkeys(_PIN)
        digest = self._hasher.digest(row.customer_id, row.pin)
        return {"pin_hash": digest, "pin_key_id": self._hasher.key_id}

    def _lock(self, row: CustomerRow) -> dict[str, Any]:
        if row.locked_at is None:
            return dict.fromkeys(LOCK)
        return {"locked_at": row.locked_at, "locked_by": row.locked_by or self._by, "lock_why": row.lock_why}

    def _note(self, row: CustomerRow, action: Action, changes: Sequence[Change] = ()) -> None:
        self._changes.append(
            change_row(row.customer_id, action, by=self._by, at=self._at, file=self._file, changes=changes)
        )


def _insert(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(sa.insert(table).inline(), rows)
    else:
        _copy(connection, table, rows)


def _copy(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """PostgreSQL's own way for many rows, which spares it and us most of the work."""
    dialect: Any = connection.dialect
    columns = [table.c[name] for name in rows[0]]
    bound = [(column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns]
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({', '.join(name for name, _ in bound)}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([bind(row[name]) if bind else row[name] for name, bind in bound])
    except dialect.dbapi.Error as error:
        # As SQLAlchemy raises it, so that `Database` makes a sentence of it, without the row that is in it.
        raise DBAPIError("COPY", None, error) from None


def _without_empty_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same to be inserted, in half the time where most columns are empty."""
    used = {name for row in rows for name, value in row.items() if value is not None}
    return [{name: value for name, value in row.items() if name in used} for row in rows]


def _faults(rows: list[CustomerRow], stored: dict[str, Stored], at: datetime) -> Iterator[RowError]:
    latest = at + _CLOCKS_DIFFER
    for row in rows:
        for name in (*DATES, "locked_at"):
            if name in row.given and (told := getattr(row, name)) is not None and told > latest:
                yield RowError(row.line, name, "this date is still to come: write when it was.")
        if row.customer_id and "numbers" not in row.given and row.customer_id not in stored:
            yield RowError(
                row.line, "numbers", "this customer is new: say which numbers are theirs, or that none is."
            )


def _revealing(rows: list[CustomerRow], stored: dict[str, Stored], hasher: PinHasher) -> Iterator[RowError]:
    """The reasons for a lock that contain the customer's PIN, as the row gives it or as it is on file."""
    for row in rows:
        if not row.lock_why:
            continue
        known = stored.get(row.customer_id)
        pins = [pin_of(hasher, known.row)] if known else []
        if row.pin is not None:
            digest = hasher.digest(row.customer_id, row.pin)
            pins.append(HashedPin(hasher, row.customer_id, digest, hasher.key_id))
        if fault := next((fault for pin in pins if pin and (fault := pin.fault_of(row.lock_why))), None):
            yield RowError(row.line, "lock_why", f"the text {fault}")


def _taken(connection: Connection, rows: list[CustomerRow], stored: dict[str, Stored]) -> Iterator[RowError]:
    """The numbers that somebody holds who is not in the file, or keeps them there."""
    row_of = {number: row for row in rows for number in row.numbers}
    says = {row.customer_id for row in rows if "numbers" in row.given}
    own = {
        number for one in stored.values() for number in one.lists["numbers"] if one.row.customer_id in says
    }
    for number, holder in _holders(connection, row_of.keys() - own):
        # A holder of whom the file tells the numbers has only those.
        if holder not in says:
            yield RowError(
                row_of[number].line,
                "numbers",
                f"{number} belongs to customer {holder} already: leave it out, "
                f"or give customer {holder} a row without it.",
            )


def _holders(connection: Connection, numbers: Set[str]) -> Iterator[tuple[str, str]]:
    """Each number that is held, and by whom."""
    if worth_reading_all(connection, len(numbers)):
        every = connection.execute(LIST_TABLES["numbers"].select_all)
        yield from ((number, holder) for holder, number in every if number in numbers)
        return
    for chunk in chunks(numbers):
        yield from ((row.number, row.customer_id) for row in connection.execute(_HOLDERS, {"ids": chunk}))

"""The customers whose numbers others ask for: who they are, whom they authorized, their PIN and their lock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Connection

from records.customer_record import CustomerMatch, CustomerRecord, Lock
from records.customers_changes import (
    Action,
    Change,
    CustomerChange,
    change_row,
    changes_of,
    last_change,
    write_change,
)
from records.customers_files import Progress, no_progress, read_customers
from records.customers_import import ImportReport, Plan
from records.customers_rows import e164
from records.customers_stored import LIST_TABLES, Stored, chunks, load_all
from records.engine import CHUNK, Database
from records.errors import LockRefused, UnknownCustomer
from records.pins import PinHasher, pin_of, tidy_pin
from records.schema import customer_contacts, customer_numbers, customer_tags, customers

if TYPE_CHECKING:
    from records.directory import Directory

TABLES, TELNYX, DIRECTORY = "tables", "telnyx", "directory"
DEFAULT_SOURCES = (TABLES, TELNYX)


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """A customer with all of its numbers, and how to reach its holder."""

    customer: CustomerRecord
    numbers: list[str]
    emails: list[str] = field(repr=False)
    contact_phones: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinKeys:
    """Under which keys the PINs on file are hashed.

    Args:
        first: PINs under the key that makes new hashes.
        second: those under the other key that is set: they are compared as long as it is.
        neither: those that nobody can compare.
    """

    first: int
    second: int
    neither: int


@dataclass(frozen=True, slots=True)
class OldPin:
    """A PIN that is hashed under the second key, or under one that is not set.

    Args:
        comparable: the second key is set.
    """

    customer_id: str
    numbers: list[str]
    comparable: bool


_BY_NUMBERS = (
    sa.select(customer_numbers.c.number, customers)
    .join(customers, customers.c.customer_id == customer_numbers.c.customer_id)
    .where(customer_numbers.c.number.in_(sa.bindparam("numbers", expanding=True)))
)
_BY_ID = sa.select(customers).where(customers.c.customer_id == sa.bindparam("wanted"))
_CONTACTS_AND_TAGS = sa.union_all(
    sa.select(customer_contacts.c.customer_id, customer_contacts.c.position, customer_contacts.c.name).where(
        customer_contacts.c.customer_id.in_(sa.bindparam("ids", expanding=True))
    ),
    sa.select(customer_tags.c.customer_id, sa.literal_column("-1"), customer_tags.c.tag).where(
        customer_tags.c.customer_id.in_(sa.bindparam("ids", expanding=True))
    ),
)
_PIN: tuple[str, ...] = ("pin_hash", "pin_key_id", "pin_changed_at")
_LOCK: tuple[str, ...] = ("locked_at", "locked_by", "lock_why")
_UPDATE = {
    names: sa.update(customers)
    .where(customers.c.customer_id == sa.bindparam("wanted"))
    .values({name: sa.bindparam(f"new_{name}") for name in (*names, "updated_at")})
    for names in (_PIN, _LOCK)
}
_KEYS = (
    sa.select(customers.c.pin_key_id, sa.func.count().label("pins"))
    .where(customers.c.pin_hash.is_not(None))
    .group_by(customers.c.pin_key_id)
)
_OLD_PINS = (
    sa.select(customers.c.customer_id, customers.c.pin_key_id)
    .where(customers.c.pin_hash.is_not(None), customers.c.pin_key_id != sa.bindparam("first"))
    .order_by(customers.c.customer_id)
)


class Customers:
    """The tables of customers, and what else the operator has beside them.

    Args:
        sources: who is asked for a customer or a PIN, in this order: `tables`, `telnyx` and `directory`.
        directory: needed if it is among them.
    """

    def __init__(
        self,
        database: Database,
        hasher: PinHasher,
        *,
        sources: Sequence[str] = DEFAULT_SOURCES,
        directory: "Directory | None" = None,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self.sources = tuple(sources)
        self.directory = directory

    def find(self, numbers: Sequence[str]) -> list[CustomerMatch]:
        """Who holds each number, in the order given: the first source that knows it tells all about its holder.

        Args:
            numbers: E.164 with its +, as the carrier writes them.

        Raises:
            DirectoryFailed: the directory does not say it. That is not the same as nobody.
        """
        found: dict[str, CustomerRecord] = {}
        for source in self.sources:
            found |= self.find_in(source, [number for number in numbers if number not in found])
        return [CustomerMatch(number, found.get(number)) for number in numbers]

    def find_in(self, source: str, numbers: Sequence[str]) -> dict[str, CustomerRecord]:
        """The holders that one source knows. The carrier knows numbers and PINs, but no holders. Raises as `find`."""
        if source == DIRECTORY and self.directory is not None:
            return self.directory.find(numbers)
        return self._find_in_tables(numbers) if source == TABLES else {}

    def _find_in_tables(self, numbers: Sequence[str]) -> dict[str, CustomerRecord]:
        wanted = list(dict.fromkeys(numbers))
        if not wanted:
            return {}
        found: dict[str, CustomerRecord] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                chunk = wanted[start : start + CHUNK]
                rows = connection.execute(_BY_NUMBERS, {"numbers": chunk}).all()
                records = self._records(connection, {row.customer_id: row for row in rows})
                found.update((row.number, records[row.customer_id]) for row in rows)
        return found

    def show(self, number_or_id: str) -> CustomerDetails:
        """A customer by id, or by a number as people write it with its country code.

        Raises:
            UnknownCustomer: nobody has it.
        """
        with self._database.read() as connection:
            row = self._row(connection, number_or_id)
            record = self._records(connection, {row.customer_id: row})[row.customer_id]
            lists = {
                name: list(
                    connection.execute(LIST_TABLES[name].select, {"ids": [row.customer_id]}).scalars(1)
                )
                for name in ("numbers", "emails", "contact_phones")
            }
            return CustomerDetails(record, **lists)

    def all(self) -> Iterator[Stored]:
        """Every customer as it is stored, by id, a few in memory at a time."""
        with self._database.read() as connection:
            yield from load_all(connection)

    def history(self, number_or_id: str) -> list[CustomerChange]:
        """What was changed about a customer, oldest first.

        Raises:
            UnknownCustomer: nobody has it.
        """
        with self._database.read() as connection:
            return changes_of(connection, self._row(connection, number_or_id).customer_id)

    def set_pin(self, number_or_id: str, pin: SecretStr, at: datetime, *, by: str) -> None:
        """Puts a PIN on file. Its date of change stays when the PIN is the same as before.

        Raises:
            UnknownCustomer: nobody has that id or number.
            BadPin: not 1 to 32 printable characters.
            BadKey: PORTOUT_PIN_KEY is not set.
        """
        pin = tidy_pin(pin)
        with self._database.write("customers") as connection:
            row = self._row(connection, number_or_id)
            digest = self._hasher.digest(row.customer_id, pin)
            if (row.pin_key_id, row.pin_hash) == (self._hasher.key_id, digest):
                return
            same = self._is_pin(row, pin)
            dated = row.pin_changed_at if same else at
            self._update(connection, row, _PIN, (digest, self._hasher.key_id, dated), at)
            action = Action.PIN_REKEYED if same else Action.PIN_SET
            write_change(connection, change_row(row.customer_id, action, by=by, at=at))

    def carry_over_pin(self, customer_id: str, known: Iterable[SecretStr], at: datetime, *, by: str) -> bool:
        """Hashes a PIN on file under the first key, if it is one of those that are known.

        Raises:
            UnknownCustomer: nobody has that id.
        """
        with self._database.write("customers") as connection:
            row = self._row(connection, customer_id)
            for pin in known:
                if row.pin_key_id != self._hasher.key_id and self._is_pin(row, pin):
                    digest = self._hasher.digest(row.customer_id, pin)
                    self._update(connection, row, _PIN, (digest, self._hasher.key_id, row.pin_changed_at), at)
                    write_change(connection, change_row(row.customer_id, Action.PIN_REKEYED, by=by, at=at))
                    return True
        return False

    def pin_keys(self) -> PinKeys:
        """How many PINs on file are hashed under which keys."""
        with self._database.read() as connection:
            counts = {row.pin_key_id: row.pins for row in connection.execute(_KEYS)}
        first = counts.pop(self._hasher.key_id, 0)
        second = sum(count for key, count in counts.items() if self._hasher.knows(key))
        return PinKeys(first, second, sum(counts.values()) - second)

    def old_pins(self) -> list[OldPin]:
        """The PINs that are not hashed under the first key, by customer."""
        with self._database.read() as connection:
            rows = connection.execute(_OLD_PINS, {"first": self._hasher.key_id or ""}).all()
            numbers: dict[str, list[str]] = {row.customer_id: [] for row in rows}
            for chunk in chunks(numbers):
                for customer_id, number in connection.execute(LIST_TABLES["numbers"].select, {"ids": chunk}):
                    numbers[customer_id].append(number)
        return [
            OldPin(row.customer_id, numbers[row.customer_id], self._hasher.knows(row.pin_key_id))
            for row in rows
        ]

    def lock(self, number_or_id: str, at: datetime, *, by: str, why: str, token: str | None = None) -> None:
        """The holder wants no number to leave.

        Args:
            token: public id of the one that proved who `by` is.

        Raises:
            UnknownCustomer: nobody has that id or number.
            LockRefused: it is locked already, or the reason contains its PIN.
        """
        with self._database.write("customers") as connection:
            row = self._row(connection, number_or_id)
            if row.locked_at is not None:
                whom = f" by {row.locked_by}" if row.locked_by else ""
                raise LockRefused(
                    f"Customer {row.customer_id} is locked already, since {row.locked_at:%Y-%m-%d %H:%M} UTC{whom}: "
                    "nothing was changed."
                )
            self._refuse_pin(row, why)
            self._update(connection, row, _LOCK, (at, by, why), at)
            entry = change_row(row.customer_id, Action.LOCKED, by=by, at=at, why=why, token=token)
            write_change(connection, entry)

    def unlock(self, number_or_id: str, at: datetime, *, by: str, why: str, token: str | None = None) -> None:
        """Ends a lock; `token` as in `lock`.

        Raises:
            UnknownCustomer: nobody has that id or number.
            LockRefused: it is not locked, or the reason contains its PIN.
        """
        with self._database.write("customers") as connection:
            row = self._row(connection, number_or_id)
            if row.locked_at is None:
                raise LockRefused(f"Customer {row.customer_id} is not locked: nothing was changed.")
            self._refuse_pin(row, why)
            before = [
                Change("locked_at", row.locked_at.isoformat(), None),
                Change("locked_by", row.locked_by, None),
                Change("lock_why", row.lock_why, None),
            ]
            self._update(connection, row, _LOCK, (None, None, None), at)
            entry = change_row(
                row.customer_id, Action.UNLOCKED, by=by, at=at, why=why, changes=before, token=token
            )
            write_change(connection, entry)

    def import_file(
        self,
        path: Path,
        at: datetime,
        *,
        by: str,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> ImportReport:
        """Adds and changes customers from a file, all of it or nothing.

        A customer who is there already takes over what the file says: an absent column leaves its field as it is, an
        empty cell empties it; but an empty PIN, date or lock keeps what is stored, and a date is never set back.
        Customers whom the file does not name stay as they are.

        Args:
            path: `.csv` or `.jsonl`, as `records.customers_files` reads them.
            at: the time of import, which dates changes of PINs, e-mails and contacts.
            dry_run: only say what would be done.

        Raises:
            FileRefused: with every fault of the file.
        """
        file = read_customers(path, may_hold_pins=self._hasher.key_id is not None, progress=progress)
        # Compared before anything is locked: others go on writing meanwhile.
        with self._database.read() as connection:
            plan = Plan(connection, file, self._hasher, by=by, at=at)
        if not dry_run:
            with self._database.write("customers") as connection:
                if last_change(connection) != plan.seen:
                    plan = Plan(connection, file, self._hasher, by=by, at=at)
                plan.store(connection, progress)
        return plan.report

    def _is_pin(self, row: Any, pin: SecretStr) -> bool:
        known = row.pin_hash is not None and self._hasher.knows(row.pin_key_id)
        return known and self._hasher.is_of(row.pin_hash, row.pin_key_id, row.customer_id, pin)

    def _refuse_pin(self, row: Any, why: str) -> None:
        # A reason stays in the history and is shown to reviewers.
        pin = pin_of(self._hasher, row)
        if pin is not None and (fault := pin.fault_of(why)):
            raise LockRefused(f"Nothing was changed, because the reason {fault}")

    def _update(
        self, connection: Connection, row: Any, names: tuple[str, ...], values: tuple[Any, ...], at: datetime
    ) -> None:
        new = {f"new_{name}": value for name, value in zip(names, values, strict=True)}
        connection.execute(_UPDATE[names], {"wanted": row.customer_id, "new_updated_at": at, **new})

    def _row(self, connection: Connection, number_or_id: str) -> Any:
        wanted = number_or_id.strip()
        row = connection.execute(_BY_ID, {"wanted": wanted}).one_or_none()
        number = None
        if row is None and wanted:
            number = e164(wanted if wanted.startswith("+") else f"+{wanted}", None)
        if number is not None:
            row = connection.execute(_BY_NUMBERS, {"numbers": [number]}).one_or_none()
        if row is None:
            raise UnknownCustomer(
                f"There is no customer with the id or number {wanted}: look the id up in the imported file, "
                "or write the number with + and country code."
            )
        return row

    def _records(self, connection: Connection, rows: dict[str, Any]) -> dict[str, CustomerRecord]:
        contacts: dict[str, list[tuple[int, str]]] = {identity: [] for identity in rows}
        tags: dict[str, list[str]] = {identity: [] for identity in rows}
        if rows:
            for identity, position, text in connection.execute(_CONTACTS_AND_TAGS, {"ids": list(rows)}):
                if position < 0:
                    tags[identity].append(text)
                else:
                    contacts[identity].append((position, text))
        return {
            identity: self._record(
                row, (name for _, name in sorted(contacts[identity])), sorted(tags[identity])
            )
            for identity, row in rows.items()
        }

    def _record(self, row: Any, names: Iterable[str], tags: list[str]) -> CustomerRecord:
        return CustomerRecord(
            id=row.customer_id,
            name=row.name,
            business_name=row.business_name,
            authorized_names=list(names),
            tags=tags,
            country=row.country,
            lock=Lock(row.locked_at, row.locked_by, row.lock_why) if row.locked_at else None,
            lock_known=True,
            pin=pin_of(self._hasher, row),
            pin_changed_at=row.pin_changed_at,
            email_changed_at=row.email_changed_at,
            contact_changed_at=row.contact_changed_at,
            sim_changed_at=row.sim_changed_at,
        )

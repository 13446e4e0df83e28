"""The customers whose numbers others ask for: who they are, whom they authorized, their PIN and their lock.

This room knows only what the operator imported; where nothing is found, the PIN on file is the carrier's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import phonenumbers
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Connection

from records.customers_csv import read_customers
from records.customers_import import ImportReport, store_customers
from records.engine import CHUNK, Database
from records.errors import UnknownCustomer
from records.pins import HashedPin, PinHasher, tidy_pin
from records.schema import customer_contacts, customer_numbers, customer_tags, customers
from screening.facts import PinOnFile


@dataclass(frozen=True, slots=True)
class Lock:
    """The holder wants no number to leave."""

    since: datetime
    by: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """What is on file about a customer.

    Args:
        pin: can only be asked whether another PIN is the same; None if there is none on file.
        pin_changed_at, email_changed_at, contact_changed_at, sim_changed_at: the last change that we know of.
    """

    id: str
    name: str | None = field(repr=False)
    business_name: str | None = field(repr=False)
    authorized_names: list[str] = field(repr=False)
    tags: list[str]
    country: str | None
    lock: Lock | None
    pin: PinOnFile | None
    pin_changed_at: datetime | None
    email_changed_at: datetime | None
    contact_changed_at: datetime | None
    sim_changed_at: datetime | None

    @property
    def has_pin(self) -> bool:
        return self.pin is not None


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """A number, and the customer who holds it."""

    number: str
    customer: CustomerRecord | None


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """A customer with all of its numbers."""

    customer: CustomerRecord
    numbers: list[str]


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
_NUMBERS_OF = (
    sa.select(customer_numbers.c.number)
    .where(customer_numbers.c.customer_id == sa.bindparam("wanted"))
    .order_by(customer_numbers.c.number)
)
_SET_PIN = (
    sa.update(customers)
    .where(customers.c.customer_id == sa.bindparam("wanted"))
    .values(
        pin_hash=sa.bindparam("digest"),
        pin_key_id=sa.bindparam("made_under"),
        pin_changed_at=sa.bindparam("now"),
        updated_at=sa.bindparam("now"),
    )
)


class Customers:
    def __init__(self, database: Database, hasher: PinHasher) -> None:
        self._database = database
        self._hasher = hasher

    def find(self, numbers: Sequence[str]) -> list[CustomerMatch]:
        """Who holds each number, in the order given.

        Args:
            numbers: E.164 with its +, as the carrier writes them.
        """
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, CustomerRecord] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), CHUNK):
                chunk = wanted[start : start + CHUNK]
                rows = connection.execute(_BY_NUMBERS, {"numbers": chunk}).all()
                records = self._records(connection, {row.customer_id: row for row in rows})
                found.update((row.number, records[row.customer_id]) for row in rows)
        return [CustomerMatch(number, found.get(number)) for number in numbers]

    def show(self, number_or_id: str) -> CustomerDetails:
        """A customer by id, or by a number as people write it with its country code.

        Raises:
            UnknownCustomer: nobody has it.
        """
        with self._database.read() as connection:
            row = self._row(connection, number_or_id)
            record = self._records(connection, {row.customer_id: row})[row.customer_id]
            numbers = connection.execute(_NUMBERS_OF, {"wanted": row.customer_id}).scalars()
            return CustomerDetails(record, list(numbers))

    def set_pin(self, number_or_id: str, pin: SecretStr, at: datetime) -> None:
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
            if (row.pin_key_id, row.pin_hash) != (self._hasher.key_id, digest):
                changed = {"digest": digest, "made_under": self._hasher.key_id, "now": at}
                connection.execute(_SET_PIN, {"wanted": row.customer_id, **changed})

    def import_csv(self, path: Path, at: datetime) -> ImportReport:
        """Adds and changes customers from a CSV file, all of it or nothing.

        Columns: customer_id and numbers; and as wanted name, business_name, authorized_names, tags, country
        and pin (`records.customers_csv`). A customer who is there already takes over what the file says: an
        absent column leaves its field as it is, an empty cell empties it, but an empty `pin` keeps the PIN on
        file. Customers whom the file does not name stay as they are.

        Args:
            at: the time of import, which dates changes of PINs and contacts.

        Raises:
            CsvRefused: with every fault of the file.
        """
        file = read_customers(path, may_hold_pins=self._hasher.key_id is not None)
        with self._database.write("customers") as connection:
            return store_customers(connection, self._database.insert(customers), file, self._hasher, at)

    def _row(self, connection: Connection, number_or_id: str) -> Any:
        wanted = number_or_id.strip()
        row = connection.execute(_BY_ID, {"wanted": wanted}).one_or_none()
        number = _e164(wanted) if row is None else None
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
        pin = None
        if row.pin_hash is not None:
            pin = HashedPin(self._hasher, row.customer_id, row.pin_hash, row.pin_key_id)
        return CustomerRecord(
            id=row.customer_id,
            name=row.name,
            business_name=row.business_name,
            authorized_names=list(names),
            tags=tags,
            country=row.country,
            lock=Lock(row.locked_at, row.locked_by, row.lock_why) if row.locked_at else None,
            pin=pin,
            pin_changed_at=row.pin_changed_at,
            email_changed_at=row.email_changed_at,
            contact_changed_at=row.contact_changed_at,
            sim_changed_at=row.sim_changed_at,
        )


def _e164(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text if text.startswith("+") else f"+{text}", None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""Reading customers from the cells of a file: every fault in one pass, and no PIN in any message.

Cells are never quoted in a message unless they were recognised for what they should be: in a file whose
columns are shifted, a PIN may stand anywhere.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches

import phonenumbers
from pydantic import SecretStr

from records.errors import BadPin, RowError
from records.pins import tidy_pin

LISTS = ("authorized_names", "emails", "contact_phones", "tags", "numbers")
"""Columns that hold several values."""
DATES = ("pin_changed_at", "email_changed_at", "contact_changed_at", "sim_changed_at")
LOCK = ("locked_at", "locked_by", "lock_why")
COLUMNS = (
    "customer_id",
    "name",
    "business_name",
    "authorized_names",
    "emails",
    "contact_phones",
    "tags",
    "country",
    "numbers",
    "pin",
    *DATES,
    *LOCK,
)
NEEDED = "customer_id"

_EXAMPLE = "+13125550142"
_IN_A_NUMBER = frozenset("+0123456789 ().-/\u00a0")
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_INVISIBLE = "the cell holds an invisible character: type it anew."
_MOMENT = "write it as in 2026-03-01 or 2026-03-01T09:30:00Z."
_PARTED = ";"


@dataclass(slots=True)
class CustomerRow:
    """A customer as one row says.

    Args:
        line: where the row begins in the file, from 1.
        given: the columns that the row has. What is not among them is empty here and says nothing.
    """

    line: int
    given: frozenset[str]
    customer_id: str = ""
    name: str | None = None
    business_name: str | None = None
    authorized_names: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    contact_phones: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    country: str | None = None
    numbers: list[str] = field(default_factory=list)
    pin: SecretStr | None = None
    pin_changed_at: datetime | None = None
    email_changed_at: datetime | None = None
    contact_changed_at: datetime | None = None
    sim_changed_at: datetime | None = None
    locked_at: datetime | None = None
    locked_by: str | None = None
    lock_why: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A file as far as it could be understood.

    Args:
        errors: every fault; nothing may be stored while there is one.
    """

    name: str
    rows: list[CustomerRow]
    errors: list[RowError]


class Reading:
    """Reads one row after the other and remembers what earlier ones said.

    Args:
        may_hold_pins: False when there is no key to store PINs with.
    """

    def __init__(self, *, may_hold_pins: bool) -> None:
        self.rows: list[CustomerRow] = []
        self.errors: list[RowError] = []
        self._may_hold_pins = may_hold_pins
        self._told_of_key = False
        self._line_of_customer: dict[str, int] = {}
        self._row_of_number: dict[str, CustomerRow] = {}
        self._readers: dict[str, Callable[[CustomerRow, str], str | None]] = {
            "customer_id": self._customer_id,
            "country": _country,
            "authorized_names": _texts("authorized_names"),
            "tags": _texts("tags"),
            "emails": _emails,
            "contact_phones": self._contact_phones,
            "numbers": self._numbers,
            **{name: _text(name) for name in ("name", "business_name", "locked_by", "lock_why")},
            **{name: _moment(name) for name in (*DATES, "locked_at")},
        }

    def add(self, line: int, cells: Mapping[str, str], given: frozenset[str]) -> None:
        """Reads a row.

        Args:
            cells: by column; several values in one are parted by `;`. The country comes before the numbers,
                which are read by its customs.
        """
        row = CustomerRow(line, given)
        for column, cell in cells.items():
            fault: str | None
            if column == "pin":
                fault = self._pin(row, cell)
            elif text := " ".join(cell.split()):
                fault = self._readers[column](row, text) if text.isprintable() else _INVISIBLE
            else:
                fault = self._customer_id(row, "") if column == NEEDED else None
            if fault:
                self.fault(line, column, fault)
        if (
            (row.locked_by or row.lock_why)
            and row.locked_at is None
            and "locked_at" not in self._faulty(line)
        ):
            self.fault(line, "locked_at", "the row says by whom or why it is locked, but not since when.")
        self.rows.append(row)

    def fault(self, line: int, column: str | None, sentence: str) -> None:
        self.errors.append(RowError(line, column, sentence))

    def _faulty(self, line: int) -> set[str | None]:
        return {error.column for error in self.errors[-len(COLUMNS) :] if error.line == line}

    def _customer_id(self, row: CustomerRow, cell: str) -> str | None:
        if not cell:
            return "the cell is empty: every customer needs an id."
        row.customer_id = cell
        line = self._line_of_customer.setdefault(cell, row.line)
        if line != row.line:
            return f"this customer is in line {line} already: give each customer one row."
        return None

    def _numbers(self, row: CustomerRow, cell: str) -> str | None:
        found, faults = _phones(row, cell)
        for number in found:
            other = self._row_of_number.setdefault(number, row)
            if other is not row:
                faults.append(
                    f"{number} is in line {other.line} and in line {row.line}: "
                    "leave it with the customer who holds it"
                )
        row.numbers = found
        return "; ".join(faults) + "." if faults else None

    def _contact_phones(self, row: CustomerRow, cell: str) -> str | None:
        row.contact_phones, faults = _phones(row, cell)
        return "; ".join(faults) + "." if faults else None

    def _pin(self, row: CustomerRow, cell: str) -> str | None:
        if not cell or cell.isspace():
            return None
        if not self._may_hold_pins:
            # Once: the fault is not the row's.
            told, self._told_of_key = self._told_of_key, True
            return None if told else "there is a PIN, but no key to store it with: set PORTOUT_PIN_KEY."
        try:
            row.pin = tidy_pin(SecretStr(cell))
        except BadPin as error:
            return str(error)
        return None


def unknown_column(name: str) -> str:
    """What is wrong with a column of that name, and what to do."""
    if not name:
        return "a column has no name: name it, or remove it."
    near = get_close_matches(name.replace(" ", "_"), COLUMNS, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else f"remove it, or use one of {', '.join(COLUMNS)}."
    return f"there is no such column: {hint}"


def in_reading_order(columns: list[str]) -> list[int]:
    """The places of columns in the order in which they must be read."""
    return sorted(range(len(columns)), key=lambda index: columns[index] in ("numbers", "contact_phones"))


def e164(text: str, country: str | None) -> str | None:
    """A number as people write it, in E.164; None if it can be none.

    Args:
        country: two letters, by whose customs a number without + is read.
    """
    if _NORTH_AMERICAN.fullmatch(text):
        return text  # what phonenumbers would say, too, thirty times as slowly
    # phonenumbers would read letters as keys of a telephone: 1.3E+10 is what a spreadsheet makes of a number.
    if not _IN_A_NUMBER.issuperset(text):
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    # Possible, not valid: some area codes are newer than any library's list, and their holders customers too.
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phones(row: CustomerRow, cell: str) -> tuple[list[str], list[str]]:
    """The numbers of a cell, each once, and what is wrong with the others."""
    found: dict[str, None] = {}
    faults = []
    for place, text in enumerate(_values(cell), start=1):
        number = e164(text, row.country)
        if number is not None:
            found[number] = None
        elif row.country is None and not text.startswith("+"):
            faults.append(f"number {place} has no + and the row no usable country: write it as in {_EXAMPLE}")
        else:
            faults.append(f"number {place} is no phone number: write it as in {_EXAMPLE}")
    return list(found), faults


def _text(name: str) -> Callable[[CustomerRow, str], None]:
    def read(row: CustomerRow, cell: str) -> None:
        setattr(row, name, cell)

    return read


def _texts(name: str) -> Callable[[CustomerRow, str], None]:
    def read(row: CustomerRow, cell: str) -> None:
        setattr(row, name, _values(cell))

    return read


def _moment(name: str) -> Callable[[CustomerRow, str], str | None]:
    def read(row: CustomerRow, cell: str) -> str | None:
        try:
            if len(cell) == len("2026-03-01"):
                day = date.fromisoformat(cell)
                found = datetime(day.year, day.month, day.day, tzinfo=UTC)
            else:
                found = datetime.fromisoformat(cell)
        except ValueError:
            return f"this is no date: {_MOMENT}"
        if found.tzinfo is None:
            return f"this time has no zone: {_MOMENT}"
        setattr(row, name, found.astimezone(UTC))
        return None

    return read


def _emails(row: CustomerRow, cell: str) -> str | None:
    row.emails = _values(cell)
    if all(_EMAIL.fullmatch(email) for email in row.emails):
        return None
    return "a value is no e-mail address: write it as in dana@example.com."


def _country(row: CustomerRow, cell: str) -> str | None:
    if cell.upper() not in phonenumbers.SUPPORTED_REGIONS:
        return "this is no country: write its two letters, as in US or GB."
    row.country = cell.upper()
    return None


def _values(cell: str) -> list[str]:
    if _PARTED not in cell:
        return [cell]
    return list(dict.fromkeys(value.strip() for value in cell.split(_PARTED) if value.strip()))

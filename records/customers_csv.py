"""Reading customers from CSV: every fault of the file in one pass, and no PIN in any message.

Cells are never quoted in a message unless they were recognised for what they should be: in a file whose
columns are shifted, a PIN may stand anywhere.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import phonenumbers
from pydantic import SecretStr

from records.errors import BadPin, CsvRefused, RowError
from records.pins import tidy_pin

COLUMNS = ("customer_id", "name", "business_name", "authorized_names", "tags", "country", "numbers", "pin")
REQUIRED = ("customer_id", "numbers")
_EXAMPLE = "+13125550142"
_IN_A_NUMBER = frozenset("+0123456789 ().-/\u00a0")


@dataclass(slots=True)
class CustomerRow:
    """A customer as one row says. What its file has no column for is empty."""

    line: int
    customer_id: str = ""
    name: str | None = None
    business_name: str | None = None
    authorized_names: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    country: str | None = None
    numbers: list[str] = field(default_factory=list)
    pin: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A file as far as it could be understood.

    Args:
        columns: those of its header.
        errors: every fault; nothing may be stored while there is one.
    """

    name: str
    columns: frozenset[str]
    rows: list[CustomerRow]
    errors: list[RowError]


def read_customers(path: Path, *, may_hold_pins: bool) -> CustomerFile:
    """Reads a CSV file: UTF-8 (a BOM is fine), commas, a header, `;` between several values in one cell.

    Args:
        may_hold_pins: False when there is no key to store PINs with.

    Raises:
        CsvRefused: it cannot be read at all, or has no usable header.
    """
    rows = _rows(_text(path))
    first = next(rows, None)
    if first is None:
        raise _refused(path, 0, "the file is empty: its first line must name the columns, " + _wanted())
    header = _header(path, first)
    reading = _Reading(header, may_hold_pins)
    for line, cells in rows:
        reading.add(line, cells)
    return CustomerFile(path.name, frozenset(header), reading.rows, reading.errors)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _refused(path, 0, f"the file cannot be read ({error.strerror}): check its name.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(path, line, "the file is not UTF-8: save it as “CSV UTF-8”.") from None


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Line where a row begins, and its cells; None for a row that is no CSV. Empty rows are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, None
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _header(path: Path, first: tuple[int, list[str] | None]) -> list[str]:
    line, cells = first
    names = [cell.strip().casefold() for cell in cells or []]
    if 2 * len(set(names) & set(COLUMNS)) < max(len(names), 1):
        # Perhaps a row of data, PIN included: say nothing of what it holds.
        raise _refused(path, line, "there is no header: the first line must name the columns, " + _wanted())
    faults = [
        RowError(line, name, _unknown_column(name)) for name in dict.fromkeys(names) if name not in COLUMNS
    ]
    faults += [
        RowError(line, name, "the column is there more than once: keep one.")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    faults += [
        RowError(line, name, "the column is missing: add it.") for name in REQUIRED if name not in names
    ]
    if faults:
        raise CsvRefused(path.name, faults)
    return names


def _unknown_column(name: str) -> str:
    if not name:
        return "a column has no name: name it, or remove it."
    near = get_close_matches(name.replace(" ", "_"), COLUMNS, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else f"remove it, or use one of {', '.join(COLUMNS)}."
    return f"there is no such column: {hint}"


class _Reading:
    def __init__(self, header: list[str], may_hold_pins: bool) -> None:
        self.rows: list[CustomerRow] = []
        self.errors: list[RowError] = []
        self._header = header
        self._may_hold_pins = may_hold_pins
        self._told_of_key = False
        self._line_of_customer: dict[str, int] = {}
        self._row_of_number: dict[str, CustomerRow] = {}
        self._readers: dict[str, Callable[[CustomerRow, str], str | None]] = {
            "customer_id": self._customer_id,
            "name": _name,
            "business_name": _business_name,
            "authorized_names": _authorized_names,
            "tags": _tags,
            "country": _country,
            "numbers": self._numbers,
            "pin": self._pin,
        }
        # The country comes before the numbers, which are read by its customs.
        self._order = sorted(range(len(header)), key=lambda index: header[index] == "numbers")

    def add(self, line: int, cells: list[str] | None) -> None:
        if cells is None:
            self._fault(
                line, None, "quotation marks are not closed, or text follows a closing one: correct them."
            )
            return
        if len(cells) != len(self._header):
            self._fault(
                line,
                None,
                f"the row has {len(cells)} cells and the header {len(self._header)}: "
                "put quotation marks around a cell that holds a comma.",
            )
            return
        row = CustomerRow(line)
        for index in self._order:
            column, cell = self._header[index], cells[index]
            text = " ".join(cell.split())
            if column != "pin" and not text.isprintable():
                fault: str | None = "the cell holds an invisible character: type it anew."
            else:
                fault = self._readers[column](row, cell if column == "pin" else text)
            if fault:
                self._fault(line, column, fault)
        self.rows.append(row)

    def _fault(self, line: int, column: str | None, sentence: str) -> None:
        self.errors.append(RowError(line, column, sentence))

    def _customer_id(self, row: CustomerRow, cell: str) -> str | None:
        if not cell:
            return "the cell is empty: every customer needs an id."
        row.customer_id = cell
        line = self._line_of_customer.setdefault(cell, row.line)
        if line != row.line:
            return f"this customer is in line {line} already: give each customer one row."
        return None

    def _numbers(self, row: CustomerRow, cell: str) -> str | None:
        faults = []
        for place, text in enumerate(_values(cell), start=1):
            number = _e164(text, row.country)
            if number is None and row.country is None and not text.startswith("+"):
                faults.append(
                    f"number {place} has no + and the row no usable country: write it as in {_EXAMPLE}"
                )
            elif number is None:
                faults.append(f"number {place} is no phone number: write it as in {_EXAMPLE}")
            elif number not in row.numbers:
                row.numbers.append(number)
                other = self._row_of_number.setdefault(number, row)
                if other is not row:
                    faults.append(
                        f"{number} is in line {other.line} and in line {row.line}: "
                        "leave it with the customer who holds it"
                    )
        return "; ".join(faults) + "." if faults else None

    def _pin(self, row: CustomerRow, cell: str) -> str | None:
        if not cell.strip():
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


def _name(row: CustomerRow, cell: str) -> None:
    row.name = cell or None


def _business_name(row: CustomerRow, cell: str) -> None:
    row.business_name = cell or None


def _authorized_names(row: CustomerRow, cell: str) -> None:
    row.authorized_names = _values(cell)


def _tags(row: CustomerRow, cell: str) -> None:
    row.tags = _values(cell)


def _country(row: CustomerRow, cell: str) -> str | None:
    if cell and cell.upper() not in phonenumbers.SUPPORTED_REGIONS:
        return "this is no country: write its two letters, as in US or GB."
    row.country = cell.upper() or None
    return None


def _values(cell: str) -> list[str]:
    return list(dict.fromkeys(value.strip() for value in cell.split(";") if value.strip()))


def _e164(text: str, country: str | None) -> str | None:
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


def _wanted() -> str:
    return f"{', '.join(COLUMNS)} (only {' and '.join(REQUIRED)} are needed), separated by commas."


def _refused(path: Path, line: int, sentence: str) -> CsvRefused:
    return CsvRefused(path.name, [RowError(line, None, sentence)])

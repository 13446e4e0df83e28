"""Files of customers: CSV, and JSON with one customer a line."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from records.customers_rows import (
    COLUMNS,
    LISTS,
    NEEDED,
    CustomerFile,
    Reading,
    in_reading_order,
    unknown_column,
)
from records.errors import FileRefused, RowError

Progress = Callable[[str, int, int], None]
"""Gets what is being done, how much of it is done, and of how much."""

JSON_LINES = ".jsonl"
_OFTEN = 2000
"""Rows between two words on the progress."""


def no_progress(_doing: str, _done: int, _of: int) -> None:
    """Tells nobody."""


def read_customers(path: Path, *, may_hold_pins: bool, progress: Progress = no_progress) -> CustomerFile:
    """Reads a file; its name says which kind it is.

    `.csv`: UTF-8 (a BOM is fine), commas, a header, `;` between several values in one cell. `.jsonl`: one JSON object a
    line, with the same names; several values are a list, and null is an empty cell.

    Args:
        may_hold_pins: False when there is no key to store PINs with.

    Raises:
        FileRefused: it cannot be read at all, or has no usable header.
    """
    kind = path.suffix.casefold()
    if kind not in (".csv", JSON_LINES):
        raise _refused(path, 0, "the name of the file must end in .csv or .jsonl, which says how to read it.")
    text, reading = _text(path), Reading(may_hold_pins=may_hold_pins)
    lines = text.count("\n") + 1
    read = _read_json if kind == JSON_LINES else _read_csv
    for row, line in enumerate(read(path, text, reading)):
        if row % _OFTEN == 0:
            progress("reading", line, lines)
    progress("reading", lines, lines)
    return CustomerFile(path.name, reading.rows, reading.errors)


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


def _read_csv(path: Path, text: str, reading: Reading) -> Iterator[int]:
    rows = _csv_rows(text)
    first = next(rows, None)
    if first is None:
        raise _refused(path, 0, "the file is empty: its first line must name the columns, " + _wanted())
    header = _header(path, first)
    order, given = in_reading_order(header), frozenset(header)
    for line, cells in rows:
        yield line
        if cells is None:
            reading.fault(
                line, None, "quotation marks are not closed, or text follows a closing one: correct them."
            )
        elif len(cells) != len(header):
            reading.fault(
                line,
                None,
                f"the row has {len(cells)} cells and the header {len(header)}: "
                "put quotation marks around a cell that holds a comma.",
            )
        else:
            reading.add(line, {header[index]: cells[index] for index in order}, given)


def _csv_rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
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
        RowError(line, name, unknown_column(name)) for name in dict.fromkeys(names) if name not in COLUMNS
    ]
    faults += [
        RowError(line, name, "the column is there more than once: keep one.")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if NEEDED not in names:
        faults.append(RowError(line, NEEDED, "the column is missing: add it."))
    if faults:
        raise FileRefused(path.name, faults)
    return names


def _read_json(path: Path, text: str, reading: Reading) -> Iterator[int]:
    if not text.strip():
        raise _refused(path, 0, "the file is empty: each line must be a JSON object, with " + _wanted())
    givens: dict[frozenset[str], frozenset[str]] = {}
    for line, part in enumerate(text.split("\n"), start=1):
        if not part or part.isspace():
            continue
        yield line
        try:
            found = json.loads(part, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            reading.fault(line, None, "the line is no JSON object with each name once: correct it.")
            continue
        unknown = [name for name in found if name not in COLUMNS]
        if unknown:
            # The name is not shown: where names and values are mixed up, it may be a PIN.
            reading.fault(line, None, "a name is none of the columns: use " + ", ".join(COLUMNS) + ".")
            continue
        cells = {}
        for place in in_reading_order(names := list(found)):
            name = names[place]
            cell = _cell(name, found[name])
            if cell is None:
                reading.fault(line, name, _KINDS[name in LISTS])
            else:
                cells[name] = cell
        if NEEDED not in found:
            cells[NEEDED] = ""
        given = frozenset(found)
        reading.add(line, cells, givens.setdefault(given, given))


_KINDS = {
    True: "this must be a list of texts without `;`, or null.",
    False: "this must be a text, or null; a number would lose its leading zeros.",
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


def _cell(name: str, value: Any) -> str | None:
    """The value as a cell of a CSV file; None if it is of the wrong kind."""
    if value is None:
        return ""
    if name not in LISTS:
        return value if isinstance(value, str) else None
    if not isinstance(value, list) or not all(isinstance(text, str) and ";" not in text for text in value):
        return None
    return ";".join(value)


def _wanted() -> str:
    return f"{', '.join(COLUMNS)} (only {NEEDED} is always needed, and numbers for a new customer)."


def _refused(path: Path, line: int, sentence: str) -> FileRefused:
    return FileRefused(path.name, [RowError(line, None, sentence)])

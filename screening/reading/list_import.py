"""Entries from a spreadsheet into a list file: all rows or none, and no line that is there already is touched."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml
from pydantic import ValidationError

from screening.named_lists import Entry, NamedList
from screening.reading.diagnostics import did_you_mean, quoted
from screening.reading.yaml_tree import ListNode, child, read_tree
from screening.spelling import plain_key

COLUMNS = ("value", "also", "why", "added_by", "from", "until")
"""The columns of such a file. `value` is needed; `also` holds names apart by `;`."""

Fault = tuple[int, str]
"""A line of the CSV file, and what is wrong there: a sentence without its first capital and full stop."""

_LIKE_A_NUMBER = re.compile(r"[-+]?[0-9][0-9_.,:]*(?:[eE][-+]?[0-9]+)?|0[xXoO][0-9a-fA-F]+", re.ASCII)


class ImportRefused(Exception):
    """Nothing is imported. `faults` holds every reason, each one sentence."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Import:
    """What an import makes of a list file.

    Attributes:
        text: the file with the new entries behind those that it had.
        added: how many entries are new.
        known: how many rows were in the list already, word for word.
    """

    text: str
    added: int
    known: int


def import_rows(table: str, existing: str | None) -> Import:
    """Add the rows of a CSV file to a list file.

    Args:
        table: the text of the CSV file; the first line names the columns.
        existing: the text of the list file; None if there is none yet.

    Raises:
        ImportRefused: with every fault of every row, by its line in the CSV file.
    """
    text = existing if existing is not None and existing.strip() else "entries:\n"
    named = _named_list(text) if text is existing else NamedList(entries=[])
    if named is None:
        raise ImportRefused(["The list file has faults; `portout rules check` names them."])
    rows, faults = _read(table)
    new, clashes = _only_new(rows, named.entries)
    if faults or clashes:
        raise ImportRefused([f"Line {line}: {sentence}." for line, sentence in sorted([*faults, *clashes])])
    if not new:
        return Import(text, 0, len(rows))
    made = _with_entries(text, new)
    after = _named_list(made)
    if after is None or after.entries != [*named.entries, *new]:
        raise ImportRefused(
            [
                "Entries can only be added where `entries:` stands last in the list file, with a line for each key."
            ]
        )
    return Import(made, len(new), len(rows) - len(new))


def _named_list(text: str) -> NamedList | None:
    root, _, faults = read_tree(text.encode(), "", largest=len(text.encode()))
    try:
        return NamedList.model_validate(root.plain()) if root is not None and not faults else None
    except ValidationError:
        return None


def _read(table: str) -> tuple[list[tuple[int, Entry]], list[Fault]]:
    """Return the entries of the rows, each with its line in the file, and the faults of rows that hold none."""
    reader = csv.DictReader(io.StringIO(table, newline=""), strict=True)
    faults: list[Fault] = []
    entries: list[tuple[int, Entry]] = []
    try:
        reader.fieldnames = [column.strip() for column in reader.fieldnames or ()]
        if of_head := list(_faults_of_head(reader.fieldnames)):
            return [], [(1, fault) for fault in of_head]
        for row in reader:
            found = _entry(row)
            if isinstance(found, Entry):
                entries.append((reader.line_num, found))
            else:
                faults += [(reader.line_num, fault) for fault in found]
    except csv.Error as error:
        faults.append((max(reader.line_num, 1), f"this is no CSV ({error})"))
    if not entries and not faults:
        faults.append((1, "there is no row below the head"))
    return entries, faults


def _faults_of_head(columns: Sequence[str]) -> Iterator[str]:
    for number, column in enumerate(columns):
        if column not in COLUMNS:
            hint = did_you_mean(column, COLUMNS) or f"known are {', '.join(COLUMNS)}"
            yield f"unknown column {quoted(column)}, {hint.removesuffix('?')}"
        elif column in columns[:number]:
            yield f"a second column {quoted(column)}"
    if "value" not in columns:
        yield "there is no column 'value'"


def _entry(row: Mapping[str | None, str | list[str] | None]) -> Entry | list[str]:
    """Return the entry of a row, or what is wrong with it."""
    if None in row:
        return ["more cells than the head has columns"]
    cells = {str(key): " ".join(value.split()) for key, value in row.items() if isinstance(value, str)}
    if not any(cells.values()):
        return []
    written: dict[str, object] = {key: cell for key, cell in cells.items() if cell}
    if "also" in written:
        written["also"] = [name.strip() for name in cells["also"].split(";") if name.strip()]
    try:
        entry = Entry.model_validate(written)
    except ValidationError as error:
        return [_in_plain_words(str(fault["loc"][0]), fault["msg"], cells) for fault in error.errors()]
    if entry.starts and entry.until and entry.until < entry.starts:
        return ["until lies before from"]
    return entry


def _in_plain_words(column: str, message: str, cells: Mapping[str, str]) -> str:
    found = f", found {quoted(cells[column])}" if cells.get(column) else ""
    return f"{column} {message}{found}" if found else f"{column} is empty"


def _only_new(
    rows: Sequence[tuple[int, Entry]], existing: Sequence[Entry]
) -> tuple[list[Entry], list[Fault]]:
    """Return the entries that the list does not have word for word, and those that would count a second time."""
    by_value: dict[str, list[tuple[int, Entry]]] = {}
    for entry in existing:
        by_value.setdefault(plain_key(entry.value), []).append((0, entry))
    new: list[Entry] = []
    faults: list[Fault] = []
    for line, entry in rows:
        same = by_value.setdefault(plain_key(entry.value), [])
        if any(entry == other for _, other in same):
            continue
        if (clash := next((number for number, other in same if _meet(entry, other)), None)) is not None:
            where = f"stands in line {clash}" if clash else "is in the list already"
            faults.append((line, f"{quoted(entry.value)} {where} for the same days"))
        same.append((line, entry))
        new.append(entry)
    return new, faults


def _meet(one: Entry, other: Entry) -> bool:
    is_before = one.until is not None and other.starts is not None and one.until < other.starts
    is_after = other.until is not None and one.starts is not None and other.until < one.starts
    return not is_before and not is_after


def _with_entries(text: str, entries: Sequence[Entry]) -> str:
    root, _, _ = read_tree(text.encode(), "", largest=len(text.encode()))
    there = child(root, "entries")
    # In the file an item begins behind its dash.
    indent = " " * (there.items[0].column - 3) if isinstance(there, ListNode) and there.items else "  "
    lines = [line for entry in entries for line in _lines(entry, indent)]
    return text + ("" if text.endswith("\n") else "\n") + "\n".join(lines) + "\n"


def _lines(entry: Entry, indent: str) -> Iterator[str]:
    yield f"{indent}- value: {_written(entry.value)}"
    if entry.also:
        yield f"{indent}  also:"
        yield from (f"{indent}    - {_written(name)}" for name in entry.also)
    days = {"from": entry.starts, "until": entry.until}
    others = {"why": entry.why, "added_by": entry.added_by}
    others |= {key: day.isoformat() for key, day in days.items() if day is not None}
    yield from (f"{indent}  {key}: {_written(text)}" for key, text in others.items() if text is not None)


def _written(text: str) -> str:
    """Return a text as it stands in a YAML file: in quotes where a program might read something else."""
    plain = yaml.safe_dump(text, width=float("inf"), allow_unicode=True).removesuffix("\n...\n").rstrip("\n")
    if plain == text and not _LIKE_A_NUMBER.fullmatch(text):
        return text
    return f'"{text}"' if text.isprintable() and not {'"', "\\"} & set(text) else plain

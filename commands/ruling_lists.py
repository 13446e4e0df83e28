"""What a policy author does with lists: `rules import-list`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import Failed, print_lines

INVALID = 3


def add_to(rules: typer.Typer) -> None:
    rules.command("import-list")(import_list)


def import_list(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="UTF-8, with a header: value, also (names apart by ;), why, added_by, from, until.",
        ),
    ],
    into: Annotated[
        Path, typer.Argument(metavar="LIST.yaml", help="The list file; made if it is not there.")
    ],
) -> None:
    """Add the rows of a CSV file to a list: all or none. What stands in the list stays as it is, comments too."""
    from screening.reading.list_import import ImportRefused, import_rows
    from screening.reading.loading import LARGEST_LIST

    existing = _text(into) if into.exists() else None
    try:
        done = import_rows(_text(table), existing)
    except ImportRefused as refused:
        print_lines(*refused.faults)
        raise Failed(f"Nothing is imported into {into}.", code=INVALID) from None
    if len(done.text.encode()) > LARGEST_LIST:
        raise Failed(
            f"{into} would be larger than {LARGEST_LIST:,} bytes: nothing is imported.", code=INVALID
        )
    if done.added:
        _replace(into, done.text)
    there = f" {_rows(done.known)} in it already." if done.known else ""
    print_lines(f"{done.added} {'entry' if done.added == 1 else 'entries'} added to {into}.{there}")


def _rows(number: int) -> str:
    return "1 row was" if number == 1 else f"{number} rows were"


def _text(path: Path) -> str:
    from screening.reading.rule_files import CannotReadError, read_ordinary

    try:
        return read_ordinary(path).decode("utf-8-sig")
    except CannotReadError as error:
        raise Failed(f"{path} cannot be read: {error}.", code=INVALID) from None
    except UnicodeDecodeError:
        raise Failed(f"{path} is not UTF-8: save it as UTF-8.", code=INVALID) from None


def _replace(path: Path, text: str) -> None:
    """Write a file in one step, so that a worker that watches it never sees half of it."""
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(path)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.") from None

"""Customers from a file and into one: `customers import`, `customers export`."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from commands.acting import whoever
from commands.output import Failed, print_json, print_lines
from commands.session import find_place
from commands.times import now

if TYPE_CHECKING:
    from records.customers_files import Progress
    from records.customers_import import ImportReport

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option(help="Who does it, for the history; the user of this machine.")]
SHOWN = 50
"""Faults that are printed; a file with more has something wrong everywhere."""
FORMATS = ("csv", "jsonl")


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv|FILE.jsonl",
            help="UTF-8. CSV has a header; JSON has one object a line. customer_id is needed, numbers for a new customer.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Add and change customers from a file, all of it or nothing."""
    from records.errors import FileRefused

    place, at = find_place(), now()
    with place.records() as records:
        who = whoever(place.settings, records, by, at)
        try:
            with progress_bars() as progress:
                report = records.customers.import_file(file, at, by=who, dry_run=dry_run, progress=progress)
        except FileRefused as refused:
            if as_json:
                print_json({"imported": False, "errors": refused.errors})
                raise typer.Exit(1) from None
            lines = [f"{file.name}: {error}" for error in refused.errors[:SHOWN]]
            if len(refused.errors) > SHOWN:
                lines.append(f"… and {len(refused.errors) - SHOWN:,} more faults; --json lists them all.")
            raise Failed(
                "\n".join([*lines, "Nothing was imported: mend the file and import it again."])
            ) from None
    if as_json:
        print_json({"imported": not dry_run, **asdict(report), "errors": []})
    else:
        print_lines(*_sentences(report, dry_run=dry_run))


def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A file that is not there yet; without one, standard output."),
    ] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; as the file is named, or else csv.")
    ] = None,
) -> None:
    """Write every customer as `import` reads them, without the PINs: those are not known here."""
    from records.customers_export import write_csv, write_json_lines

    meant = format_ or (file.suffix.casefold().removeprefix(".") if file else "csv")
    if meant not in FORMATS:
        raise typer.BadParameter("must be csv or jsonl, or the file named so", param_hint="--format")
    write = write_csv if meant == "csv" else write_json_lines
    with find_place().records_as_they_are() as records:
        if file is None:
            write(records.customers.all(), sys.stdout)
            return
        with _new_file(file) as stream:
            count = write(records.customers.all(), stream)
    print_lines(f"{customers(count)} written to {file}, without PINs. It is for your eyes only (mode 0600).")


def _sentences(report: "ImportReport", *, dry_run: bool) -> Iterator[str]:
    done = "would be " if dry_run else ""
    rows = "1 row" if report.rows == 1 else f"{report.rows:,} rows"
    yield (
        f"{rows}: {customers(report.added)} {done}added, {report.changed:,} {done}changed, "
        f"{report.unchanged:,} unchanged."
    )
    if report.fields:
        yield f"Changed: {', '.join(f'{name} {count:,}' for name, count in report.fields.items())}."
    if dry_run:
        yield "Nothing was imported (--dry-run)."


def customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count:,} customers"


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    """A file for its owner only; taken away again when it could not be written whole.

    Raises:
        Failed: it is there already, or cannot be made.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Failed(f"{file} is there already and was left as it is: name another file.") from None
    except OSError as error:
        raise Failed(f"{file} cannot be made ({error.strerror}): name another file.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
    except BaseException:
        with contextlib.suppress(OSError):
            file.unlink()
        raise


@contextmanager
def progress_bars() -> "Iterator[Progress]":
    """A bar for each thing that is being done; none where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def tell(doing: str, done: int, of: int) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing.capitalize())
            bars.update(tasks[doing], completed=done, total=of)

        yield tell

"""`portout report`: what became of the orders of a time, as one page for people or as JSON."""

import re
from pathlib import Path
from typing import Annotated

import typer

from commands.output import Failed, print_json, print_lines
from commands.session import find_place

_HEAD = re.compile(
    rb"<!doctype html>.{,300}<title>Port-outs \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d</title>", re.DOTALL
)
"""How a page begins that this command wrote."""


def add_to(app: typer.Typer) -> None:
    app.command()(report)


def report(
    since: Annotated[str, typer.Option(help="Orders that came within this time: 30d, 12h.")] = "30d",
    out: Annotated[
        Path | None, typer.Option(help="The page to write; portout-report-DATE.html unless given.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON and write no page.")
    ] = False,
) -> None:
    """Write one HTML page with figures and charts: outcomes, times, rules, agreement, silences, review load."""
    from commands.report_figures import figures_of
    from commands.times import begin_of, now

    at = now()
    begin = begin_of(since, at)
    with find_place().records_as_they_are() as records:
        figures = figures_of(records.reported.came_since(begin), begin, at)
    if as_json:
        print_json(figures)
        return
    from commands.report_page import page_of

    file = out or Path(f"portout-report-{at:%Y-%m-%d}.html")
    try:
        if not _may_be_written_over(file):
            raise Failed(
                f"{file} is there already and no report, so it was left as it is: name another place with --out."
            )
        file.write_text(page_of(figures), encoding="utf-8")
    except OSError as error:
        raise Failed(f"{file} cannot be written ({error.strerror}): name another place with --out.") from None
    print_lines(f"Wrote {file}: orders that came since {begin:%Y-%m-%d %H:%M} UTC: {figures.orders}.")


def _may_be_written_over(file: Path) -> bool:
    """Whether nothing is lost: there is no such file, it is a device or a pipe, or it is a report."""
    if not file.is_file():
        return True
    with file.open("rb") as opened:
        return _HEAD.match(opened.read(1000)) is not None

"""`rules replay`: what other rules would have made of past orders, before they go live."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed
from commands.progress import progress_bar
from commands.session import find_place
from commands.times import USAGE, begin_of, now

if TYPE_CHECKING:
    from screening.authoring.replay_limits import Limit
    from screening.bundle import Bundle

INVALID = 3
THRESHOLD_MISSED = 5
INTERRUPTED = 128 + signal.SIGINT


def add_to(rules: typer.Typer) -> None:
    rules.command()(replay)


def replay(
    candidate: Annotated[Path, typer.Argument(help="The rules folder to try.")],
    since: Annotated[str, typer.Option(help="Orders screened within this time: 90d, 12h.")] = "90d",
    fail_if: Annotated[
        list[str] | None,
        typer.Option(help="Exit with 5 if this holds: denied, approved, review or changed, >2% or <100."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Also write a line for each order to this file, without facts.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Screen recorded orders with other rules. Nothing is written to the records, and nothing is sent.

    PINs are not recorded: a PIN rule answers what one answered then. Exits with 3 if the rules cannot be used.
    """
    from commands.replay_report import Csv, JsonReport, TextReport
    from commands.replaying import parts
    from screening.authoring.replay import Tally

    begin = begin_of(since, now())
    limits = [_limit(text) for text in fail_if or []]
    bundle = _bundle(candidate)
    tally, interrupted = Tally(), False
    place = find_place()
    report = JsonReport() if as_json else TextReport()
    with place.records_as_they_are() as records, Csv.opened(csv) as table:
        orders = records.ledger.screened(begin)
        with progress_bar("Replaying", orders) as advance:
            found = parts(place.settings, records, bundle, begin, orders=orders, all_rows=csv is not None)
            try:
                for size, part in found:
                    tally.merge(part.tally)
                    table.add(part)
                    for row in part.rows:
                        if row.changes:
                            report.changed(row)
                    advance(size)
            except KeyboardInterrupt:
                interrupted = True
    missed = [sentence for limit in limits if (sentence := limit.missed(tally))]
    report.end(tally, bundle.digest, begin, interrupted=interrupted, missed=missed)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(THRESHOLD_MISSED if missed else 0)


def _limit(text: str) -> "Limit":
    from screening.authoring.replay_limits import Limit

    try:
        return Limit.read(text)
    except ValueError as error:
        raise Failed(str(error), USAGE) from None


def _bundle(folder: Path) -> "Bundle":
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.loading import load_bundle

    try:
        return load_bundle(folder)
    except PolicyErrors as refused:
        raise Failed(
            f"{refused}\nThe rules in {folder} cannot be used: nothing was replayed.", INVALID
        ) from None

"""`portout reconcile`: what the carrier lists against what was screened, decided and is watched here."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_json, print_lines, print_table
from commands.progress import requests_so_far
from commands.session import Place, find_place

if TYPE_CHECKING:
    from activities.reconciling import Reconciliation

WRONG = 5
"""The exit code when something was found."""


@dataclass(frozen=True)
class Evidence:
    """The carrier's own report, as it was kept. It holds personal facts; only its owner can read it."""

    file: Path
    sha256: str


def add_to(app: typer.Typer) -> None:
    app.command()(reconcile)


def reconcile(
    since: Annotated[str, typer.Option(help="Orders that came within this time: 7d, 12h.")] = "7d",
    mend: Annotated[
        bool, typer.Option("--mend", help="Start the screening of pending orders that nobody watches.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Keep the carrier's own report of these orders as evidence.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the carrier's listing with queue, ledger and workflows. Exits 5 when something is wrong."""
    from commands.times import begin_of, now

    at = now()
    place = find_place()
    found = asyncio.run(_reconcile(place, begin_of(since, at), at, mend=mend))
    evidence = asyncio.run(_keep_report(place, found.since, at)) if report else None
    if as_json:
        print_json(found.model_dump() | {"evidence": evidence})
    else:
        _print(found)
        if evidence:
            print_lines(f"The carrier's own report is kept in {evidence.file} (SHA-256 {evidence.sha256}).")
    raise typer.Exit(WRONG if found.differences else 0)


async def _reconcile(place: Place, since: datetime, at: datetime, *, mend: bool) -> "Reconciliation":
    from activities.reconciling import Reconciler
    from activities.starting import Starting

    with place.records_as_they_are() as records:
        client = await place.temporal()
        async with place.carrier() as carrier:
            starting = Starting(carrier, records, client, place.settings.task_queue)
            reconciler = Reconciler(carrier, records, starting)
            with requests_so_far() as step:
                found = await reconciler.reconcile(since, at, on_step=step)
                if mend:
                    found.mended = await reconciler.mend(found.differences, place.settings.timing, at)
    return found


async def _keep_report(place: Place, since: datetime, at: datetime) -> Evidence:
    from commands.carrier_fetching import fetch
    from telnyx_api import ReportFilters

    folder = place.settings.home / "evidence"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"portouts-{at:%Y%m%dT%H%M%SZ}.csv"
    async with place.carrier() as carrier:
        asked = await carrier.create_report(ReportFilters(created_at__gt=since))
    await fetch(place, asked.id, wait=True, download=file)
    return Evidence(file, hashlib.sha256(file.read_bytes()).hexdigest())


def _print(found: "Reconciliation") -> None:
    orders = f"{found.compared} {'order' if found.compared == 1 else 'orders'}"
    if not found.differences:
        print_lines(f"{orders} compared since {found.since:%Y-%m-%d %H:%M} UTC: the carrier and we agree.")
        return
    print_table(
        f"{len(found.differences)} of {orders} since {found.since:%Y-%m-%d %H:%M} UTC",
        ["Order", "Wrong", "At the carrier", "What"],
        [
            [one.support_key or one.portout_id, one.wrong, one.carrier_status or "unknown", one.text]
            for one in found.differences
        ],
    )
    if found.mended:
        count = len(found.mended)
        print_lines(f"{count} {'screening was' if count == 1 else 'screenings were'} started.")
    elif any(one.mendable for one in found.differences):
        print_lines("`portout reconcile --mend` starts the screening of those that nobody watches.")

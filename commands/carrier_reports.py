"""`portout carrier reports` and `report`: the carrier's own lists of port-outs, as CSV."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import Failed, print_fields, print_json, print_lines
from commands.session import find_place

if TYPE_CHECKING:
    from telnyx_api import Listing, Report

REPORT_TYPES = ("export_portouts_csv",)
REPORT_STATUSES = ("pending", "completed")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SEVERAL = "Several times, or between commas."


def add_to(carrier: typer.Typer) -> None:
    for command in (reports, report):
        carrier.command()(command)


def reports(
    report_type: Annotated[str | None, typer.Option(help="export_portouts_csv, the only one.")] = None,
    status: Annotated[str | None, typer.Option(help="pending or completed.")] = None,
    create: Annotated[
        bool, typer.Option("--create", help="Ask for a report on the orders that fit the filters below.")
    ] = False,
    created_at_gt: Annotated[str | None, typer.Option(help="New report: created after this.")] = None,
    created_at_lt: Annotated[str | None, typer.Option(help="New report: created before this.")] = None,
    customer_reference_in: Annotated[
        list[str] | None, typer.Option(help=f"New report: any of these. {SEVERAL}")
    ] = None,
    end_user_name: Annotated[str | None, typer.Option(help="New report: of this end user.")] = None,
    phone_numbers_overlaps: Annotated[
        list[str] | None, typer.Option(help=f"New report: with any of these numbers. {SEVERAL}")
    ] = None,
    status_in: Annotated[
        list[str] | None, typer.Option(help=f"New report: in any of these statuses. {SEVERAL}")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the reports that were asked for, oldest first, or ask for a new one. No order changes by it."""
    from commands import carrier_asking as asking
    from telnyx_api import ReportFilters

    filters = ReportFilters(
        created_at__gt=asking.time_of("--created-at-gt", created_at_gt),
        created_at__lt=asking.time_of("--created-at-lt", created_at_lt),
        customer_reference__in=asking.several(customer_reference_in),
        end_user_name=end_user_name,
        phone_numbers__overlaps=asking.several(phone_numbers_overlaps),
        status__in=asking.each_of("--status-in", status_in, asking.STATUSES),
    )
    asking.one_of("--report-type", report_type, REPORT_TYPES)
    asking.one_of("--status", status, REPORT_STATUSES)
    if not create and filters != ReportFilters():
        raise Failed("These filters are for a new report: add --create.", asking.USAGE)
    if create and status is not None:
        raise Failed("--status filters the listing; a new report takes --status-in.", asking.USAGE)

    async def ask() -> "Report":
        async with asking.carrier_of(find_place()) as carrier:
            return await carrier.create_report(filters)

    async def read() -> "Listing[Report]":
        async with asking.carrier_of(find_place()) as carrier:
            with asking.progress("Reading reports") as on_page:
                return await carrier.reports(report_type=report_type, status=status, on_page=on_page)

    if create:
        made = asyncio.run(ask())
        if as_json:
            print_json(made)
        else:
            print_lines(
                f"The carrier makes the report {made.id} ({made.status}). Fetch it: "
                f"`portout carrier report {made.id} --wait --download FILE`."
            )
        return
    listing = asyncio.run(read())
    asking.warn_of_gaps(listing)
    found = sorted(listing, key=lambda one: (one.created_at is None, one.created_at, one.id))
    if as_json:
        print_json(found)
    elif not found:
        print_lines("The carrier has no report that fits.")
    else:
        print_fields(
            f"{len(found)} {'report' if len(found) == 1 else 'reports'} at the carrier, times in UTC",
            [[one.id, one.status, asking.short(one.created_at), _filters(one)] for one in found],
        )


def report(
    report_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a report.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is completed.")] = False,
    download: Annotated[
        Path | None, typer.Option(help="Save its CSV to this file, which must not be there yet.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a report, wait for it, save what is in it. The file holds personal facts; only you can read it."""
    from commands.carrier_fetching import fetch

    found, saved = asyncio.run(fetch(find_place(), report_id, wait=wait, download=download))
    if as_json:
        print_json(found)
        return
    _print_report(found)
    if saved is not None:
        print_lines(f"Saved {saved} bytes to {download}.")


def _print_report(found: "Report") -> None:
    from commands import carrier_asking as asking

    rows: list[list[Any]] = [
        ["Type", asking.readable(found.report_type)],
        ["Status", found.status],
        ["Of orders", _filters(found)],
        ["Asked for", asking.readable(found.created_at)],
        ["Updated", asking.readable(found.updated_at)],
        ["Document", asking.readable(found.document_id)],
    ]
    print_fields(f"Report {found.id}", rows)


def _filters(found: "Report") -> str:
    from dataclasses import asdict

    from commands import carrier_asking as asking

    given = {name: value for name, value in asdict(found.params.filters).items() if value is not None}
    return "; ".join(f"{name} {asking.readable(value)}" for name, value in given.items()) or "all orders"

"""`portout carrier list`, `show` and `codes`: orders as the carrier has them."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_fields, print_json, print_lines, print_table
from commands.session import find_place

if TYPE_CHECKING:
    from telnyx_api import Listing, PortOut, RejectionCode

Order = Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SEVERAL = "Several times, or between commas."

_LABELS = {
    "id": "Port-out id",
    "support_key": "Support key",
    "status": "Status",
    "already_ported": "Already ported",
    "carrier_name": "Gaining carrier",
    "spid": "SPID",
    "pon": "PON",
    "phone_numbers": "Numbers",
    "authorized_name": "Authorized name",
    "end_user_name": "End user",
    "service_address": "Address",
    "city": "City",
    "state": "State",
    "zip": "ZIP",
    "inserted_at": "Came in",
    "created_at": "Created",
    "updated_at": "Updated",
    "foc_date": "FOC date",
    "requested_foc_date": "FOC date wanted",
    "reason": "Reason of the answer",
    "rejection_code": "Rejection code",
    "host_messaging": "Messaging stays",
    "current_carrier": "Current carrier",
    "vendor": "Vendor",
    "lsr": "LSR",
    "user_id": "User id",
}
"""The fields of an order as people call them, the decisive ones first."""


def add_to(carrier: typer.Typer) -> None:
    carrier.command("list")(list_orders)
    carrier.command()(show)
    carrier.command()(codes)


def list_orders(
    status: Annotated[str | None, typer.Option(help="pending, authorized, rejected-pending, …")] = None,
    status_in: Annotated[list[str] | None, typer.Option(help=f"Any of these. {SEVERAL}")] = None,
    carrier_name: Annotated[str | None, typer.Option(help="The gaining carrier.")] = None,
    country_code: Annotated[str | None, typer.Option(help="Two letters.")] = None,
    country_code_in: Annotated[list[str] | None, typer.Option(help=f"Any of these. {SEVERAL}")] = None,
    foc_date: Annotated[str | None, typer.Option(help="The day of the FOC date.")] = None,
    inserted_at_gte: Annotated[str | None, typer.Option(help="Came in then or later.")] = None,
    inserted_at_lte: Annotated[str | None, typer.Option(help="Came in then or earlier.")] = None,
    phone_number: Annotated[str | None, typer.Option(help="A number of the order, in E.164.")] = None,
    pon: Annotated[str | None, typer.Option(help="The gaining carrier's order number.")] = None,
    ported_out_at_gte: Annotated[str | None, typer.Option(help="Left then or later.")] = None,
    ported_out_at_lte: Annotated[str | None, typer.Option(help="Left then or earlier.")] = None,
    spid: Annotated[str | None, typer.Option(help="The gaining carrier's SPID.")] = None,
    support_key: Annotated[str | None, typer.Option(help="The order's support key.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the orders that fit all filters, in the order they came in."""
    from commands import carrier_asking as asking

    async def read() -> "Listing[PortOut]":
        async with asking.carrier_of(find_place()) as carrier:
            with asking.progress("Reading orders") as on_page:
                return await carrier.portouts(
                    status=asking.one_of("--status", status, asking.STATUSES),
                    status_in=asking.each_of("--status-in", status_in, asking.STATUSES),
                    carrier_name=carrier_name,
                    country_code=country_code,
                    country_code_in=asking.several(country_code_in),
                    foc_date=asking.time_of("--foc-date", foc_date),
                    inserted_gte=asking.time_of("--inserted-at-gte", inserted_at_gte),
                    inserted_lte=asking.time_of("--inserted-at-lte", inserted_at_lte),
                    phone_number=phone_number,
                    pon=pon,
                    ported_out_gte=asking.time_of("--ported-out-at-gte", ported_out_at_gte),
                    ported_out_lte=asking.time_of("--ported-out-at-lte", ported_out_at_lte),
                    spid=spid,
                    support_key=support_key,
                    on_page=on_page,
                )

    listing = asyncio.run(read())
    orders = sorted(listing, key=lambda order: (order.inserted_at is None, order.inserted_at, order.id))
    asking.warn_of_gaps(listing)
    if as_json:
        print_json(orders)
    else:
        _print_orders(orders)


def show(order: Order, as_json: AsJson = False) -> None:
    """Show all that the carrier has of an order, except PINs."""
    from commands import carrier_asking as asking

    async def read() -> "PortOut":
        async with asking.carrier_of(find_place()) as carrier:
            return await asking.the_order(carrier, order)

    found = asyncio.run(read())
    if as_json:
        print_json(found)
        return
    rows = [[label, asking.readable(getattr(found, name))] for name, label in _LABELS.items()]
    absent = ", ".join(label for label, value in rows if value == asking.NOTHING)
    given = [row for row in rows if row[1] != asking.NOTHING]
    print_fields(
        f"{found.support_key or found.id} at the carrier",
        [*given, ["Not given", absent]] if absent else given,
    )


def codes(
    order: Order,
    code: Annotated[list[int] | None, typer.Option(help="Only this one. May be given several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the codes with which this order may be rejected."""
    from commands import carrier_asking as asking

    async def read() -> "list[RejectionCode]":
        async with asking.carrier_of(find_place()) as carrier:
            portout_id = await asking.order_id(carrier, order)
            with asking.known_as(asking.about_order(order)):
                return await carrier.rejection_codes(portout_id, code_in=code)

    found = asyncio.run(read())
    if as_json:
        print_json(found)
    elif not found:
        print_lines("The carrier lists no such code for this order.")
    else:
        print_table(
            f"Codes to reject {order} with",
            ["Code", "Description", "Reason"],
            [
                [
                    str(entry.code),
                    entry.description or "—",
                    "required" if entry.reason_required else "optional",
                ]
                for entry in found
            ],
        )


def _print_orders(orders: "Sequence[PortOut]") -> None:
    from commands import carrier_asking as asking

    if not orders:
        print_lines("The carrier has no order that fits.")
        return
    years = {order.inserted_at.year for order in orders if order.inserted_at}
    # Said once where it can be: every column counts on a narrow terminal.
    year = str(years.pop()) if len(years) == 1 else ""
    of_year = f"all of {year}, " if year else ""
    print_table(
        f"{len(orders)} {'order' if len(orders) == 1 else 'orders'} at the carrier, {of_year}times in UTC",
        ["Order", "Status", "Gaining carrier", "SPID", "Nos.", "Came in", "FOC date"],
        [
            [
                order.support_key or order.id,
                order.status,
                order.carrier_name or "—",
                order.spid or "—",
                str(len(order.phone_numbers)),
                asking.short(order.inserted_at).removeprefix(f"{year}-"),
                asking.short(order.foc_date)[:10],
            ]
            for order in orders
        ],
        whole=("Status", "Came in", "FOC date"),
    )

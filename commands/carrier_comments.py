"""`portout carrier comments` and `comment`: what is said about an order between us and the carrier."""

import asyncio
from typing import Annotated, Any

import typer

from commands.output import Failed, print_json, print_lines, print_table
from commands.session import find_place

Order = Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")]
By = Annotated[str | None, typer.Option(help="Who you are: one of PORTOUT_REVIEWERS.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(carrier: typer.Typer) -> None:
    for command in (comments, comment):
        carrier.command()(command)


def comments(order: Order, as_json: AsJson = False) -> None:
    """List the comments on an order, oldest first."""
    from commands import carrier_asking as asking
    from commands.pins import Pins

    async def read() -> list[dict[str, Any]]:
        async with asking.carrier_of(find_place()) as carrier:
            portout_id = await asking.order_id(carrier, order)
            with asking.known_as(asking.about_order(order)):
                listing = await carrier.comments(portout_id)
            asking.warn_of_gaps(listing)
            pins = Pins(carrier)
            found = sorted(listing, key=lambda one: (one.created_at is None, one.created_at, one.id))
            return [
                one.model_dump(mode="json") | {"body": await pins.hidden(one.body, portout_id)}
                for one in found
            ]

    found = asyncio.run(read())
    if as_json:
        print_json(found)
    elif not found:
        print_lines("Nobody has commented on this order.")
    else:
        print_table(
            f"Comments on {order}, times in UTC",
            ["When", "Who", "Comment"],
            [
                [
                    asking.short(one["created_at"]),
                    "our account" if one["user_id"] else "the carrier",
                    one["body"] or asking.NOTHING,
                ]
                for one in found
            ],
            whole=("When", "Who"),
        )


def comment(
    order: Order,
    text: Annotated[str, typer.Argument(help="What the carrier, and perhaps the gaining one, reads.")] = "",
    by: By = None,
) -> None:
    """Write a comment on an order. The carrier's staff read it, and perhaps the gaining carrier."""
    if not text.strip():
        raise Failed("A comment needs a text; nothing was sent.")
    from commands.carrier_changing import send_comment

    print_lines(asyncio.run(send_comment(find_place(), order, text.strip(), by)))

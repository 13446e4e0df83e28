"""`portout carrier events`, `event` and `republish`: what happened to orders, and having it told again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from commands.output import print_fields, print_json, print_lines
from commands.session import find_place

EVENT_TYPES = ("portout.status_changed", "portout.new_comment", "portout.foc_date_changed")

EventId = Annotated[str, typer.Argument(metavar="ID", help="The id of an event, as `events` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_LABELS = {
    "portout_id": "Port-out id",
    "event_type": "Type",
    "created_at": "Happened",
    "updated_at": "Updated",
    "payload_status": "Payload",
    "available_notification_methods": "Told by",
}
_PAYLOAD_LABELS = {
    "status": "Status",
    "attempted_pin": "Attempted PIN",
    "carrier_name": "Gaining carrier",
    "spid": "SPID",
    "phone_numbers": "Numbers",
    "subscriber_name": "Subscriber",
    "rejection_reason": "Reason of the rejection",
    "foc_date": "FOC date",
    "comment": "Comment",
    "user_id": "User id",
}
_TIMES = ("_at", "_date")


def add_to(carrier: typer.Typer) -> None:
    for command in (events, event, republish):
        carrier.command()(command)


def events(
    portout_id: Annotated[str | None, typer.Option(help="Of this order: its id or its support key.")] = None,
    event_type: Annotated[str | None, typer.Option(help=f"One of {', '.join(EVENT_TYPES)}.")] = None,
    created_at_gte: Annotated[str | None, typer.Option(help="Happened then or later.")] = None,
    created_at_lte: Annotated[str | None, typer.Option(help="Happened then or earlier.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the events that fit all filters, order by order, as they happened."""
    from commands import carrier_asking as asking
    from commands.pins import Pins

    async def read() -> list[dict[str, Any]]:
        async with asking.carrier_of(find_place()) as carrier:
            with asking.progress("Reading events") as on_page:
                listing = await carrier.events(
                    portout_id=await asking.order_id(carrier, portout_id) if portout_id else None,
                    event_type=asking.one_of("--event-type", event_type, EVENT_TYPES),
                    created_gte=asking.time_of("--created-at-gte", created_at_gte),
                    created_lte=asking.time_of("--created-at-lte", created_at_lte),
                    on_page=on_page,
                )
                pins = Pins(carrier)
                found = sorted(listing, key=lambda one: (one.created_at is None, one.created_at, one.id))
                asking.warn_of_gaps(listing)
                return [await pins.event(one) for one in found]

    shown = asyncio.run(read())
    if as_json:
        print_json(shown)
    else:
        _print_events(shown)


def event(event_id: EventId, as_json: AsJson = False) -> None:
    """Show an event."""
    from commands import carrier_asking as asking
    from commands.pins import Pins
    from telnyx_api import read_timestamp

    async def read() -> dict[str, Any]:
        async with asking.carrier_of(find_place()) as carrier:
            with asking.known_as(_unknown(event_id)):
                found = await carrier.event(event_id)
            return await Pins(carrier).event(found)

    shown = asyncio.run(read())
    if as_json:
        print_json(shown)
        return
    rows = [
        [label, asking.readable(read_timestamp(part[name]) if name.endswith(_TIMES) else part[name])]
        for part, labels in ((shown, _LABELS), (shown["payload"], _PAYLOAD_LABELS))
        for name, label in labels.items()
    ]
    print_fields(f"Event {shown['id']}", [row for row in rows if row[1] != asking.NOTHING])


def republish(event_id: EventId) -> None:
    """Have the carrier send the webhook of an event again. No order changes by it."""
    from commands import carrier_asking as asking

    async def ask() -> None:
        async with asking.carrier_of(find_place()) as carrier:
            with asking.known_as(_unknown(event_id)):
                await carrier.republish_event(event_id)

    asyncio.run(ask())
    print_lines(
        f"The carrier took it: the webhook of event {event_id} is sent again to the address set in its portal."
    )


def _unknown(event_id: str) -> str:
    from commands.output import plain

    return f"The carrier knows no event {plain(event_id)}: give an id that `portout carrier events` shows."


def _print_events(shown: Sequence[dict[str, Any]]) -> None:
    if not shown:
        print_lines("The carrier has no event that fits.")
        return
    orders: dict[str, list[dict[str, Any]]] = {}
    for one in shown:
        orders.setdefault(one["portout_id"] or "not told", []).append(one)
    for portout_id, of_order in orders.items():
        print_fields(f"Order {portout_id}", [[one["id"], _when(one), _what(one)] for one in of_order])
    total = f"{len(shown)} {'event' if len(shown) == 1 else 'events'}"
    print_lines("", f"{total} of {len(orders)} {'order' if len(orders) == 1 else 'orders'}, times in UTC.")


def _when(one: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(one['created_at']):%m-%d %H:%M:%S}" if one["created_at"] else "—"


def _what(one: dict[str, Any]) -> str:
    payload = one["payload"]
    told = {
        "portout.status_changed": f"status {payload['status']}",
        "portout.new_comment": "comment",
        "portout.foc_date_changed": f"FOC date {(payload['foc_date'] or '—')[:10]}",
    }.get(one["event_type"], str(one["event_type"]))
    with_pin = f", {payload['attempted_pin']}" if payload["attempted_pin"] else ""
    unfinished = "" if one["payload_status"] in (None, "completed") else " (not complete yet)"
    return f"{told}{with_pin}{unfinished}"

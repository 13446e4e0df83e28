"""The orders that were answered, as intake keeps an eye on them: few questions for many, and no poll for each.

The event tail tells most of it. What it does not, because an event was lost, an hourly listing does.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from activities.contracts import FOC_DATE_CHANGED, LEFT_LISTING, CarrierEvent, CarrierStatus
from activities.pins import STATUS_CHANGED
from records.cases import WatchedOrder
from telnyx_api import PortOut, PortOutEvent, TelnyxClient

WATCHED_LISTED_AT = "watched-listed-at"
"""The mark in the records: when the watched orders were last listed."""
TOGETHER = 250
"""How many orders one answer of the carrier holds."""
STATUSES = (CarrierStatus.REJECTED_PENDING, CarrierStatus.AUTHORIZED)
"""The statuses in which an order is watched."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_CUT = timedelta(seconds=1)
"""Shown times may be cut to the second where the carrier's own are not."""


def told_by_events(watched: Iterable[WatchedOrder], news: Iterable[PortOutEvent]) -> dict[str, CarrierEvent]:
    """What watched orders must be told: their newest events, where these say something else than what we know.

    The echo of our own answer says nothing new. That an order is pending again is told by the listing of those that
    are, because an event may be old.
    """
    known = {order.portout_id: order for order in watched}
    newest: dict[tuple[str, str | None], PortOutEvent] = {}
    for event in sorted(news, key=_created):
        if event.portout_id in known:
            newest[event.portout_id, event.event_type] = event
    return {
        portout_id: CarrierEvent(event_id=event.id, event_type=event.event_type or "")
        for (portout_id, _), event in newest.items()
        if _is_news(event, known[portout_id])
    }


async def list_watched(
    carrier: TelnyxClient, watched: Iterable[WatchedOrder], on_page: Callable[[int], None]
) -> dict[str, PortOut]:
    """List the orders that were answered, by the stretches of time in which those came that are watched.

    As many as one answer holds lie in a stretch, so that it costs one request, unless orders lie there that nobody
    watches.

    Raises:
        CarrierError: they cannot be listed.
    """
    came = sorted(order.inserted_at or _LONG_AGO for order in watched)
    listed: dict[str, PortOut] = {}
    for first in range(0, len(came), TOGETHER):
        stretch = came[first : first + TOGETHER]
        since = None if stretch[0] is _LONG_AGO else stretch[0]
        orders = await carrier.portouts(
            status_in=STATUSES, inserted_gte=since, inserted_lte=stretch[-1] + _CUT, on_page=on_page
        )
        listed.update((order.id, order) for order in orders)
    return listed


def told_by_listing(
    watched: Iterable[WatchedOrder], listed: Mapping[str, PortOut], at: datetime
) -> dict[str, CarrierEvent]:
    """What watched orders must be told that are listed otherwise than we know them, or not any more."""
    return {
        order.portout_id: CarrierEvent(
            event_id=f"listed-{at.isoformat()}",
            event_type="listed_otherwise" if order.portout_id in listed else LEFT_LISTING,
        )
        for order in watched
        if _differs(order, listed.get(order.portout_id))
    }


def _created(event: PortOutEvent) -> datetime:
    return event.created_at or _LONG_AGO


def _is_news(event: PortOutEvent, order: WatchedOrder) -> bool:
    if event.event_type == STATUS_CHANGED:
        return event.payload.status not in (order.carrier_status, CarrierStatus.PENDING)
    return event.event_type == FOC_DATE_CHANGED and event.payload.foc_date != order.foc_date


def _differs(order: WatchedOrder, shown: PortOut | None) -> bool:
    if shown is None:
        # One that we know in another status is not expected there.
        return order.carrier_status in STATUSES
    return (shown.status, shown.foc_date) != (order.carrier_status, order.foc_date)

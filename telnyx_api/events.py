"""Events of port-outs: the only listing of what changed, and the only one with the attempted PIN."""

from collections.abc import Callable
from datetime import datetime

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.budget import Urgency
from telnyx_api.models import PortOutEvent
from telnyx_api.operations import Operations
from telnyx_api.paging import Listing, Window

_EVENTS = Reader(PortOutEvent, Listed[PortOutEvent], Single[PortOutEvent])


class Events(Operations):
    """The operations on events."""

    async def events(
        self,
        *,
        portout_id: str | None = None,
        event_type: str | None = None,
        created_gte: datetime | None = None,
        created_lte: datetime | None = None,
        on_page: Callable[[int], None] | None = None,
    ) -> Listing[PortOutEvent]:
        """The events that fit all filters (`GET /portouts/events`), read to the end as `portouts` does.

        In no particular order: sort by `created_at` where the order matters.
        """
        return await self._listing(
            "/portouts/events",
            _EVENTS,
            {"filter[portout_id]": portout_id, "filter[event_type]": event_type},
            created="filter[created_at]",
            moment=lambda event: event.created_at,
            within=Window(created_gte, created_lte),
            on_page=on_page,
            doing="listing port-out events",
            # An order's answer may depend on its events.
            urgency=Urgency.LISTING if portout_id is None else Urgency.ONE_THING,
        )

    async def event(self, event_id: str) -> PortOutEvent:
        """One event (`GET /portouts/events/{id}`)."""
        path = f"/portouts/events/{arguments.path_segment(event_id, of='an event')}"
        return await self._one(_EVENTS, "reading a port-out event", "GET", path)

    async def republish_event(self, event_id: str) -> None:
        """Has the webhook of an event sent again (`POST /portouts/events/{id}/republish`).

        Once more does no harm: webhooks come several times anyway.
        """
        path = f"/portouts/events/{arguments.path_segment(event_id, of='an event')}/republish"
        await self._transport.send("republishing a port-out event", "POST", path)

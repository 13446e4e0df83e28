"""The queue between the answer to a webhook and the service, so that the answer never waits.

What cannot be handed on is dropped and logged: the next intake finds the order anyway.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum

import structlog

from activities.webhook_silence import note_heard
from console.messenger import UNKNOWN, Messenger, OrderNews
from records.errors import RecordsError
from records.store import Records
from telnyx_api.webhooks import WebhookEvent

QUEUE = 1000
"""Webhooks that may wait."""
PATIENCE = 10.0
"""Seconds that Temporal, carrier and records have together for all that waited at a time."""
SEEN = 20_000
"""Event ids that are remembered. A duplicate that comes later does no harm: a screening hears each id once."""
NOTE_EVERY = 5.0
"""Seconds between two notes of how far webhooks told."""
log = structlog.get_logger(__name__)


class Offer(StrEnum):
    """What became of a webhook that was believed."""

    TAKEN = "taken"
    SEEN = "seen before"
    FULL = "no room"


class Handover:
    """What waits, and who hands it on.

    Args:
        patience: seconds for all that waited at a time.
    """

    def __init__(self, messenger: Messenger, records: Records, *, patience: float = PATIENCE) -> None:
        self._messenger = messenger
        self._records = records
        self._patience = patience
        self._queue: asyncio.Queue[tuple[str, WebhookEvent]] = asyncio.Queue(QUEUE)
        self._seen: dict[str, None] = {}
        self._heard_until: datetime | None = None
        self._heard = asyncio.Event()

    def offer(self, portout_id: str, event: WebhookEvent) -> Offer:
        """Put an event of a port-out into the queue. Never waits."""
        self._hear(event)
        if event.event_id in self._seen:
            return Offer.SEEN
        try:
            self._queue.put_nowait((portout_id, event))
        except asyncio.QueueFull:
            return Offer.FULL
        self._seen[event.event_id] = None
        while len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        return Offer.TAKEN

    @property
    def waiting(self) -> int:
        """How many webhooks wait to be handed on."""
        return self._queue.qsize()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hand on what is offered until the context ends."""
        tasks = [asyncio.create_task(self._hand_on()), asyncio.create_task(self._note_heard())]
        try:
            yield
        finally:
            if self.waiting:
                log.warning("webhooks dropped at the end", count=self.waiting)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hand_on(self) -> None:
        """Take everything that waits at a time: of orders that come together each is to know of the others."""
        while True:
            orders: dict[str, OrderNews] = {}
            told = [await self._queue.get()]
            while not self._queue.empty():
                told.append(self._queue.get_nowait())
            for portout_id, event in told:
                orders.setdefault(portout_id, OrderNews(portout_id)).events.append(event)
            why = ""
            try:
                async with asyncio.timeout(self._patience):
                    await self._messenger.pass_on(orders.values())
            except Exception as error:
                why = type(error).__name__
            self._conclude(orders.values(), why)

    def _conclude(self, orders: Collection[OrderNews], why: str) -> None:
        """Say what became of each order, and forget the events that were dropped: sent again they are news again."""
        for order in orders:
            ids = [event.event_id for event in order.events]
            if order.settled:
                # What comes all day is no news in a log; an order that the carrier itself does not know is.
                tell = log.warning if order.settled == UNKNOWN else log.debug
                tell("webhook handed on", portout_id=order.id, event_ids=ids, outcome=order.settled)
                continue
            log.warning("webhook dropped", portout_id=order.id, event_ids=ids, error=order.failed or why)
            for event_id in ids:
                self._seen.pop(event_id, None)

    def _hear(self, event: WebhookEvent) -> None:
        at = event.occurred_at
        if at is not None and (self._heard_until is None or at > self._heard_until):
            self._heard_until = at
            self._heard.set()

    async def _note_heard(self) -> None:
        """Keep in the records how far webhooks told: intake notices by it when they stay away."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            if self._heard_until is not None:
                try:
                    await asyncio.to_thread(note_heard, self._records, self._heard_until)
                except RecordsError as error:
                    log.warning("not noted that webhooks come", error=str(error))
            await asyncio.sleep(NOTE_EVERY)

"""From a webhook to the screening: tell the one that runs, or start one after the questions that intake asks, too."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import CARRIER_EVENT, CarrierEvent, CarrierStatus, screening_workflow_id
from activities.pins import STATUS_CHANGED
from activities.starting import Starting
from records.store import Records
from settings import Timing
from telnyx_api import CarrierError, NotFound, PortOut, TelnyxClient
from telnyx_api.webhooks import WebhookEvent

AT_ONCE = 16
UNKNOWN = "unknown to the carrier"
"""What became of a webhook about an order that the carrier does not know."""
log = structlog.get_logger(__name__)


@dataclass
class OrderNews:
    """What webhooks told of one port-out, and what became of it."""

    id: str
    events: list[WebhookEvent] = field(default_factory=list)
    settled: str | None = None
    """What was done, or why nothing had to be."""
    failed: str | None = None
    """The type of the error that kept it from being handed on."""
    order: PortOut | None = None
    """As the carrier shows it, once it was asked."""

    @property
    def said_pending(self) -> bool:
        return any(
            event.event_type == STATUS_CHANGED and event.status == CarrierStatus.PENDING
            for event in self.events
        )

    @property
    def to_tell(self) -> list[WebhookEvent]:
        """The last event of each type: each is only a reason to look."""
        return list({event.event_type: event for event in self.events}.values())

    @property
    def open(self) -> bool:
        return self.settled is None and self.failed is None


class Messenger:
    """Speaks to Temporal, and to the carrier where something would be started."""

    def __init__(
        self, temporal: Client, carrier: TelnyxClient, records: Records, *, task_queue: str, timing: Timing
    ) -> None:
        self._temporal = temporal
        self._carrier = carrier
        self._starting = Starting(carrier, records, temporal, task_queue)
        self._timing = timing

    async def pass_on(self, news: Collection[OrderNews]) -> None:
        """Hand on what was told of these orders; each says then what became of it.

        Raises:
            RecordsError: nothing was started, because nobody knows what was answered.
        """
        await _each(news, self._tell)
        await _each(news, self._read)
        asked = {one.id: one.order for one in news if one.open and one.order}
        if not asked:
            return
        to_start = await self._starting.to_start(set(asked))
        for one in news:
            if one.open and one.id not in to_start:
                one.settled = "answered already"
        await self._count_attempts([asked[portout_id] for portout_id in to_start])
        await _each(news, self._start)

    async def _tell(self, news: OrderNews) -> None:
        handle = self._temporal.get_workflow_handle(screening_workflow_id(news.id))
        try:
            for event in news.to_tell:
                told = CarrierEvent(event_id=event.event_id, event_type=event.event_type)
                await handle.signal(CARRIER_EVENT, told.model_dump())
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            if not news.said_pending:
                news.settled = "no screening runs"
        else:
            news.settled = "screening told"

    async def _read(self, news: OrderNews) -> None:
        """A webhook may be late: only an order that the carrier itself calls pending is screened."""
        try:
            news.order = await self._carrier.portout(news.id)
        except NotFound:
            news.settled = UNKNOWN
            return
        if news.order.status != CarrierStatus.PENDING:
            news.settled = "not pending"

    async def _count_attempts(self, orders: Collection[PortOut]) -> None:
        """Commit the PIN attempts of orders that came together for one number before any of them is screened.

        An order that has its numbers to itself is counted by its own screening, before it compares.
        """
        asked_for = Counter(chain.from_iterable(set(order.phone_numbers) for order in orders))
        rivals = [order for order in orders if any(asked_for[number] > 1 for number in order.phone_numbers)]
        if not rivals:
            return
        try:
            listings = await asyncio.gather(
                *(self._carrier.events(portout_id=order.id, event_type=STATUS_CHANGED) for order in rivals)
            )
        except CarrierError as error:
            # Without events no PIN is known, so nothing is approved by itself; but every order must be watched.
            log.warning("attempted PINs not readable", error=str(error))
            return
        await self._starting.count_attempts(rivals, chain.from_iterable(listings), datetime.now(UTC))

    async def _start(self, news: OrderNews) -> None:
        await self._starting.start(news.id, self._timing)
        news.settled = "screening started"


async def _each(news: Iterable[OrderNews], act: Callable[[OrderNews], Awaitable[None]]) -> None:
    """Act on what is open, some at a time. What fails for one order does not stop the others."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(order: OrderNews) -> None:
        async with slots:
            try:
                await act(order)
            except Exception as error:
                order.failed = type(error).__name__

    await asyncio.gather(*(one(order) for order in news if order.open))

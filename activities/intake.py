"""Taking in: list what is pending, start what is not running, and tell running orders what happened at the carrier."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import structlog
from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.carrier_errors import retrying
from activities.contracts import (
    CARRIER_EVENT,
    LEFT_LISTING,
    SENDING_IS_ON,
    CarrierEvent,
    CarrierStatus,
    IntakeInput,
    IntakeReport,
    Notice,
    NoticeKind,
    screening_workflow_id,
)
from activities.notices import NoticeBoard
from activities.pins import is_complete
from activities.starting import DECIDING, WATCHING, Starting
from activities.watched_orders import (
    WATCHED_LISTED_AT,
    list_watched,
    told_by_events,
    told_by_listing,
)
from activities.webhook_silence import WebhookSilence
from records.cases import Stage, WatchedOrder
from records.store import Records
from telnyx_api import CarrierError, Listing, PortOut, PortOutEvent, TelnyxClient

EVENTS_READ_UNTIL = "events-read-until"
"""The mark in the records from which the next run reads the carrier's events."""
OVERLAP = timedelta(minutes=10)
"""Events may appear late or out of order, so every run reads these minutes again."""
LONGEST_PENDING = timedelta(days=3)
"""Silence approves after 24 to 48 hours (Telnyx port-out guide), so no older event tells of a pending order."""
AT_ONCE = 16
SEEN_EVENTS = 20_000
_STANDING = (Stage.AWAITING_REVIEW, Stage.AWAITING_CARRIER)
"""Stages in which an order waits until it is told that something happened."""
_LISTENING = (Stage.SCREENING, Stage.ANSWERING, *_STANDING)
"""What happens while an order is screened or answered may come too late for it, so it hears of it as well."""
log = structlog.get_logger(__name__)
T = TypeVar("T")


class IntakeActivities:
    """One run of the schedule. Polling is what guarantees that no order is missed; webhooks only make it faster."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        board: NoticeBoard,
        temporal: Client,
        *,
        sends: bool,
        heartbeat_url: SecretStr | None,
        refused_key: float,
        silence: WebhookSilence,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._temporal = temporal
        self._sends = sends
        self._heartbeat_url = heartbeat_url
        self._refused_key = refused_key
        self._silence = silence
        # Which events were handed on already, and how complete. Lost with the process: a second look at an order
        # does no harm.
        self._seen: dict[tuple[str, str | None], None] = {}

    @activity.defn
    async def take_in(self, given: IntakeInput) -> IntakeReport:
        """Read every page first, then start and signal: an order must not be missed because a start was slow."""
        began = datetime.now(UTC)
        starting = self._starting()
        async with retrying(self._board, refused_key=self._refused_key):
            orders = await self._carrier.portouts(status=CarrierStatus.PENDING, on_page=activity.heartbeat)
        await self._page_unreadable(orders, began)
        pending = {order.id: order for order in orders}
        watched = {order.portout_id: order for order in await asyncio.to_thread(self._records.cases.watched)}
        running = await starting.running(DECIDING)
        to_start = await starting.to_start(pending.keys() - running, on_each=activity.heartbeat)
        # A run that watches is told that the order is pending again; it begins the next round by itself.
        again = dict.fromkeys(to_start & watched.keys(), _pending_again(began))
        to_start -= again.keys()
        try:
            async with retrying(self._board, refused_key=self._refused_key):
                events = await self._events(began, [pending[portout_id] for portout_id in to_start])
        except ApplicationError:
            # Without events no PIN is known, so nothing is approved by itself; but every order must be watched.
            await self._each(to_start, lambda portout_id: starting.start(portout_id, given.timing))
            raise
        stages = dict(await asyncio.to_thread(self._records.cases.open_ids))
        await starting.count_attempts([pending[portout_id] for portout_id in to_start], events, began)
        await self._each(to_start, lambda portout_id: starting.start(portout_id, given.timing))
        news = [event for event in events if _state_of(event) not in self._seen]
        waiting = {
            portout_id: stage
            for portout_id, stage in stages.items()
            if portout_id not in to_start and portout_id not in watched
        }
        happened = (
            again | told_by_events(watched.values(), news) | _happened(waiting, pending.keys(), news, began)
        )
        if self._sends:
            held_back = await asyncio.to_thread(self._records.cases.held_back_ids)
            happened |= dict.fromkeys(held_back & running, _sending_is_on(began))
        await self._each(happened, lambda portout_id: self._signal(portout_id, happened[portout_id], given))
        self._remember(news)
        await self._note_read(began, [event for event in events if event.portout_id in {*waiting, *to_start}])
        await self._silence.look(events, began)
        signalled = len(happened) + await self._list_watched(watched, given, began)
        await self._beat()
        return IntakeReport(pending=len(pending), started=len(to_start), signalled=signalled)

    async def _events(self, began: datetime, to_start: Iterable[PortOut]) -> list[PortOutEvent]:
        """The events since the last run, and those of the orders that are first seen now, however late."""
        until = await asyncio.to_thread(self._records.marks.get, EVENTS_READ_UNTIL)
        moments = [datetime.fromisoformat(until) if until else began]
        moments += [
            max(order.inserted_at, began - LONGEST_PENDING) for order in to_start if order.inserted_at
        ]
        return await self._carrier.events(created_gte=min(moments) - OVERLAP, on_page=activity.heartbeat)

    async def _note_read(self, began: datetime, of_open_orders: Iterable[PortOutEvent]) -> None:
        """Note where the next run begins: the oldest event that may still get its PIN is read until it has.

        The listing knows events by when they came only, and an incomplete one is completed under its old date.
        """
        unfinished = (event.created_at for event in of_open_orders if not is_complete(event))
        read_until = min([began, *filter(None, unfinished)])
        await asyncio.to_thread(self._records.marks.set, EVENTS_READ_UNTIL, read_until.isoformat())

    def _remember(self, events: Iterable[PortOutEvent]) -> None:
        self._seen.update((_state_of(event), None) for event in events)
        while len(self._seen) > SEEN_EVENTS:
            del self._seen[next(iter(self._seen))]

    async def _page_unreadable(self, orders: Listing[PortOut], now: datetime) -> None:
        """Say once a day that the listing holds what cannot be read: it may be an order that nobody else will see."""
        if orders.unreadable:
            await self._board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"unreadable:{now.date()}",
                    text=f"{orders.unreadable} of the carrier's pending port-outs could not be read; look in its portal.",
                )
            )

    async def _list_watched(
        self, watched: Mapping[str, WatchedOrder], given: IntakeInput, began: datetime
    ) -> int:
        """List the watched orders if it is time to, and tell those that stand otherwise than we know.

        Returns:
            How many had to be told, or were watched by nobody any more.
        """
        last = await asyncio.to_thread(self._records.marks.get, WATCHED_LISTED_AT)
        due = last is None or began - datetime.fromisoformat(last) >= timedelta(
            seconds=given.timing.watch_every
        )
        if not watched or not due:
            return 0
        try:
            listed = await list_watched(self._carrier, watched.values(), on_page=activity.heartbeat)
        except CarrierError as error:
            log.warning("watched orders not listed, tried again by the next intake", error=str(error))
            return 0
        told = told_by_listing(watched.values(), listed, began)
        lost = watched.keys() - await self._starting().running(WATCHING) - told.keys()
        await self._each(told, lambda portout_id: self._signal(portout_id, told[portout_id], given))
        await self._each(lost, lambda portout_id: self._starting().start(portout_id, given.timing))
        await asyncio.to_thread(self._records.marks.set, WATCHED_LISTED_AT, began.isoformat())
        return len(told) + len(lost)

    def _starting(self) -> Starting:
        return Starting(self._carrier, self._records, self._temporal, activity.info().task_queue)

    async def _each(self, things: Iterable[T], act: Callable[[T], Awaitable[None]]) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(thing: T) -> None:
            async with slots:
                await act(thing)
                activity.heartbeat()

        await asyncio.gather(*(one(thing) for thing in things))

    async def _signal(self, portout_id: str, event: CarrierEvent, given: IntakeInput) -> None:
        handle = self._temporal.get_workflow_handle(screening_workflow_id(portout_id))
        try:
            await handle.signal(CARRIER_EVENT, event.model_dump())
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            # The queue shows an order that no run stands for (somebody ended it by hand): a new run settles it.
            await self._starting().start(portout_id, given.timing)

    async def _beat(self) -> None:
        if self._heartbeat_url is None:
            return
        try:
            async with httpx.AsyncClient(timeout=10.0) as http:
                await http.get(self._heartbeat_url.get_secret_value())
        except httpx.HTTPError as error:
            log.warning("heartbeat not delivered", error=type(error).__name__)


def _state_of(event: PortOutEvent) -> tuple[str, str | None]:
    """What makes it news: an event that was incomplete comes again, under the same id, with the PIN in it."""
    return event.id, event.payload_status


def _sending_is_on(at: datetime) -> CarrierEvent:
    """Tells a run that was opened while nothing could be sent to begin anew; once it has, its case says so."""
    return CarrierEvent(event_id=f"{SENDING_IS_ON}-{at.isoformat()}", event_type=SENDING_IS_ON)


def _pending_again(at: datetime) -> CarrierEvent:
    return CarrierEvent(event_id=f"pending-again-{at.isoformat()}", event_type="pending_again")


def _happened(
    stages: Mapping[str, Stage], pending: Collection[str], news: Iterable[PortOutEvent], at: datetime
) -> dict[str, CarrierEvent]:
    """What each open order must be told: its newest event, or that it is no longer listed as pending."""
    told = {
        # A run hears each id once, so an event that was completed needs another than it had before.
        event.portout_id: CarrierEvent(
            event_id=f"{event.id}:{event.payload_status}", event_type=event.event_type or ""
        )
        for event in news
        if event.portout_id and stages.get(event.portout_id) in _LISTENING
    }
    left = {portout_id for portout_id, stage in stages.items() if stage in _STANDING} - set(pending)
    gone = CarrierEvent(event_id=f"left-listing-{at.isoformat()}", event_type=LEFT_LISTING)
    return dict.fromkeys(left, gone) | told

"""Taking in: list what is pending, start what is not running, and tell running orders what happened at the carrier."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
import structlog
from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.carrier_errors import retrying
from activities.contracts import (
    CARRIER_EVENT,
    SCREENING_WORKFLOW,
    CarrierEvent,
    CarrierStatus,
    IntakeInput,
    IntakeReport,
    StartScreening,
    screening_workflow_id,
)
from activities.notices import NoticeBoard
from activities.pins import STATUS_CHANGED
from records.cases import Stage
from records.store import Records
from telnyx_api import PortOutEvent, TelnyxClient

EVENTS_READ_UNTIL = "events-read-until"
"""The mark in the records from which the next run reads the carrier's events."""
OVERLAP = timedelta(minutes=10)
"""Events may appear late or out of order, so every run reads these minutes again."""
AT_ONCE = 16
SEEN_EVENTS = 20_000
_STANDING = (Stage.AWAITING_REVIEW, Stage.AWAITING_CARRIER)
_RUNNING = f"WorkflowType = '{SCREENING_WORKFLOW}' AND ExecutionStatus = 'Running'"
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
        heartbeat_url: SecretStr | None,
        refused_key: float,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._temporal = temporal
        self._heartbeat_url = heartbeat_url
        self._refused_key = refused_key
        # Which events were handed on already. Lost with the process: a second look at an order does no harm.
        self._seen: dict[str, None] = {}

    @activity.defn
    async def take_in(self, given: IntakeInput) -> IntakeReport:
        """Read every page first, then start and signal: an order must not be missed because a start was slow."""
        began = datetime.now(UTC)
        async with retrying(self._board, refused_key=self._refused_key):
            orders = await self._carrier.portouts(status=CarrierStatus.PENDING, on_page=activity.heartbeat)
            events = await self._new_events(began)
        pending = {order.id for order in orders}
        running = await self._running()
        standing = await asyncio.to_thread(self._standing)
        to_start = await self._to_start(pending - running)
        await self._each(to_start, lambda portout_id: self._start(portout_id, given))
        told = {event.portout_id: event for event in events if event.portout_id in standing - to_start}
        left = standing - pending - told.keys()
        happened = [_of(event) for event in told.values()] + [_left(portout_id, began) for portout_id in left]
        await self._each(happened, lambda pair: self._signal(pair[0], pair[1], given))
        for event in events:
            self._seen[event.id] = None
        while len(self._seen) > SEEN_EVENTS:
            del self._seen[next(iter(self._seen))]
        await asyncio.to_thread(self._records.marks.set, EVENTS_READ_UNTIL, began.isoformat())
        await self._beat()
        return IntakeReport(pending=len(pending), started=len(to_start), signalled=len(happened))

    async def _new_events(self, began: datetime) -> list[PortOutEvent]:
        until = await asyncio.to_thread(self._records.marks.get, EVENTS_READ_UNTIL)
        since = datetime.fromisoformat(until) if until else began
        events = await self._carrier.events(created_gte=since - OVERLAP)
        return [event for event in events if event.id not in self._seen]

    async def _running(self) -> set[str]:
        prefix = screening_workflow_id("")
        return {run.id.removeprefix(prefix) async for run in self._temporal.list_workflows(_RUNNING)}

    def _standing(self) -> set[str]:
        return {portout_id for portout_id, stage in self._records.cases.open_ids() if stage in _STANDING}

    async def _to_start(self, candidates: set[str]) -> set[str]:
        """Drop the orders that we have answered and that a stale listing still shows as pending."""
        answered = await asyncio.to_thread(self._records.ledger.answered, sorted(candidates))
        again = set()
        for portout_id, at in answered.items():
            async with retrying(self._board, refused_key=self._refused_key):
                if await self._pending_again(portout_id, at):
                    again.add(portout_id)
        return (candidates - answered.keys()) | again

    async def _pending_again(self, portout_id: str, answered_at: datetime) -> bool:
        """Whether the carrier refused our answer: a fresh read and the newest status event must both say `pending`."""
        order = await self._carrier.portout(portout_id)
        if order.status != CarrierStatus.PENDING:
            return False
        events = await self._carrier.events(portout_id=portout_id, event_type=STATUS_CHANGED)
        dated = [(event.created_at, event) for event in events if event.created_at]
        if not dated:
            return False
        newest_at, newest = max(dated, key=lambda pair: pair[0])
        if newest.payload.status != CarrierStatus.PENDING:
            return False
        # The carrier's own order of events first: its clock need not agree with ours.
        others = [at for at, event in dated if event.payload.status != CarrierStatus.PENDING]
        return newest_at > max(others, default=answered_at)

    async def _each(self, things: Iterable[T], act: Callable[[T], Awaitable[None]]) -> None:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(thing: T) -> None:
            async with slots:
                await act(thing)
                activity.heartbeat()

        await asyncio.gather(*(one(thing) for thing in things))

    async def _start(self, portout_id: str, given: IntakeInput) -> None:
        await self._temporal.start_workflow(
            SCREENING_WORKFLOW,
            StartScreening(portout_id=portout_id, timing=given.timing),
            id=screening_workflow_id(portout_id),
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def _signal(self, portout_id: str, event: CarrierEvent, given: IntakeInput) -> None:
        handle = self._temporal.get_workflow_handle(screening_workflow_id(portout_id))
        try:
            await handle.signal(CARRIER_EVENT, event.model_dump())
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            # The queue shows an order that no run stands for (somebody ended it by hand): a new run settles it.
            await self._start(portout_id, given)

    async def _beat(self) -> None:
        if self._heartbeat_url is None:
            return
        try:
            async with httpx.AsyncClient(timeout=10.0) as http:
                await http.get(self._heartbeat_url.get_secret_value())
        except httpx.HTTPError as error:
            log.warning("heartbeat not delivered", error=type(error).__name__)


def _of(event: PortOutEvent) -> tuple[str, CarrierEvent]:
    return event.portout_id or "", CarrierEvent(event_id=event.id, event_type=event.event_type or "")


def _left(portout_id: str, at: datetime) -> tuple[str, CarrierEvent]:
    return portout_id, CarrierEvent(event_id=f"left-listing-{at.isoformat()}", event_type="left_listing")

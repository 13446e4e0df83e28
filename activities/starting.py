"""Starting screenings: the questions that are asked first, whoever found the order.

Intake finds orders in the carrier's listing, webhooks bring them sooner; both start them through here.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from activities.contracts import (
    SCREENING_WORKFLOW,
    CarrierStatus,
    StartScreening,
    screening_workflow_id,
)
from activities.pins import STATUS_CHANGED, attempt_rows, attempts_in
from records.cases import Stage
from records.store import Records
from settings import Timing
from telnyx_api import CarrierError, PortOut, PortOutEvent, TelnyxClient

RUNNING = f"WorkflowType = '{SCREENING_WORKFLOW}' AND ExecutionStatus = 'Running'"
WATCHING = f"{RUNNING} AND PortOutStage = '{Stage.AWAITING_CARRIER}'"
DECIDING = f"{RUNNING} AND (PortOutStage IS NULL OR PortOutStage != '{Stage.AWAITING_CARRIER}')"
"""Of these there are few. Those that watch an answered order may be many."""
log = structlog.get_logger(__name__)


class Starting:
    """What may be started, what is counted before, and the start itself."""

    def __init__(self, carrier: TelnyxClient, records: Records, temporal: Client, task_queue: str) -> None:
        self._carrier = carrier
        self._records = records
        self._temporal = temporal
        self._task_queue = task_queue

    async def running(self, which: str = RUNNING) -> set[str]:
        """The orders for which a screening runs: any, one that decides, or one that watches."""
        prefix = screening_workflow_id("")
        return {run.id.removeprefix(prefix) async for run in self._temporal.list_workflows(which)}

    async def to_start(
        self, candidates: set[str], *, on_each: Callable[[], object] = lambda: None
    ) -> set[str]:
        """Drop the orders that we have answered and that somebody with old news still takes for pending.

        Args:
            candidates: port-outs that are said to be pending and for which no screening runs.
            on_each: called before each order about which the carrier is asked.
        """
        answered = await asyncio.to_thread(self._records.ledger.answered, sorted(candidates))
        again = set()
        for portout_id, at in answered.items():
            on_each()
            try:
                if await self._pending_again(portout_id, at):
                    again.add(portout_id)
            except CarrierError as error:
                # The next intake asks again; orders that nobody has answered yet must not wait for this one.
                log.warning("answered order not readable", portout_id=portout_id, error=str(error))
        return (candidates - answered.keys()) | again

    async def _pending_again(self, portout_id: str, answered_at: datetime) -> bool:
        """Whether the carrier refused our answer: a fresh read and the newest status event must both say `pending`."""
        order = await self._carrier.portout(portout_id)
        if order.status != CarrierStatus.PENDING:
            return False
        events = await self._carrier.events(portout_id=portout_id, event_type=STATUS_CHANGED)
        return pending_since(answered_at, events)

    async def count_attempts(
        self, to_start: Iterable[PortOut], events: Iterable[PortOutEvent], now: datetime
    ) -> None:
        """Commit the PIN attempts of all new orders before the first of them is screened.

        Ten guesses on one number may come at once: the right one must see the others even when it is screened first.
        """
        came: dict[str | None, list[PortOutEvent]] = {}
        for event in events:
            came.setdefault(event.portout_id, []).append(event)
        rows = [
            row
            for order in to_start
            for row in attempt_rows(
                attempts_in(came.get(order.id, ())),
                order.id,
                1,
                order.phone_numbers,
                spid=order.spid,
                now=now,
            )
        ]
        await asyncio.to_thread(self._records.attempts.record, rows)

    async def start(self, portout_id: str, timing: Timing) -> None:
        """Start the screening of an order; nothing happens when it runs already."""
        await self._temporal.start_workflow(
            SCREENING_WORKFLOW,
            StartScreening(portout_id=portout_id, timing=timing),
            id=screening_workflow_id(portout_id),
            task_queue=self._task_queue,
            task_timeout=timing.step,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )


def pending_since(answered_at: datetime, status_events: Iterable[PortOutEvent]) -> bool:
    """Whether an order became pending after we answered it: its newest status event must say so."""
    dated = [(event.created_at, event) for event in status_events if event.created_at]
    if not dated:
        return False
    newest_at, newest = max(dated, key=lambda pair: pair[0])
    if newest.payload.status != CarrierStatus.PENDING:
        return False
    # The carrier's own order of events first: its clock need not agree with ours.
    others = [at for at, event in dated if event.payload.status != CarrierStatus.PENDING]
    return newest_at > max(others, default=answered_at)

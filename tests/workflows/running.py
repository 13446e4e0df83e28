"""A screening under test: what people, the carrier and time do to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.contracts import (
    CARRIER_EVENT,
    SCREENING_WORKFLOW,
    ScreeningResult,
    StartScreening,
    screening_workflow_id,
)
from records.cases import Stage
from settings import Timing
from tests.workflows.server import worker_in
from tests.workflows.world import World, unchanged
from workflows.messages import ReviewAccepted, ReviewRequest, ScreeningState
from workflows.screening import PortOutScreening

REVIEWER = "dana"
REASON = "The account holder confirmed by telephone."
PATIENCE = 90
"""Seconds of real time after which a test gives up."""


class Screening:
    """One run and the hands that reach it."""

    def __init__(self, environment: WorkflowEnvironment, handle: "WorkflowHandle[Any, Any]") -> None:
        self._environment = environment
        self.handle = handle

    async def forward(self, **time: float) -> None:
        """Move the run's own clock by hours, minutes, seconds, stopping at every timer on the way."""
        async with asyncio.timeout(PATIENCE):
            await self._environment.fast_forward(self.handle, timedelta(**time))

    async def forward_to_the_deadline(self, *, but: float) -> None:
        """Move the run's own clock to the moment at which it acts, `but` so many seconds."""
        state = await self.state()
        now = await self._environment.get_current_time(self.handle)
        assert state.respond_by
        await self.forward(seconds=(state.respond_by - now).total_seconds() - but)

    async def state(self) -> ScreeningState:
        return ScreeningState.model_validate(await self.handle.query("state"))

    async def until(self, stage: Stage) -> ScreeningState:
        """Wait until the run is at a stage."""
        return await self.until_it_shows(lambda state: state.stage is stage)

    async def until_it_shows(self, what: Callable[[ScreeningState], object]) -> ScreeningState:
        """Wait until what the run shows about itself is so."""
        async with asyncio.timeout(PATIENCE):
            while True:
                state = await self.state()
                if what(state):
                    return state
                await asyncio.sleep(0.01)  # it is the run's turn

    async def decide(
        self,
        action: str,
        reason: str = REASON,
        by: str = REVIEWER,
        *,
        update_id: str | None = None,
        **given: Any,
    ) -> ReviewAccepted:
        """Send the update that a reviewer's command sends.

        Raises:
            WorkflowUpdateFailedError: it was refused.
        """
        request = ReviewRequest.model_validate({"action": action, "reviewer": by, "reason": reason, **given})
        async with asyncio.timeout(PATIENCE):
            answer = await self.handle.execute_update("review", request, id=update_id)
        return ReviewAccepted.model_validate(answer)

    async def refusal(self, action: str, reason: str = REASON, by: str = REVIEWER, **given: Any) -> str:
        """Send an update that must be refused, and return what the person reads."""
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.decide(action, reason, by, **given)
        assert isinstance(refused.value.cause, ApplicationError)
        return refused.value.cause.message

    async def signal(self, name: str, *payload: Any) -> None:
        await self.handle.signal(name, args=payload)

    async def carrier_event(
        self, event_id: str = "event-1", event_type: str = "portout.status_changed"
    ) -> None:
        await self.signal(CARRIER_EVENT, {"event_id": event_id, "event_type": event_type})

    async def result(self) -> ScreeningResult:
        """What the screening came to, once the carrier has the answer; the run may go on watching."""
        state = await self.until_it_shows(lambda state: state.answered or state.stage is Stage.CLOSED)
        return state.answered or await self.end()

    async def ported(self, world: World) -> ScreeningResult:
        """Have the carrier port the numbers, and return what the run comes to."""
        world.plays("look_after", lambda given: unchanged(given).model_copy(update={"status": "ported"}))
        # A run that goes on in a new one looks by itself, and may be over before it is told.
        with contextlib.suppress(RPCError):
            await self.carrier_event(f"ported-{uuid4()}")
        return await self.end()

    async def end(self) -> ScreeningResult:
        """What the run came to when all was over."""
        async with asyncio.timeout(PATIENCE):
            return ScreeningResult.model_validate(await self.handle.result())

    async def status(self) -> WorkflowExecutionStatus | None:
        return (await self.handle.describe()).status

    async def until_event(self, kind: "EventType.ValueType", times: int = 1) -> None:
        """Wait until the history of the run holds an event so many times."""
        seen = 0
        async with asyncio.timeout(PATIENCE):
            async for event in self.handle.fetch_history_events(wait_new_event=True):
                seen += event.event_type == kind
                if seen == times:
                    return

    async def until_tried_again(self, activity: str) -> None:
        """Wait until an activity has failed and waits for its next try.

        Only then the run is idle: a clock that is moved before stands still until somebody else touches the run.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                pending = (await self.handle.describe()).raw_description.pending_activities
                if any(one.activity_type.name == activity and one.attempt > 1 for one in pending):
                    return
                await asyncio.sleep(0.01)


class House:
    """A task queue of its own in a world, and the screenings that were started on it."""

    def __init__(self, environment: WorkflowEnvironment, world: World, task_queue: str) -> None:
        self.environment = environment
        self.world = world
        self.task_queue = task_queue
        self.started: list[Screening] = []

    @asynccontextmanager
    async def working(self, workflow: type = PortOutScreening) -> AsyncIterator[None]:
        """A worker runs within the context."""
        async with worker_in(self.world, self.environment.client, self.task_queue, workflow):
            yield

    async def screen(self, portout_id: str | None = None, timing: Timing | None = None) -> Screening:
        """Start the screening of an order."""
        given = StartScreening(portout_id=portout_id or str(uuid4()), timing=timing or Timing())
        handle = await self.environment.client.start_workflow(
            SCREENING_WORKFLOW,
            given,
            id=screening_workflow_id(given.portout_id),
            task_queue=self.task_queue,
        )
        screening = Screening(self.environment, handle)
        self.started.append(screening)
        return screening

    async def histories(self) -> list[WorkflowHistory]:
        """The history of every screening that was started; of several rounds, the first and the newest."""
        found = []
        for screening in self.started:
            handle = screening.handle
            client = self.environment.client
            runs = [handle.first_execution_run_id, (await handle.describe()).run_id]
            for run_id in dict.fromkeys(runs):
                found.append(await client.get_workflow_handle(handle.id, run_id=run_id).fetch_history())
        return found

    async def clear(self) -> None:
        """End what still runs."""
        for screening in self.started:
            if await screening.status() is WorkflowExecutionStatus.RUNNING:
                await screening.handle.terminate()

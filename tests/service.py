"""The whole service in a test's own process: real Temporal server, real sandbox carrier over HTTP, real worker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

import worker
from activities.contracts import INTAKE_WORKFLOW, IntakeInput, ScreeningResult, screening_workflow_id
from environment import settings_without_environment
from records.cases import Case, Stage
from records.ledger_entries import EntryKind, ReadEntry
from records.opening import open_records
from records.store import Records
from sandbox.models import NewFault
from sandbox.serve import SandboxServer
from settings import PROJECT, Settings, Timing
from temporal_client import connect
from tests.waiting import eventually
from workflows.messages import ReviewAccepted, ReviewRequest, ScreeningState

REVIEWER = "dana"
SECOND_REVIEWER = "robin"
RIGHT_PIN = "48213957"
WRONG_PIN = "60917324"
HURRIED = Timing(
    activity=3.0,
    retry_first=0.1,
    retry_longest=0.5,
    evidence=10.0,
    pin_wait=0.2,
    notice=2.0,
    answer_least=3.0,
    refused_key=0.3,
    rules_quiet=0.2,
)
"""Waits of the service scaled down, so that killed workers and carriers that are away do not make tests wait."""
QUERY = timedelta(seconds=5)
OFTEN = 1.0
"""Seconds between two intakes, the shortest that a schedule can do."""


def _numbers() -> Iterator[str]:
    """American numbers from the range that is kept free for fiction."""
    for line in range(100, 200):
        for area in (212, 303, 415, 512, 617, 702, 312, 503, 602, 720):
            yield f"+1{area}5550{line}"


@dataclass
class Service:
    """One installation: its own sandbox carrier, records and task queue on a server that tests share."""

    settings: Settings
    address: str
    carrier: SandboxServer
    client: Client
    records: Records
    """A door of the test's own to the database that the worker writes."""
    lines: list[str] = field(default_factory=list)
    """What the worker said at start."""
    numbers: Iterator[str] = field(default_factory=_numbers)

    @asynccontextmanager
    async def working(self, **changed: Any) -> AsyncIterator[None]:
        """A worker runs within the context; it stops gracefully at its end.

        Args:
            changed: settings of this worker that differ from the installation's.
        """
        stop = asyncio.Event()
        settings = self.settings.model_copy(update=changed)
        serving = asyncio.create_task(
            worker.serve(settings, stop, address=self.address, say=self.lines.append)
        )
        try:
            yield
        finally:
            stop.set()
            await serving

    # At the carrier

    def place(
        self,
        *,
        on_file: str | None = RIGHT_PIN,
        attempted: str | None = RIGHT_PIN,
        **order: Any,
    ) -> str:
        """Have a port-out of a known carrier asked for, on a number of its own; what is not said would be approved.

        Args:
            on_file: the PIN that the carrier holds for the number.
            attempted: the PIN that came with the request.
            order: fields of `NewOrder`.
        """
        number = next(self.numbers)
        self.carrier.carrier.add_number(phone_number=number, external_pin=on_file)
        usual = {"phone_numbers": [number], "carrier_name": "Onvoy", "spid": "073H"}
        return self.carrier.carrier.create_order(**{**usual, "attempted_pin": attempted, **order})

    def place_denied(self, **order: Any) -> str:
        """A port-out with a wrong PIN."""
        return self.place(attempted=WRONG_PIN, **order)

    def place_reviewed(self, **order: Any) -> str:
        """A port-out without its PIN: a person must decide."""
        return self.place(attempted=None, **order)

    def fault(self, **fault: Any) -> None:
        """Let the carrier do something wrong, see `NewFault`."""
        self.carrier.carrier.faults.add(NewFault(**fault))

    def mend(self) -> None:
        self.carrier.carrier.faults.clear()

    def truth(self, portout_id: str) -> dict[str, Any]:
        """Where an order really stands at the carrier."""
        return self.carrier.carrier.truth(portout_id)

    def asked(self, path: str, method: str = "GET") -> list[dict[str, Any]]:
        """The requests of exactly this path below `/v2`, oldest first."""
        log = self.carrier.carrier.log.since()
        return [entry for entry in log if (entry["method"], entry["path"]) == (method, f"/v2{path}")]

    def patches(self) -> list[dict[str, Any]]:
        """Every PATCH that the carrier was sent, taken or not."""
        return [entry for entry in self.carrier.carrier.log.since() if entry["method"] == "PATCH"]

    # In Temporal

    async def _take_in_now(self) -> None:
        """Run an intake beside the schedule, so that whoever waits for one need not wait for its next second."""
        if self.settings.intake_every == OFTEN:
            await self.client.start_workflow(
                INTAKE_WORKFLOW,
                IntakeInput(timing=self.settings.timing),
                id=f"{self.settings.schedule_id}-now",
                task_queue=self.settings.task_queue,
                task_timeout=self.settings.timing.step,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

    def screening(self, portout_id: str) -> "WorkflowHandle[Any, Any]":
        return self.client.get_workflow_handle(screening_workflow_id(portout_id))

    async def runs(self, portout_id: str) -> list[str]:
        """The run ids of every run that ever stood for this order."""
        query = f"WorkflowId = '{screening_workflow_id(portout_id)}'"
        return [run.run_id async for run in self.client.list_workflows(query)]

    async def state(self, portout_id: str) -> ScreeningState:
        state: ScreeningState = await self.screening(portout_id).query(
            "state", result_type=ScreeningState, rpc_timeout=QUERY
        )
        return state

    async def result(self, portout_id: str, *, within: float = 90.0) -> ScreeningResult:
        """What the screening came to, once the carrier has the answer or none is needed; the run may go on watching."""
        await self._take_in_now()
        state = await eventually(partial(self._settled, portout_id), within=within)
        return (state and state.answered) or await self.end(portout_id, within=within)

    async def _settled(self, portout_id: str) -> ScreeningState | None:
        # The queue is cheaper to ask than the run.
        case = self.case(portout_id)
        if case is None or not case.over:
            return None
        state = await self.state(portout_id)
        return state if state.answered or state.stage is Stage.CLOSED else None

    async def end(self, portout_id: str, *, within: float = 90.0) -> ScreeningResult:
        """What the run came to when all was over."""
        handle = self.client.get_workflow_handle(
            screening_workflow_id(portout_id), result_type=ScreeningResult
        )
        async with asyncio.timeout(within):
            result: ScreeningResult = await handle.result()
        return result

    async def results(self, *portout_ids: str, within: float = 90.0) -> list[ScreeningResult]:
        return await asyncio.gather(*(self.result(portout_id, within=within) for portout_id in portout_ids))

    async def review(
        self,
        portout_id: str,
        action: Literal["approve", "deny", "note"],
        *,
        by: str = REVIEWER,
        reason: str = "Spoken with the account holder.",
        **more: Any,
    ) -> ReviewAccepted:
        """Send the update `review`, as the commands of reviewers do."""
        request = ReviewRequest(action=action, reviewer=by, reason=reason, **more)
        accepted: ReviewAccepted = await self.screening(portout_id).execute_update(
            "review", request, result_type=ReviewAccepted
        )
        return accepted

    # In the records

    def case(self, portout_id: str) -> Case | None:
        return self.records.cases.get(portout_id)

    def stage(self, portout_id: str) -> Stage | None:
        case = self.case(portout_id)
        return case.stage if case else None

    async def stands_in(self, stage: Stage, *portout_ids: str, within: float = 90.0) -> None:
        """Wait until all of these orders stand in that stage, for the queue and for their runs."""
        await self._take_in_now()
        for portout_id in portout_ids:
            await eventually(partial(self._stands_in, stage, portout_id), within=within)

    async def _stands_in(self, stage: Stage, portout_id: str) -> bool:
        # The queue is written a moment before the run itself goes on, and is cheaper to ask.
        return self.stage(portout_id) is stage and (await self.state(portout_id)).stage is stage

    def ledger(self, portout_id: str, *kinds: EntryKind) -> list[ReadEntry]:
        """The ledger entries of an order, of these kinds or of all."""
        entries = self.records.ledger.entries(portout_id)
        return [entry for entry in entries if not kinds or entry.kind in kinds]


def refused_because(error: WorkflowUpdateFailedError) -> str:
    """What a reviewer is told whose decision was not taken."""
    cause = error.cause
    assert isinstance(cause, ApplicationError)
    return cause.message


@asynccontextmanager
async def installed(
    address: str, home: Path, *, carrier: SandboxServer | None = None, **given: Any
) -> AsyncIterator[Service]:
    """An installation on the Temporal server at `address`. No worker runs yet.

    Args:
        carrier: a sandbox that is not the usual one; it is served for as long as the installation stands.
        given: settings that differ from a hurried installation with the shipped rules.
    """
    async with carrier or SandboxServer() as sandbox:
        settings = settings_without_environment(
            **{
                "telnyx_base_url": sandbox.base_url,
                "home": home,
                "rules": PROJECT / "rules",
                "reviewers": (REVIEWER, SECOND_REVIEWER),
                "intake_every": OFTEN,
                "task_queue": f"test-{uuid4()}",
                "timing": HURRIED,
                **given,
            }
        )
        client = await connect(settings, address=address)
        records = await asyncio.to_thread(open_records, settings)
        try:
            yield Service(settings, address, sandbox, client, records)
        finally:
            records.close()
            for schedule in (
                settings.schedule_id,
                settings.reconcile_schedule_id,
                settings.checkpoint_schedule_id,
            ):
                with contextlib.suppress(RPCError):  # no worker ran, so there is none
                    await client.get_schedule_handle(schedule).delete()
            await _end_what_still_runs(client, settings.task_queue)


async def _end_what_still_runs(client: Client, task_queue: str) -> None:
    """Intakes list every run of a server, so what a test leaves behind would slow those that follow."""
    query = f"TaskQueue = '{task_queue}' AND ExecutionStatus = 'Running'"
    async for run in client.list_workflows(query):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(run.id).terminate("the test is over")

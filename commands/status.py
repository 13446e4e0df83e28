"""Is it working? What `portout status` finds out."""

import asyncio
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleDescription,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import IntakeReport
from commands.hearing import probe_webhooks
from commands.live_rules import probe_live_rules
from commands.output import print_lines
from commands.probing import (
    Part,
    doubtful,
    failed,
    print_parts,
    probe_carrier,
    probe_records,
    probe_rules,
    probe_temporal,
    well,
    works,
)
from commands.queueing import Queue, read_queue
from commands.session import Place
from commands.times import now, span
from records import checkpoint_file
from records.errors import RecordsError
from records.store import Records
from settings import Settings
from temporal_client import SealedHistory

POLL_SECONDS = 70.0
"""An idle worker asks for work at least once a minute; one that has not is gone."""
ANSWER_SECONDS = 5.0
SEALED_AT_LEAST = timedelta(hours=3)
"""A checkpoint of the ledger is due every hour."""
METADATA_QUERY = "__temporal_workflow_metadata"
"""Every worker answers this about any workflow that it knows, a finished one too."""


class Status(BaseModel):
    """What `portout status --json` prints."""

    working: bool
    parts: list[Part]
    paused: str | None = None
    waiting: int | None = None
    nearest_deadline: datetime | None = None


async def read_status(place: Place) -> Status:
    """Look at every part, whatever is wrong with the others."""
    at = now()
    async with place.carrier() as carrier:
        (temporal, client), of_carrier = await asyncio.gather(
            probe_temporal(place), probe_carrier(carrier, place.settings, at)
        )
    parts = [temporal]
    if client is not None:
        parts += await _probe_service(client, place.settings, at)
    rules, _ = probe_rules(place.settings)
    records, current = probe_records(place.settings)
    parts += [of_carrier, records, rules]
    if not current:
        return Status(working=False, parts=parts)
    with place.records_as_they_are() as opened:
        queue = read_queue(opened, place.settings, at, first=1)
        parts += [doubtful("Records", warning) for warning in opened.warnings()]
        parts.append(probe_live_rules(opened, at))
        parts.append(probe_webhooks(place.settings, opened, at))
        parts.append(probe_ledger(opened, place.settings, at))
    parts += [_sending(place.settings, queue), _waiting(queue)]
    return Status(
        working=works(parts),
        parts=parts,
        paused=queue.paused,
        waiting=queue.waiting_count,
        nearest_deadline=queue.waiting[0].respond_by if queue.waiting else None,
    )


def print_status(status: Status) -> None:
    """Print it for people."""
    print_lines("It works." if status.working else "It does not work: see what FAILED.")
    print_parts("Parts", status.parts)


async def _probe_service(client: Client, settings: Settings, at: datetime) -> list[Part]:
    """The worker and the intake."""
    try:
        schedule = await client.get_schedule_handle(settings.schedule_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        missing = f"There is no schedule {settings.schedule_id}: no worker has started here yet."
        return [await _probe_worker(client, settings, at, None), failed("Intake", missing)]
    runs = _runs(schedule)
    return [
        await _probe_worker(client, settings, at, runs[0].workflow_id if runs else None),
        await _probe_intake(client, settings, schedule, at),
    ]


async def _probe_worker(client: Client, settings: Settings, at: datetime, workflow_id: str | None) -> Part:
    """Whether somebody polls the task queue; and, because the server remembers the dead, whether it answers."""
    queue = settings.task_queue
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    ages = [
        (at - poller.last_access_time.ToDatetime(tzinfo=UTC)).total_seconds() for poller in described.pollers
    ]
    alive = sum(age < POLL_SECONDS for age in ages)
    gone = f"No worker polls the task queue {queue}: start `portout worker`, or the whole with `portout up`"
    if not alive:
        return failed("Worker", gone)
    if workflow_id is not None and not await _answers(client, workflow_id):
        return failed("Worker", f"{gone}; one did {span(min(ages))} ago")
    return well("Worker", f"{alive} on the task queue {queue}")


async def _answers(client: Client, workflow_id: str) -> bool:
    try:
        await client.get_workflow_handle(workflow_id).query(
            METADATA_QUERY, rpc_timeout=timedelta(seconds=ANSWER_SECONDS)
        )
    except SealedHistory:
        pass  # it answers, if not to us
    except RPCError as error:
        # A workflow past its retention says nothing about the worker.
        return error.status is RPCStatusCode.NOT_FOUND
    return True


async def _probe_intake(
    client: Client, settings: Settings, schedule: ScheduleDescription, at: datetime
) -> Part:
    """When orders were read last, and what came of it."""
    if schedule.schedule.state.paused:
        return failed(
            "Intake", "The schedule is paused in Temporal, so new port-outs are not seen: unpause it."
        )
    for run in _runs(schedule):
        handle = client.get_workflow_handle(
            run.workflow_id, run_id=run.first_execution_run_id, result_type=IntakeReport
        )
        try:
            described = await handle.describe()
        except RPCError:
            continue
        if described.status is not WorkflowExecutionStatus.COMPLETED or described.close_time is None:
            continue
        return _intake(settings, await handle.result(), at - described.close_time)
    return failed("Intake", "No intake has been finished yet.")


def _runs(schedule: ScheduleDescription) -> list[ScheduleActionExecutionStartWorkflow]:
    """What the schedule started, newest first."""
    actions = [result.action for result in reversed(schedule.info.recent_actions)]
    return [action for action in actions if isinstance(action, ScheduleActionExecutionStartWorkflow)]


def _intake(settings: Settings, report: IntakeReport, age: timedelta) -> Part:
    ago = f"{span(age.total_seconds())} ago"
    if report.failed_runs:
        since = f" since {report.failing_since:%Y-%m-%d %H:%M} UTC" if report.failing_since else ""
        return failed("Intake", f"It has failed {report.failed_runs} times in a row{since}, last {ago}")
    if age > timedelta(seconds=settings.intake_every * 3 + ANSWER_SECONDS * 2):
        return failed("Intake", f"The last one was {ago}, and one is due every {settings.intake_every:g} s")
    found = f"{report.pending} pending, {report.started} started, {report.signalled} signalled"
    return well("Intake", f"{ago}: {found}")


def _sending(settings: Settings, queue: Queue) -> Part:
    if queue.shadow:
        return doubtful("Sending", "PORTOUT_SEND is not yes: nothing is sent, every order is only watched")
    if queue.paused:
        return doubtful("Sending", queue.paused)
    return well("Sending", "answers are sent to the " + ("carrier" if settings.real_carrier else "sandbox"))


def probe_ledger(records: Records, settings: Settings, at: datetime) -> Part:
    """When the ledger was sealed last: what came after that could be gone unnoticed, and what the file
    outside the database does not hold, too."""
    file = settings.checkpoint_file
    try:
        last, left = records.checkpoints.last(), records.checkpoints.not_sealed()
        # After the database, so that a checkpoint which is being made does not seem to be the file's alone.
        kept = checkpoint_file.last_in(file)
    except RecordsError as error:
        return failed("Ledger", str(error))
    entries = f"{left} {'entry' if left == 1 else 'entries'}"
    if kept is not None and records.checkpoints.get(kept.number) != kept:
        foreign = f"{file} ends with checkpoint {kept.number}, which the database does not have so"
        return failed("Ledger", f"{foreign}: see `portout ledger verify`")
    if last is None:
        return well("Ledger", f"no checkpoint yet, {entries}; one is made every hour")
    made, when = last
    if kept is None or kept.number < made.number:
        lacks = f"Checkpoint {made.number} is not in {file}, so what it sealed could be gone unnoticed"
        said = f"{lacks}: `portout ledger checkpoint` adds it"
        # Workers on several machines may each have a file, complete after its own next checkpoint.
        alone = settings.records_url.startswith("sqlite")
        return failed("Ledger", said) if alone else doubtful("Ledger", said)
    age = at - when
    said = f"sealed {span(age.total_seconds())} ago by checkpoint {made.number}, {entries} since"
    return doubtful("Ledger", said) if left and age > SEALED_AT_LEAST else well("Ledger", said)


def _waiting(queue: Queue) -> Part:
    if not queue.waiting:
        return well("Queue", "nothing waits for a person")
    first = queue.waiting[0]
    name = first.support_key or first.portout_id
    said = f"{queue.waiting_count} waiting for a person; nearest deadline: {name}, {first.time_left}"
    overdue = first.respond_by is not None and first.respond_by < now()
    return doubtful("Queue", said) if overdue else well("Queue", said)

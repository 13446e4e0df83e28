"""The worker: what an operator starts and keeps running (`python worker.py`).

It speaks to a Temporal server that is already there, never starts one, and stops gracefully on SIGTERM or SIGINT. The
same process serves the sandbox and a real account: `TELNYX_API_KEY`, `TEMPORAL_ADDRESS` and `PORTOUT_SEND=yes`.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TextIO

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from activities.carrier import CarrierActivities
from activities.checks import CheckActivities
from activities.concluding import ConcludingActivities
from activities.contracts import INTAKE_WORKFLOW, IntakeInput
from activities.intake import IntakeActivities
from activities.notices import NoticeActivities, NoticeBoard
from activities.opening import FIRST_SENDING, OpeningActivities, first_sending
from activities.policies import PolicyShelf
from activities.records import RecordActivities
from activities.reviews import ReviewActivities
from records.errors import RecordsError
from records.opening import open_records
from records.store import Records
from settings import Settings, SettingsError, load_settings
from telnyx_api import CarrierError, Forbidden, TelnyxClient, Unauthorized
from temporal_client import TemporalUnreachable, connect
from workflows import search_attributes
from workflows.intake import PortOutIntake
from workflows.screening import PortOutScreening

GRACE = timedelta(seconds=30)
"""How long activities may finish after SIGTERM: longer than one request to the carrier."""
CACHED_WORKFLOWS = 1000
"""Above what is usually in flight. A run costs about 170 kB here; one that falls out is replayed at its next step."""
ACTIVITIES_AT_ONCE = 50
ATTRIBUTES_KNOWN = timedelta(seconds=30)
"""How long new search attributes may take to be known; a step that comes sooner is only retried."""
MISSED_RUNS = timedelta(minutes=5)
"""Intakes that were missed longer ago are not made up for: each one reads everything that is pending."""
PASSED_THROUGH = (
    "activities", "annotated_types", "apprise", "httpx", "nicknames", "phonenumbers", "pydantic", "pydantic_core",
    "pydantic_settings", "rapidfuzz", "records", "screening", "settings", "sqlalchemy", "structlog", "telnyx_api",
    "workflows",
)  # fmt: skip
"""Loaded once instead of per run: a module loaded anew for each costs a tenth of a run's time and half its memory."""
log = structlog.get_logger(__name__)


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox for workflow code, with all of our modules passed through.

    What is passed through is not watched while it runs, so `workflows/ruff.toml` forbids there by name what a replay
    could not repeat. A module that is not passed through would be loaded anew for every run, unnoticed, so it is
    refused by name when a worker is made.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            *PASSED_THROUGH
        ).with_import_notification_policy(
            SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
            | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
        )
    )


@dataclass
class Parts:
    """Everything that a worker is made of."""

    settings: Settings
    client: Client
    telnyx: TelnyxClient
    records: Records
    shelf: PolicyShelf

    def worker(self) -> Worker:
        """A Temporal worker with every workflow and activity of the service."""
        settings, telnyx, records, shelf = self.settings, self.telnyx, self.records, self.shelf
        refused_key = settings.timing.refused_key
        board = NoticeBoard(records, settings.notice_urls())
        checks = CheckActivities(telnyx, records, shelf, board, refused_key)
        opening = OpeningActivities(
            telnyx,
            records,
            shelf,
            board,
            sends=settings.sends,
            sending_since=first_sending(records),
            timing=settings.timing,
        )
        concluding = ConcludingActivities(telnyx, records, shelf, board, settings.timing)
        reviews = ReviewActivities(
            telnyx, records, shelf, board, reviewers=settings.who_decides, refused_key=refused_key
        )
        carrier = CarrierActivities(telnyx, records, board, sends=settings.sends, timing=settings.timing)
        intake = IntakeActivities(
            telnyx,
            records,
            board,
            self.client,
            sends=settings.sends,
            heartbeat_url=settings.heartbeat_url,
            refused_key=refused_key,
        )
        recording = RecordActivities(records, reviewers=settings.who_decides)
        return Worker(
            self.client,
            task_queue=settings.task_queue,
            workflows=[PortOutScreening, PortOutIntake],
            activities=[
                checks.check_pin,
                checks.check_spid,
                checks.check_authorized_name,
                checks.check_carrier,
                opening.open,
                concluding.conclude,
                concluding.conclude_deadline,
                reviews.admit,
                carrier.look,
                carrier.answer,
                recording.record_ending,
                recording.record_note,
                NoticeActivities(board).notify,
                intake.take_in,
            ],
            workflow_runner=workflow_runner(),
            max_cached_workflows=CACHED_WORKFLOWS,
            sticky_queue_schedule_to_start_timeout=settings.timing.step,
            max_concurrent_activities=ACTIVITIES_AT_ONCE,
            graceful_shutdown_timeout=GRACE,
        )

    def summary(self) -> list[str]:
        """What an operator wants to read at start: what it is connected to, what it loaded, whether it will send."""
        settings = self.settings
        in_force = self.shelf.in_force()
        policies = ", ".join(
            f"{policy.policy} ({policy.mode})" for policy in in_force.bundle.policies.values()
        )
        sending = (
            "answers are sent to the sandbox"
            if not settings.real_carrier
            else "answers are SENT to the carrier"
            if settings.sends
            else "nothing is sent (set PORTOUT_SEND=yes): every order is in shadow"
        )
        lines = [
            f"Temporal   {self.client.service_client.config.target_host}, namespace {self.client.namespace}",
            f"Carrier    {settings.carrier_url}: {sending}",
            f"Policies   {policies}, digest {in_force.digest[:12]}",
            f"Records    {settings.records_url.rpartition('@')[2]}",
            f"Reviewers  {', '.join(sorted(settings.who_decides))}",
        ]
        if in_force.problem:
            lines.append(f"WARNING    {in_force.problem}")
        return lines + [f"WARNING    {warning}" for warning in self.records.warnings()]


async def register_search_attributes(client: Client) -> None:
    """Register what is not registered yet.

    Raises:
        SettingsError: the server refuses (Temporal Cloud does); the message holds the commands to run.
    """
    kinds = {key.name: key.indexed_value_type for key in search_attributes.ALL}
    service = client.operator_service
    try:
        listed = await service.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
        missing = {name: kind for name, kind in kinds.items() if name not in listed.custom_attributes}
        if missing:
            await service.add_search_attributes(
                AddSearchAttributesRequest(
                    namespace=client.namespace,
                    search_attributes={
                        name: IndexedValueType.ValueType(int(kind)) for name, kind in missing.items()
                    },
                )
            )
            await _known_to_all(client)
    except RPCError:
        if await attributes_work(client):
            return
        commands = "\n".join(
            f"  temporal operator search-attribute create --name {key.name} "
            f"--type {search_attributes.type_name(key)}"
            for key in search_attributes.ALL
        )
        raise SettingsError(
            f"The search attributes are missing and this server does not let us add them; run:\n{commands}"
        ) from None


async def _known_to_all(client: Client) -> None:
    """Wait until the server's caches know new attributes: until then it refuses the steps that set them."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ATTRIBUTES_KNOWN.total_seconds()):
            while True:
                if await attributes_work(client):
                    return
                await asyncio.sleep(0.2)


async def attributes_work(client: Client) -> bool:
    """Whether a query over them is understood: the only check that every server allows."""
    query = " AND ".join(f"{key.name} IS NULL" for key in search_attributes.ALL)
    try:
        await client.count_workflows(query)
    except RPCError:
        return False
    return True


async def keep_schedule(client: Client, settings: Settings) -> None:
    """Make the schedule of the intake, or bring the one that is there up to date; two workers at once make one."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            INTAKE_WORKFLOW,
            IntakeInput(timing=settings.timing),
            id=settings.schedule_id,
            task_queue=settings.task_queue,
            task_timeout=settings.timing.step,
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=timedelta(seconds=settings.intake_every))],
            jitter=timedelta(seconds=min(5.0, settings.intake_every / 10)),
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=MISSED_RUNS),
    )

    def replaced(current: ScheduleUpdateInput) -> ScheduleUpdate:
        # Somebody who paused the schedule by hand meant it.
        schedule.state = current.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(settings.schedule_id, schedule, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(settings.schedule_id)
        await handle.update(replaced)
        await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)


async def check_key(telnyx: TelnyxClient) -> None:
    """Find out at start whether the carrier takes our key. A carrier that is away is no reason not to start.

    Raises:
        SettingsError: it does not.
    """
    try:
        await telnyx.portouts(status="pending", inserted_gte=datetime.now(UTC))
    except (Unauthorized, Forbidden) as error:
        raise SettingsError(
            f"The carrier refuses TELNYX_API_KEY ({error.status}): set a key that may read and update port-outs."
        ) from None
    except CarrierError as error:
        log.warning("carrier not reachable at start", error=str(error))


async def serve(
    settings: Settings,
    stop: asyncio.Event,
    *,
    address: str | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run a worker until `stop` is set, then let activities finish.

    Args:
        address: of an embedded server; None connects as Temporal's own environment names say.
        say: gets the lines of the start-up summary.

    Raises:
        SettingsError, RecordsError, TemporalUnreachable: it cannot start; the message is for the operator.
    """
    client = await connect(settings, address=address)
    # A thread for each activity: those that wait for the database must not keep others from answering the carrier.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(ACTIVITIES_AT_ONCE))
    async with AsyncExitStack() as stack:
        records = await asyncio.to_thread(open_records, settings)
        stack.callback(records.close)
        telnyx = await stack.enter_async_context(TelnyxClient(settings.carrier_key, settings.carrier_url))
        if settings.real_carrier and settings.sends:
            records.marks.set_once(FIRST_SENDING, datetime.now(UTC).isoformat())
        await check_key(telnyx)
        parts = Parts(settings, client, telnyx, records, PolicyShelf(settings.rules, records))
        for line in await asyncio.to_thread(parts.summary):
            say(line)
        await register_search_attributes(client)
        async with parts.worker():
            await keep_schedule(client, settings)
            log.info("worker started", task_queue=settings.task_queue)
            await stop.wait()
            log.info("worker stops", grace_seconds=GRACE.total_seconds())


def configure_logs(stream: TextIO | None = None) -> None:
    """Structured logs, one JSON object a line, on stderr unless told otherwise.

    Requests are not logged, because their URLs carry numbers.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _only_the_error,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for quiet in ("httpx", "httpcore", "apprise", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def _only_the_error(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A failed try is one line: what failed and how. Its traceback would be the same for every retry."""
    raised = event.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {error}"
    return event


async def run_until_signalled(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, stop)


def main() -> int:
    """Start from the environment; the exit code is 1 when it could not start, after one sentence that says why."""
    configure_logs()
    try:
        asyncio.run(run_until_signalled(load_settings()))
    except (SettingsError, RecordsError, TemporalUnreachable) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

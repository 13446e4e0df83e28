"""The worker: what an operator starts and keeps running (`python worker.py`).

It speaks to a Temporal server that is already there, never starts one, and stops gracefully on SIGTERM or SIGINT. The
same process serves the sandbox and a real account: `TELNYX_API_KEY`, `TEMPORAL_ADDRESS` and `PORTOUT_SEND=yes`.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.asking import AskingActivities
from activities.carrier import CarrierActivities
from activities.checkpoints import CheckpointActivities
from activities.checks import CheckActivities
from activities.concluding import ConcludingActivities
from activities.going_live import RuleWatch
from activities.intake import IntakeActivities
from activities.notices import NoticeActivities, NoticeBoard
from activities.opening import FIRST_SENDING, OpeningActivities, first_sending
from activities.policies import PolicyShelf
from activities.reconciling import ReconcileActivities
from activities.records import RecordActivities
from activities.reviews import ReviewActivities
from activities.watching import WatchActivities
from activities.webhook_silence import WebhookSilence
from environment import load_settings
from logs import configure_logs, hide_secrets
from records.errors import RecordsError
from records.opening import open_records
from records.store import Records
from settings import Settings, SettingsError
from telnyx_api import CarrierError, Forbidden, TelnyxClient, Unauthorized
from temporal_client import TemporalUnreachable, connect, readable_history
from temporal_set_up import keep_schedules, register_search_attributes
from workflows.checkpointing import PortOutCheckpoint
from workflows.intake import PortOutIntake
from workflows.reconciling import PortOutReconcile
from workflows.screening import PortOutScreening

GRACE = timedelta(seconds=30)
"""How long activities may finish after SIGTERM: longer than one request to the carrier."""
CACHED_WORKFLOWS = 1000
"""Above what is usually in flight. A run costs about 170 kB here; one that falls out is replayed at its next step."""
ACTIVITIES_AT_ONCE = 50
WORKFLOW_RUNNER = UnsandboxedWorkflowRunner()
"""Temporal's sandbox would see none of our modules, or load all of them anew for each run, and be entered for each value
that a run sends: a tenth of what an order costs. What a replay could not repeat is refused by name instead
(`workflows/ruff.toml`), and tests replay every history that they make."""
log = structlog.get_logger(__name__)


@dataclass
class Parts:
    """Everything that a worker is made of."""

    settings: Settings
    client: Client
    telnyx: TelnyxClient
    records: Records
    shelf: PolicyShelf
    board: NoticeBoard

    def worker(self) -> Worker:
        """A Temporal worker with every workflow and activity of the service."""
        settings, telnyx, records, shelf, board = (
            self.settings,
            self.telnyx,
            self.records,
            self.shelf,
            self.board,
        )
        refused_key = settings.timing.refused_key
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
            telnyx, records, shelf, board, reviewers=settings.who_decides, timing=settings.timing
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
            silence=WebhookSilence(telnyx, records, board, expected=settings.expects_webhooks),
        )
        asking = AskingActivities(telnyx, records, board, sends=settings.sends, timing=settings.timing)
        watching = WatchActivities(telnyx, records, shelf, board, refused_key=refused_key)
        recording = RecordActivities(records)
        reconciling = ReconcileActivities(telnyx, records, board, self.client, refused_key=refused_key)
        checkpoints = CheckpointActivities(
            records, board, settings.checkpoint_file, evidence=settings.timing.evidence
        )
        return Worker(
            self.client,
            task_queue=settings.task_queue,
            workflows=[PortOutScreening, PortOutIntake, PortOutReconcile, PortOutCheckpoint],
            activities=[
                checks.check_pin,
                checks.check_spid,
                checks.check_authorized_name,
                checks.check_carrier,
                checks.check_number,
                checks.check_documents,
                checks.check_account_lock,
                checks.check_velocity,
                checks.check_repeat_request,
                checks.check_timing,
                checks.check_condition,
                opening.open,
                concluding.conclude,
                concluding.conclude_deadline,
                reviews.admit,
                carrier.look,
                carrier.answer,
                asking.ask,
                asking.await_documents,
                reviews.record_note,
                recording.record_ending,
                watching.look_after,
                watching.weigh_foc_move,
                watching.keep_comments,
                watching.record_closed,
                NoticeActivities(board).notify,
                intake.take_in,
                reconciling.reconcile,
                checkpoints.seal,
            ],
            workflow_runner=WORKFLOW_RUNNER,
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
            f"Records    {settings.records_place}",
            f"Customers  from {', '.join(settings.sources)}",
            f"Reviewers  {', '.join(sorted(settings.who_decides))}",
        ]
        problems = [in_force.problem, self.shelf.found and self.shelf.found.problem]
        lines += [f"WARNING    {problem}" for problem in problems if problem]
        return lines + [f"WARNING    {warning}" for warning in self.records.warnings()]


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
        shelf = PolicyShelf(settings.rules, records, asks=settings.activate == "ask")
        rules = await asyncio.to_thread(RuleWatch, shelf, records, quiet=settings.timing.rules_quiet)
        board = NoticeBoard(records, settings.notice_urls())
        parts = Parts(settings, client, telnyx, records, shelf, board)
        for line in await asyncio.to_thread(parts.summary):
            say(line)
        for warning in readable_history(settings, address):
            say(f"WARNING    {warning}")
        await register_search_attributes(client)
        async with rules.watching(board), parts.worker():
            await keep_schedules(client, settings)
            log.info("worker started", task_queue=settings.task_queue)
            await stop.wait()
            log.info("worker stops", grace_seconds=GRACE.total_seconds())


async def run_until_signalled(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    hide_secrets(settings)
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

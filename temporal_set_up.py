"""What a Temporal server must have before a worker serves: search attributes, and its schedules."""

import asyncio
import contextlib
from datetime import timedelta

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

from activities.checkpoints import CHECKPOINT_WORKFLOW, CheckpointInput
from activities.contracts import INTAKE_WORKFLOW, IntakeInput
from activities.reconciling import RECONCILE_WORKFLOW, ReconcileInput
from settings import Settings, SettingsError
from workflows import search_attributes

MISSED_RUNS = timedelta(minutes=5)
"""Intakes that were missed longer ago are not made up for: each one reads everything that is pending."""
JITTER = timedelta(seconds=5)
ATTRIBUTES_KNOWN = timedelta(seconds=30)
"""How long new search attributes may take to be known; a step that comes sooner is only retried."""


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


async def keep_schedules(client: Client, settings: Settings) -> None:
    """Make the schedules of intake, reconciliation and checkpoints, or bring those that are there up to date.

    Two workers at once make one of each. Intake runs at once, the others when their day or hour has passed.
    """
    timing = settings.timing
    every = timedelta(seconds=settings.intake_every)
    hour, day = timedelta(hours=1), timedelta(days=1)
    for schedule_id, workflow, given, interval, at_once in (
        (settings.schedule_id, INTAKE_WORKFLOW, IntakeInput(timing=timing), every, True),
        (settings.reconcile_schedule_id, RECONCILE_WORKFLOW, ReconcileInput(timing=timing), day, False),
        (settings.checkpoint_schedule_id, CHECKPOINT_WORKFLOW, CheckpointInput(timing=timing), hour, False),
    ):
        action = ScheduleActionStartWorkflow(
            workflow, given, id=schedule_id, task_queue=settings.task_queue, task_timeout=timing.step
        )
        await _keep(client, schedule_id, action, interval, at_once=at_once)


async def _keep(
    client: Client,
    schedule_id: str,
    action: ScheduleActionStartWorkflow,
    every: timedelta,
    *,
    at_once: bool,
) -> None:
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)], jitter=min(JITTER, every / 10)),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=MISSED_RUNS),
    )

    def replaced(current: ScheduleUpdateInput) -> ScheduleUpdate:
        # Somebody who paused the schedule by hand meant it.
        schedule.state = current.description.schedule.state
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(schedule_id, schedule, trigger_immediately=at_once)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(schedule_id)
        await handle.update(replaced)
        if at_once:
            await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)

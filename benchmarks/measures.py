"""The measurements. Each gets a fresh embedded server and a folder, and returns figures."""

import asyncio
import contextlib
import os
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

import worker
from activities.contracts import StartScreening, screening_workflow_id
from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.floor import BARE_ACTIVITIES, BareScreening
from environment import settings_without_environment
from records.cases import Stage
from records.errors import RecordsError
from records.store import Records
from settings import PROJECT, Settings
from temporal_client import connect
from workflows import search_attributes

ORDERS = 300
ROUNDS = 3
ALONE = 30
WAITING = 2000
AT_ONCE = 16
LOOKS_EVERY = 0.1


@dataclass(frozen=True)
class Figure:
    """One number, and what it should be."""

    what: str
    value: float
    unit: str
    target: str = ""


def settings_for(home: Path, carrier: CarrierProcess, queue: str, **given: Any) -> Settings:
    return settings_without_environment(
        telnyx_base_url=carrier.base_url,
        home=home,
        rules=PROJECT / "rules",
        task_queue=queue,
        reviewers=("bench",),
        **given,
    )


@asynccontextmanager
async def serving(settings: Settings, address: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    serving = asyncio.create_task(worker.serve(settings, stop, address=address, say=lambda _: None))
    try:
        yield
    finally:
        stop.set()
        await serving


async def timed(
    start: Callable[[str], Awaitable[Any]],
    ids: list[str],
    answered: Callable[[], Awaitable[None]] | None = None,
) -> float:
    """Seconds from the first start to the last result, with a few starts under way at a time.

    Args:
        answered: waits until every order has been answered; a screening goes on watching its order after that.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(portout_id: str) -> None:
        async with slots:
            handle = await start(portout_id)
        if answered is None:
            await handle.result()

    began = time.perf_counter()
    await asyncio.gather(*(one(portout_id) for portout_id in ids))
    if answered is not None:
        await answered()
    return time.perf_counter() - began


async def throughput(address: str, home: Path) -> list[Figure]:
    """Screenings per second against the floor, turn by turn in one run, so that both see the same machine.

    The server gets slower as its database grows, so each turn lies between two of the floor.
    """
    async with carrier_process() as carrier:
        settings = settings_for(home, carrier, "bench", intake_every=3600.0)
        client = await connect(settings, address=address)

        def screening(portout_id: str) -> Awaitable[Any]:
            return client.start_workflow(
                "PortOutScreening",
                StartScreening(portout_id=portout_id, timing=settings.timing),
                id=screening_workflow_id(portout_id),
                task_queue="bench",
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

        def bare(portout_id: str) -> Awaitable[Any]:
            return client.start_workflow(
                BareScreening.run,
                StartScreening(portout_id=portout_id, timing=settings.timing),
                id=f"bare-{portout_id}",
                task_queue="bare",
            )

        floor, real = [], []
        async with serving(settings, address), _bare_worker(client):
            await timed(bare, [str(uuid4()) for _ in range(20)])
            await timed(screening, await carrier.fill(20, with_pin=True), carrier.all_answered)
            floor.append(ORDERS / await timed(bare, [str(uuid4()) for _ in range(ORDERS)]))
            for turn in range(ROUNDS):
                orders = await carrier.fill(ORDERS, with_pin=True, first=1000 * (turn + 1))
                real.append(ORDERS / await timed(screening, orders, carrier.all_answered))
                floor.append(ORDERS / await timed(bare, [str(uuid4()) for _ in range(ORDERS)]))
            left = await carrier.pending()
    around = [statistics.mean(pair) for pair in pairwise(floor)]
    ratios = [ours / theirs for ours, theirs in zip(real, around, strict=True)]
    return [
        Figure("floor: bare workflow of the same shape", statistics.median(floor), "per s"),
        Figure("screenings, start to answered", statistics.median(real), "per s"),
        Figure("screenings, as a part of the floor", statistics.median(ratios), "", "at least 0.8"),
        Figure("orders left unanswered", left, "", "0"),
    ]


@asynccontextmanager
async def _bare_worker(client: Client) -> AsyncIterator[None]:
    async with Worker(
        client,
        task_queue="bare",
        workflows=[BareScreening],
        activities=BARE_ACTIVITIES,
        workflow_runner=worker.WORKFLOW_RUNNER,
        max_cached_workflows=worker.CACHED_WORKFLOWS,
        max_concurrent_activities=worker.ACTIVITIES_AT_ONCE,
    ):
        yield


async def history_and_latency(address: str, home: Path) -> list[Figure]:
    """One order after another: how long each takes, and what it leaves in Temporal's history."""
    async with carrier_process() as carrier:
        settings = settings_for(home, carrier, "bench", intake_every=3600.0)
        client = await connect(settings, address=address)
        seconds, events, sizes = [], [], []
        async with serving(settings, address):
            for turn in range(ALONE + 1):
                [portout_id] = await carrier.fill(1, with_pin=True, first=turn)
                began = time.perf_counter()
                handle = await client.start_workflow(
                    "PortOutScreening",
                    StartScreening(portout_id=portout_id, timing=settings.timing),
                    id=screening_workflow_id(portout_id),
                    task_queue="bench",
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                )
                await carrier.all_answered()
                seconds.append(time.perf_counter() - began)
                description = await _answered(handle)
                events.append(description.history_length)
                sizes.append(description.raw_description.workflow_execution_info.history_size_bytes)
    return [
        Figure(
            "one order alone, p95 of start to answered",
            statistics.quantiles(seconds[1:], n=20)[-1] * 1000,
            "ms",
        ),
        Figure("history of an auto-decided order, most", max(events), "events", "at most 45"),
        Figure("history of an auto-decided order, median", statistics.median(events), "events"),
        Figure("history of an auto-decided order, most", max(sizes) / 1024, "KB", "at most 20"),
    ]


async def _answered(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription:
    """The run as it is once it has heard of its answer and watches the order."""
    while True:
        description = await handle.describe()
        if description.typed_search_attributes.get(search_attributes.STAGE) == Stage.AWAITING_CARRIER:
            return description
        await asyncio.sleep(LOOKS_EVERY)


async def start_and_memory(address: str, home: Path) -> list[Figure]:
    """`python worker.py` as an operator starts it: how soon it polls, and its memory with orders waiting for people."""
    async with carrier_process() as carrier:
        await carrier.fill(WAITING, with_pin=False)
        settings = settings_for(home, carrier, "bench")
        client = await connect(settings, address=address)
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROJECT / "worker.py"),
            env={
                **os.environ,
                "TEMPORAL_ADDRESS": address,
                "TELNYX_BASE_URL": carrier.base_url,
                "PORTOUT_HOME": str(home),
                "PORTOUT_TASK_QUEUE": "bench",
                "PORTOUT_PIN_WAIT": "0",
                "PORTOUT_REVIEWERS": "bench",
            },
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await polls(client)
            polls_after = time.perf_counter() - began
            await until_queued(home, WAITING)
            memory = _resident(process.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
    return [
        Figure("python worker.py polls after", polls_after, "s", "at most 3"),
        Figure(f"memory with {WAITING} orders waiting for a person", memory / 2**20, "MB", "below 400"),
    ]


async def polls(client: Client) -> None:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name="bench"),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    while True:
        if (await client.workflow_service.describe_task_queue(request)).pollers:
            return
        await asyncio.sleep(0.02)


async def until_queued(home: Path, count: int) -> None:
    """Wait until the worker has put so many orders into its queue."""
    url = f"sqlite:///{home / 'records.db'}"
    while True:
        with contextlib.suppress(RecordsError):
            records = Records.open(url, pin_key=None, records_key=None)
            try:
                if len(records.cases.waiting()) >= count:
                    return
            finally:
                records.close()
        await asyncio.sleep(1)


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def milliseconds(what: Callable[[], object], times: int = 20) -> float:
    """How long it usually takes, once everything is warm."""
    what()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


ALL = (throughput, history_and_latency, start_and_memory)

"""The real Temporal server with skipped time, and a worker with the real workflows on it.

Each run has its own clock, which stands where real time put it until `fast_forward` moves it. Started with skipping
switched on, a run that waits would jump past everything that a test still wants to send.

The SDK calls this environment experimental, so nothing else in the tests knows of it.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from tests.workflows.world import World
from worker import WORKFLOW_RUNNER
from workflows import search_attributes
from workflows.screening import PortOutScreening

_DYNAMIC = {
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.timerProcessorMaxTimeShift": '"10ms"',
    "history.workflowIdReuseMinimalInterval": '"1ms"',
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
}


@asynccontextmanager
async def skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """Run the server, in memory; it ends with the context."""
    extra = [word for pair in _DYNAMIC.items() for word in ("--dynamic-config-value", "=".join(pair))]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        # Histories are recorded here too; they must not name the machine.
        identity="tests",
        search_attributes=search_attributes.ALL,
        # The wheel's binary stands beside the interpreter of the virtual environment: links are not resolved.
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        dev_server_log_level="error",
        dev_server_extra_args=extra,
    )
    async with environment:
        yield environment


def worker_in(world: World, client: Client, task_queue: str, workflow: type = PortOutScreening) -> Worker:
    """A worker with one of the real workflows, the runner of the real worker, and the activities of a test.

    Exceptions in workflow code fail the run here; in production they would hang it until the code is mended.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[workflow],
        activities=world.activities(),
        workflow_runner=WORKFLOW_RUNNER,
        workflow_failure_exception_types=[Exception],
    )


def replayer(workflow: type = PortOutScreening) -> Replayer:
    """What tells whether a history still fits a workflow.

    Exceptions do not fail a run here: a step that does not fit would count as such a failure and never be reported.
    """
    return Replayer(
        workflows=[workflow],
        workflow_runner=WORKFLOW_RUNNER,
        data_converter=pydantic_data_converter,
    )

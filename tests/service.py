"""The whole service in a test's own process: real Temporal server, real sandbox carrier over HTTP, real worker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

import worker
from activities.contracts import screening_workflow_id
from sandbox.serve import SandboxServer
from settings import PROJECT, Settings, Timing, settings_without_environment
from temporal_client import connect
from workflows.messages import ScreeningState

REVIEWER = "dana"
HURRIED = Timing(
    activity=3.0,
    retry_first=0.1,
    retry_longest=0.5,
    evidence=10.0,
    pin_wait=0.2,
    notice=2.0,
    answer_least=3.0,
    refused_key=0.3,
)
"""Waits of the service scaled down, so that killed workers and carriers that are away do not make tests wait."""


@dataclass
class Service:
    """One installation: its own sandbox carrier, records and task queue on a server that tests share."""

    settings: Settings
    address: str
    carrier: SandboxServer
    client: Client
    lines: list[str] = field(default_factory=list)
    """What the worker said at start."""

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker runs within the context; it stops gracefully at its end."""
        stop = asyncio.Event()
        serving = asyncio.create_task(
            worker.serve(self.settings, stop, address=self.address, say=self.lines.append)
        )
        try:
            yield
        finally:
            stop.set()
            await serving

    def screening(self, portout_id: str) -> "WorkflowHandle[Any, Any]":
        return self.client.get_workflow_handle(screening_workflow_id(portout_id))

    async def state(self, portout_id: str) -> ScreeningState:
        return await self.screening(portout_id).query("state", result_type=ScreeningState)


@asynccontextmanager
async def installed(address: str, home: Path, **given: Any) -> AsyncIterator[Service]:
    """An installation on the Temporal server at `address`. No worker runs yet.

    Args:
        given: settings that differ from a hurried installation with the shipped rules.
    """
    async with SandboxServer() as carrier:
        settings = settings_without_environment(
            **{
                "telnyx_base_url": carrier.base_url,
                "home": home,
                "rules": PROJECT / "rules",
                "reviewers": (REVIEWER, "robin"),
                "intake_every": 1.0,
                "task_queue": f"test-{uuid4()}",
                "timing": HURRIED,
                **given,
            }
        )
        client = await connect(settings, address=address)
        yield Service(settings, address, carrier, client)
        with contextlib.suppress(RPCError):  # no worker ran, so there is none
            await client.get_schedule_handle(settings.schedule_id).delete()

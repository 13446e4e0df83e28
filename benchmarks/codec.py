"""What it costs to seal everything that enters history: in the worker's CPU time, and in bytes.

Two workers take turns, one that seals and one that does not, so that both see the same machine. CPU time is compared
and not the clock's: beside all that a screening waits for, the codec would drown in noise.
"""

import base64
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client

from activities.contracts import StartScreening, screening_workflow_id
from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.measures import Figure, serving, settings_for, timed
from settings import Settings
from temporal_client import connect
from tests.scenarios.searching import payloads_of

ORDERS = 100
ROUNDS = 5


@dataclass
class Line:
    """A worker with a carrier of its own, and what its turns took."""

    carrier: CarrierProcess
    settings: Settings
    client: Client
    cpu: list[float] = field(default_factory=list)
    last: str = ""
    turns: int = 0

    async def turn(self, orders: int) -> float:
        """Seconds of this process's CPU time for each of so many orders."""

        def screening(portout_id: str) -> Awaitable[Any]:
            return self.client.start_workflow(
                "PortOutScreening",
                StartScreening(portout_id=portout_id, timing=self.settings.timing),
                id=screening_workflow_id(portout_id),
                task_queue=self.settings.task_queue,
            )

        ids = await self.carrier.fill(orders, with_pin=True, first=1000 * self.turns)
        self.turns, self.last = self.turns + 1, ids[-1]
        began = time.process_time()
        await timed(screening, ids, self.carrier.all_answered)
        return (time.process_time() - began) / orders

    async def bytes_of_history(self) -> int:
        described = await self.client.get_workflow_handle(screening_workflow_id(self.last)).describe()
        size: int = described.raw_description.workflow_execution_info.history_size_bytes
        return size


async def cost_of_the_codec(address: str, home: Path) -> list[Figure]:
    """Screenings with and without payload keys, and the codec's own work on all that one screening writes."""
    keys = SecretStr(f"bench:{base64.b64encode(os.urandom(32)).decode()}")
    async with (
        _line(address, home / "readable", "readable") as readable,
        _line(address, home / "sealed", "sealed", payload_keys=keys) as sealed,
    ):
        lines = (readable, sealed)
        for line in lines:
            await line.turn(20)
        for turn in range(ROUNDS):
            for line in lines if turn % 2 else reversed(lines):
                line.cpu.append(await line.turn(ORDERS))
        own, count = await _own_work(sealed)
        sizes = [await line.bytes_of_history() for line in lines]
    added = [sealing - plain for plain, sealing in zip(readable.cpu, sealed.cpu, strict=True)]
    return [
        Figure("a screening without payload keys", statistics.median(readable.cpu) * 1000, "ms of CPU"),
        Figure("what payload keys add to a screening", statistics.median(added) * 1000, "ms of CPU"),
        Figure(f"the codec's own work, {count} payloads sealed and opened", own * 1000, "ms of CPU"),
        Figure("what payload keys add to a history", (sizes[1] - sizes[0]) / 1024, "KB"),
    ]


@asynccontextmanager
async def _line(address: str, home: Path, queue: str, **given: Any) -> AsyncIterator[Line]:
    async with carrier_process() as carrier:
        settings = settings_for(home, carrier, queue, intake_every=3600.0, **given)
        client = await connect(settings, address=address)
        async with serving(settings, address):
            yield Line(carrier, settings, client)


async def _own_work(line: Line) -> tuple[float, int]:
    """Seconds to seal and open, once, each payload that the last screening left in history; and how many there are."""
    codec = line.client.data_converter.payload_codec
    assert codec is not None
    history = await line.client.get_workflow_handle(screening_workflow_id(line.last)).fetch_history()
    stored = [payload for event in history.events for payload in payloads_of(event)]
    opened = await codec.decode(stored)
    began = time.perf_counter()
    for payload in opened:
        await codec.decode(await codec.encode([payload]))
    return time.perf_counter() - began, len(stored)

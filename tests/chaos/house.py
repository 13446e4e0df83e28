"""The parts that break: processes that are killed, a Temporal server that restarts, a carrier that goes away."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager

from commands.embedded import free_port
from console.webhooks import PATH
from sandbox.models import Mischief
from tests.chaos.plan import MISCHIEF, Break, Breakage
from tests.scenarios.processes import ServiceProcess, console_process, worker_process
from tests.scenarios.temporal_server import TemporalServer
from tests.service import Service


class Downtime:
    """When something was down that an answer needs."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    @contextmanager
    def down(self) -> Iterator[None]:
        began = time.time()
        try:
            yield
        finally:
            self.spans.append((began, time.time()))

    def up_between(self, begin: float, end: float) -> float:
        """Seconds between two moments (epoch) in which everything was up."""
        up, reached = 0.0, begin
        for down_from, down_to in sorted(self.spans):
            up += max(0.0, min(down_from, end) - reached)
            reached = max(reached, min(down_to, end))
        return up + max(0.0, end - reached)


class House:
    """Worker, console and what they need, and how each of them breaks.

    Args:
        seed: decides which webhooks are lost, and how late each copy is.
    """

    def __init__(self, service: Service, temporal: TemporalServer, *, seed: int) -> None:
        self._service = service
        self._temporal = temporal
        self._worker = Replaceable()
        self._console = Replaceable()
        self._port = free_port()
        self._seed = seed
        self.downtime = Downtime()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        webhooks = self._service.carrier.carrier.webhooks
        self._key = {"TELNYX_PUBLIC_KEY": webhooks.public_key}
        try:
            await self._start_worker()
            await self._start_console()
            webhooks.misbehave(Mischief(**MISCHIEF, seed=self._seed))
            webhooks.register(f"http://127.0.0.1:{self._port}{PATH}")
            yield
        finally:
            await self._worker.gone()
            await self._console.gone()

    async def _start_worker(self) -> None:
        await self._worker.start(
            lambda number: worker_process(self._service, f"worker-{number}", **self._key)
        )

    async def _start_console(self) -> None:
        await self._console.start(
            lambda number: console_process(self._service, self._port, f"console-{number}", **self._key)
        )

    async def suffer(self, breakage: Breakage) -> None:
        """Break something, and mend it after its time."""
        if breakage.what is Break.CARRIER_FAULT:
            self._service.fault(**breakage.fault)
        elif breakage.what is Break.KILL_CONSOLE:
            # Nothing depends on webhooks, so this is no downtime.
            await self._console.gone()
            await asyncio.sleep(breakage.lasts)
            await self._start_console()
        else:
            with self.downtime.down():
                await self._break(breakage)

    async def _break(self, breakage: Breakage) -> None:
        if breakage.what is Break.CARRIER_AWAY:
            self._service.fault(drop=True)
            await asyncio.sleep(breakage.lasts)
            self._service.mend()
        elif breakage.what is Break.RESTART_TEMPORAL:
            await self._temporal.stop()
            await asyncio.sleep(breakage.lasts)
            await self._temporal.start()
        else:
            if breakage.what is Break.STOP_WORKER:
                await self._worker.process.stop()
            await self._worker.gone()
            await asyncio.sleep(breakage.lasts)
            await self._start_worker()


class Replaceable:
    """A process that is replaced by another one of its kind when it is gone."""

    process: ServiceProcess

    def __init__(self) -> None:
        self._running = AsyncExitStack()
        self._started = 0

    async def start(self, new: Callable[[int], AbstractAsyncContextManager[ServiceProcess]]) -> None:
        self._started += 1
        self.process = await self._running.enter_async_context(new(self._started))
        await self.process.started()

    async def gone(self) -> None:
        """End it at once, as a crash would, if it still runs."""
        await self._running.aclose()

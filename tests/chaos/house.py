"""The parts that break: a worker process that is killed, a Temporal server that restarts, a carrier that goes away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from commands.embedded import embedded_temporal, free_port
from tests.chaos.plan import Break, Breakage
from tests.scenarios.processes import WorkerProcess, worker_process
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


class TemporalServer:
    """An embedded server over one file, on one port, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._database = folder / "temporal.db"
        self._port = free_port()
        self._running = AsyncExitStack()

    async def start(self) -> str:
        return await self._running.enter_async_context(embedded_temporal(self._database, port=self._port))

    async def stop(self) -> None:
        await self._running.aclose()

    def forget(self) -> None:
        """Lose all that the server ever kept. It must not run."""
        for file in self._database.parent.glob(f"{self._database.name}*"):
            file.unlink()


class House:
    """The worker and what it needs, and how each of them breaks."""

    def __init__(self, service: Service, temporal: TemporalServer) -> None:
        self._service = service
        self._temporal = temporal
        self._worker: WorkerProcess | None = None
        self._running = AsyncExitStack()
        self._workers = 0
        self.downtime = Downtime()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        await self._start_worker()
        try:
            yield
        finally:
            await self._running.aclose()

    async def _start_worker(self) -> None:
        self._workers += 1
        name = f"worker-{self._workers}"
        self._worker = await self._running.enter_async_context(worker_process(self._service, name))
        await self._worker.started()

    async def suffer(self, breakage: Breakage) -> None:
        """Break something, and mend it after its time."""
        if breakage.what is Break.CARRIER_FAULT:
            self._service.fault(**breakage.fault)
            return
        with self.downtime.down():
            if breakage.what is Break.CARRIER_AWAY:
                self._service.fault(drop=True)
                await asyncio.sleep(breakage.lasts)
                self._service.mend()
            elif breakage.what is Break.RESTART_TEMPORAL:
                await self._temporal.stop()
                await asyncio.sleep(breakage.lasts)
                await self._temporal.start()
            else:
                await self._restart_worker(breakage)

    async def _restart_worker(self, breakage: Breakage) -> None:
        assert self._worker is not None
        if breakage.what is Break.KILL_WORKER:
            await self._worker.kill()
        else:
            await self._worker.stop()
        await self._running.aclose()
        await asyncio.sleep(breakage.lasts)
        await self._start_worker()

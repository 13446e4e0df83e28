"""`python worker.py` and `portout console` as an operator starts them: processes, told everything by their environment."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from settings import PROJECT
from tests.service import Service
from tests.waiting import eventually

OURS = ("TELNYX_", "TEMPORAL_", "PORTOUT_")


WORKER = [str(PROJECT / "worker.py")]
CONSOLE = ["-m", "commands.main", "console"]


class ServiceProcess:
    """A worker or a console that runs as a process; `log` is all that it wrote."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, ready: str) -> None:
        self._process = process
        self._log = log
        self._ready = ready

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def started(self) -> None:
        """Wait until it works.

        Raises:
            AssertionError: it ended instead.
        """
        await eventually(lambda: self._ready in self.log or self._process.returncode is not None)
        assert self._process.returncode is None, self.log

    def crash(self) -> None:
        """End it at once, as a crash or a power failure would, and do not wait."""
        self._process.kill()

    async def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.crash()
        await self._process.wait()

    async def stop(self) -> int:
        """Ask it to stop, as every process manager does, and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self, *, within: float = 30.0) -> int:
        async with asyncio.timeout(within):
            return await self._process.wait()


def environment(service: Service, **more: str) -> dict[str, str]:
    """The environment that makes a process part of this installation; nothing of ours comes from the test's own."""
    settings = service.settings
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    timing = {
        f"PORTOUT_TIMING__{name.upper()}": str(value) for name, value in settings.timing.model_dump().items()
    }
    sealed = {} if settings.payload_keys is None else {"PORTOUT_PAYLOAD_KEYS": settings.payload_keys}
    return {
        **inherited,
        **timing,
        **{name: key.get_secret_value() for name, key in sealed.items()},
        "TEMPORAL_ADDRESS": service.address,
        "TELNYX_BASE_URL": service.carrier.base_url,
        "PORTOUT_HOME": str(settings.home),
        "PORTOUT_RULES": str(settings.rules),
        "PORTOUT_REVIEWERS": ",".join(settings.reviewers),
        "PORTOUT_TASK_QUEUE": settings.task_queue,
        "PORTOUT_INTAKE_EVERY": str(settings.intake_every),
        **more,
    }


def worker_process(
    service: Service, name: str = "worker", **more: str
) -> AbstractAsyncContextManager[ServiceProcess]:
    """Start `python worker.py` for this installation; at the end it is killed if it still runs.

    Args:
        name: of its log file, one per process.
        more: environment variables.
    """
    return _process(service, WORKER, name, "worker started", more)


def console_process(
    service: Service, port: int, name: str = "console", **more: str
) -> AbstractAsyncContextManager[ServiceProcess]:
    """Start `portout console` for this installation, as `worker_process` does with a worker."""
    return _process(service, [*CONSOLE, "--port", str(port)], name, "Console    http", more)


@asynccontextmanager
async def _process(
    service: Service, command: list[str], name: str, ready: str, more: dict[str, str]
) -> AsyncIterator[ServiceProcess]:
    log = service.settings.home / f"{name}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env=environment(service, **more),
            cwd=service.settings.home,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        yield ServiceProcess(process, log, ready)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

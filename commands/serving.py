"""`portout up`: everything on this machine, console included. `portout worker`: the worker alone, as `python worker.py`."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

import worker
from commands.embedded import HOST, WebUi, alone_with, embedded_temporal, free_port
from commands.listening import console_beside, url_of
from commands.session import Running, announced
from console import codec
from console.app import listen
from console.webhooks import PATH
from environment import load_settings
from logs import configure_logs, hide_secrets
from records.opening import open_records
from sandbox.samples import sample_customers_csv, seed
from sandbox.serve import SandboxServer
from settings import CONSOLE_PORT, Settings

TEMPORAL_PORT = 7233
UI_PORT = 8233
SANDBOX_HOME = "sandbox"
SANDBOX_PIN_WAIT = 5.0


def add_to(app: typer.Typer) -> None:
    app.command(name="up")(up)
    app.command(name="worker")(run_worker)


def run_worker() -> None:
    """Run the worker alone, against a Temporal server that is already there."""
    configure_logs()
    asyncio.run(worker.run_until_signalled(load_settings()))


def up() -> None:
    """Run everything on this machine: Temporal, worker, console, and the sandbox carrier unless TELNYX_API_KEY is set."""
    configure_logs()
    asyncio.run(_up(load_settings()))


async def _up(settings: Settings) -> None:
    hide_secrets(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    announced_in = settings.home
    async with AsyncExitStack() as stack:
        door = stack.enter_context(listen(HOST, _preferred(CONSOLE_PORT)))
        if not settings.real_carrier and not settings.telnyx_base_url:
            settings = await _with_sandbox(settings, stack, webhooks_to=f"{url_of(door)}{PATH}")
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        address = None
        if not os.environ.get("TEMPORAL_ADDRESS"):
            opener = f"{url_of(door)}{codec.PATH}" if settings.payload_keys else None
            ui = WebUi(_preferred(UI_PORT), opener)
            address = await stack.enter_async_context(
                embedded_temporal(settings.home / "temporal.db", port=_preferred(TEMPORAL_PORT), ui=ui)
            )
            settings = settings.model_copy(update={"codec_origins": ui.origins})
            print(f"Temporal's own page is at http://{HOST}:{ui.port}")
        running = Running(
            temporal_address=address,
            carrier_url=settings.telnyx_base_url,
            console_url=url_of(door),
            public_key=settings.telnyx_public_key,
            home=settings.home.resolve(),
        )
        stack.enter_context(announced(announced_in, running))
        await stack.enter_async_context(console_beside(settings, address, door, say=print))
        print("In another terminal: portout status, portout queue, portout show ID. Stop with Ctrl-C.")
        await worker.serve(settings, stop, address=address)


async def _with_sandbox(settings: Settings, stack: AsyncExitStack, *, webhooks_to: str) -> Settings:
    """Start a sandbox carrier with the sample orders, and fresh records for them; it sends its webhooks to our console.

    The sandbox forgets its orders when it stops. Records and history that remember them would take the samples of the
    next start for orders that came back, so they start anew with it, in a folder of their own.
    """
    home = settings.home / SANDBOX_HOME
    for folder in (settings.home, home):  # each with the mode: parents would be made without it
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whoever runs here already is in the way of this start, not the other way round.
    stack.enter_context(alone_with(home / "up.db"))
    with alone_with(home / "temporal.db"):
        pass
    if start_anew(home):
        print("The sandbox starts anew: customers, tokens and ledger of the last time are gone.")
    server = await stack.enter_async_context(SandboxServer())
    seed(server.carrier)
    server.carrier.webhooks.register(webhooks_to)
    here: dict[str, object] = {
        "home": home,
        "telnyx_base_url": server.base_url,
        "telnyx_public_key": server.carrier.webhooks.public_key,
        "telnyx_public_key_file": None,
    }
    if settings.pin_wait is None:
        # The samples' PINs are there or never come; nobody who looks around should wait ten minutes for them.
        here["timing"] = settings.timing.model_copy(update={"pin_wait": SANDBOX_PIN_WAIT})
    settings = settings.model_copy(update=here)
    await asyncio.to_thread(import_sample_customers, settings)
    return settings


def start_anew(home: Path) -> bool:
    """Remove what the sandbox of the last time left in its folder; its keys stay. Returns whether there were records."""
    found = (home / "records.db").exists()
    # Checkpoints of a ledger that is gone would belong to no database, and none could be added to them.
    for pattern in ("records.db*", "temporal.db*", "checkpoints.jsonl"):
        for leftover in home.glob(pattern):
            leftover.unlink()
    shutil.rmtree(home / "evidence", ignore_errors=True)
    return found


def import_sample_customers(settings: Settings) -> None:
    """Put the customers of the sample orders into the records."""
    records = open_records(settings)
    try:
        with _csv_file(settings.home) as file:
            records.customers.import_file(file, datetime.now(UTC), by="portout up")
    finally:
        records.close()


@contextmanager
def _csv_file(home: Path) -> Iterator[Path]:
    file = home / "sample-customers.csv"
    file.touch(mode=0o600)
    try:
        file.write_text(sample_customers_csv())
        yield file
    finally:
        # It holds the sample customers' PINs; the records hold them hashed.
        file.unlink()


def _preferred(port: int) -> int:
    """This port, or a free one when something else already listens there."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return free_port()
    return port

"""`portout console`: what others reach over HTTP, alone. `portout up` serves the same beside the worker."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from commands.embedded import HOST
from commands.session import find_place
from console import codec
from console.app import listen, serving
from console.webhooks import PATH
from logs import configure_logs, hide_secrets
from records.opening import open_records
from settings import CONSOLE_PORT, Settings
from telnyx_api import TelnyxClient
from temporal_client import connect, readable_history


def add_to(app: typer.Typer) -> None:
    app.command(name="console")(console)


def console(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = CONSOLE_PORT,
    host: Annotated[str, typer.Option(help="Address of this machine to listen on.")] = HOST,
) -> None:
    """Serve webhooks, /healthz, /readyz and Temporal's codec endpoint until it is stopped. The worker runs elsewhere."""
    configure_logs()
    place = find_place()
    hide_secrets(place.settings)
    with listen(host, port) as door:
        asyncio.run(_serve(place.settings, place.temporal_address, door))


async def _serve(settings: Settings, address: str | None, door: socket.socket) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with console_beside(settings, address, door, say=lambda line: print(line, flush=True)):
        for warning in readable_history(settings, address):
            print(f"WARNING    {warning}", flush=True)
        await stop.wait()


@asynccontextmanager
async def console_beside(
    settings: Settings, address: str | None, door: socket.socket, *, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Serve the console beside whatever else runs in this event loop.

    Args:
        address: of an embedded Temporal server; None connects as Temporal's own environment names say.
        door: a socket that listens.
        say: gets the lines for the operator.

    Raises:
        SettingsError, RecordsError: it cannot start.
    """
    # A server that is away must not keep the carrier from getting its answers: /readyz says so meanwhile.
    temporal = await connect(settings, address=address, lazy=True)
    records = await asyncio.to_thread(open_records, settings)
    try:
        async with (
            TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier,
            serving(settings, door, temporal=temporal, carrier=carrier, records=records),
        ):
            say(f"Console    {url_of(door)}: webhooks at {PATH}, health at /healthz and /readyz")
            if settings.payload_keys is not None:
                say(f"Codec      {url_of(door)}{codec.PATH} for Temporal's web UI and command line")
            if not settings.expects_webhooks:
                say(
                    "WARNING    TELNYX_PUBLIC_KEY is not set: every webhook is refused with 503, and port-outs are "
                    "found by polling alone"
                )
            yield
    finally:
        records.close()


def url_of(door: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

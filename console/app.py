"""The console as an ASGI application, and serving it beside other work in a running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from temporalio.client import Client

from console.codec import CodecEndpoint
from console.handover import Handover
from console.health import Health
from console.messenger import Messenger
from console.public_keys import PublicKeys
from console.webhooks import PATH, WebhookEndpoint
from records.store import Records
from settings import Settings, SettingsError
from telnyx_api import TelnyxClient

SECONDS_TO_FINISH = 3
"""How long requests under way may take when the console stops."""


def create_app(endpoint: WebhookEndpoint, health: Health, codec: CodecEndpoint) -> Starlette:
    return Starlette(
        routes=[
            Route(PATH, endpoint.receive, methods=["POST"]),
            Route("/healthz", health.alive, methods=["GET"]),
            Route("/readyz", health.ready, methods=["GET"]),
            *codec.routes(),
        ]
    )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Who runs the event loop decides what a signal means.
        yield


@asynccontextmanager
async def serving(
    settings: Settings,
    listening: socket.socket,
    *,
    temporal: Client,
    carrier: TelnyxClient,
    records: Records,
) -> AsyncIterator[Handover]:
    """Serve the console on a socket that `listen` made, until the context ends.

    Raises:
        SettingsError: a public key cannot be used.
    """
    messenger = Messenger(temporal, carrier, records, task_queue=settings.task_queue, timing=settings.timing)
    handover = Handover(messenger, records)
    endpoint = WebhookEndpoint(PublicKeys(settings), handover)
    codec = CodecEndpoint(
        temporal.data_converter.payload_codec,
        records,
        reviewers=settings.who_decides,
        origins=settings.codec_origins,
    )
    server = _Server(
        uvicorn.Config(
            create_app(endpoint, Health(temporal, records), codec),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
            # Longer than a proxy keeps its own: one that writes into a connection just being closed loses a webhook.
            timeout_keep_alive=75,
        )
    )
    async with handover.running():
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield handover
        finally:
            server.should_exit = True
            await serving


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; requests wait in it until it is served.

    Args:
        port: 0 takes a free one.

    Raises:
        SettingsError: the port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"The console cannot listen on {host}:{port} ({error.strerror}): choose another with --port or --host, "
            "or stop what is using it."
        ) from None
    return listening

"""Serving the sandbox: beside other work in a running event loop, or alone until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from sandbox.app import create_app
from sandbox.carrier import DAY, Carrier
from sandbox.clock import utc_now
from sandbox.errors import PortBusy

DEFAULT_PORT = 8787
DEFAULT_KEY = "sandbox"

# Turns of the event loop in which an accepted connection gets its protocol, is closed by it, and reports its end.
_TURNS_TO_CLOSE = 4


class _Protocol(HttpToolsProtocol):
    """HTTP on a connection that the application can close without an answer; ASGI has no way to say so."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # A connection may still come in while the server stops.
        if self.app_state["closing"].is_set():
            transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["hang_up"] = self.transport.abort


class SandboxServer:
    """A sandbox carrier over HTTP in the running event loop, from entering the context until leaving it.

    It runs no task of its own between requests until somebody registers for webhooks, and leaves at once,
    open connections, delayed answers and webhooks on their way included.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        key: The bearer key that the API accepts.
        silence_after: Seconds until silence approves a pending order.
        scale: Carrier seconds per real second.
        now: Real time.

    Attributes:
        carrier: The carrier itself, for use from the same event loop.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str = DEFAULT_KEY,
        *,
        silence_after: float = DAY,
        scale: float = 1.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.host = host
        self.port = port
        self.key = key
        self.carrier = Carrier(now=now, scale=scale, silence_after=silence_after)
        self._state = ServerState()
        self._closing = asyncio.Event()
        self._listener: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """Where the API is, for a client's ``base_url``."""
        return f"http://{self.host}:{self.port}/v2"

    @property
    def control_url(self) -> str:
        return f"http://{self.host}:{self.port}/sandbox"

    async def __aenter__(self) -> "SandboxServer":
        """Listen. Raises PortBusy."""
        listening = _listen(self.host, self.port)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.carrier, self.key),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            # A carrier that hangs up on idle clients would now and then cost one of them its request.
            timeout_keep_alive=600,
        )
        config.load()
        shared = {"closing": self._closing}
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: _Protocol(config=config, server_state=self._state, app_state=shared), sock=listening
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._listener is None:
            return
        await self.carrier.webhooks.close()
        # A connection that has been accepted, and has no protocol yet when the listener closes, is lost: nobody
        # would ever close it. So nothing more is accepted, and what was gets its protocol, which closes it.
        asyncio.get_running_loop().remove_reader(self._listener.sockets[0].fileno())
        self._closing.set()
        for connection in list(self._state.connections):
            connection.transport.abort()
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)
        self._listener.close()
        await asyncio.gather(*self._state.tasks)
        await self._listener.wait_closed()
        self._listener = None


def run(
    port: int = DEFAULT_PORT,
    key: str = DEFAULT_KEY,
    *,
    host: str = "127.0.0.1",
    on_ready: Callable[[SandboxServer], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM. ``on_ready`` is called once it listens, to seed it and to say where it
    is.

    Raises:
        PortBusy: The port is taken.
    """

    async def serve() -> None:
        async with SandboxServer(host, port, key) as server:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            on_ready(server)
            await stop.wait()

    asyncio.run(serve())


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port that a stopped sandbox has just left is free, although its last connections still linger.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PortBusy(
            f"The sandbox cannot listen on {host}:{port} ({error.strerror}): "
            "stop what is using that port, or choose another."
        ) from None
    return listening

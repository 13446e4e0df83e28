"""A carrier that answers what a test tells it, over real HTTP, and keeps what it was asked."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from telnyx_api import TelnyxClient
from tests.sandbox.conftest import Hands

AT_TEXT = "2018-02-02T22:25:27.521Z"
AT = datetime(2018, 2, 2, 22, 25, 27, 521000, UTC)
METHODS = ["GET", "PATCH", "POST", "PUT", "DELETE"]
KEY = SecretStr("KEY0123")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    """As it came over the wire, still quoted."""
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedCarrier:
    base_url: str
    answer: Callable[[Asked], Response] = lambda _: JSONResponse({"data": []})
    asked: list[Asked] = field(default_factory=list)

    def answers(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """The same JSON to every request."""
        self.answer = lambda _: JSONResponse(body, status, headers)

    def answers_raw(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """The same bytes to every request."""
        self.answer = lambda _: Response(body, status, headers, media_type="application/json")


@pytest.fixture(scope="session")
async def carrier_process() -> AsyncIterator[ScriptedCarrier]:
    """One server in the tests' own loop, on a port that the system chooses."""
    carrier = ScriptedCarrier("")

    async def endpoint(request: Request) -> Response:
        asked = Asked(
            request.method,
            request.scope["raw_path"].decode(),
            dict(request.query_params),
            dict(request.headers),
            await request.body(),
        )
        carrier.asked.append(asked)
        return carrier.answer(asked)

    app = Starlette(routes=[Route("/{path:path}", endpoint, methods=METHODS)])
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        carrier.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}/v2"
        await server.startup(sockets=[listening])
        yield carrier
        server.force_exit = True
        await server.shutdown(sockets=[listening])


@pytest.fixture
def carrier(carrier_process: ScriptedCarrier) -> Iterator[ScriptedCarrier]:
    carrier_process.asked.clear()
    carrier_process.answers({"data": []})
    yield carrier_process
    carrier_process.asked.clear()


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Shared, since reading the certificates for each test would take longer than the tests."""
    async with httpx.AsyncClient() as http:
        yield http


@pytest.fixture
def client(carrier: ScriptedCarrier, http: httpx.AsyncClient) -> TelnyxClient:
    return TelnyxClient(KEY, carrier.base_url, http=http)


# The sandbox, for what our client and the sandbox must agree on


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def server(hands: Hands) -> AsyncIterator[SandboxServer]:
    async with SandboxServer(now=hands) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> Carrier:
    return server.carrier


@pytest.fixture
async def ours(server: SandboxServer, http: httpx.AsyncClient) -> TelnyxClient:
    return TelnyxClient(SecretStr(server.key), server.base_url, http=http)

"""A sandbox over real HTTP whose real time stands still until a test moves it."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer

# Made once: a context of its own for each client would take most of the tests' time, and nothing here uses TLS.
NO_TLS = ssl.create_default_context()

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


class Hands:
    """The hands of a clock that only moves when it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Client:
    """HTTP to the API, with the key, and to the control side."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.http = httpx.AsyncClient(
            base_url=server.base_url,
            headers={"Authorization": f"Bearer {server.key}"},
            trust_env=False,
            verify=NO_TLS,
        )

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """GET below ``/v2``; ``params`` may be given as a whole by ``query``."""
        return await self.http.get(path, params=params.get("query"))

    async def data(self, path: str, query: Any = None) -> Any:
        answer = await self.get(path, query=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def patch(self, order_id: str, status: str, **body: Any) -> httpx.Response:
        return await self.http.patch(f"/portouts/{order_id}/{status}", json=body)

    async def control(self, method: str, path: str, content: Any = None) -> httpx.Response:
        return await self.http.request(method, f"{self.server.control_url}{path}", json=content)

    async def told(self, method: str, path: str, content: Any = None) -> Any:
        """The data of a control answer that must succeed."""
        answer = await self.control(method, path, content)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    async def place(self, **order: Any) -> str:
        order.setdefault("phone_numbers", ["+12125550123"])
        return str((await self.told("POST", "/orders", order))["id"])


def detail(answer: httpx.Response) -> str:
    """The sentence of an error answer."""
    return str(answer.json()["errors"][0]["detail"])


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def server(hands: Hands) -> AsyncIterator[SandboxServer]:
    async with SandboxServer(now=hands) as server:
        yield server


@pytest.fixture
def carrier(server: SandboxServer) -> Carrier:
    return server.carrier


@pytest.fixture
async def client(server: SandboxServer) -> AsyncIterator[Client]:
    client = Client(server)
    async with client.http:
        yield client

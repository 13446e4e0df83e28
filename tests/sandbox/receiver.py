"""Somebody who registered for webhooks."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it arrived."""

    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def data(self) -> Any:
        return json.loads(self.body)["data"]

    @property
    def meta(self) -> Any:
        return json.loads(self.body)["meta"]


class Receiver:
    """A web server that keeps what it is sent.

    Attributes:
        statuses: What to answer the next requests with, 200 when there is nothing left; None: no answer.
    """

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.statuses: list[int | None] = []
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks"

    async def __aenter__(self) -> "Receiver":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await self._server.wait_closed()

    async def until(self, count: int) -> list[Hook]:
        """What has come once there are so many; fails after a minute."""
        async with asyncio.timeout(60), self._came:
            await self._came.wait_for(lambda: len(self.hooks) >= count)
        return self.hooks

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
                body = await reader.readexactly(int(headers["content-length"]))
                status = self.statuses.pop(0) if self.statuses else 200
                async with self._came:
                    self.hooks.append(Hook(headers, body))
                    self._came.notify_all()
                if status is not None:
                    writer.write(f"HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            self._open.discard(writer)
            writer.close()

"""Webhooks: how soon each is answered at 200 a second, and how soon an order that came by one is decided.

Worker, console and carrier are processes of their own, as in production; only the sender shares this one.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx

from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.measures import Figure, polls, until_queued
from commands.embedded import free_port
from console.webhooks import PATH
from environment import settings_without_environment
from settings import PROJECT
from temporal_client import connect
from tests.signing import FOC_DATE_CHANGED, NEW_COMMENT, STATUS_CHANGED, Signer, webhook

CARRIER = Signer()
RATE = 200
SECONDS = 30
IN_FLIGHT = 50
DECIDED = 100
DECIDED_EVERY = 0.25
"""Seconds between two new orders: four a second, where the machine manages a few times as many."""


class Sender:
    """The carrier's side: signs and sends, and takes the time from when a webhook was due.

    It speaks HTTP by itself: a general client would need more of the two cores than the console that is measured.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.seconds: list[float] = []
        self.statuses: list[int] = []

    async def send(self, body: bytes, due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        headers = {"host": "console", "content-length": str(len(body)), **CARRIER.headers(body)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = (
            self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        )
        writer.write(f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
        self._idle.append((reader, writer))
        self.seconds.append(time.perf_counter() - due)
        self.statuses.append(int(head.split()[1]))

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


@asynccontextmanager
async def _processes(address: str, home: Path, carrier: CarrierProcess) -> AsyncIterator[Sender]:
    """A worker and a console for this carrier; yields who sends to the console."""
    port = free_port()
    environment = {
        **os.environ,
        "TEMPORAL_ADDRESS": address,
        "TELNYX_BASE_URL": carrier.base_url,
        "TELNYX_PUBLIC_KEY": CARRIER.public,
        "PORTOUT_HOME": str(home),
        "PORTOUT_TASK_QUEUE": "bench",
        "PORTOUT_PIN_WAIT": "0",
        "PORTOUT_REVIEWERS": "bench",
        # What happens after the first intake happens because of webhooks.
        "PORTOUT_INTAKE_EVERY": "3600",
    }
    with (home / "console.log").open("wb") as log:
        commands = ([str(PROJECT / "worker.py")], ["-m", "commands.main", "console", "--port", str(port)])
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, *command, env=environment, cwd=PROJECT, stdout=log, stderr=log
            )
            for command in commands
        ]
    try:
        await polls(await connect(settings_without_environment(), address=address))
        await until_queued(home, IN_FLIGHT)
        await _ready(f"http://127.0.0.1:{port}")
        sender = Sender(port)
        yield sender
        sender.close()
    finally:
        for process in processes:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http:
        while True:
            try:
                if (await http.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


def _sustained(waiting: list[str], new: list[str]) -> Iterable[bytes]:
    """What is sent: one in a hundred of a new order, one in twenty of an order that waits, half of it once more."""
    types = (STATUS_CHANGED, NEW_COMMENT, FOC_DATE_CHANGED)
    sent: list[bytes] = []
    for number in range(RATE * SECONDS):
        if number % 100 == 0:
            sent.append(webhook(new[number // 100]))
        elif number % 20 == 0:
            sent.append(webhook(waiting[number // 20 % len(waiting)], types[number // 20 % 3]))
        elif number % 2:
            sent.append(sent[number // 2])
        else:
            sent.append(webhook(str(uuid4()), types[number // 2 % 3]))
    return sent


async def webhook_endpoint(address: str, home: Path) -> list[Figure]:
    """Answers at 200 webhooks a second, while the worker looks at orders that wait and screens two new ones a second."""
    async with carrier_process() as carrier:
        waiting = await carrier.fill(IN_FLIGHT, with_pin=False)
        async with _processes(address, home, carrier) as sender:
            bodies = list(
                _sustained(waiting, await carrier.fill(RATE * SECONDS // 100, with_pin=True, first=1000))
            )
            began = time.perf_counter() + 0.5
            await asyncio.gather(
                *(sender.send(body, began + number / RATE) for number, body in enumerate(bodies))
            )
            took = time.perf_counter() - began
            left = await _left(carrier)
    log = (home / "console.log").read_text()
    return [
        Figure("webhooks answered", len(bodies) / took, "per s", f"{RATE}"),
        Figure("webhook, p50 of the answer", statistics.median(sender.seconds) * 1000, "ms"),
        Figure("webhook, p99 of the answer", _percentile(sender.seconds, 99) * 1000, "ms", "below 200"),
        Figure("webhooks not answered with 200", sum(status != 200 for status in sender.statuses), "", "0"),
        Figure("orders left to the next intake", left, "", "0"),
        Figure("webhooks dropped", log.count('"webhook dropped"'), ""),
    ]


async def webhook_to_patch(address: str, home: Path) -> list[Figure]:
    """From a webhook to our PATCH at the carrier, for orders that the policy decides by itself."""
    async with carrier_process() as carrier:
        await carrier.fill(IN_FLIGHT, with_pin=False)
        async with _processes(address, home, carrier) as sender:
            await _decided_after(carrier, sender, await carrier.fill(5, with_pin=True, first=500), every=0.5)
            new = await carrier.fill(DECIDED, with_pin=True, first=1000)
            steady = await _decided_after(carrier, sender, new, every=DECIDED_EVERY)
            burst = await carrier.fill(IN_FLIGHT, with_pin=True, first=2000)
            at_once = await _decided_after(carrier, sender, burst, every=0.0)
    stream = f"webhook to PATCH, {IN_FLIGHT} orders in flight, {1 / DECIDED_EVERY:g} new ones a second"
    return [
        Figure(f"{stream}: p50", statistics.median(steady), "s"),
        Figure(f"{stream}: p95", _percentile(steady, 95), "s", "below 1"),
        Figure(
            f"webhook to PATCH, {IN_FLIGHT} webhooks at the same moment: p50", statistics.median(at_once), "s"
        ),
        Figure(
            f"webhook to PATCH, {IN_FLIGHT} webhooks at the same moment: p95", _percentile(at_once, 95), "s"
        ),
    ]


async def _decided_after(
    carrier: CarrierProcess, sender: Sender, orders: list[str], *, every: float
) -> list[float]:
    """Seconds from each order's webhook to its PATCH."""
    sent: dict[str, float] = {}

    async def one(order: str, due: float) -> None:
        await sender.send(webhook(order), due)
        sent[order] = time.time() - (time.perf_counter() - due)

    began = time.perf_counter() + 0.1
    await asyncio.gather(*(one(order, began + number * every) for number, order in enumerate(orders)))
    patched = await _patches(carrier, set(orders))
    return [patched[order] - sent[order] for order in orders]


async def _patches(carrier: CarrierProcess, orders: set[str]) -> dict[str, float]:
    """When each of these orders was first patched, seconds since 1970; waits until all were."""
    async with httpx.AsyncClient(timeout=60.0) as http:
        while True:
            entries = (await http.get(f"{carrier.control_url}/requests")).json()["data"]
            found: dict[str, float] = {}
            for entry in entries:
                if entry["method"] == "PATCH" and entry["order_id"] in orders:
                    found.setdefault(entry["order_id"], datetime.fromisoformat(entry["time"]).timestamp())
            if found.keys() == orders:
                return found
            await asyncio.sleep(0.5)


async def _left(carrier: CarrierProcess) -> int:
    """New orders that are not answered soon after the last webhook: theirs was dropped."""
    give_up = time.perf_counter() + SECONDS
    while True:
        left = await carrier.pending() - IN_FLIGHT
        if not left or time.perf_counter() > give_up:
            return left
        await asyncio.sleep(0.2)


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


ALL = (webhook_endpoint, webhook_to_patch)

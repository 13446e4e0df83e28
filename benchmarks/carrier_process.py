"""The sandbox carrier in a process of its own, filled with orders that the shipped policy decides by itself."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from sandbox.carrier import Carrier
from sandbox.query import Query
from sandbox.serve import SandboxServer

LOOKS_EVERY = 0.01
_PENDING = Query(number=1, size=1, filters={"status": ["pending"]})


@dataclass(frozen=True)
class CarrierProcess:
    """A running sandbox: where its API and its control are, and what it says."""

    base_url: str
    control_url: str
    says: asyncio.StreamReader

    async def fill(self, count: int, *, with_pin: bool, first: int = 0) -> list[str]:
        """Create numbers with a PIN on file and one order for each; without the PIN supplied a person must decide."""
        numbers = [f"+1212{2000000 + index}" for index in range(first, first + count)]
        pin = {"attempted_pin": "4821"} if with_pin else {}
        orders = [
            {"phone_numbers": [number], "carrier_name": "Onvoy", "spid": "073H", **pin} for number in numbers
        ]
        held = [{"phone_number": number, "external_pin": "4821"} for number in numbers]
        async with httpx.AsyncClient(timeout=60.0) as http:
            (await http.post(f"{self.control_url}/numbers", json=held)).raise_for_status()
            created = (await http.post(f"{self.control_url}/orders", json=orders)).raise_for_status()
            return [str(order["id"]) for order in created.json()["data"]]

    async def all_answered(self) -> None:
        """Wait until the orders of the last `fill` are answered. The sandbox says so: asking would cost what is measured."""
        await self.says.readline()

    async def pending(self) -> int:
        key = {"Authorization": "Bearer sandbox"}
        async with httpx.AsyncClient(timeout=60.0, headers=key) as http:
            params: dict[str, str | int] = {"filter[status]": "pending", "page[size]": 1}
            answer = await http.get(f"{self.base_url}/portouts", params=params)
            return int(answer.raise_for_status().json()["meta"]["total_results"])


@asynccontextmanager
async def carrier_process() -> AsyncIterator[CarrierProcess]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.carrier_process", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield CarrierProcess(**json.loads(await process.stdout.readline()), says=process.stdout)
    finally:
        process.kill()
        await process.wait()


async def _serve() -> None:
    async with SandboxServer() as server:
        print(json.dumps({"base_url": server.base_url, "control_url": server.control_url}), flush=True)
        await _say_when_all_are_answered(server.carrier)


async def _say_when_all_are_answered(carrier: Carrier) -> None:
    waiting = False
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        were, waiting = waiting, carrier.list_orders(_PENDING)[1] > 0
        if were and not waiting:
            print("all answered", flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())

"""Intake of a flood: how soon every pending order has its workflow, and what the listing costs the carrier."""

import asyncio
import time
from pathlib import Path

import httpx
from temporalio.client import Client

from activities.contracts import SCREENING_WORKFLOW
from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.measures import Figure, serving, settings_for
from temporal_client import connect

PENDING = 5000
_OURS = f"WorkflowType = '{SCREENING_WORKFLOW}'"


async def intake_of_a_flood(address: str, home: Path) -> list[Figure]:
    """All orders are there when the worker starts, and it screens them while it takes in the others."""
    async with carrier_process() as carrier:
        await carrier.fill(PENDING, with_pin=False)
        settings = settings_for(home, carrier, "bench", pin_wait=0.0, intake_every=3600.0)
        client = await connect(settings, address=address)
        began = time.perf_counter()
        async with serving(settings, address):
            await _started(client)
            seconds = time.perf_counter() - began
            requests = await _listing_requests(carrier)
    return [
        Figure(f"intake of {PENDING} pending orders, from the worker's start", seconds, "s"),
        Figure("requests that listed them and their events", requests, ""),
    ]


async def _started(client: Client) -> None:
    while True:
        if (await client.count_workflows(_OURS)).count >= PENDING:
            return
        await asyncio.sleep(0.2)


async def _listing_requests(carrier: CarrierProcess) -> int:
    """Requests that were about no order in particular."""
    async with httpx.AsyncClient(timeout=60.0) as http:
        answer = (await http.get(f"{carrier.control_url}/requests")).raise_for_status()
    return sum(
        entry["path"] in ("/v2/portouts", "/v2/portouts/events")
        and "filter[portout_id]" not in entry["query"]
        for entry in answer.json()["data"]
    )

"""What an order leaves in Temporal's history whose documents are asked for, and what looking for them adds to it."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import httpx

from activities.contracts import StartScreening, screening_workflow_id
from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.measures import Figure, serving, settings_for
from records.opening import open_records
from records.store import Records
from settings import PROJECT
from temporal_client import connect

POLICY = "us-with-letter.yaml"
LOOKS = 20
EVERY_15_MINUTES, EVERY_SECOND = "recheck: 15m", "recheck: 1s"


async def history_of_an_asked_order(address: str, home: Path) -> list[Figure]:
    """An order of the example policy: asked, looked for in vain, sent, judged again and approved."""
    rules = Path(shutil.copytree(PROJECT / "rules", home / "rules"))
    text = (rules / POLICY).read_text()
    (rules / POLICY).write_text(text.replace(EVERY_15_MINUTES, EVERY_SECOND))
    async with carrier_process() as carrier:
        settings = settings_for(home, carrier, "bench", intake_every=3600.0).model_copy(
            update={"rules": rules}
        )
        client = await connect(settings, address=address)
        records = await asyncio.to_thread(open_records, settings)
        try:
            [order] = await carrier.fill(1, with_pin=True)
            customers = home / "customers.csv"
            customers.write_text("customer_id,name,numbers,tags\nC-1,Jane Doe,+12122000000,documents\n")
            records.customers.import_file(customers, datetime.now(UTC), by="bench")
            async with serving(settings, address):
                handle = await client.start_workflow(
                    "PortOutScreening",
                    StartScreening(portout_id=order, timing=settings.timing),
                    id=screening_workflow_id(order),
                    task_queue="bench",
                )
                await _until_looked(carrier, order, 2)
                asked = (await handle.describe()).history_length
                await _until_looked(carrier, order, 2 + LOOKS)
                looked = (await handle.describe()).history_length
                async with httpx.AsyncClient(timeout=60.0) as http:
                    url = f"{carrier.control_url}/orders/{order}/documents"
                    (await http.post(url, json={"type": "loa"})).raise_for_status()
                await _until_answered(records, order)
                answered = await handle.describe()
        finally:
            records.close()
    size = answered.raw_description.workflow_execution_info.history_size_bytes
    return [
        Figure(f"events that {LOOKS} looks for documents add to history", looked - asked, "events", "0"),
        Figure("history of an order whose documents were asked for", answered.history_length, "events"),
        Figure("history of an order whose documents were asked for", size / 1024, "KB"),
    ]


async def _until_looked(carrier: CarrierProcess, order: str, times: int) -> None:
    """Wait until the order's documents were looked for so many times."""
    path = f"/v2/portouts/{order}/supporting_documents"
    async with httpx.AsyncClient(timeout=60.0) as http:
        while True:
            log = (await http.get(f"{carrier.control_url}/requests")).raise_for_status().json()["data"]
            if sum(entry["path"] == path for entry in log) >= times:
                return
            await asyncio.sleep(0.2)


async def _until_answered(records: Records, order: str) -> None:
    while True:
        case = records.cases.get(order)
        if case is not None and case.outcome is not None:
            return
        await asyncio.sleep(0.1)

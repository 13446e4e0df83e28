"""What an order leaves in Temporal's history by each path, up to its answer: approve, review, asked, refused."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from temporalio.client import Client, WorkflowHandle

from activities.contracts import CARRIER_EVENT, StartScreening, screening_workflow_id
from benchmarks.carrier_process import CarrierProcess, carrier_process
from benchmarks.measures import Figure, serving, settings_for
from records.cases import Case
from records.opening import open_records
from records.store import Records
from settings import PROJECT, Settings
from temporal_client import connect
from workflows.messages import ReviewRequest

POLICY = "us-with-letter.yaml"
LOOKS = 20
EVERY_15_MINUTES, EVERY_SECOND = "recheck: 15m", "recheck: 1s"
REASON = "Spoken with the account holder."


@dataclass(frozen=True)
class Desk:
    """What the paths go through."""

    carrier: CarrierProcess
    client: Client
    records: Records
    settings: Settings

    async def start(self, order: str) -> WorkflowHandle[Any, Any]:
        return await self.client.start_workflow(
            "PortOutScreening",
            StartScreening(portout_id=order, timing=self.settings.timing),
            id=screening_workflow_id(order),
            task_queue=self.settings.task_queue,
        )

    async def review(self, order: str, action: str, **more: Any) -> None:
        request = ReviewRequest.model_validate(
            {"action": action, "reviewer": "bench", "reason": REASON, **more}
        )
        handle = self.client.get_workflow_handle(screening_workflow_id(order))
        await handle.execute_update("review", request)

    async def until(self, order: str, condition: Callable[[Case], bool]) -> None:
        while True:
            case = self.records.cases.get(order)
            if case is not None and condition(case):
                return
            await asyncio.sleep(0.1)

    async def control(self, path: str, given: dict[str, Any]) -> None:
        async with httpx.AsyncClient(timeout=60.0) as http:
            (await http.post(f"{self.carrier.control_url}/orders/{path}", json=given)).raise_for_status()

    async def size(self, order: str) -> tuple[int, int]:
        """Events and bytes of every run that stood for an order."""
        workflow_id = screening_workflow_id(order)
        newest = await self.client.get_workflow_handle(workflow_id).describe()
        events, size, run = 0, 0, newest.run_id
        while run:
            handle = self.client.get_workflow_handle(workflow_id, run_id=run)
            description = await handle.describe()
            events += description.history_length
            size += description.raw_description.workflow_execution_info.history_size_bytes
            started = await anext(handle.fetch_history_events(page_size=1))
            run = started.workflow_execution_started_event_attributes.continued_execution_run_id
        return events, size


async def history_per_path(address: str, home: Path) -> list[Figure]:
    """One order by each path, one after another; of the asked one also what looking for documents in vain adds."""
    rules = Path(shutil.copytree(PROJECT / "rules", home / "rules"))
    text = (rules / POLICY).read_text()
    (rules / POLICY).write_text(text.replace(EVERY_15_MINUTES, EVERY_SECOND))
    async with carrier_process() as carrier:
        settings = settings_for(home, carrier, "bench", intake_every=3600.0, pin_wait=0.0).model_copy(
            update={"rules": rules}
        )
        client = await connect(settings, address=address)
        records = await asyncio.to_thread(open_records, settings)
        desk = Desk(carrier, client, records, settings)
        try:
            customers = home / "customers.csv"
            customers.write_text("customer_id,name,numbers,tags\nC-1,Jane Doe,+12122000000,documents\n")
            records.customers.import_file(customers, datetime.now(UTC), by="bench")
            async with serving(settings, address):
                return [figure for path in _PATHS for figure in await path(desk)]
        finally:
            records.close()


async def _sized(desk: Desk, what: str, order: str) -> list[Figure]:
    await desk.until(order, lambda case: case.outcome is not None)
    events, size = await desk.size(order)
    return [
        Figure(f"history of an order, {what}", events, "events"),
        Figure(f"history of an order, {what}", size / 1024, "KB"),
    ]


async def _asked(desk: Desk) -> list[Figure]:
    [order] = await desk.carrier.fill(1, with_pin=True)
    handle = await desk.start(order)
    await _until_looked(desk.carrier, order, 2)
    asked = (await handle.describe()).history_length
    await _until_looked(desk.carrier, order, 2 + LOOKS)
    looked = (await handle.describe()).history_length
    await desk.control(f"{order}/documents", {"type": "loa"})
    return [
        Figure(f"events that {LOOKS} looks for documents add to history", looked - asked, "events", "0"),
        *await _sized(desk, "asked: documents awaited, then approved by the policy", order),
    ]


async def _approve(desk: Desk) -> list[Figure]:
    [order] = await desk.carrier.fill(1, with_pin=True, first=1)
    await desk.start(order)
    return await _sized(desk, "approve: by the policy", order)


async def _review(desk: Desk) -> list[Figure]:
    [order] = await desk.carrier.fill(1, with_pin=False, first=2)
    await desk.start(order)
    await desk.until(order, _waits)
    await desk.review(order, "approve")
    return await _sized(desk, "review: approved by a person", order)


async def _refused(desk: Desk) -> list[Figure]:
    [order] = await desk.carrier.fill(1, with_pin=False, first=3)
    handle = await desk.start(order)
    await desk.until(order, _waits)
    await desk.review(order, "deny")
    await desk.until(order, lambda case: case.outcome is not None)
    await desk.control(f"{order}/ruling", {"ruling": "bounce"})
    await handle.signal(CARRIER_EVENT, {"event_id": str(uuid4()), "event_type": "portout.status_changed"})
    await desk.until(order, lambda case: case.round == 2 and _waits(case))
    await desk.review(order, "approve")
    return await _sized(desk, "refused: denied, refused by the carrier, approved, both rounds", order)


_PATHS: tuple[Callable[[Desk], Awaitable[list[Figure]]], ...] = (_approve, _review, _asked, _refused)


def _waits(case: Case) -> bool:
    return case.stage == "awaiting_review"


async def _until_looked(carrier: CarrierProcess, order: str, times: int) -> None:
    """Wait until the order's documents were looked for so many times."""
    path = f"/v2/portouts/{order}/supporting_documents"
    async with httpx.AsyncClient(timeout=60.0) as http:
        while True:
            log = (await http.get(f"{carrier.control_url}/requests")).raise_for_status().json()["data"]
            if sum(entry["path"] == path for entry in log) >= times:
                return
            await asyncio.sleep(0.2)

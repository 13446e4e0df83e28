"""No PIN and no key anywhere: in history, records, logs or notices, after every sample order was played."""

import asyncio
from pathlib import Path

import httpx

from records.cases import Stage
from sandbox.sample_customers import CUSTOMERS
from sandbox.samples import Act, SampleOrder, sample_customers_csv, sample_orders, sample_pins, seed
from sandbox.serve import SandboxServer
from tests.scenarios import searching
from tests.scenarios.processes import ServiceProcess, worker_process
from tests.scenarios.receiver import Receiver, receiving
from tests.service import REVIEWER, Service, installed

API_KEY = "KEY-0193-of-an-account-with-numbers"
SALT = "searched"
"""Orders of the samples that no other test on the same server starts a workflow for."""
WAITS = (Act.APPROVE, Act.DENY, Act.APPROVE_BY_SIGNAL, Act.CANCEL, Act.LET_IT_LAPSE)


async def test_no_pin_and_no_key_is_written_anywhere(temporal: str, tmp_path: Path) -> None:
    secrets = [*sample_pins(), API_KEY]
    with receiving() as pager:
        more = {
            "TELNYX_API_KEY": API_KEY,
            "PORTOUT_SEND": "yes",
            "PORTOUT_NOTIFY": pager.notify("review", "escalation", "incident"),
        }
        async with installed(temporal, tmp_path, carrier=SandboxServer(key=API_KEY)) as service:
            _import_customers(service)
            async with worker_process(service, **more) as process:
                await process.started()
                await _play(service)
                haystacks = await _everything(service, process, pager)
            assert searching.places_of(secrets, haystacks) == []
            _assert_notices_help_and_name_nobody(pager)
            await _plant(service, pager, secrets[0])
            found = searching.places_of(secrets, await _everything(service, process, pager))
    places = {place.split()[0].rstrip(":") for place in found}
    assert places == {"history", "file", "requests", "notices"}
    assert {"file records.db-wal", "file worker.log"} <= {place.rpartition(":")[0] for place in found}


def _import_customers(service: Service) -> None:
    file = service.settings.home / "customers.csv"
    file.write_text(sample_customers_csv())
    service.records.customers.import_file(file, service.carrier.carrier.clock.now(), by="ann")
    file.unlink()


async def _play(service: Service) -> None:
    samples = seed(service.carrier.carrier, salt=SALT)
    await asyncio.gather(*(_act(service, sample) for sample in samples))


async def _act(service: Service, sample: SampleOrder) -> None:
    if sample.act in WAITS:
        await service.stands_in(Stage.AWAITING_REVIEW, sample.id, within=60)
    if sample.act is Act.CANCEL:
        service.carrier.carrier.cancel(sample.id)
    elif sample.act is Act.APPROVE_BY_SIGNAL:
        await service.screening(sample.id).signal(
            "approve", {"reviewer": REVIEWER, "reason": "Spoken with them."}
        )
    elif sample.act in (Act.APPROVE, Act.DENY):
        await service.review(sample.id, "approve" if sample.act is Act.APPROVE else "deny")
    if sample.act is not Act.LET_IT_LAPSE:
        await service.result(sample.id, within=60)


async def _everything(service: Service, process: ServiceProcess, pager: Receiver) -> dict[str, bytes]:
    haystacks = {
        **await searching.histories(service),
        **searching.files(service),
        **searching.requests(service),
        **searching.notices(pager),
    }
    assert "file worker.log" in haystacks
    assert process.log
    return haystacks


def _assert_notices_help_and_name_nobody(pager: Receiver) -> None:
    texts = pager.texts("review")
    assert len(texts) >= 8
    assert all("Order PO_7000" in text and "until the carrier approves by silence" in text for text in texts)
    names = [name for customer in CUSTOMERS for name in (customer.name, *customer.authorized_names)]
    numbers = [number for customer in CUSTOMERS for number in customer.numbers]
    assert searching.places_of([*names, *numbers], searching.notices(pager)) == []


async def _plant(service: Service, pager: Receiver, secret: str) -> None:
    """Write the secret into each place, to show that the search would have found it."""
    waiting = next(sample.id for sample in sample_orders(salt=SALT) if sample.act is Act.LET_IT_LAPSE)
    await service.screening(waiting).signal("add_note", {"reviewer": REVIEWER, "text": f"It is {secret}."})
    await asyncio.to_thread(service.records.marks.set, "planted", secret)
    async with httpx.AsyncClient() as http:
        await http.get(f"{service.carrier.base_url}/portouts", params={"filter[support_key]": secret})
        await http.post(f"http://{pager.address}/review", content=secret)
    with (service.settings.home / "worker.log").open("a") as log:
        log.write(secret)

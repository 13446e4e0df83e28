"""What must not be found, after every sample order was played and much went wrong.

No PIN and no key anywhere: in history, records, logs, notices, requests or what commands print. No name and no number
in what others than reviewers see: history as Temporal's database holds it, logs and notices.
"""

import asyncio
import base64
import os
from pathlib import Path

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from records.cases import Stage
from sandbox.sample_customers import CUSTOMERS
from sandbox.samples import Act, SampleOrder, sample_customers_csv, sample_orders, sample_pins, seed
from sandbox.serve import SandboxServer
from tests.commands.conftest import shell_of
from tests.commands.shell import Shell
from tests.scenarios import searching
from tests.scenarios.processes import ServiceProcess, worker_process
from tests.scenarios.receiver import Receiver, receiving
from tests.service import REVIEWER, Service, installed
from tests.waiting import eventually

API_KEY = "KEY-0193-of-an-account-with-numbers"
NAMES = [name for customer in CUSTOMERS for name in (customer.name, *customer.authorized_names)]
NUMBERS = [number for customer in CUSTOMERS for number in customer.numbers]
PERSONAL = [*NAMES, *NUMBERS]
WITH_PEOPLE = ("customers", "customer_numbers", "customer_contacts", "policies")
"""Tables that hold who the customers are, and the fixtures of the rules' own tests."""
WITH_NUMBERS = ("attempts", "history")
"""Tables that the rules of velocity and repetition ask by number."""
SALT = "searched"
"""Orders of the samples that no other test on the same server starts a workflow for."""
WAITS = (Act.APPROVE, Act.DENY, Act.APPROVE_BY_SIGNAL, Act.CANCEL, Act.LET_IT_LAPSE)


async def test_no_secret_is_written_anywhere_and_no_person_where_strangers_look(
    temporal: str, tmp_path: Path
) -> None:
    sealing = base64.b64encode(os.urandom(32)).decode()
    secrets = [*sample_pins(), API_KEY, sealing]
    with receiving() as pager:
        more = {
            "TELNYX_API_KEY": API_KEY,
            "PORTOUT_SEND": "yes",
            "PORTOUT_NOTIFY": pager.notify("review", "escalation", "incident"),
        }
        carrier, keys = SandboxServer(key=API_KEY), SecretStr(f"first:{sealing}")
        async with installed(temporal, tmp_path, carrier=carrier, payload_keys=keys) as service:
            _import_customers(service)
            async with worker_process(service, **more) as process:
                await process.started()
                await _play(service)
                await _fail(service)
                haystacks = await _everything(service, process, pager)
                haystacks["output"] = await _printed(shell_of(service, **more))
                strange = await searching.histories(service, await Client.connect(temporal))
            assert searching.places_of(secrets, haystacks) == []
            assert all("Order PO_7000" in text for text in pager.texts("review"))
            told = {name: haystacks[name] for name in ("file worker.log", "notices")}
            tables = searching.tables(service, but=(*WITH_PEOPLE, *WITH_NUMBERS))
            people = [*PERSONAL, *(number.removeprefix("+1") for number in NUMBERS)]
            assert searching.places_of(people, {**strange, **told, **tables}) == []
            assert searching.places_of(NAMES, searching.tables(service, but=WITH_PEOPLE)) == []
            # With the key they are there: it is the encryption that hides them.
            assert {place.split()[0] for place in searching.places_of(PERSONAL, haystacks)} >= {"history"}
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


async def _fail(service: Service) -> None:
    """Have an answer fail again and again, so that what is kept of failures is searched as well."""
    order = service.place()
    service.fault(method="PATCH", path_prefix=f"/portouts/{order}", status=500)
    await eventually(lambda: len(service.asked(f"/portouts/{order}/authorized", "PATCH")) > 1)


async def _printed(portout: Shell) -> bytes:
    """What commands print about all of it, also where they refuse to do something."""
    waiting = next(sample.id for sample in sample_orders(salt=SALT) if sample.act is Act.LET_IT_LAPSE)
    told = f"It is {sample_pins()[0]}."
    ran = await asyncio.gather(
        portout("show", waiting, "--json"),
        portout("settings", PORTOUT_PIN_KEY=API_KEY),
        portout("approve", waiting, "--reason", told, "--by", REVIEWER, TELNYX_API_KEY="wrong"),
    )
    return "".join(one.out + one.err for one in ran).encode()


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

"""`/healthz` and `/readyz`: what a process manager and a load balancer are told."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from commands.embedded import free_port
from console.app import create_app
from console.codec import CodecEndpoint
from console.handover import Handover
from console.health import Health
from console.messenger import Messenger
from console.public_keys import PublicKeys
from console.webhooks import WebhookEndpoint
from environment import settings_without_environment
from records.opening import open_records
from telnyx_api import TelnyxClient
from tests.console.silent import silent_server
from tests.service import Service


@asynccontextmanager
async def asking(health: Health, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        messenger = Messenger(
            service.client, carrier, service.records, task_queue="none", timing=settings.timing
        )
        endpoint = WebhookEndpoint(PublicKeys(settings), Handover(messenger, service.records))
        app = create_app(endpoint, health, CodecEndpoint(None, service.records, reviewers=(), origins=()))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as http:
            yield http


async def ready(health: Health, service: Service) -> tuple[int, dict[str, Any]]:
    async with asking(health, service) as http:
        assert (await http.get("/healthz")).json() == {"alive": True}
        answer = await http.get("/readyz")
        return answer.status_code, answer.json()


async def test_it_is_ready_when_temporal_and_records_answer(service: Service) -> None:
    found = await ready(Health(service.client, service.records), service)
    assert found == (200, {"ready": True, "temporal": "ok", "records": "ok"})


async def test_it_is_not_ready_without_temporal_and_says_so_without_telling_where_it_is(
    service: Service,
) -> None:
    away = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True)
    status, found = await ready(Health(away, service.records), service)
    assert status == 503
    assert (found["ready"], found["records"]) == (False, "ok")
    assert found["temporal"].startswith("not reachable (")
    assert "127.0.0.1" not in str(found)


async def test_a_temporal_that_says_nothing_is_not_waited_for(service: Service) -> None:
    async with silent_server() as address:
        silent = await Client.connect(address, lazy=True)
        status, found = await ready(Health(silent, service.records, patience=0.1), service)
    assert (status, found["temporal"]) == (503, "no answer within 0.1 s")


async def test_it_is_not_ready_when_the_records_cannot_be_read(service: Service, tmp_path: Path) -> None:
    records = open_records(settings_without_environment(home=tmp_path / "broken"))
    records.close()
    (tmp_path / "broken" / "records.db").write_bytes(b"no database" * 1000)
    status, found = await ready(Health(service.client, records), service)
    assert status == 503
    assert found == {"ready": False, "temporal": "ok", "records": "not reachable (DatabaseDamaged)"}


async def test_records_that_hang_are_asked_once_however_often_somebody_looks(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = [], threading.Event()

    def hang(name: str) -> None:
        asked.append(name)
        answers.wait(timeout=30)

    monkeypatch.setattr(service.records.marks, "get", hang)
    health = Health(service.client, service.records, patience=0.05)
    try:
        found = [await ready(health, service) for _ in range(3)]
    finally:
        answers.set()
    assert {status for status, _ in found} == {503}
    assert {parts["records"] for _, parts in found} == {"no answer within 0.05 s"}
    assert len(asked) == 1

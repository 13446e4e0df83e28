"""Between the answer to a webhook and the service: the answer never waits, whatever Temporal, carrier or records do."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs
from temporalio.client import Client

from activities.webhook_silence import heard_until
from console.app import listen, serving
from console.handover import Handover, Offer
from console.messenger import Messenger
from console.webhooks import PATH
from telnyx_api import TelnyxClient
from telnyx_api.webhooks import WebhookEvent
from tests.console.silent import silent_server
from tests.service import Service
from tests.signing import STATUS_CHANGED, Signer, webhook
from tests.waiting import eventually

CARRIER = Signer()


def told(event_id: str, at: datetime | None = None) -> WebhookEvent:
    return WebhookEvent(event_id, STATUS_CHANGED, None, "pending", at)


async def test_fifty_webhooks_are_answered_while_temporal_says_nothing(service: Service) -> None:
    """They stand in the queue, behind the first one that is being handed on, when all have been answered."""
    order = service.place()
    settings = service.settings.model_copy(update={"telnyx_public_key": CARRIER.public})
    async with (
        silent_server() as address,
        TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier,
    ):
        temporal = await Client.connect(address, lazy=True)
        door = listen("127.0.0.1", 0)
        port = door.getsockname()[1]
        async with (
            serving(settings, door, temporal=temporal, carrier=carrier, records=service.records) as handover,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        ):
            bodies = [webhook(order) for _ in range(50)]
            first = await http.post(PATH, content=bodies[0], headers=CARRIER.headers(bodies[0]))
            await eventually(lambda: handover.waiting == 0)
            answers = [
                await http.post(PATH, content=body, headers=CARRIER.headers(body)) for body in bodies[1:]
            ]
            assert {answer.status_code for answer in [first, *answers]} == {200}
            assert handover.waiting == 49
    assert service.asked(f"/portouts/{order}") == []


async def test_what_temporal_does_not_take_in_time_is_dropped_and_news_again_when_it_comes_again(
    service: Service,
) -> None:
    order = service.place()
    settings = service.settings
    async with (
        silent_server() as address,
        TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier,
    ):
        temporal = await Client.connect(address, lazy=True)
        messenger = Messenger(
            temporal, carrier, service.records, task_queue=settings.task_queue, timing=settings.timing
        )
        handover = Handover(messenger, service.records, patience=0.2)
        with capture_logs() as lines:
            async with handover.running():
                assert handover.offer(order, told("e-1")) is Offer.TAKEN
                assert handover.offer(order, told("e-1")) is Offer.SEEN
                await eventually(lambda: any(line["event"] == "webhook dropped" for line in lines))
                assert handover.offer(order, told("e-1")) is Offer.TAKEN
    dropped = next(line for line in lines if line["event"] == "webhook dropped")
    assert (dropped["portout_id"], dropped["event_ids"], dropped["error"]) == (order, ["e-1"], "TimeoutError")


async def test_only_an_order_that_the_carrier_does_not_know_is_worth_a_line_in_the_log(
    service: Service,
) -> None:
    known, unknown = service.place(), str(uuid4())
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        messenger = Messenger(
            service.client, carrier, service.records, task_queue=settings.task_queue, timing=settings.timing
        )
        handover = Handover(messenger, service.records)
        with capture_logs() as lines:
            async with handover.running():
                handover.offer(known, told("e-1"))
                handover.offer(unknown, told("e-2"))
                await eventually(lambda: {line["portout_id"] for line in lines} == {known, unknown})
    levels = {line["portout_id"]: (line["log_level"], line["outcome"]) for line in lines}
    assert levels == {
        known: ("debug", "screening started"),
        unknown: ("warning", "unknown to the carrier"),
    }


async def test_an_error_that_nobody_foresaw_ends_one_handing_on_and_not_the_next(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = service.place()
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        messenger = Messenger(
            service.client, carrier, service.records, task_queue=settings.task_queue, timing=settings.timing
        )
        handover = Handover(messenger, service.records)
        async with handover.running():
            with monkeypatch.context() as broken, capture_logs() as lines:
                broken.setattr(messenger, "pass_on", None)
                handover.offer(order, told("e-1"))
                await eventually(lambda: [line for line in lines if line["event"] == "webhook dropped"])
            handover.offer(order, told("e-1"))
            await eventually(lambda: service.runs(order))
    assert len(await service.runs(order)) == 1


async def test_the_records_know_how_far_webhooks_told_also_by_those_that_came_before(
    service: Service,
) -> None:
    at = datetime(2026, 3, 2, 14, tzinfo=UTC)
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        messenger = Messenger(
            service.client, carrier, service.records, task_queue=settings.task_queue, timing=settings.timing
        )
        handover = Handover(messenger, service.records)
        handover.offer("unknown", told("e-1", at))
        handover.offer("unknown", told("e-2", at - timedelta(hours=1)))
        handover.offer("unknown", told("e-1", at + timedelta(hours=1)))
        async with handover.running():
            await eventually(lambda: asyncio.to_thread(heard_until, service.records))
    assert heard_until(service.records) == at + timedelta(hours=1)

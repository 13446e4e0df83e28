"""Webhooks on the real parts: however often, in whatever order and however incompletely they come, nothing is done twice."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from structlog.testing import capture_logs

from console.app import listen, serving
from console.webhooks import PATH
from records.cases import Stage
from records.ledger_entries import EntryKind
from telnyx_api import TelnyxClient
from tests.service import Service, installed
from tests.signing import Signer
from tests.waiting import eventually

CARRIER = Signer()
SELDOM = 3600.0
"""Seconds between two intakes: what happens within this test happens because of webhooks."""
TIMES = 50
DROPPED = 0.2
AT_ONCE = 20


class Deliveries:
    """Sends the carrier's events to consoles, each time to one of them."""

    def __init__(self, http: httpx.AsyncClient, consoles: list[str], seed: int) -> None:
        self._http = http
        self._consoles = consoles
        self._random = random.Random(seed)

    async def send(self, bodies: Iterable[bytes], *, times: int = 1, dropped: float = 0.0) -> None:
        """Send each so many times, all in random order, some never."""
        copies = [body for body in bodies for _ in range(times)]
        self._random.shuffle(copies)
        sent = [body for body in copies if self._random.random() >= dropped]
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(body: bytes) -> int:
            async with slots:
                url = f"{self._random.choice(self._consoles)}{PATH}"
                answer = await self._http.post(url, content=body, headers=CARRIER.headers(body))
                return answer.status_code

        assert set(await asyncio.gather(*map(one, sent))) == {200}


@asynccontextmanager
async def console_of(service: Service, public_key: str | None = None) -> AsyncIterator[str]:
    """A console of this installation; yields where it is. It believes the sandbox, or whom else it is told to."""
    key = public_key or service.carrier.carrier.webhooks.public_key
    settings = service.settings.model_copy(update={"telnyx_public_key": key})
    door = listen("127.0.0.1", 0)
    async with (
        TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier,
        serving(settings, door, temporal=service.client, carrier=carrier, records=service.records),
    ):
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


async def webhooks_of(service: Service, *orders: str) -> dict[str, bytes]:
    """What the carrier would send of everything that happened to these orders, by the ids of the events."""
    key = {"Authorization": f"Bearer {service.carrier.key}"}
    async with httpx.AsyncClient(base_url=service.carrier.base_url, headers=key) as http:
        answers = [
            (await http.get("/portouts/events", params={"filter[portout_id]": order})).json()
            for order in orders
        ]
    events = [event for answer in answers for event in answer["data"]]
    return {
        event["id"]: json.dumps({"data": {**event, "occurred_at": event["created_at"]}}).encode()
        for event in events
    }


def _handed_on(lines: list[MutableMapping[str, Any]]) -> set[str]:
    return {id for line in lines if line["event"] == "webhook handed on" for id in line["event_ids"]}


@asynccontextmanager
async def working_by_webhooks(service: Service) -> AsyncIterator[None]:
    """A worker whose only intake is over."""
    async with service.working():
        await eventually(lambda: service.asked("/portouts/events"))
        yield


async def test_fifty_copies_of_each_in_random_order_make_one_run_and_one_decision(
    temporal: str, tmp_path: Path
) -> None:
    async with (
        installed(temporal, tmp_path, intake_every=SELDOM) as service,
        working_by_webhooks(service),
        console_of(service, CARRIER.public) as one,
        console_of(service, CARRIER.public) as other,
        httpx.AsyncClient(timeout=30.0) as http,
    ):
        # Two consoles beside each other, as behind a load balancer: what one has seen is news to the other.
        deliveries = Deliveries(http, [one, other], seed=7)
        decided = [service.place(), service.place_denied()]
        waiting = service.place_reviewed()
        orders = [*decided, waiting]
        asked_for = await webhooks_of(service, *orders)
        await deliveries.send(asked_for.values(), times=TIMES, dropped=DROPPED)
        await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        for order in decided:
            await eventually(partial(service.ledger, order, EntryKind.ANSWERED))
        # Once more, and now the events of our own answers come along: old and new in disorder.
        everything = await webhooks_of(service, *orders)
        answers = everything.keys() - asked_for.keys()
        assert len(answers) == len(decided)
        with capture_logs() as lines:
            await deliveries.send(everything.values(), times=TIMES, dropped=DROPPED)
            await eventually(lambda: answers <= _handed_on(lines))
        assert [service.truth(order)["status"] for order in decided] == ["authorized", "rejected-pending"]
        for order in orders:
            assert len(await service.runs(order)) == 1
            decisions = 1 if order in decided else 0
            assert service.truth(order)["patches"] == decisions
            assert len(service.ledger(order, EntryKind.ANSWERED)) == decisions
        assert service.stage(waiting) is Stage.AWAITING_REVIEW


async def test_a_late_webhook_of_an_answered_order_starts_nothing_and_a_refused_rejection_is_taken_up(
    temporal: str, tmp_path: Path
) -> None:
    """The sandbox sends them itself, here."""
    async with (
        installed(temporal, tmp_path, intake_every=SELDOM) as service,
        working_by_webhooks(service),
    ):
        carrier = service.carrier.carrier
        async with console_of(service) as url:
            carrier.webhooks.register(f"{url}{PATH}")
            answered, refused = service.place(), service.place_denied()
            for order in (answered, refused):
                await eventually(partial(service.ledger, order, EntryKind.ANSWERED))
        asked_for = [await _first_event(service, order) for order in (answered, refused)]
        # A console that was started anew has forgotten what it saw.
        async with console_of(service) as url:
            carrier.webhooks.register(f"{url}{PATH}")
            with capture_logs() as lines:
                for event_id in asked_for:
                    carrier.republish(event_id)
                await eventually(lambda: set(asked_for) <= _handed_on(lines))
            assert [len(await service.runs(order)) for order in (answered, refused)] == [1, 1]
            carrier.rule(refused, "bounce")
            await service.stands_in(Stage.AWAITING_REVIEW, refused)
        assert [service.truth(order)["patches"] for order in (answered, refused)] == [1, 1]
        case = service.case(refused)
        assert case is not None
        assert case.round == 2


async def _first_event(service: Service, order: str) -> str:
    """The id of the event with which the order came; the carrier lists the newest first."""
    return list(await webhooks_of(service, order))[-1]

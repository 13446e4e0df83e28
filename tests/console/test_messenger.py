"""What becomes of a webhook: a screening that runs is told, and one is started only where intake would start it.

The real carrier client, records and Temporal server; no worker runs what is started.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from structlog.testing import capture_logs
from temporalio.api.enums.v1 import EventType

from activities.contracts import CarrierEvent
from console.messenger import Messenger, OrderNews
from records.ledger_entries import EntryKind, LedgerEntry
from sandbox.faults import Effect
from telnyx_api import TelnyxClient
from telnyx_api.webhooks import WebhookEvent
from tests.service import Service
from tests.signing import FOC_DATE_CHANGED, NEW_COMMENT, STATUS_CHANGED


def told(event_type: str = STATUS_CHANGED, status: str | None = "pending") -> WebhookEvent:
    return WebhookEvent(
        str(uuid4()), event_type, None, status if event_type == STATUS_CHANGED else None, None
    )


def news(portout_id: str, *events: WebhookEvent) -> OrderNews:
    return OrderNews(portout_id, list(events or [told()]))


@asynccontextmanager
async def messenger_of(service: Service) -> AsyncIterator[Messenger]:
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        yield Messenger(
            service.client,
            carrier,
            service.records,
            task_queue=settings.task_queue,
            timing=settings.timing,
        )


async def pass_on(service: Service, *orders: OrderNews) -> list[str | None]:
    async with messenger_of(service) as messenger:
        await messenger.pass_on(orders)
    assert {order.failed for order in orders} == {None}
    return [order.settled for order in orders]


async def heard(service: Service, portout_id: str) -> list[CarrierEvent]:
    """What the run of an order was told of."""
    converter = service.client.data_converter
    history = await service.screening(portout_id).fetch_history()
    found = []
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            signal = event.workflow_execution_signaled_event_attributes
            found += await converter.decode(signal.input.payloads, [CarrierEvent])
    return found


async def test_a_pending_order_is_started_and_told_after_that(service: Service) -> None:
    order = service.place()
    assert await pass_on(service, news(order)) == ["screening started"]
    comment, moved = told(NEW_COMMENT), told(FOC_DATE_CHANGED)
    assert await pass_on(service, news(order, comment, told(), moved, told())) == ["screening told"]
    events = await heard(service, order)
    assert [event.event_type for event in events] == [NEW_COMMENT, STATUS_CHANGED, FOC_DATE_CHANGED]
    assert {comment.event_id, moved.event_id} < {event.event_id for event in events}
    assert len(await service.runs(order)) == 1


async def test_what_is_told_of_an_order_that_is_not_pending_starts_nothing(service: Service) -> None:
    gone, unknown, commented = service.place(), str(uuid4()), service.place()
    service.carrier.carrier.cancel(gone)
    settled = await pass_on(
        service,
        news(gone),
        news(unknown),
        news(
            commented, told(NEW_COMMENT), told(FOC_DATE_CHANGED), told(status="canceled"), told(status=None)
        ),
    )
    assert settled == ["not pending", "unknown to the carrier", "no screening runs"]
    for order in (gone, unknown, commented):
        assert await service.runs(order) == []
    assert service.asked(f"/portouts/{commented}") == []


async def test_an_order_that_we_answered_is_started_only_when_the_carrier_refused_the_answer(
    service: Service,
) -> None:
    """A carrier that still shows it as pending, as it may for a while after a PATCH, does not start it again."""
    carrier = service.carrier.carrier
    stale, bounced = service.place(), service.place()
    rejection = {"reason": "Not asked for."}
    carrier.update_status(stale, "rejected-pending", rejection, Effect(stale_reads=1000, stale_events=True))
    carrier.update_status(bounced, "rejected-pending", rejection)
    carrier.rule(bounced, "bounce")
    for order in (stale, bounced):
        service.records.ledger.append(_answer_to(order))
    assert await pass_on(service, news(stale), news(bounced)) == ["answered already", "screening started"]
    assert await service.runs(stale) == []


def _answer_to(order: str) -> LedgerEntry:
    return LedgerEntry(
        portout_id=order,
        kind=EntryKind.ANSWERED,
        step_key="run-1:answered",
        body={"round": 1, "status": "rejected-pending", "rejection_code": None, "reason": "Not asked for."},
        at=datetime.now(UTC),
    )


async def test_guesses_that_come_together_for_one_number_know_of_each_other_before_any_is_screened(
    service: Service,
) -> None:
    number = "+12125550100"
    right = service.place(phone_numbers=[number])
    wrong = [service.place(phone_numbers=[number], attempted=f"999{guess}") for guess in range(4)]
    alone = service.place()
    settled = await pass_on(service, news(right), *map(news, wrong), news(alone))
    assert set(settled) == {"screening started"}
    attempts = service.records.attempts
    assert all(attempts.event_ids(order) for order in [right, *wrong])
    assert attempts.barring(right, [number], datetime(2020, 1, 1, tzinfo=UTC))
    asked_for = {entry["query"]["filter[portout_id]"] for entry in service.asked("/portouts/events")}
    assert asked_for == {right, *wrong}, "an order that has its number to itself is counted by its screening"


async def test_one_order_that_cannot_be_read_holds_up_no_other(service: Service) -> None:
    orders = [service.place() for _ in range(3)]
    service.fault(path_prefix=f"/portouts/{orders[1]}", status=503)
    told_of = [news(order) for order in orders]
    async with messenger_of(service) as messenger:
        await messenger.pass_on(told_of)
    assert [one.settled for one in told_of] == ["screening started", None, "screening started"]
    assert [one.failed for one in told_of] == [None, "CarrierFault", None]


async def test_events_that_cannot_be_read_keep_no_order_from_being_watched(service: Service) -> None:
    number = "+12125550100"
    orders = [service.place(phone_numbers=[number]) for _ in range(2)]
    service.fault(path_prefix="/portouts/events", status=503)
    with capture_logs() as lines:
        assert set(await pass_on(service, *map(news, orders))) == {"screening started"}
    assert "attempted PINs not readable" in [line["event"] for line in lines]

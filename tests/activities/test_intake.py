"""An intake that meets trouble goes on with what it can do."""

import dataclasses
from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import IntakeInput, IntakeReport
from activities.intake import IntakeActivities
from activities.notices import NoticeBoard
from activities.webhook_silence import WebhookSilence
from records.ledger_entries import EntryKind, LedgerEntry
from telnyx_api import TelnyxClient
from tests.service import HURRIED, Service
from tests.waiting import eventually


async def take_in(service: Service) -> IntakeReport:
    """One intake; no worker runs what it starts."""
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as telnyx:
        board = NoticeBoard(service.records, [])
        intake = IntakeActivities(
            telnyx,
            service.records,
            board,
            service.client,
            sends=True,
            heartbeat_url=None,
            refused_key=HURRIED.refused_key,
            silence=WebhookSilence(telnyx, service.records, board, expected=False),
        )
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, task_queue=settings.task_queue)
        return await environment.run(intake.take_in, IntakeInput(timing=HURRIED))


async def have_runs(service: Service, *orders: str) -> bool:
    return all([bool(await service.runs(order)) for order in orders])


async def test_orders_are_started_although_events_cannot_be_read_and_the_intake_is_tried_again(
    service: Service,
) -> None:
    orders = [service.place(), service.place_denied()]
    service.fault(path_prefix="/portouts/events", status=503)
    with pytest.raises(ApplicationError) as caught:
        await take_in(service)
    assert not caught.value.non_retryable
    await eventually(lambda: have_runs(service, *orders))
    service.mend()
    again = await take_in(service)
    assert (again.pending, again.started) == (2, 0)


async def test_an_answered_order_that_cannot_be_read_holds_up_no_other(service: Service) -> None:
    answered, bounced, new = service.place(), service.place(), service.place()
    service.carrier.carrier.update_status(bounced, "rejected-pending", {"reason": "Not asked for."})
    for order in (answered, bounced):
        service.records.ledger.append(_answer_to(order))
    service.carrier.carrier.rule(bounced, "bounce")
    service.fault(path_prefix=f"/portouts/{answered}", status=503)
    report = await take_in(service)
    assert (report.pending, report.started) == (3, 2)
    await eventually(lambda: have_runs(service, bounced, new))
    assert not await have_runs(service, answered)


def _answer_to(order: str) -> LedgerEntry:
    return LedgerEntry(
        portout_id=order,
        kind=EntryKind.ANSWERED,
        step_key="run-1:answered",
        body={"round": 1, "status": "rejected-pending", "rejection_code": None, "reason": "Not asked for."},
        at=datetime.now(UTC),
    )

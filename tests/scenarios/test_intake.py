"""Taking in: every pending order gets one run, however many there are and however often it is started."""

import asyncio
import dataclasses
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import ActivityEnvironment

from activities.contracts import SCREENING_WORKFLOW, IntakeInput, StartScreening, screening_workflow_id
from activities.intake import IntakeActivities
from activities.notices import NoticeBoard
from activities.webhook_silence import WebhookSilence
from commands.embedded import embedded_temporal, free_port
from records.cases import Stage
from sandbox.carrier import Carrier
from telnyx_api import TelnyxClient
from tests.service import HURRIED, Service, installed
from tests.waiting import eventually

CHURN = 5
"""Orders that are withdrawn, and as many that come, while a page is read."""


async def test_a_thousand_orders_that_come_and_go_are_all_started_once(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Four pages of orders, which shift under the reader with every page.

    The real activity with the real client against the real server; no worker runs what it starts, which would take
    most of a minute and prove nothing more.
    """
    folder = tmp_path_factory.mktemp("temporal")
    async with (
        embedded_temporal(folder / "temporal.db", port=free_port()) as address,
        installed(address, tmp_path) as service,
        TelnyxClient(service.settings.carrier_key, service.settings.carrier_url) as telnyx,
    ):
        carrier = service.carrier.carrier
        stable = {carrier.create_order() for _ in range(1000 - 20 * CHURN)}
        restless = _Restless(carrier, [carrier.create_order() for _ in range(20 * CHURN)])
        board = NoticeBoard(service.records, [])
        intake = IntakeActivities(
            telnyx,
            service.records,
            board,
            service.client,
            sends=True,
            heartbeat_url=None,
            refused_key=1.0,
            silence=WebhookSilence(telnyx, service.records, board, expected=False),
        )
        environment = ActivityEnvironment()
        # A queue that is not the installation's: its end would terminate a thousand runs, one after another, and the
        # server that holds them ends here anyway.
        environment.info = dataclasses.replace(environment.info, task_queue="nobody-works-here")

        environment.on_heartbeat = restless.come_and_go
        first = await environment.run(intake.take_in, IntakeInput(timing=HURRIED))
        assert restless.withdrawn, "nothing came or went"
        assert first.pending >= len(stable)
        started = await _started(service, first.started)
        assert stable <= started.keys()

        environment.on_heartbeat = lambda *_: None
        second = await environment.run(intake.take_in, IntakeInput(timing=HURRIED))
        pending = {truth["id"] for truth in carrier.truths() if truth["status"] == "pending"}
        started = await _started(service, first.started + second.started)
        assert pending <= started.keys()
        assert set(started.values()) == {1}

        third = await environment.run(intake.take_in, IntakeInput(timing=HURRIED))
        assert (third.pending, third.started) == (len(pending), 0)


class _Restless:
    """Withdraws the newest orders and places others whenever it is called, so that pages shift both ways."""

    def __init__(self, carrier: Carrier, orders: list[str]) -> None:
        self._carrier = carrier
        self._orders = orders
        self.withdrawn: list[str] = []

    def come_and_go(self, *_: Any) -> None:
        for _number in range(min(CHURN, len(self._orders))):
            self.withdrawn.append(self._orders.pop())
            self._carrier.cancel(self.withdrawn[-1])
        if self._orders:
            for _number in range(CHURN - 1):
                self._carrier.create_order()


async def _started(service: Service, at_least: int) -> Counter[str]:
    """How many runs there are of each order, once Temporal's listing shows as many as were started."""

    async def runs() -> Counter[str]:
        query = f"WorkflowType = '{SCREENING_WORKFLOW}'"
        prefix = screening_workflow_id("")
        return Counter([run.id.removeprefix(prefix) async for run in service.client.list_workflows(query)])

    async def enough() -> Counter[str] | None:
        found = await runs()
        return found if found.total() >= at_least else None

    found = await eventually(enough)
    assert found is not None
    return found


async def test_an_order_that_is_started_twenty_times_at_once_has_one_run(service: Service) -> None:
    """And two workers that start at once, on what was started before them, make one schedule."""
    order, others = service.place(), [service.place(), service.place_denied()]
    started = await asyncio.gather(*(_start(service, order) for _ in range(20)))
    assert len({handle.first_execution_run_id for handle in started}) == 1
    async with service.working(), service.working():
        results = await service.results(order, *others)
        schedules = [listed.id async for listed in await service.client.list_schedules()]
        service.carrier.carrier.rule(order, "port")
        await service.end(order)
        again = await (await _start(service, order)).result()
    assert [result.outcome for result in results] == ["approve", "approve", "deny"]
    assert schedules.count(service.settings.schedule_id) == 1
    assert [len(await service.runs(portout_id)) for portout_id in others] == [1, 1]
    # Started once more after its end, the run sees that there is nothing left to decide.
    assert (again["outcome"], again["decided_by"]) == ("approve", "policy")
    assert again["carrier_status"] == "ported"
    assert len(service.patches()) == 3
    assert not service.records.notices.told(f"{order}:2:decided-elsewhere")


async def _start(service: Service, order: str) -> Any:
    return await service.client.start_workflow(
        SCREENING_WORKFLOW,
        StartScreening(portout_id=order, timing=HURRIED),
        id=screening_workflow_id(order),
        task_queue=service.settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


async def test_a_listing_that_lags_behind_our_answers_starts_no_second_round(service: Service) -> None:
    service.fault(method="PATCH", stale_reads=1000, stale_events=True)
    orders = [service.place(), service.place_denied()]
    async with service.working():
        await service.results(*orders)
        listed = len(service.asked("/portouts"))
        await eventually(lambda: len(service.asked("/portouts")) >= listed + 3)
    assert {service.carrier.carrier.read_order(order)["status"] for order in orders} == {"pending"}
    assert [len(await service.runs(order)) for order in orders] == [1, 1]
    assert [service.truth(order)["patches"] for order in orders] == [1, 1]


async def test_search_attributes_show_where_orders_stand(service: Service) -> None:
    decided, waiting = service.place(), service.place_reviewed()
    async with service.working():
        await service.result(decided)
        await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        answered = "PortOutStage = 'awaiting_carrier' AND PortOutOutcome = 'approve'"
        assert await eventually(lambda: _found(service, answered)) == [decided]
        service.carrier.carrier.rule(decided, "port")
        closed = "PortOutStage = 'closed' AND PortOutOutcome = 'approve'"
        assert await eventually(lambda: _found(service, closed)) == [decided]
        in_review = "PortOutStage = 'awaiting_review' AND PortOutRespondBy > '2020-01-01T00:00:00Z'"
        assert await eventually(lambda: _found(service, in_review)) == [waiting]


async def _found(service: Service, query: str) -> list[str]:
    """The orders of this installation that a query for runs finds."""
    ours = f"{query} AND TaskQueue = '{service.settings.task_queue}'"
    prefix = screening_workflow_id("")
    return [run.id.removeprefix(prefix) async for run in service.client.list_workflows(ours)]


async def test_an_entry_of_the_listing_that_cannot_be_read_is_paged_and_holds_up_no_other(
    service: Service,
) -> None:
    orders = [service.place() for _ in range(2)]
    nameless = service.carrier.carrier._orders.get(service.place())
    nameless.shown = {**nameless.shown, "id": None}
    days = {datetime.now(UTC).date()}
    async with service.working():
        results = await service.results(*orders)
    days.add(datetime.now(UTC).date())
    assert [result.outcome for result in results] == ["approve", "approve"]
    assert any(service.records.notices.told(f"unreadable:{day}") for day in days)

"""A worker killed while it asks for documents, looks for them, watches or reconciles: nothing is lost or repeated."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from activities.reconciling import RECONCILE_WORKFLOW, ReconcileInput, ReconcileReport
from records.ledger_entries import EntryKind
from sandbox.query import Query
from tests.scenarios.holding import held, hold
from tests.scenarios.letters import LETTER, asked, comments, place_tagged
from tests.scenarios.processes import worker_process
from tests.service import Service
from tests.waiting import eventually


async def test_a_worker_killed_between_a_comment_and_its_record_leaves_one_comment(
    impatient: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, carrier = impatient, impatient.carrier.carrier
    async with worker_process(service, "killed") as worker:
        await worker.started()
        # The carrier takes one comment only after the worker that sent it has died, ...
        slow = place_tagged(service)
        hold(service, f"/portouts/{slow}/comments", method="POST", seconds=2.0)
        await held(service, f"/portouts/{slow}/comments")
        # ... and has just taken another when the worker dies, which never hears of it.
        lost = place_tagged(service)
        monkeypatch.setattr(carrier, "comment", _then_for(lost, carrier.comment, worker.crash))
        await eventually(lambda: comments(service, lost))
        await worker.ended()
    assert service.ledger(lost, EntryKind.ASKED) == []
    monkeypatch.undo()
    async with service.working():
        for order in (slow, lost):
            await asked(service, order)
            carrier.hand_in(order, "loa", LETTER)
        results = await service.results(slow, lost)
    assert [result.outcome for result in results] == ["approve", "approve"]
    for order in (slow, lost):
        [comment] = carrier.comments(order)
        [entry] = service.ledger(order, EntryKind.ASKED)
        assert entry.body["comment_id"] == comment["id"]


async def test_a_worker_killed_while_it_looks_watches_and_reconciles_repeats_nothing(
    impatient: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, carrier = impatient, impatient.carrier.carrier
    async with worker_process(service, "killed") as worker:
        approved, waiting = service.place(), place_tagged(service)
        await eventually(lambda: service.ledger(approved, EntryKind.ANSWERED))
        await asked(service, waiting)
        for path in (f"/portouts/{waiting}/supporting_documents", f"/portouts/{approved}"):
            hold(service, path, seconds=2.0)
        carrier.rule(approved, "port")
        for path in (f"/portouts/{waiting}/supporting_documents", f"/portouts/{approved}"):
            await held(service, path)
        monkeypatch.setattr(carrier, "list_orders", _when_reconciling(carrier.list_orders, worker.crash))
        reconciling = await service.client.start_workflow(
            RECONCILE_WORKFLOW,
            ReconcileInput(timing=service.settings.timing),
            id=f"reconcile-{uuid4()}",
            task_queue=service.settings.task_queue,
            result_type=ReconcileReport,
        )
        await worker.ended()
    monkeypatch.undo()
    carrier.hand_in(waiting, "loa", LETTER)
    async with service.working():
        assert (await service.end(approved)).carrier_status == "ported"
        assert (await service.result(waiting)).outcome == "approve"
        report: ReconcileReport = await reconciling.result()
    assert report.wrong == {}
    assert [service.truth(order)["patches"] for order in (approved, waiting)] == [1, 1]
    assert len(comments(service, waiting)) == 1
    assert len(service.ledger(approved, EntryKind.CLOSED)) == 1


def _then_for(order: str, act: Callable[..., Any], crash: Callable[[], None]) -> Callable[..., Any]:
    """The same, and for that order a crash before anybody hears of it."""

    def acting(order_id: str, *given: Any, **named: Any) -> Any:
        done = act(order_id, *given, **named)
        if order_id == order:
            crash()
        return done

    return acting


def _when_reconciling(listing: Callable[..., Any], crash: Callable[[], None]) -> Callable[..., Any]:
    """Only reconciling lists orders by when they came."""

    def listed(query: Query) -> Any:
        if set(query.filters) == {"inserted_at.gte"}:
            crash()
        return listing(query)

    return listed

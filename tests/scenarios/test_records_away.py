"""The records database is away at the moment of the answer: the carrier is answered first, the entry follows."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.scenarios.holding import answer_is_under_way, hold_answer, nobody_else_writes
from tests.scenarios.receiver import receiving
from tests.service import HURRIED, installed
from tests.waiting import eventually


async def test_a_database_that_is_away_delays_no_answer_and_loses_no_entry(
    temporal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A call that waits for the database waits less long, as everything does here.
    monkeypatch.setattr("records.engine.PATIENCE", 0.3)
    timing = HURRIED.model_copy(update={"activity": 10.0})
    async with installed(temporal, tmp_path, timing=timing) as service, service.working():
        reviewed = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_REVIEW, reviewed)
        by_rules = [service.place(), service.place_denied()]
        for order in by_rules:
            hold_answer(service, order, seconds=1.0)
        for order in by_rules:
            await answer_is_under_way(service, order)
        orders = [*by_rules, reviewed]
        with nobody_else_writes(service.settings.home):
            await service.review(reviewed, "deny")
            await eventually(lambda: all(service.truth(order)["effective_patches"] for order in orders))
            assert [service.truth(order)["status"] for order in orders] == [
                *("authorized", "rejected-pending", "rejected-pending")
            ]
            # Longer than the writes that follow the answers are waited for.
            listed = len(service.asked("/portouts"))
            await eventually(lambda: len(service.asked("/portouts")) >= listed + 2)
            assert not any(service.ledger(order, EntryKind.ANSWERED) for order in orders)
        results = await service.results(*orders)
    assert [result.outcome for result in results] == ["approve", "deny", "deny"]
    for order in orders:
        [entry] = service.ledger(order, EntryKind.ANSWERED)
        assert entry.body["status"] == service.truth(order)["status"]
        assert service.stage(order) is Stage.AWAITING_CARRIER
        assert service.truth(order)["patches"] == 1
        assert service.records.ledger.verify_chain(order) == []


async def test_that_the_carrier_refuses_an_answer_is_told_while_the_database_is_away(
    temporal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.engine.PATIENCE", 0.3)
    with receiving() as pager:
        notify = SecretStr(pager.notify("incident"))
        async with installed(temporal, tmp_path, notify=notify) as service, service.working():
            order = service.place_reviewed()
            await service.stands_in(Stage.AWAITING_REVIEW, order)
            service.fault(method="PATCH", status=422)
            with nobody_else_writes(service.settings.home):
                await service.review(order, "approve")
                await eventually(lambda: pager.texts("incident"))
            service.mend()
            await eventually(lambda: (case := service.case(order)) and case.round == 2)
            await service.stands_in(Stage.AWAITING_REVIEW, order)
            await service.review(order, "deny")
            result = await service.result(order)
    assert (result.outcome, result.round) == ("deny", 2)
    assert len(service.ledger(order, EntryKind.REFUSED_BY_CARRIER)) == 1
    [told] = [text for text in pager.texts("incident") if "did not take the answer" in text]
    case = service.case(order)
    assert case is not None
    assert f"Order {case.support_key}" in told

"""Rejecting: codes that the carrier lists, codes that it will not have, and rejections that it refuses."""

import pytest
from temporalio.client import WorkflowUpdateFailedError

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.service import Service, refused_because

WRONG_PIN_TEXT = "The port-out PIN supplied does not match our records."


async def test_a_rejection_goes_without_its_code_where_the_carrier_takes_none(service: Service) -> None:
    service.fault(rejection_code="refuse")
    order = service.place_denied()
    async with service.working():
        result = await service.result(order)
    truth = service.truth(order)
    assert (truth["status"], truth["reason"], truth["rejection_code"]) == (
        "rejected-pending",
        WRONG_PIN_TEXT,
        None,
    )
    assert [entry["status"] for entry in service.patches()] == [422, 200]
    assert (result.outcome, result.decided_by, result.rejection_code) == ("deny", "policy", None)


async def test_a_denial_without_a_usable_code_waits_for_a_person(service: Service) -> None:
    codes = [{"code": 1003, "description": "Something else", "reason_required": True}]
    order, hopeless = service.place_denied(eligible_codes=codes), service.place_denied(eligible_codes=[])
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order, hopeless)
        assert service.patches() == []
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await service.review(order, "deny")
        assert "the carrier lists 1003 Something else" in refused_because(refused.value)
        await service.review(order, "deny", rejection_code=1003, reason="The PIN is wrong.")
        await service.review(hopeless, "approve", override_reason="We reset the PIN.")
        denied, approved = await service.results(order, hopeless)
    assert (denied.outcome, denied.rejection_code) == ("deny", 1003)
    assert approved.outcome == "approve"


async def test_a_refused_rejection_goes_to_a_person_and_is_never_repeated(service: Service) -> None:
    again_denied, approved = service.place_denied(), service.place_denied()
    async with service.working():
        first = await service.results(again_denied, approved)
        assert [result.outcome for result in first] == ["deny", "deny"]
        for order in (again_denied, approved):
            service.carrier.carrier.rule(order, "bounce")
        await service.stands_in(Stage.AWAITING_REVIEW, again_denied, approved)
        state = await service.state(again_denied)
        assert (state.round, state.outcome) == (2, "review")
        assert "The rules alone would deny this order as invalid_pin." in state.notes
        assert [(barred.code, barred.reason) for barred in state.refused] == [(1002, WRONG_PIN_TEXT)]
        with pytest.raises(WorkflowUpdateFailedError) as barred:
            await service.review(again_denied, "deny", reason=WRONG_PIN_TEXT)
        assert "already refused" in refused_because(barred.value)
        await service.review(again_denied, "deny", reason="The account holder did not ask for this.")
        await service.review(approved, "approve", override_reason="We reset the PIN.")
        second = await service.results(again_denied, approved)
    assert [(result.round, result.outcome, result.decided_by) for result in second] == [
        (2, "deny", "reviewer"),
        (2, "approve", "reviewer"),
    ]
    truth = service.truth(again_denied)
    answers = [(entry["status"], entry["reason"]) for entry in truth["history"] if entry["by"] == "patch"]
    assert answers == [
        ("rejected-pending", WRONG_PIN_TEXT),
        ("rejected-pending", "The account holder did not ask for this."),
    ]
    assert service.truth(approved)["status"] == "authorized"
    assert service.ledger(again_denied, EntryKind.REFUSED_BY_CARRIER)
    assert service.records.ledger.verify_chain(again_denied) == []


async def test_an_answer_that_the_carrier_will_not_take_goes_to_a_person(service: Service) -> None:
    service.fault(method="PATCH", status=422, count=2)
    order = service.place_denied()
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        state = await service.state(order)
        assert (state.round, len(state.refused)) == (2, 1)
        await service.review(order, "deny", reason="The account holder did not ask for this.")
        result = await service.result(order)
    assert (result.outcome, result.round, result.decided_by) == ("deny", 2, "reviewer")
    assert service.truth(order)["reason"] == "The account holder did not ask for this."
    assert service.truth(order)["effective_patches"] == 1

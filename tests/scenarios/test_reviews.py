"""People at the desk: two at once, rubbish, too late, and orders that move on while somebody thinks."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowUpdateFailedError

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.service import REVIEWER, RIGHT_PIN, SECOND_REVIEWER, Service, refused_because
from tests.waiting import eventually
from workflows.messages import ReviewAccepted

RUBBISH: tuple[Any, ...] = (
    None,
    "yes",
    7,
    [],
    {},
    {"reviewer": "", "reason": "x"},
    {"reviewer": REVIEWER},
    {"reviewer": REVIEWER, "reason": "   "},
    {"reviewer": ["a"], "reason": {"b": 1}},
    {"reviewer": REVIEWER, "reason": "x" * 5000},
    {"reviewer": REVIEWER, "reason": "Because.", "rejection_code": "none"},
    {"reviewer": REVIEWER, "reason": "Because.", "rejection_code": 4242},
    {"reviewer": "a stranger", "reason": "Because."},
)


async def test_of_two_reviewers_one_wins_and_the_other_is_told_who_and_when(service: Service) -> None:
    orders = [service.place_reviewed() for _ in range(6)]
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, *orders)
        raced = [await _race(service, order) for order in orders]
        results = await service.results(*orders)
    for order, result, (accepted, told) in zip(orders, results, raced, strict=True):
        word = "approved" if result.outcome == "approve" else "denied"
        assert (accepted.action, accepted.reviewer) == (result.outcome, result.reviewer)
        assert told.startswith(f"The order was already {word} by {accepted.reviewer} at 20")
        assert service.truth(order)["effective_patches"] == service.truth(order)["patches"] == 1


async def _race(service: Service, order: str) -> tuple[ReviewAccepted, str]:
    """Approve and deny at the same moment; who was accepted, and what the other was told."""
    answers = await asyncio.gather(
        service.review(order, "approve", by=REVIEWER),
        service.review(order, "deny", by=SECOND_REVIEWER),
        return_exceptions=True,
    )
    [accepted] = [answer for answer in answers if isinstance(answer, ReviewAccepted)]
    [refused] = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    return accepted, refused_because(refused)


async def test_rubbish_in_a_signal_changes_nothing_and_is_kept(service: Service) -> None:
    order = service.place_reviewed()
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        handle = service.screening(order)
        for name in ("deny", "carrier_event", "add_note", "nonsense"):
            for rubbish in RUBBISH:
                await handle.signal(name, rubbish)
        await handle.signal("approve", args=["one", "argument", "too many"])
        await eventually(lambda: _refused_attempts(service, order, at_least=len(RUBBISH)))
        assert (await service.state(order)).stage is Stage.AWAITING_REVIEW
        await handle.signal("approve", {"reviewer": REVIEWER, "reason": "Spoken with the holder."})
        result = await service.result(order)
    assert (result.outcome, result.reviewer, result.round) == ("approve", REVIEWER, 1)
    assert service.truth(order)["effective_patches"] == 1
    assert any("a stranger" in attempt for attempt in _kept_attempts(service, order))


async def _refused_attempts(service: Service, order: str, *, at_least: int) -> bool:
    return len((await service.state(order)).refused_attempts) >= at_least


async def test_a_signal_to_a_decided_order_changes_nothing(service: Service) -> None:
    """While the answer is on its way it is kept as refused; afterwards the run, which watches on, turns it away."""
    order = service.place_reviewed()
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        service.fault(method="PATCH", status=503)
        await service.review(order, "deny")
        closed = service.place()
        await service.stands_in(Stage.ANSWERING, closed)
        for decided in (order, closed):
            await service.screening(decided).signal(
                "approve", {"reviewer": SECOND_REVIEWER, "reason": "Late."}
            )
        service.mend()
        denied, approved = await service.results(order, closed)
        with pytest.raises(WorkflowUpdateFailedError) as told:
            await service.review(order, "approve", by=SECOND_REVIEWER)
        assert f"already denied by {REVIEWER}" in refused_because(told.value)
    assert (denied.outcome, denied.reviewer) == ("deny", REVIEWER)
    assert (approved.outcome, approved.decided_by) == ("approve", "policy")
    for decided in (order, closed):
        assert service.truth(decided)["effective_patches"] == 1
        assert any(SECOND_REVIEWER in attempt for attempt in _kept_attempts(service, decided))


def _kept_attempts(service: Service, order: str) -> list[str]:
    """What the ledger keeps of decisions that were not taken."""
    [kept] = [entry for entry in service.ledger(order) if entry.body.get("action") == "refused attempts"]
    assert kept.personal is not None
    attempts: list[str] = kept.personal["attempts"]
    return attempts


async def test_orders_that_leave_pending_while_a_person_thinks_are_closed_without_an_answer(
    service: Service,
) -> None:
    withdrawn, taken = service.place_reviewed(), service.place_reviewed()
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, withdrawn, taken)
        service.carrier.carrier.cancel(withdrawn)
        service.carrier.carrier.authorize(taken)
        results = await service.results(withdrawn, taken)
    assert [(result.outcome, result.decided_by, result.carrier_status) for result in results] == [
        ("none", "elsewhere", "canceled"),
        ("none", "elsewhere", "authorized"),
    ]
    assert service.patches() == []
    # Withdrawing is the gaining carrier's business; somebody in the portal is an incident.
    assert not service.records.notices.told(f"{withdrawn}:1:decided-elsewhere")
    assert service.records.notices.told(f"{taken}:1:decided-elsewhere")


async def test_a_pin_that_comes_late_is_screened_and_can_approve(service: Service) -> None:
    right, wrong = service.place_reviewed(), service.place_reviewed()
    unfinished = service.place(event_payload_status="created")
    still_screened = str(uuid4())
    # Its rules are through when the PIN comes, and its conclusion is not: longer than an intake takes to come round.
    service.fault(path_prefix=f"/portouts/rejections/{still_screened}", delay=2.0, count=1)
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, right, wrong, unfinished)
    # A worker that has just started tells every order of its latest events, unfinished as they may be.
    async with service.working():
        service.place_reviewed(id=still_screened)
        await eventually(lambda: service.case(still_screened))
        service.carrier.carrier.supply_pin(still_screened, RIGHT_PIN)
        service.carrier.carrier.supply_pin(right, RIGHT_PIN)
        service.carrier.carrier.supply_pin(wrong, "1")
        service.carrier.carrier.supply_pin(unfinished)
        results = await service.results(right, wrong, unfinished, still_screened)
    assert [(result.outcome, result.decided_by) for result in results] == [
        ("approve", "policy"),
        ("deny", "policy"),
        ("approve", "policy"),
        ("approve", "policy"),
    ]
    assert len(service.ledger(right, EntryKind.SCREENED, EntryKind.DECIDED)) == 2

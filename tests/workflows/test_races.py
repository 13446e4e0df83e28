"""Two things at the same moment: one decision comes of it, and whoever was second is told."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.contracts import Look
from activities.review_messages import Admission
from records.cases import DecidedBy, Stage
from screening.results import CheckResult
from tests.workflows import samples
from tests.workflows.running import REASON, House, Screening
from tests.workflows.world import Held, World
from workflows.messages import ReviewAccepted

DENIAL_REASON = "The account holder did not ask for this."


async def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told_who_and_when(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    answers = await asyncio.gather(
        order.decide("approve", by="dana"),
        order.decide("deny", DENIAL_REASON, by="robin"),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    assert len(refused) == 1
    result = await order.result()
    word = {"approve": "approved", "deny": "denied"}[result.outcome]
    assert f"The order was already {word} by {result.reviewer} at 20" in str(refused[0].cause)
    assert str(refused[0].cause).endswith(" UTC.")
    assert len(world.asked("answer")) == 1


async def test_who_waits_at_the_door_is_told_who_went_through_it(house: House, world: World) -> None:
    held = world.holds("admit")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    first = asyncio.create_task(order.decide("approve", by="dana"))
    await world.until_asked("admit")
    second = asyncio.create_task(order.refusal("deny", DENIAL_REASON, by="robin"))
    await order.until_event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, times=2)
    held.release()
    await first
    assert (await second).startswith("The order was already approved by dana at ")
    assert len(world.asked("admit")) == 1


async def test_the_second_of_two_is_let_in_when_the_first_is_not_admitted(house: House, world: World) -> None:
    held = Held(samples.fails("away"))
    world.plays("admit", held, samples.ADMITTED_DENIAL)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    first = asyncio.create_task(order.refusal("approve", by="dana"))
    await world.until_asked("admit")
    second = asyncio.create_task(order.decide("deny", DENIAL_REASON, by="robin"))
    await order.until_event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, times=2)
    held.release()
    assert "please try again" in await first
    await second
    assert (await order.result()).reviewer == "robin"


async def test_the_same_update_sent_twice_is_one_decision(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    held = world.holds("answer")
    first = await order.decide("approve", update_id="click-1")
    second = await order.decide("approve", update_id="click-1")
    assert first == second
    held.release()
    await order.result()
    assert len(world.asked("admit")) == 1


async def test_a_decision_that_is_being_admitted_when_the_deadline_comes_goes_first(
    house: House, world: World
) -> None:
    held = Held(samples.ADMITTED_APPROVAL)
    order, deciding = await being_admitted_at_the_deadline(house, world, held)
    assert (await order.state()).decided is None
    held.release()
    await deciding
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("approve", DecidedBy.REVIEWER)
    assert world.asked("conclude_deadline") == []


async def test_the_deadline_acts_when_the_decision_that_was_in_time_is_not_admitted(
    house: House, world: World
) -> None:
    held = Held(Admission(refused_because="dana may not decide."))
    order, deciding = await being_admitted_at_the_deadline(house, world, held)
    held.release()
    with pytest.raises(WorkflowUpdateFailedError):
        await deciding
    assert (await order.result()).decided_by is DecidedBy.DEADLINE


async def being_admitted_at_the_deadline(
    house: House, world: World, held: Held
) -> "tuple[Screening, asyncio.Task[ReviewAccepted]]":
    """A review whose deadline has come while somebody's decision is on its way."""
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    # A clock skips while an activity waits for its next try, and not while one is being done.
    world.plays("admit", ApplicationError("Away.", next_retry_delay=timedelta(seconds=30)), held)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward_to_the_deadline(but=15)
    deciding = asyncio.create_task(order.decide("approve"))
    await order.until_tried_again("admit")
    await order.forward(seconds=15)
    await order.until_event(EventType.EVENT_TYPE_TIMER_FIRED, times=3)
    await world.until_asked("admit", 2)
    return order, deciding


@pytest.mark.parametrize("way", ["signal", "update"])
async def test_a_decision_in_the_same_moment_as_the_deadline_wins(
    idle_house: House, world: World, way: str
) -> None:
    """Both wait for the run when its worker comes back: the timer fired first, and still it is a tie."""
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await idle_house.screen()
    async with idle_house.working():
        await order.until(Stage.AWAITING_REVIEW)
        await order.forward_to_the_deadline(but=60)
    forwarding = asyncio.create_task(order.forward(seconds=61))
    await order.until_event(EventType.EVENT_TYPE_TIMER_FIRED, times=3)
    if way == "signal":
        await order.signal("approve", {"reviewer": "dana", "reason": REASON})
    else:
        deciding = asyncio.create_task(order.decide("approve"))
    async with idle_house.working():
        if way == "update":
            await deciding
        result = await order.result()
        await forwarding
    assert (result.outcome, result.decided_by) == ("approve", DecidedBy.REVIEWER)
    assert world.asked("conclude_deadline") == []


async def test_a_decision_accepted_while_the_order_is_looked_at_outlives_new_evidence(
    house: House, world: World
) -> None:
    held = world.holds("look", then=Look(status="pending", unseen_pin=True))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event()
    await world.until_asked("look")
    world.plays("conclude", samples.APPROVED)
    await order.decide("deny", DENIAL_REASON)
    held.release()
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.REVIEWER)
    assert len(world.asked("conclude")) == 1


async def test_a_decision_that_is_being_admitted_goes_before_what_new_evidence_would_decide(
    house: House, world: World
) -> None:
    held = world.holds("admit")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    deciding = asyncio.create_task(order.decide("deny", DENIAL_REASON))
    await world.until_asked("admit")
    world.plays("look", Look(status="pending", unseen_pin=True))
    world.plays("conclude", samples.APPROVED)
    world.plays("check_pin", CheckResult(result="match"))
    await order.carrier_event()
    await world.until_asked("conclude", 2)
    held.release()
    await deciding
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.REVIEWER)
    assert len(world.asked("answer")) == 1


async def test_a_decision_is_not_accepted_when_the_order_left_while_it_was_being_admitted(
    house: House, world: World
) -> None:
    held = world.holds("admit")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    refused = asyncio.create_task(order.refusal("approve"))
    await world.until_asked("admit")
    world.plays("look", Look(status="canceled"))
    await order.carrier_event()
    await world.until_asked("record_ending")
    held.release()
    assert await refused == "The order is no longer pending."
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("none", DecidedBy.ELSEWHERE)
    assert world.asked("answer") == []
    [attempt] = world.asked("record_ending")[-1].refused_attempts
    assert attempt.startswith("approve by dana (update) at ")

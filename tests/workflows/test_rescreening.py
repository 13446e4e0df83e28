"""An order that waits is screened with the rules that are live now: the same round and limit, a run that begins anew."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.contracts import AnswerKind, AnswerResult, NoticeKind, OpenInput
from records.cases import DecidedBy, Stage
from screening.policy import Mode
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import PATIENCE, REASON, REVIEWER, House, Screening
from tests.workflows.world import World, sent
from workflows.messages import RescreenRequest

REFUSED = AnswerResult(kind=AnswerKind.REFUSED, carrier_status="pending", at=samples.AT)


async def rescreen(order: Screening) -> None:
    async with asyncio.timeout(PATIENCE):
        await order.handle.execute_update("rescreen", RescreenRequest(reviewer=REVIEWER))


async def refusal(order: Screening) -> str:
    """Why it is not screened anew, as the person reads it."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await rescreen(order)
    assert isinstance(refused.value.cause, ApplicationError)
    return refused.value.cause.message


async def screened_again(order: Screening, world: World, times: int = 2) -> None:
    await world.until_asked("conclude", times)
    await order.until(Stage.AWAITING_REVIEW)


async def test_an_order_that_waits_is_opened_and_screened_anew(house: House, world: World) -> None:
    world.plays("conclude", samples.TO_REVIEW, samples.APPROVED)
    order = await house.screen("anew")
    await order.until(Stage.AWAITING_REVIEW)
    await rescreen(order)
    result = await order.result()
    assert (result.decided_by, result.outcome, result.round) == (DecidedBy.POLICY, "approve", 1)
    first, again = world.asked("open")
    assert isinstance(first, OpenInput)
    assert isinstance(again, OpenInput)
    assert again.carried is not None
    assert (again.carried.round, again.carried.limit) == (1, first.now + samples.WITHIN)
    assert first.run_id != again.run_id
    # Nobody waits a second time for a PIN that has not come.
    assert [given.pin_wait for given in world.asked("check_pin")] == [Timing().pin_wait, 0.0]
    [note] = world.asked("record_note")
    assert (note.reviewer, note.text) == (REVIEWER, "Asked for a new screening with the live rules.")
    assert world.notices(NoticeKind.INCIDENT) == []


async def test_a_later_round_stays_that_round_and_its_refused_reasons_stay_refused(
    house: House, world: World
) -> None:
    world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    world.plays("answer", REFUSED, sent)
    order = await house.screen("later")
    await order.until_it_shows(lambda state: state.round == 2 and state.stage is Stage.AWAITING_REVIEW)
    await world.until_told(NoticeKind.INCIDENT, 2)
    before = await order.state()
    await rescreen(order)
    await screened_again(order, world, 3)
    after, again = await order.state(), world.asked("open")[2]
    assert (after.round, after.refused) == (2, before.refused)
    assert again.carried.limit == before.limit
    assert await order.refusal("deny", samples.DENIAL.reason) == (
        "The carrier has already refused this reason; give another one."
    )
    # That the carrier refused the first round's answer is not told once more.
    assert len(world.notices(NoticeKind.INCIDENT)) == 2


async def test_who_tried_in_vain_before_is_written_down_at_the_end(house: House, world: World) -> None:
    order = await house.screen("tried")
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("deny", {"reviewer": "robin", "reason": ""})
    await order.until_it_shows(lambda state: state.refused_attempts)
    await rescreen(order)
    await screened_again(order, world)
    await order.decide("approve")
    await order.result()
    await world.until_asked("record_ending")
    [attempt] = world.asked("record_ending")[-1].refused_attempts
    assert attempt.startswith("deny by robin (signal) at ")


async def test_a_decided_order_says_who_decided(house: House, world: World) -> None:
    held = world.holds("answer", then=sent)
    order = await house.screen("decided")
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    assert (await refusal(order)).startswith("The order was already approved by dana at ")
    held.release()
    await order.result()


async def test_an_order_that_is_screened_just_now_is_not_screened_anew(house: House, world: World) -> None:
    held = world.holds("check_carrier")
    order = await house.screen("busy")
    await world.until_asked("check_carrier")
    assert await refusal(order) == "The order is still being screened; try again in a moment."
    held.release()
    await order.until(Stage.AWAITING_REVIEW)


async def test_a_watched_order_is_not_screened_anew(house: House, world: World) -> None:
    world.plays("open", samples.opened(mode=Mode.SHADOW))
    world.plays("conclude", samples.TO_WATCH)
    order = await house.screen("watched")
    await order.until(Stage.AWAITING_CARRIER)
    assert "only watched (shadow mode)" in await refusal(order)


async def test_a_decision_that_is_just_being_taken_goes_first(house: House, world: World) -> None:
    held = world.holds("admit", then=samples.ADMITTED_APPROVAL)
    order = await house.screen("raced")
    await order.until(Stage.AWAITING_REVIEW)
    deciding = asyncio.create_task(order.decide("approve"))
    await world.until_asked("admit")
    assert await refusal(order) == "Somebody's decision is just being taken; try again in a moment."
    held.release()
    await deciding
    assert (await order.result()).decided_by is DecidedBy.REVIEWER


async def test_a_decision_by_signal_while_the_wish_is_noted_goes_first(house: House, world: World) -> None:
    held = world.holds("record_note")
    order = await house.screen("signalled")
    await order.until(Stage.AWAITING_REVIEW)
    asking = asyncio.create_task(refusal(order))
    await world.until_asked("record_note")
    await order.signal("approve", {"reviewer": "robin", "reason": REASON})
    await world.until_asked("answer")
    held.release()
    assert "approved by robin" in await asking
    assert (await order.result()).decided_by is DecidedBy.REVIEWER
    assert len(world.asked("open")) == 1


async def test_a_note_that_cannot_be_written_holds_up_the_new_screening_and_not_the_order(
    house: House, world: World
) -> None:
    order = await house.screen("held", timing=Timing(activity=3.0))
    await order.until(Stage.AWAITING_REVIEW)
    held = world.holds("record_note")
    await order.signal("add_note", {"reviewer": "robin", "text": "Calling."})
    await world.until_asked("record_note")
    world.plays("record_note", None)
    await rescreen(order)
    await order.forward(seconds=4)
    await order.until(Stage.AWAITING_REVIEW)
    assert len(world.asked("open")) == 1
    await order.decide("approve")
    held.release()
    assert (await order.result()).outcome == "approve"

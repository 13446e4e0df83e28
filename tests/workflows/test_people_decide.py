"""The one door for decisions: the update that commands send, and the signals that work while no worker runs."""

from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.contracts import AnswerInput, NoticeKind
from activities.review_messages import Admission, AdmitInput
from records.cases import DecidedBy, Stage
from screening.policy import Mode
from screening.rejection import UNREADABLE, Barred
from tests.workflows import samples
from tests.workflows.running import REASON, House
from tests.workflows.samples import fails, opened
from tests.workflows.world import World

DENIAL_REASON = "The account holder did not ask for this."


async def test_a_reviewer_approves_by_update(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    accepted = await order.decide("approve")
    assert (accepted.action, accepted.reviewer) == ("approve", "dana")
    result = await order.result()
    assert (result.outcome, result.decided_by, result.reviewer) == ("approve", DecidedBy.REVIEWER, "dana")
    [sent] = world.asked("answer")
    assert isinstance(sent, AnswerInput)
    assert sent.verdict.answer == samples.APPROVAL
    assert (sent.verdict.reason, sent.verdict.channel) == (REASON, "update")


async def test_a_reviewer_denies_by_update_with_a_listed_code(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", DENIAL_REASON, rejection_code=1002)
    result = await order.result()
    assert (result.outcome, result.reason, result.rejection_code) == ("deny", DENIAL_REASON, 1002)
    [admitted] = world.asked("admit")
    assert isinstance(admitted, AdmitInput)
    assert (admitted.rejection_code, admitted.channel) == (1002, "update")


async def test_the_name_of_a_rejection_reaches_the_admission(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", DENIAL_REASON, reject_as="invalid_pin")
    await order.result()
    assert world.asked("admit")[0].reject_as == "invalid_pin"


@pytest.mark.parametrize(
    ("signal", "payload", "outcome", "code"),
    [
        ("approve", {"reviewer": "dana", "reason": REASON}, "approve", None),
        ("approve", {"by": "dana", "reason": REASON}, "approve", None),
        ("deny", {"reviewer": "dana", "reason": DENIAL_REASON}, "deny", 1001),
        ("deny", {"reviewer": "dana", "reason": DENIAL_REASON, "rejection_code": 1002}, "deny", 1002),
    ],
)
async def test_a_reviewer_decides_by_signal(
    house: House, world: World, signal: str, payload: dict[str, Any], outcome: str, code: int | None
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal(signal, payload)
    result = await order.result()
    assert (result.outcome, result.decided_by, result.rejection_code) == (outcome, DecidedBy.REVIEWER, code)
    assert result.reviewer == "dana"
    assert world.asked("answer")[0].verdict.channel == "signal"


async def test_a_signal_sent_while_no_worker_runs_is_not_lost(idle_house: House) -> None:
    order = await idle_house.screen()
    await order.signal("deny", {"reviewer": "dana", "reason": DENIAL_REASON})
    async with idle_house.working():
        result = await order.result()
    assert (result.outcome, result.reviewer) == ("deny", "dana")


async def test_a_signal_that_comes_during_screening_is_kept_until_the_review_begins(
    house: House, world: World
) -> None:
    held = world.holds("check_pin")
    order = await house.screen()
    await world.until_asked("check_pin")
    await order.signal("approve", {"reviewer": "dana", "reason": REASON})
    assert (await order.state()).decided is None
    held.release()
    assert (await order.result()).reviewer == "dana"


async def test_who_may_decide_is_found_out_before_it_counts(house: House, world: World) -> None:
    world.plays("admit", Admission(refused_because="mallory is not one of PORTOUT_REVIEWERS."))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal("approve", by="mallory") == "mallory is not one of PORTOUT_REVIEWERS."
    assert (await order.state()).stage is Stage.AWAITING_REVIEW
    assert world.asked("answer") == []


async def test_a_signal_that_is_not_admitted_is_kept_as_refused(house: House, world: World) -> None:
    world.plays("admit", Admission(refused_because="mallory is not one of PORTOUT_REVIEWERS."))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("approve", {"reviewer": "mallory", "reason": REASON})
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    [refused] = state.refused_attempts
    assert (refused.reviewer, refused.why) == ("mallory", "mallory is not one of PORTOUT_REVIEWERS.")
    assert state.stage is Stage.AWAITING_REVIEW


async def test_a_decision_that_cannot_be_checked_is_refused_and_may_be_sent_again(
    house: House, world: World
) -> None:
    world.plays("admit", fails("the list of codes is away"), samples.ADMITTED_APPROVAL)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    why = await order.refusal("approve")
    assert why == "The decision could not be checked just now; please try again."
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"


@pytest.mark.parametrize("reason", ["", "   "])
@pytest.mark.parametrize("action", ["approve", "deny"])
async def test_a_decision_without_a_reason_is_refused_at_the_door(
    house: House, world: World, action: str, reason: str
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal(action, reason) == "A reason is needed."
    assert world.asked("admit") == []


async def test_nobody_decides_before_the_order_is_screened(house: House, world: World) -> None:
    held = world.holds("check_pin")
    order = await house.screen()
    await world.until_asked("check_pin")
    why = "The order is still being screened; try again in a moment."
    assert await order.refusal("approve") == why
    held.release()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")


async def test_a_code_that_the_carrier_does_not_list_is_refused_with_those_that_it_lists(
    house: House,
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    why = await order.refusal("deny", DENIAL_REASON, rejection_code=1003)
    assert why == "Code 1003 is not one that the carrier lists for this order: 1001, 1002."


async def test_any_code_may_be_tried_when_the_carrier_could_not_list_them(house: House, world: World) -> None:
    world.plays("conclude", samples.TO_REVIEW.model_copy(update={"eligible": []}))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", DENIAL_REASON, rejection_code=1003)
    assert (await order.result()).rejection_code == 1003


@pytest.mark.parametrize("again", ["Wrong PIN.", "wrong  pin."])
async def test_a_reason_that_the_carrier_refused_is_not_sent_again(
    house: House, world: World, again: str
) -> None:
    world.plays("open", opened(round=2, refused=[Barred(code=1002, reason="Wrong PIN.")]))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    why = "The carrier has already refused this reason; give another one."
    assert await order.refusal("deny", again) == why
    await order.decide("deny", DENIAL_REASON)


async def test_of_a_refused_reason_that_nobody_can_read_any_more_the_code_is_not_sent_again(
    house: House, world: World
) -> None:
    world.plays("open", opened(round=2, refused=[Barred(code=1002, reason=None)]))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal("deny", DENIAL_REASON, rejection_code=1002) == UNREADABLE
    await order.decide("deny", DENIAL_REASON, rejection_code=1001)


async def test_of_a_refused_reason_without_a_code_that_nobody_can_read_no_denial_is_sent(
    house: House, world: World
) -> None:
    world.plays("open", opened(round=2, refused=[Barred(code=None, reason=None)]))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal("deny", DENIAL_REASON) == UNREADABLE
    await order.decide("approve")


async def test_an_update_that_cannot_be_read_is_refused_and_the_run_goes_on(house: House) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    for rubbish in (None, 7, ["approve"], {"action": "approve"}, {"action": "port", "reviewer": "dana"}):
        with pytest.raises(WorkflowUpdateFailedError):
            await order.handle.execute_update("review", rubbish)
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"


async def test_people_are_told_once_that_an_order_waits(house: House, world: World) -> None:
    order = await house.screen("waits")
    await world.until_told(NoticeKind.REVIEW)
    [told] = world.notices(NoticeKind.REVIEW)
    assert (told.cause, told.support_key) == ("waits:1:review-1", "PO_12ab")
    assert told.seconds_left == pytest.approx(24 * 3600, abs=60)
    assert (await order.state()).mode is Mode.ENFORCE

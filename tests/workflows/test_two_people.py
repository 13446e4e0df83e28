"""Approvals that need two people, and approvals against a rule that says deny."""

import asyncio

import pytest
from temporalio.api.enums.v1 import EventType

from activities.contracts import AnswerInput, Conclusion, Look, NoticeKind
from activities.review_messages import AdmitInput
from activities.who_acts import NEEDS_TOKENS
from records.cases import DecidedBy, Stage
from tests.workflows import samples
from tests.workflows.running import REASON, House, Screening
from tests.workflows.world import World
from workflows.messages import RescreenRequest

DENIAL_REASON = "The account holder did not ask for this."
SAME = "dana has approved the order already; somebody else must approve it as well."
DROPPED = (
    "The order was screened anew, so the first approval no longer counts; two people must approve it afresh."
)
RECOMMENDS_DENIAL = samples.TO_REVIEW.model_copy(update={"denied_by": ["pin"]})


async def needing_two(house: House, world: World, *then: Conclusion) -> Screening:
    world.plays("conclude", samples.NEEDS_TWO, *then)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    return order


async def test_two_different_people_approve_what_needs_two(house: House, world: World) -> None:
    order = await needing_two(house, world)
    first = await order.decide("approve", by="dana", grant="g1")
    assert first.waits_for_another
    state = await order.state()
    assert state.first_approval is not None
    assert (state.first_approval.reviewer, state.decided, state.stage) == (
        "dana",
        None,
        Stage.AWAITING_REVIEW,
    )
    second = await order.decide("approve", by="robin", grant="g2", update_id="update-2")
    assert not second.waits_for_another
    result = await order.result()
    assert (result.outcome, result.decided_by, result.reviewer) == (
        "approve",
        DecidedBy.REVIEWER,
        "dana and robin",
    )
    [sent] = world.asked("answer")
    assert isinstance(sent, AnswerInput)
    assert (sent.verdict.first_reviewer, sent.verdict.reviewer) == ("dana", "robin")
    admitted = world.asked("admit")[1]
    assert isinstance(admitted, AdmitInput)
    assert (admitted.grant, admitted.update_id) == ("g2", "update-2")
    assert admitted.first_approval == state.first_approval


async def test_the_same_person_cannot_be_both(house: House, world: World) -> None:
    order = await needing_two(house, world)
    await order.decide("approve", by="dana", grant="g1")
    assert await order.refusal("approve", by="dana", grant="g2") == SAME
    assert len(world.asked("admit")) == 1
    assert world.asked("answer") == []


async def test_of_two_first_approvals_at_once_by_one_person_one_is_refused(
    house: House, world: World
) -> None:
    order = await needing_two(house, world)
    held = world.holds("admit")
    first = asyncio.create_task(order.decide("approve", by="dana", grant="g1"))
    await world.until_asked("admit")
    second = asyncio.create_task(order.refusal("approve", "Again.", by="dana", grant="g2"))
    await order.until_event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, times=2)
    held.release()
    assert (await first).waits_for_another
    assert await second == SAME
    assert world.asked("answer") == []


async def test_who_does_not_prove_who_they_are_is_neither_the_first_nor_the_second(
    house: House, world: World
) -> None:
    order = await needing_two(house, world)
    assert await order.refusal("approve", by="dana") == NEEDS_TOKENS
    await order.decide("approve", by="dana", grant="g1")
    assert await order.refusal("approve", by="robin") == NEEDS_TOKENS
    # A signal proves nothing, whatever it carries.
    await order.signal("approve", {"reviewer": "robin", "reason": REASON, "grant": "g2"})
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    assert [(attempt.reviewer, attempt.why) for attempt in state.refused_attempts] == [
        ("robin", NEEDS_TOKENS)
    ]
    assert len(world.asked("admit")) == 1
    assert world.asked("answer") == []


async def test_one_person_denies_what_needs_two_even_after_a_first_approval(
    house: House, world: World
) -> None:
    order = await needing_two(house, world)
    await order.decide("approve", by="dana", grant="g1")
    await order.decide("deny", DENIAL_REASON, by="robin")
    result = await order.result()
    assert (result.outcome, result.reviewer) == ("deny", "robin")
    assert world.asked("answer")[0].verdict.first_reviewer is None


async def test_one_approval_of_two_is_none_at_the_deadline(house: House, world: World) -> None:
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await needing_two(house, world)
    await order.decide("approve", by="dana", grant="g1")
    await order.forward(hours=22)
    result = await order.result()
    assert (result.outcome, result.decided_by, result.reviewer) == ("deny", DecidedBy.DEADLINE, None)


async def test_a_first_approval_does_not_outlive_new_evidence(house: House, world: World) -> None:
    order = await needing_two(house, world)
    await order.decide("approve", by="dana", grant="g1")
    world.plays("look", Look(status="pending", unseen_pin=True), Look(status="pending"))
    await order.carrier_event()
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    assert (state.first_approval, [attempt.why for attempt in state.refused_attempts]) == (None, [DROPPED])
    await order.until(Stage.AWAITING_REVIEW)
    assert (await order.decide("approve", by="robin", grant="g2")).waits_for_another
    await order.decide("approve", by="dana", grant="g3")
    assert (await order.result()).reviewer == "robin and dana"


async def test_a_first_approval_that_is_admitted_while_the_rules_run_anew_does_not_count(
    house: House, world: World
) -> None:
    order = await needing_two(house, world)
    world.plays("look", Look(status="pending", unseen_pin=True), Look(status="pending"))
    held = world.holds("admit")
    deciding = asyncio.create_task(order.refusal("approve", by="dana", grant="g1"))
    await world.until_asked("admit")
    await order.carrier_event()
    await order.until_it_shows(lambda state: state.stage is Stage.SCREENING)
    await world.until_asked("conclude", 2)
    held.release()
    assert await deciding == "The order was screened anew meanwhile; look at it again."
    assert (await order.state()).first_approval is None


async def test_a_first_approval_is_dropped_when_somebody_has_the_order_screened_anew_and_kept_as_such(
    house: House, world: World
) -> None:
    order = await needing_two(house, world)
    await order.decide("approve", by="dana", grant="g1")
    await order.handle.execute_update("rescreen", RescreenRequest(reviewer="robin"))
    await world.until_asked("conclude", 2)
    state = await order.until(Stage.AWAITING_REVIEW)
    assert state.first_approval is None
    await order.decide("deny", DENIAL_REASON)
    await order.result()
    kept = world.asked("record_ending")[-1].refused_attempts
    assert [DROPPED in sentence and "approve by dana" in sentence for sentence in kept] == [True]


async def test_reminders_go_on_being_counted_from_when_people_were_first_asked(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=15)
    await order.handle.execute_update("rescreen", RescreenRequest(reviewer="robin"))
    await world.until_asked("conclude", 2)
    await order.until(Stage.AWAITING_REVIEW)
    carried = world.asked("open")[1].carried
    assert carried.review_began is not None
    assert (carried.limit - carried.review_began).total_seconds() / 3600 == pytest.approx(24, abs=0.1)
    assert len(world.notices(NoticeKind.REMINDER)) == 1


@pytest.mark.parametrize(
    ("denied_by", "told"),
    [
        (["pin"], "The rule pin says deny: "),
        (["pin", "score"], "The rules pin, score say deny: "),
    ],
)
async def test_an_approval_against_a_rule_that_says_deny_needs_a_reason_for_that(
    house: House, world: World, denied_by: list[str], told: str
) -> None:
    world.plays("conclude", RECOMMENDS_DENIAL.model_copy(update={"denied_by": denied_by}))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert (await order.state()).denied_by == denied_by
    why = "to approve it all the same, say why you override that (--override REASON)."
    assert await order.refusal("approve") == told + why
    assert await order.refusal("approve", override_reason="  ") == told + why
    await order.decide("approve", override_reason="The PIN was changed by us last night.")
    assert (await order.result()).outcome == "approve"
    [admitted] = world.asked("admit")
    assert admitted.override_reason == "The PIN was changed by us last night."


async def test_an_approval_by_signal_overrides_a_rule_with_a_reason_only(house: House, world: World) -> None:
    world.plays("conclude", RECOMMENDS_DENIAL)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("approve", {"reviewer": "dana", "reason": REASON})
    await order.until_it_shows(lambda state: state.refused_attempts)
    assert world.asked("admit") == []
    await order.signal("approve", {"reviewer": "dana", "reason": REASON, "override_reason": "Ours."})
    assert (await order.result()).outcome == "approve"


async def test_a_denial_needs_no_second_reason_and_there_is_nothing_to_override_where_nothing_denies(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    why = "No rule says deny, so there is nothing to override: leave out the reason for that."
    assert await order.refusal("approve", override_reason="Ours.") == why
    world.plays("conclude", RECOMMENDS_DENIAL)
    denied = await house.screen()
    await denied.until(Stage.AWAITING_REVIEW)
    await denied.decide("deny", DENIAL_REASON)
    assert (await denied.result()).outcome == "deny"

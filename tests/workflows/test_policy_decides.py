"""Orders that the policy decides by itself, and those that nobody has to decide any more."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError

from activities.contracts import AnswerInput, ConcludeInput, Ending, NoticeKind, RuleInput
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from screening.policy import Mode
from screening.results import CheckResult, Outcome
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import fails, opened
from tests.workflows.world import World


async def test_an_order_with_good_evidence_is_approved_without_anybody(house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED)
    result = await (await house.screen("clean")).result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "approve",
        DecidedBy.POLICY,
        "authorized",
    )
    assert result.rules == samples.FOUND
    assert world.asked("notify") == []


async def test_a_denial_of_the_policy_is_answered_with_its_reason_and_code(
    house: House, world: World
) -> None:
    world.plays("conclude", samples.DENIED)
    result = await (await house.screen()).result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.POLICY)
    assert (result.reason, result.rejection_code) == (samples.DENIAL.reason, 1002)
    [sent] = world.asked("answer")
    assert isinstance(sent, AnswerInput)
    assert sent.verdict.answer == samples.DENIAL
    assert not sent.resend


async def test_what_the_answer_recorded_is_not_recorded_again(house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED)
    await (await house.screen()).result()
    assert world.asked("record_ending") == []


async def test_every_rule_runs_and_the_policy_gets_all_results(house: House, world: World) -> None:
    world.plays("check_pin", CheckResult(result="mismatch"))
    order = await house.screen("all-rules")
    await order.until(Stage.AWAITING_REVIEW)
    [concluded] = world.asked("conclude")
    assert isinstance(concluded, ConcludeInput)
    assert {found.rule_id: found.check.result for found in concluded.results} == samples.FOUND | {
        "pin": "mismatch"
    }


async def test_a_rule_that_cannot_be_run_is_an_error_and_the_others_count(house: House, world: World) -> None:
    world.plays("check_spid", fails())
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    [concluded] = world.asked("conclude")
    assert {found.rule_id: found.check.result for found in concluded.results} == samples.FOUND | {
        "spid": "error"
    }


async def test_a_rule_is_retried_as_long_as_evidence_may_still_come(house: House, world: World) -> None:
    world.plays("check_carrier", RuntimeError("away"))
    order = await house.screen(timing=Timing(evidence=900, pin_wait=600))
    await order.until_tried_again("check_carrier")
    await order.forward(minutes=24)
    assert world.asked("conclude") == []
    await order.forward(minutes=2)
    await world.until_asked("conclude")
    assert len(world.asked("check_carrier")) > 10


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        pytest.param(timedelta(0), 600, id="in good time"),
        pytest.param(timedelta(hours=21, minutes=55), 270, id="five minutes before the deadline"),
        pytest.param(timedelta(hours=23), 0, id="after the deadline"),
    ],
)
async def test_a_pin_is_waited_for_but_never_past_the_last_try_before_the_deadline(
    house: House, world: World, age: timedelta, wait: float
) -> None:
    world.plays("open", opened(age=age))
    await (await house.screen(timing=Timing(pin_wait=600, activity=30))).until(Stage.AWAITING_REVIEW)
    [given] = world.asked("check_pin")
    assert isinstance(given, RuleInput)
    assert given.pin_wait == pytest.approx(wait, abs=2)
    [limit] = [call.limit for call in world.calls if call.activity == "check_pin"]
    assert limit is not None
    assert limit.total_seconds() >= given.pin_wait + 29


async def test_without_a_conclusion_the_order_goes_to_people_and_somebody_is_paged(
    house: House, world: World
) -> None:
    world.plays("conclude", fails())
    order = await house.screen()
    state = await order.until(Stage.AWAITING_REVIEW)
    assert state.outcome is Outcome.REVIEW
    assert state.notes == ["The policy could not be applied: records or evidence were away."]
    await world.until_told(NoticeKind.INCIDENT)
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"


async def test_a_conclusion_is_tried_until_the_deadline(house: House, world: World) -> None:
    world.plays("conclude", RuntimeError("the database is away"))
    await house.screen()
    await world.until_asked("conclude", times=2)
    _at_hand, limit = [call.limit for call in world.calls if call.activity == "conclude"][:2]
    assert limit is not None
    assert limit.total_seconds() == pytest.approx(22 * 3600, abs=60)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_withdrawn_order_is_closed_without_an_answer_or_an_incident(
    house: House, world: World, mode: Mode
) -> None:
    world.plays("open", opened(status="canceled", mode=mode))
    result = await (await house.screen()).result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "none",
        DecidedBy.ELSEWHERE,
        "canceled",
    )
    assert {call.activity for call in world.calls} == {"open", "record_ending"}
    [ending] = world.asked("record_ending")
    assert isinstance(ending, Ending)
    assert ending.kind is EntryKind.DECIDED_ELSEWHERE


async def test_an_order_that_was_authorized_before_it_was_opened_is_an_incident(
    house: House, world: World
) -> None:
    world.plays("open", opened(status="authorized"))
    result = await (await house.screen()).result()
    assert (result.outcome, result.decided_by) == ("none", DecidedBy.ELSEWHERE)
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == "The order became authorized without our answer."


async def test_an_order_that_an_earlier_round_ended_is_no_incident(house: House, world: World) -> None:
    world.plays("open", opened(status="authorized", round=2))
    assert (await (await house.screen()).result()).outcome == "none"
    assert world.asked("notify") == []


async def test_an_order_that_the_carrier_does_not_show_is_paged_and_given_back_to_intake(
    house: House, world: World
) -> None:
    world.plays("open", fails("The carrier does not know this port-out."))
    order = await house.screen()
    with pytest.raises(WorkflowFailureError):
        await order.result()
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert "cannot be read" in incident.text

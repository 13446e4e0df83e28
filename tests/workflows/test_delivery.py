"""What becomes of a decision: sent, found answered by somebody else, or tried again until the order is settled."""

from datetime import timedelta

import pytest

from activities.contracts import AnswerInput, AnswerKind, AnswerResult, NoticeKind
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import fails, opened
from tests.workflows.world import World, sent


def elsewhere(status: str) -> AnswerResult:
    return AnswerResult(kind=AnswerKind.DECIDED_ELSEWHERE, carrier_status=status, at=samples.AT)


async def test_a_decision_may_be_tried_until_the_carriers_limit(house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED)
    world.plays("open", opened(age=timedelta(hours=20)))
    await (await house.screen()).result()
    [limit] = [call.limit for call in world.calls if call.activity == "answer"]
    assert limit is not None
    assert limit.total_seconds() == pytest.approx(4 * 3600, abs=60)


async def test_a_decision_at_or_after_the_limit_still_gets_its_least_time(house: House, world: World) -> None:
    world.plays("open", opened(age=timedelta(hours=30)))
    order = await house.screen(timing=Timing(answer_least=60))
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await order.result()
    [limit] = [call.limit for call in world.calls if call.activity == "answer"]
    assert limit == timedelta(seconds=60)


async def test_an_order_that_somebody_else_answered_first_is_an_incident_and_nothing_of_ours(
    house: House, world: World
) -> None:
    world.plays("answer", elsewhere("authorized"))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", "The account holder did not ask for this.")
    result = await order.result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "none",
        DecidedBy.ELSEWHERE,
        "authorized",
    )
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == "The order became authorized without our answer."
    [ending] = world.asked("record_ending")
    assert ending.kind is EntryKind.DECIDED_ELSEWHERE


async def test_an_order_withdrawn_before_our_answer_reached_it_is_no_incident(
    house: House, world: World
) -> None:
    world.plays("conclude", samples.DENIED)
    world.plays("answer", elsewhere("canceled"))
    result = await (await house.screen()).result()
    assert (result.outcome, result.carrier_status) == ("none", "canceled")
    assert world.asked("notify") == []


async def test_a_late_approval_of_a_left_order_that_silence_overtook_counts_as_left(
    house: House, world: World
) -> None:
    world.plays("answer", elsewhere("authorized"))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=23)
    await world.until_told(NoticeKind.INCIDENT)
    await order.decide("approve")
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("leave", DecidedBy.DEADLINE)


async def test_an_answer_that_could_not_be_delivered_is_paged_and_sent_again_after_reading(
    house: House, world: World
) -> None:
    world.plays("conclude", samples.DENIED)
    world.plays("answer", fails("The carrier does not know this port-out."), sent)
    order = await house.screen(timing=Timing(retry_longest=60))
    await world.until_told(NoticeKind.INCIDENT)
    assert (await order.state()).stage is Stage.ANSWERING
    await order.forward(seconds=61)
    assert (await order.result()).outcome == "deny"
    first, second = world.asked("answer")
    assert isinstance(first, AnswerInput)
    assert (first.resend, second.resend) == (False, True)
    assert first.verdict == second.verdict
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == "The decision could not be delivered to the carrier."


async def test_an_answer_is_tried_on_after_the_limit_while_nobody_knows_what_became_of_it(
    house: House, world: World
) -> None:
    world.plays("conclude", samples.APPROVED)
    world.plays("answer", RuntimeError("the carrier is away"))
    order = await house.screen(timing=Timing(retry_longest=3600))
    await order.until_tried_again("answer")
    await order.forward(hours=26)
    assert (await order.state()).stage is Stage.ANSWERING
    world.plays("answer", sent)
    await order.forward(hours=2)
    assert (await order.result()).outcome == "approve"
    assert world.asked("answer")[-1].resend
    # Paged once per cause: the board that posts them drops the others.
    assert len({notice.cause for notice in world.notices(NoticeKind.INCIDENT)}) == 1


async def test_an_answer_that_was_sent_but_not_recorded_is_recorded_by_the_run(
    house: House, world: World
) -> None:
    def sent_unrecorded(given: AnswerInput) -> AnswerResult:
        return sent(given).model_copy(update={"recorded": False})

    world.plays("conclude", samples.DENIED)
    world.plays("answer", sent_unrecorded)
    world.plays("record_ending", RuntimeError("the database is away"), None)
    order = await house.screen(timing=Timing(retry_first=60))
    await order.until_tried_again("record_ending")
    await order.forward(minutes=2)
    assert (await order.result()).outcome == "deny"
    ending = world.asked("record_ending")[-1]
    assert (ending.kind, ending.verdict.answer) == (EntryKind.ANSWERED, samples.DENIAL)


async def test_the_carriers_own_words_about_the_answer_are_in_the_result(house: House, world: World) -> None:
    def without_code(given: AnswerInput) -> AnswerResult:
        return sent(given).model_copy(update={"rejection_code": None, "carrier_status": "rejected"})

    world.plays("conclude", samples.DENIED)
    world.plays("answer", without_code)
    result = await (await house.screen()).result()
    assert (result.carrier_status, result.rejection_code) == ("rejected", None)

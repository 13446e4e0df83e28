"""A carrier that does not take our answer: the order comes back to people, and what was refused stays refused."""

from datetime import timedelta

from activities.contracts import AnswerInput, AnswerKind, AnswerResult, Ending, Notice, NoticeKind, OpenInput
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from screening.rejection import Barred
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import REASON, House, Screening
from tests.workflows.world import World, sent

REFUSED = AnswerResult(kind=AnswerKind.REFUSED, carrier_status="pending", at=samples.AT)


async def second_round(order: Screening) -> None:
    await order.until_it_shows(lambda state: state.round == 2 and state.stage is Stage.AWAITING_REVIEW)


async def test_a_refused_denial_starts_a_new_round_with_its_reason_barred(house: House, world: World) -> None:
    world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    world.plays("answer", REFUSED, sent)
    order = await house.screen("refused")
    await second_round(order)
    again = world.asked("open")[1]
    assert isinstance(again, OpenInput)
    assert again.carried is not None
    barred = Barred(code=1002, reason=samples.DENIAL.reason)
    assert (again.carried.round, again.carried.refused) == (2, [barred])
    assert (await order.state()).refused == [barred]
    await order.decide("deny", "The account holder did not ask for this.")
    result = await order.result()
    assert (result.round, result.decided_by, result.outcome) == (2, DecidedBy.REVIEWER, "deny")


async def test_the_refused_round_is_written_down_and_somebody_is_paged(house: House, world: World) -> None:
    world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    world.plays("answer", REFUSED)
    order = await house.screen("refused")
    await second_round(order)
    [ending] = world.asked("record_ending")
    assert isinstance(ending, Ending)
    assert (ending.kind, ending.outcome) == (EntryKind.REFUSED_BY_CARRIER, "none")
    assert ending.verdict is not None
    assert ending.verdict.answer == samples.DENIAL
    await world.until_told(NoticeKind.INCIDENT)
    # The notices of both rounds have one cause, so whoever was told by the first is not told again.
    assert {(told.cause, told.text) for told in world.notices(NoticeKind.INCIDENT)} == {
        ("refused:1:refused", "The carrier did not take the answer; it needs another one.")
    }
    calls = [call.activity for call in world.calls]
    assert calls.index("notify") < calls.index("record_ending")


async def test_records_that_are_away_hold_up_no_further_round_and_lose_none(
    house: House, world: World
) -> None:
    world.plays("record_ending", RuntimeError("the database is away"))
    world.plays("answer", REFUSED, REFUSED, sent)
    order = await house.screen(timing=Timing(retry_first=0.05, retry_longest=0.05))
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", "First reason.")
    await second_round(order)
    await world.until_asked("record_ending")
    await order.decide("deny", "Second reason.")
    await order.until_it_shows(lambda state: state.round == 3 and state.stage is Stage.AWAITING_REVIEW)
    await order.decide("approve")
    assert (await order.result()).round == 3
    world.plays("record_ending", None)
    assert (await order.ported(world)).carrier_status == "ported"
    endings = world.asked("record_ending")[-2:]
    assert [(ending.opened.round, ending.kind) for ending in endings] == [
        (1, EntryKind.REFUSED_BY_CARRIER),
        (2, EntryKind.REFUSED_BY_CARRIER),
    ]


async def test_reasons_refused_in_earlier_rounds_stay_refused(house: House, world: World) -> None:
    world.plays("answer", REFUSED, REFUSED, sent)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", "First reason.", rejection_code=1001)
    await second_round(order)
    await order.decide("deny", "Second reason.", rejection_code=1002)
    await order.until_it_shows(lambda state: state.round == 3 and state.stage is Stage.AWAITING_REVIEW)
    why = "The carrier has already refused this reason; give another one."
    assert await order.refusal("deny", "First reason.") == why
    assert await order.refusal("deny", "Second reason.") == why
    await order.decide("deny", "Third reason.")
    assert (await order.result()).reason == "Third reason."


async def test_a_refused_approval_bars_no_reason(house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED, samples.TO_REVIEW)
    world.plays("answer", REFUSED, sent)
    order = await house.screen()
    await second_round(order)
    assert (await order.state()).refused == []
    await order.decide("approve")
    sent_last = world.asked("answer")[-1]
    assert isinstance(sent_last, AnswerInput)
    assert (await order.result()).outcome == "approve"


async def test_who_tried_in_vain_during_the_refused_round_is_written_down(house: House, world: World) -> None:
    held = world.holds("answer", then=REFUSED)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await world.until_asked("answer")
    await order.signal("deny", {"reviewer": "robin", "reason": REASON})
    held.release()
    await second_round(order)
    [attempt] = world.asked("record_ending")[-1].refused_attempts
    assert attempt.startswith("deny by robin (signal) at ")
    assert (await order.state()).refused_attempts == []


async def test_a_notice_that_is_never_delivered_does_not_hold_up_the_next_round(
    house: House, world: World
) -> None:
    world.plays("notify", _no_incident)
    world.plays("answer", REFUSED)
    order = await house.screen(timing=Timing(notice=36_000, retry_longest=3600, retry_first=600, activity=30))
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await order.until_tried_again("notify")
    await order.forward(seconds=31)
    await second_round(order)
    # The notice of the first round is tried still; the next round was opened all the same.
    rounds = [given.carried.round if given.carried else 1 for given in world.asked("open")]
    assert rounds == [1, 2]


def _no_incident(notice: Notice) -> None:
    if notice.kind is NoticeKind.INCIDENT:
        raise RuntimeError("the pager is away")


async def test_timing_and_round_travel_on(house: House, world: World) -> None:
    world.plays("answer", REFUSED, sent)
    order = await house.screen(timing=Timing(activity=17.0))
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await second_round(order)
    await order.decide("approve")
    result = await order.result()
    assert result.round == 2
    assert {call.limit for call in world.calls if call.activity == "admit"} == {timedelta(seconds=34)}
    assert (await order.state()).stage is Stage.AWAITING_CARRIER

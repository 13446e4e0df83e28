"""After the answer: a run watches its order until the carrier is done with it."""

from datetime import timedelta

from activities.contracts import NoticeKind
from activities.watching_messages import ClosingInput, LookAfterInput, Seen
from records.cases import DecidedBy, Stage
from screening.facts import OrderFacts
from screening.rejection import Barred
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import fails, opened
from tests.workflows.watched import FRIDAY, approved, denied, in_review, with_foc
from tests.workflows.world import World
from workflows.watching import LONG_HISTORY

FAR_AWAY = Timing(evidence=900)


async def test_an_answered_order_is_watched_and_says_what_was_answered(house: House, world: World) -> None:
    order = await approved(house, world)
    state = await order.state()
    assert state.answered is not None
    assert (state.answered.outcome, state.answered.decided_by) == ("approve", DecidedBy.POLICY)
    assert state.decided is not None
    assert state.decided.startswith("The order was already approved by the policy at ")
    assert world.asked("look_after") == []


async def test_a_rejection_that_the_carrier_accepts_closes_the_order(house: House, world: World) -> None:
    order = await denied(house, world)
    world.plays("look_after", Seen(status="rejected"))
    await order.carrier_event()
    result = await order.end()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "deny",
        DecidedBy.POLICY,
        "rejected",
    )
    [closing] = world.asked("record_closed")
    assert isinstance(closing, ClosingInput)
    assert closing.result == result
    assert world.asked("notify") == []


async def test_a_rejection_that_is_refused_is_a_round_in_review_with_its_reason_barred(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    world.plays("look_after", Seen(status="pending"))
    await order.carrier_event()
    state = await in_review(order, 2)
    assert state.refused == [Barred(code=1002, reason=samples.DENIAL.reason)]
    assert state.answered is None
    why = "The carrier has already refused this reason; give another one."
    assert await order.refusal("deny", samples.DENIAL.reason) == why


async def test_a_rejection_that_is_refused_three_times_is_never_sent_twice(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    reasons = ["First reason.", "Second reason."]
    for round_, reason in enumerate(reasons, 2):
        world.plays("look_after", Seen(status="pending"))
        await order.carrier_event()
        await in_review(order, round_)
        await order.decide("deny", reason)
        await order.until(Stage.AWAITING_CARRIER)
    await order.carrier_event()
    state = await in_review(order, 4)
    assert [barred.reason for barred in state.refused] == [samples.DENIAL.reason, *reasons]
    for reason in (samples.DENIAL.reason, *reasons):
        assert "already refused" in await order.refusal("deny", reason)
    sent = [given.verdict.answer.reason for given in world.asked("answer")]
    assert sent == [samples.DENIAL.reason, *reasons]


async def test_a_number_that_is_ported_although_we_rejected_it_is_an_incident(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    world.plays("look_after", Seen(status="ported"))
    await order.carrier_event()
    assert (await order.end()).carrier_status == "ported"
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == "The order became ported although we rejected it."
    assert incident.seconds_left is None


async def test_an_order_that_is_authorized_although_we_rejected_it_is_paged_and_watched_on(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    world.plays("look_after", Seen(status="authorized"))
    await order.carrier_event()
    await world.until_told(NoticeKind.INCIDENT)
    assert (await order.state()).stage is Stage.AWAITING_CARRIER
    assert (await order.ported(world)).carrier_status == "ported"


async def test_an_order_that_is_withdrawn_after_the_answer_is_closed_and_nobody_is_paged(
    house: House, world: World
) -> None:
    order = await approved(house, world)
    world.plays("look_after", Seen(status="canceled"))
    await order.carrier_event()
    assert (await order.end()).carrier_status == "canceled"
    assert world.asked("notify") == []
    assert len(world.asked("answer")) == 1


async def test_a_status_that_is_not_known_is_paged_once_and_watched_on(house: House, world: World) -> None:
    order = await approved(house, world)
    world.plays("look_after", Seen(status="on-hold"))
    await order.carrier_event("event-1")
    await world.until_told(NoticeKind.INCIDENT)
    await order.carrier_event("event-2")
    await world.until_asked("look_after", 2)
    assert (await order.state()).stage is Stage.AWAITING_CARRIER
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert "on-hold" in incident.text


async def test_a_rejection_waits_for_its_ruling_for_as_long_as_it_takes(house: House, world: World) -> None:
    order = await denied(house, world)
    await order.forward(days=60)
    assert (await order.state()).stage is Stage.AWAITING_CARRIER
    assert world.asked("look_after") == []


async def test_what_happened_before_the_answer_was_sent_is_no_reason_to_look_after_it(
    house: House, world: World
) -> None:
    held = world.holds("check_pin")
    world.plays("conclude", samples.APPROVED)
    order = await house.screen()
    await world.until_asked("check_pin")
    await order.carrier_event()
    held.release()
    await order.until(Stage.AWAITING_CARRIER)
    await order.ported(world)
    assert len(world.asked("look_after")) == 1


async def test_comments_and_duplicates_are_no_reason_to_look(house: House, world: World) -> None:
    order = await denied(house, world)
    await order.carrier_event("event-1")
    await world.until_asked("look_after")
    for _ in range(5):
        await order.carrier_event("event-1")
    await order.carrier_event("event-2", "portout.new_comment")
    await order.ported(world)
    assert len(world.asked("look_after")) == 2


async def test_a_carrier_that_is_away_at_a_look_is_asked_again(house: House, world: World) -> None:
    order = await approved(house, world, timing=FAR_AWAY)
    world.plays(
        "look_after", fails("The carrier is away."), fails("The carrier is away."), Seen(status="ported")
    )
    await order.carrier_event()
    await world.until_asked("look_after")
    assert (await order.state()).stage is Stage.AWAITING_CARRIER
    await order.forward(minutes=31)
    assert (await order.end()).carrier_status == "ported"


async def test_records_that_are_away_at_the_end_are_written_when_they_are_back(
    house: House, world: World
) -> None:
    order = await approved(house, world, timing=Timing(retry_first=0.05, retry_longest=0.05))
    world.plays("record_closed", RuntimeError("the database is away"), RuntimeError("still"), None)
    assert (await order.ported(world)).carrier_status == "ported"
    assert len(world.asked("record_closed")) == 3


async def test_nobody_can_decide_a_watched_order_and_who_tries_is_told_who_did(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("deny", "The account holder did not ask for this.")
    await order.until(Stage.AWAITING_CARRIER)
    assert (await order.refusal("approve", by="robin")).startswith("The order was already denied by dana at ")
    await order.signal("approve", {"reviewer": "robin", "reason": "Too late."})
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    assert "The order was already denied by dana at " in state.refused_attempts[0].why
    await order.ported(world)
    [closing] = world.asked("record_closed")
    assert closing.refused_attempts == [state.refused_attempts[0].sentence()]


async def test_forty_days_of_daily_events_keep_the_history_short_and_forget_nothing(
    house: House, world: World
) -> None:
    """And signals, notes and looks that find nothing: each run of the chain stays below 200 events."""
    world.plays("open", lambda given: with_foc(given.now + timedelta(days=60))(given))
    order = await house.screen(timing=FAR_AWAY)
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await order.until(Stage.AWAITING_CARRIER)
    await order.signal("deny", {"reviewer": "robin", "reason": "Too late."})
    for day in range(40):
        await order.carrier_event(f"day-{day}")
        await world.until_asked("look_after", day + 1)
        await order.forward(days=1)
    state = await order.state()
    assert state.decided is not None
    assert state.decided.startswith("The order was already approved by dana at ")
    assert "already approved by dana" in await order.refusal("deny")
    await order.ported(world)
    lengths = [len(history.events) for history in await house.histories()]
    assert len(lengths) > 1
    assert max(lengths) < 200
    [closing] = world.asked("record_closed")
    assert closing.refused_attempts[0].startswith("deny by robin (signal) at ")


async def test_a_flood_of_duplicates_does_not_grow_a_run_without_end(house: House, world: World) -> None:
    order = await approved(house, world)
    await order.carrier_event("event-1")
    await world.until_asked("look_after")
    for _ in range(LONG_HISTORY):
        await order.carrier_event("event-1")
    await order.ported(world)
    assert max(len(history.events) for history in await house.histories()) < 2 * LONG_HISTORY
    assert len(world.asked("open")) == 1


async def test_a_run_that_was_lost_is_taken_up_again_from_the_ledger(house: House, world: World) -> None:
    """As `open` gives it: the order as it is now, and how it was answered."""
    first = await denied(house, world)
    answered = (await first.state()).answered
    await first.handle.terminate()
    order = OrderFacts(id="lost", status="ported")
    world.plays("open", opened(order=order, answered=answered))
    again = await house.screen("lost")
    result = await again.end()
    assert (result.outcome, result.carrier_status) == ("deny", "ported")
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == "The order became ported although we rejected it."
    assert len(world.asked("answer")) == 1


async def test_what_is_seen_is_looked_for_in_the_order_as_it_was_seen_last(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    world.plays("look_after", Seen(status="authorized", foc_date=FRIDAY))
    await order.carrier_event("event-1")
    await world.until_asked("look_after")
    await order.carrier_event("event-2")
    await world.until_asked("look_after", 2)
    first, second = world.asked("look_after")
    assert isinstance(second, LookAfterInput)
    assert (first.opened.order.status, second.opened.order.status) == ("rejected-pending", "authorized")
    assert second.opened.order.foc_date == FRIDAY


async def test_a_further_round_has_the_carriers_comments_kept_and_not_in_its_history(
    house: House, world: World
) -> None:
    order = await denied(house, world)
    assert world.asked("keep_comments") == []
    world.plays("look_after", Seen(status="pending"))
    await order.carrier_event()
    await in_review(order, 2)
    await world.until_asked("keep_comments")
    await order.carrier_event("comment-1", "portout.new_comment")
    await world.until_asked("keep_comments", 2)
    assert {given.opened.round for given in world.asked("keep_comments")} == {2}


async def test_comments_that_cannot_be_read_hold_up_nobody(house: House, world: World) -> None:
    world.plays("keep_comments", fails("The carrier is away."))
    order = await denied(house, world)
    world.plays("look_after", Seen(status="pending"))
    await order.carrier_event()
    await in_review(order, 2)
    await order.decide("approve")
    await order.until(Stage.AWAITING_CARRIER)

"""A FOC date moves: in review the rules run again, after the answer only people can act."""

from datetime import UTC, datetime, timedelta

from activities.contracts import Look, NoticeKind
from activities.watching_messages import FocMovedInput, Objection, Seen
from records.cases import Stage
from screening.results import CheckResult
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import fails
from tests.workflows.watched import FRIDAY, approved, with_foc
from tests.workflows.world import World

SATURDAY_NIGHT = datetime(2031, 3, 9, 3, tzinfo=UTC)


async def test_an_authorized_order_is_watched_until_ten_days_after_its_foc_date(
    house: House, world: World
) -> None:
    world.plays("open", lambda given: with_foc(given.now + timedelta(days=5))(given))
    order = await approved(house, world)
    await order.forward(days=14, hours=23)
    assert world.asked("look_after") == []
    await order.forward(hours=2)
    result = await order.end()
    assert (result.carrier_status, len(world.asked("look_after"))) == ("authorized", 1)
    [closing] = world.asked("record_closed")
    assert closing.why == "It can no longer be ported under this order."


async def test_an_authorized_order_without_a_foc_date_is_watched_for_thirty_days(
    house: House, world: World
) -> None:
    order = await approved(house, world)
    await order.forward(days=29, hours=23)
    assert world.asked("look_after") == []
    await order.forward(hours=2)
    assert (await order.end()).carrier_status == "authorized"


async def test_a_foc_date_that_has_moved_on_prolongs_the_watch(house: House, world: World) -> None:
    world.plays("open", lambda given: with_foc(given.now + timedelta(days=1))(given))
    order = await approved(house, world)
    world.plays(
        "look_after", lambda given: Seen(status="authorized", foc_date=given.opened.limit + timedelta(days=9))
    )
    await order.forward(days=12)
    assert (await order.state()).stage is Stage.AWAITING_CARRIER
    assert len(world.asked("look_after")) == 1


async def test_rules_of_timing_that_object_to_a_moved_foc_date_are_told_to_people(
    house: House, world: World
) -> None:
    world.plays("open", with_foc(FRIDAY))
    order = await approved(house, world)
    checked = len(world.asked("check_timing"))
    world.plays("look_after", Seen(status="authorized", foc_date=SATURDAY_NIGHT))
    world.plays("check_timing", CheckResult(result="night"))
    world.plays("weigh_foc_move", Objection(why="Rules object to it: port-moment night (review)."))
    await order.carrier_event(event_type="portout.foc_date_changed")
    await world.until_told(NoticeKind.ESCALATION)
    [asked] = world.asked("check_timing")[checked:]
    assert asked.order.foc_date == SATURDAY_NIGHT
    assert asked.policy_digest == world.asked("conclude")[0].opened.policy_digest
    [weighed] = world.asked("weigh_foc_move")
    assert isinstance(weighed, FocMovedInput)
    assert (weighed.was, weighed.results[0].check.result) == (FRIDAY, "night")
    [told] = world.notices(NoticeKind.ESCALATION)
    assert "moved to 2031-03-09 03:00 UTC" in told.text
    assert "We can no longer reject it by ourselves" in told.text
    assert len(world.asked("answer")) == 1


async def test_a_moved_foc_date_to_which_nobody_objects_is_told_to_nobody(house: House, world: World) -> None:
    world.plays("open", with_foc(FRIDAY))
    order = await approved(house, world)
    world.plays("look_after", Seen(status="authorized", foc_date=FRIDAY + timedelta(days=3)))
    await order.carrier_event()
    await world.until_asked("weigh_foc_move")
    await order.ported(world)
    assert world.asked("notify") == []


async def test_rules_of_timing_that_cannot_be_asked_are_taken_for_an_objection(
    house: House, world: World
) -> None:
    world.plays("open", with_foc(FRIDAY))
    order = await approved(house, world)
    world.plays("look_after", Seen(status="authorized", foc_date=SATURDAY_NIGHT))
    world.plays("check_timing", fails())
    world.plays("weigh_foc_move", fails())
    await order.carrier_event()
    await world.until_told(NoticeKind.ESCALATION)
    assert world.asked("weigh_foc_move")[0].results[0].check.result == "error"


async def test_a_foc_date_that_moves_while_the_answer_is_sent_is_looked_at_after_it(
    house: House, world: World
) -> None:
    world.plays("open", with_foc(FRIDAY))
    world.plays("conclude", samples.APPROVED)
    held = world.holds("answer")
    order = await house.screen()
    await world.until_asked("answer")
    world.plays("look_after", Seen(status="authorized", foc_date=SATURDAY_NIGHT))
    world.plays("weigh_foc_move", Objection(why="Rules object to it: port-moment night (review)."))
    await order.carrier_event(event_type="portout.foc_date_changed")
    held.release()
    await world.until_told(NoticeKind.ESCALATION)
    assert (await order.state()).stage is Stage.AWAITING_CARRIER


async def test_a_moved_foc_date_in_review_runs_the_rules_that_read_it_again(
    house: House, world: World
) -> None:
    world.plays("open", with_foc(FRIDAY))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("look", Look(status="pending", foc_date=SATURDAY_NIGHT))
    await order.carrier_event(event_type="portout.foc_date_changed")
    await world.until_asked("conclude", 2)
    assert world.asked("check_timing")[-1].order.foc_date == SATURDAY_NIGHT
    await order.until(Stage.AWAITING_REVIEW)

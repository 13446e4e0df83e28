"""The ladder of a review on the run's own clock: reminders, escalation, and what is done when nobody decides."""

from datetime import timedelta

import pytest

from activities.contracts import DeadlineInput, Look, NoticeKind, Opened, OpenInput
from records.cases import DecidedBy, Stage
from screening.results import Outcome
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import MARGIN, WITHIN, fails, opened
from tests.workflows.world import World

HOUR = 3600.0


def hours_left(world: World, kind: NoticeKind) -> list[float]:
    """How many hours before the carrier's limit each notice of a kind was told, by the run's own clock."""
    return [notice.seconds_left / HOUR for notice in world.notices(kind) if notice.seconds_left is not None]


async def test_people_are_reminded_twice_and_the_escalation_comes_before_the_deadline(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=10.9)
    assert world.notices(NoticeKind.REMINDER) == []
    await order.forward(hours=11)
    await world.until_told(NoticeKind.ESCALATION)
    await world.until_told(NoticeKind.REMINDER, 2)
    # 22 hours until the deadline: half of them is 13 hours before the limit, 80 % of them 6.4 hours.
    assert hours_left(world, NoticeKind.REMINDER) == pytest.approx([13, 6.4], abs=0.01)
    assert hours_left(world, NoticeKind.ESCALATION) == pytest.approx([6.4], abs=0.01)
    assert world.asked("conclude_deadline") == []


async def test_every_reminder_is_a_cause_of_its_own_even_a_day_later(house: House, world: World) -> None:
    def of_three_days(given: OpenInput) -> Opened:
        limit = given.now + timedelta(hours=74)
        return opened(limit=limit, respond_by=given.now + timedelta(hours=72), remind_at=[1 / 3, 2 / 3])(
            given
        )

    world.plays("open", of_three_days)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=50)
    await world.until_told(NoticeKind.REMINDER, 2)
    assert len({notice.cause for notice in world.notices(NoticeKind.REMINDER)}) == 2


async def test_an_order_that_nobody_decides_is_denied_at_the_deadline_when_the_policy_says_so(
    house: House, world: World
) -> None:
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=22)
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.DEADLINE)
    assert (result.reason, result.rejection_code) == (samples.LATE_DENIAL.reason, 1001)
    [asked] = world.asked("conclude_deadline")
    assert isinstance(asked, DeadlineInput)
    assert (asked.opened.limit - asked.now) / MARGIN == pytest.approx(1, abs=0.01)


async def test_an_order_that_the_policy_leaves_is_paged_and_answered_by_nobody(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=23)
    await world.until_told(NoticeKind.INCIDENT)
    [left] = world.notices(NoticeKind.INCIDENT)
    assert left.text == ("The order is left to the carrier's silence: the policy leaves it at the deadline.")
    state = await order.state()
    assert (state.stage, state.left_on_purpose) == (Stage.AWAITING_REVIEW, True)
    assert world.asked("answer") == []


async def test_an_order_left_on_purpose_ends_as_left_when_silence_approves_it(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=25)
    world.plays("look", Look(status="authorized"))
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "leave",
        DecidedBy.DEADLINE,
        "authorized",
    )
    assert result.reason == "The order became authorized without our answer, probably by silence."
    # The one page is that it was left; that silence then approved it is what was meant.
    assert [notice.cause.split(":")[-1] for notice in world.notices(NoticeKind.INCIDENT)] == ["left"]


@pytest.mark.parametrize("status", ["canceled", "rejected"])
async def test_an_order_left_on_purpose_that_ends_otherwise_was_not_left(
    house: House, world: World, status: str
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=23)
    world.plays("look", Look(status=status))
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("none", DecidedBy.ELSEWHERE)


async def test_a_person_can_still_approve_what_was_left(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=23)
    await world.until_told(NoticeKind.INCIDENT)
    await order.decide("approve")
    result = await order.result()
    assert (result.outcome, result.decided_by, result.reviewer) == ("approve", DecidedBy.REVIEWER, "dana")


async def test_an_order_is_left_and_paged_when_the_policy_cannot_be_applied_at_the_deadline(
    house: House, world: World
) -> None:
    world.plays("conclude_deadline", fails("the database is away"))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=22.1)
    await world.until_told(NoticeKind.INCIDENT)
    [left] = world.notices(NoticeKind.INCIDENT)
    assert "records are away" in left.text
    await order.decide("deny", "The account holder did not ask for this.")
    assert (await order.result()).outcome == "deny"


async def test_records_that_are_away_at_the_deadline_do_not_keep_people_from_deciding_for_long(
    house: House, world: World
) -> None:
    world.plays("conclude_deadline", RuntimeError("the database is away"))
    order = await house.screen(timing=Timing(evidence=900))
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=22, minutes=16)
    await world.until_told(NoticeKind.INCIDENT)
    [told] = hours_left(world, NoticeKind.INCIDENT)
    assert told == pytest.approx(1.75, abs=0.02)


async def test_an_order_first_seen_after_its_deadline_is_escalated_at_once_and_acted_upon_half_way(
    house: House, world: World
) -> None:
    world.plays("open", opened(age=timedelta(hours=23)))
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await house.screen()
    await world.until_told(NoticeKind.ESCALATION)
    await world.until_told(NoticeKind.REMINDER)
    assert hours_left(world, NoticeKind.ESCALATION) == pytest.approx([1], abs=0.01)
    assert len(world.notices(NoticeKind.REMINDER)) == 1
    await order.forward(minutes=29)
    assert world.asked("conclude_deadline") == []
    await order.forward(minutes=2)
    assert (await order.result()).decided_by is DecidedBy.DEADLINE


async def test_after_the_carriers_limit_an_order_waits_for_people_only(house: House, world: World) -> None:
    world.plays("open", opened(age=WITHIN + timedelta(hours=1)))
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await house.screen()
    await world.until_told(NoticeKind.ESCALATION)
    await order.forward(days=3)
    assert world.asked("conclude_deadline") == []
    assert (await order.state()).stage is Stage.AWAITING_REVIEW
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"


async def test_an_order_whose_conclusion_failed_all_day_is_acted_upon_half_way_to_the_limit(
    house: House, world: World
) -> None:
    world.plays("conclude", RuntimeError("the database is away"))
    world.plays("conclude_deadline", samples.LEFT)
    order = await house.screen(timing=Timing(retry_longest=7200))
    await order.until_tried_again("conclude")
    await order.forward(hours=22.5)
    await world.until_told(NoticeKind.ESCALATION)
    state = await order.state()
    assert (state.stage, state.outcome) == (Stage.AWAITING_REVIEW, Outcome.REVIEW)
    await order.forward(hours=1)
    await world.until_asked("conclude_deadline")

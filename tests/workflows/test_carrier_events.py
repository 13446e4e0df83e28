"""What happens at the carrier while people think: withdrawals, outside decisions, PINs that come late."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.contracts import Look, NoticeKind
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from screening.results import CheckResult
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import RULES, fails, opened
from tests.workflows.world import World

UNSEEN_PIN = Look(status="pending", unseen_pin=True)


async def test_an_order_canceled_while_people_think_is_closed_without_an_answer(
    house: House, world: World
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("look", Look(status="canceled"))
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "none",
        DecidedBy.ELSEWHERE,
        "canceled",
    )
    assert world.asked("answer") == []
    assert world.notices(NoticeKind.INCIDENT) == []
    [ending] = world.asked("record_ending")
    assert ending.kind is EntryKind.DECIDED_ELSEWHERE


@pytest.mark.parametrize("status", ["authorized", "rejected-pending", "rejected", "ported", "a-new-status"])
async def test_an_order_that_somebody_else_decided_is_an_incident(
    house: House, world: World, status: str
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("look", Look(status=status))
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by, result.carrier_status) == (
        "none",
        DecidedBy.ELSEWHERE,
        status,
    )
    [incident] = world.notices(NoticeKind.INCIDENT)
    assert incident.text == f"The order became {status} without our answer."


async def test_an_event_of_an_order_that_is_still_pending_changes_nothing(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event(event_type="portout.foc_date_changed")
    await world.until_asked("look")
    assert (await order.state()).stage is Stage.AWAITING_REVIEW
    assert len(world.asked("conclude")) == 1


async def test_a_pin_that_comes_late_screens_the_order_again(house: House, world: World) -> None:
    order = await house.screen("late-pin")
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("look", UNSEEN_PIN)
    world.plays("check_pin", CheckResult(result="mismatch"))
    world.plays("conclude", samples.DENIED)
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.POLICY)
    first, second = world.asked("conclude")
    assert (first.step, second.step) == ("screened-1", "screened-2")
    assert second.results[0].check.result == "mismatch"


async def test_an_order_that_stays_in_review_after_a_late_pin_keeps_its_deadline(
    house: House, world: World
) -> None:
    world.plays("look", UNSEEN_PIN, Look(status="pending"))
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=12)
    await order.carrier_event()
    await world.until_asked("conclude", 2)
    await order.until(Stage.AWAITING_REVIEW)
    await world.until_told(NoticeKind.REVIEW, 2)
    await order.forward(hours=9.9)
    assert world.asked("conclude_deadline") == []
    await order.forward(hours=0.2)
    assert (await order.result()).decided_by is DecidedBy.DEADLINE


async def test_a_pin_is_no_reason_to_screen_again_when_no_rule_asks_for_it(
    house: House, world: World
) -> None:
    world.plays("open", opened(rules=RULES[1:]))
    world.plays("look", UNSEEN_PIN)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event()
    await world.until_asked("look")
    await order.decide("approve")
    await order.result()
    assert len(world.asked("conclude")) == 1


async def test_an_event_during_screening_is_looked_at_when_the_review_begins(
    house: House, world: World
) -> None:
    held = world.holds("check_pin")
    world.plays("look", Look(status="canceled"))
    order = await house.screen()
    await world.until_asked("check_pin")
    await order.carrier_event()
    held.release()
    assert (await order.result()).carrier_status == "canceled"


async def test_a_carrier_that_is_away_does_not_hold_up_the_deadline(house: House, world: World) -> None:
    world.plays("open", opened(age=timedelta(hours=21)))
    world.plays("look", ApplicationError("The carrier is away.", next_retry_delay=timedelta(seconds=20)))
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await house.screen(timing=Timing(evidence=1800))
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event()
    await order.until_tried_again("look")
    await order.forward(hours=1)
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.DEADLINE)


async def test_the_reason_to_look_is_not_forgotten_while_the_carrier_is_away(
    house: House, world: World
) -> None:
    world.plays("look", fails("The carrier is away."), fails("The carrier is away."), UNSEEN_PIN)
    order = await house.screen(timing=Timing(evidence=900))
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("conclude", samples.APPROVED)
    await order.carrier_event()
    await world.until_asked("look")
    assert (await order.state()).stage is Stage.AWAITING_REVIEW
    await order.forward(minutes=31)
    assert (await order.result()).decided_by is DecidedBy.POLICY
    assert len(world.asked("look")) == 3


async def test_a_look_that_succeeds_is_not_repeated(house: House, world: World) -> None:
    world.plays("look", fails("The carrier is away."), Look(status="pending"))
    order = await house.screen(timing=Timing(evidence=900))
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event()
    await world.until_asked("look")
    await order.forward(hours=5)
    assert len(world.asked("look")) == 2

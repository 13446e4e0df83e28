"""How runs end: with their pager and handlers finished, and never silently when somebody stops them."""

import asyncio

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from activities.contracts import NoticeKind
from activities.watching_messages import Seen
from records.cases import Stage
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.world import World


async def test_a_notice_that_cannot_be_delivered_holds_up_no_decision(house: House, world: World) -> None:
    world.plays("notify", ApplicationError("The pager is away."))
    order = await house.screen(timing=Timing(notice=900))
    await order.until(Stage.AWAITING_REVIEW)
    await order.until_tried_again("notify")
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"
    world.plays("look_after", Seen(status="ported"))
    await order.carrier_event()
    await order.until(Stage.CLOSED)
    assert await order.status() is WorkflowExecutionStatus.RUNNING
    await order.forward(minutes=16)
    assert (await order.end()).carrier_status == "ported"


async def test_a_run_ends_only_when_its_notices_are_delivered(house: House, world: World) -> None:
    held = world.holds("notify")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    world.plays("look_after", Seen(status="ported"))
    await order.carrier_event()
    await order.until(Stage.CLOSED)
    assert await order.status() is WorkflowExecutionStatus.RUNNING
    held.release()
    await order.end()


async def test_the_end_is_recorded_before_notices_are_waited_for(house: House, world: World) -> None:
    held = world.holds("notify")
    world.plays("open", samples.opened(status="authorized"))
    order = await house.screen()
    await world.until_asked("record_ending")
    await order.until(Stage.CLOSED)
    held.release()
    await order.result()
    assert len(world.asked("record_ending")) == 1


async def test_a_note_that_is_being_written_is_waited_for(house: House, world: World) -> None:
    held = world.holds("record_note")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    noting = asyncio.create_task(order.decide("note", "Called twice."))
    await world.until_asked("record_note")
    await order.decide("approve")
    world.plays("look_after", Seen(status="ported"))
    await order.carrier_event()
    await order.until(Stage.CLOSED)
    assert await order.status() is WorkflowExecutionStatus.RUNNING
    held.release()
    assert (await noting).action == "note"
    await order.end()


@pytest.mark.parametrize("busy_with", ["open", "check_pin", "conclude", "answer"])
async def test_a_run_that_is_canceled_ends_as_canceled_in_the_middle_of_a_step(
    house: House, world: World, busy_with: str
) -> None:
    world.plays("conclude", samples.APPROVED)
    world.holds(busy_with)
    order = await house.screen(timing=Timing(activity=2))
    await world.until_asked(busy_with)
    await order.handle.cancel()
    with pytest.raises(WorkflowFailureError) as ended:
        await order.end()
    assert isinstance(ended.value.cause, CancelledError | ActivityError)
    assert await order.status() is WorkflowExecutionStatus.CANCELED


async def test_a_run_that_is_canceled_while_people_think_ends_as_canceled(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await world.until_told(NoticeKind.REVIEW)
    await order.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await order.end()
    assert await order.status() is WorkflowExecutionStatus.CANCELED
    assert world.asked("answer") == []
    assert world.asked("conclude_deadline") == []


async def test_a_run_that_is_canceled_while_it_looks_again_ends_as_canceled(
    house: House, world: World
) -> None:
    world.holds("look")
    order = await house.screen(timing=Timing(activity=2))
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event()
    await world.until_asked("look")
    await order.handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await order.end()
    assert await order.status() is WorkflowExecutionStatus.CANCELED

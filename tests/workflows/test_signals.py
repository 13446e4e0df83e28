"""Signals can hold anything, come twice and come late: none of them may harm a run, none of them vanishes unseen."""

from typing import Any

import pytest

from activities.contracts import Look
from activities.watching_messages import Seen
from records.cases import Stage
from tests.workflows import samples
from tests.workflows.running import REASON, House
from tests.workflows.world import World

APPROVAL = {"reviewer": "dana", "reason": REASON}
RUBBISH: list[Any] = [
    None,
    "approve",
    7,
    -0.5,
    True,
    [],
    ["dana", REASON],
    {},
    {"reviewer": "dana", "reason": None},
    {"reviewer": ["dana"], "reason": REASON},
    {"reviewer": {"name": "dana"}, "reason": REASON},
    {"reviewer": "", "reason": REASON},
    {"reviewer": "d" * 101, "reason": REASON},
    {"reviewer": "dana", "reason": "x" * 1001},
    {"reviewer": "dana", "reason": REASON, "rejection_code": "PIN"},
    {"reviewer": "dana", "reason": REASON, "reject_as": 3},
    {"reviewer": "dana" * 50_000, "reason": "x" * 200_000},
]


@pytest.mark.parametrize("signal", ["approve", "deny", "add_note"])
async def test_rubbish_is_kept_as_refused_and_decides_nothing(
    house: House, world: World, signal: str
) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    for rubbish in RUBBISH:
        await order.signal(signal, rubbish)
    state = await order.state()
    assert state.stage is Stage.AWAITING_REVIEW
    assert [attempt.why for attempt in state.refused_attempts] == ["the signal could not be read"] * len(
        RUBBISH
    )
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"
    await world.until_asked("record_ending")
    [ending] = world.asked("record_ending")
    assert len(ending.refused_attempts) == len(RUBBISH)


@pytest.mark.parametrize("signal", ["approve", "deny", "add_note", "carrier_event"])
async def test_a_signal_with_the_wrong_number_of_arguments_harms_nothing(house: House, signal: str) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    for arguments in ((), (APPROVAL, APPROVAL), (1, 2, 3)):
        await order.signal(signal, *arguments)
    assert (await order.state()).decided is None
    await order.decide("deny", "The account holder did not ask for this.")
    assert (await order.result()).outcome == "deny"


async def test_a_carrier_event_without_an_id_is_no_reason_to_look(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    no_ids: list[Any] = [None, 7, "event", [], {}, {"event_id": 7}, {"event_id": None}, {"event_type": "x"}]
    for rubbish in no_ids:
        await order.signal("carrier_event", rubbish)
    await order.decide("approve")
    await order.result()
    assert world.asked("look") == []


async def test_a_signal_that_the_run_does_not_know_harms_nothing(house: House) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("nonsense", {"id": "1"})
    await order.decide("approve")
    assert (await order.result()).outcome == "approve"


async def test_a_carrier_event_that_comes_twice_is_looked_at_once(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.carrier_event("event-1")
    await world.until_asked("look")
    await order.carrier_event("event-1")
    await order.carrier_event("event-2")
    await world.until_asked("look", 2)
    await order.decide("approve")
    await order.result()
    assert len(world.asked("look")) == 2


async def test_events_that_come_together_are_one_look(house: House, world: World) -> None:
    held = world.holds("check_pin")
    order = await house.screen()
    await world.until_asked("check_pin")
    for number in range(5):
        await order.carrier_event(f"event-{number}")
    world.plays("look", Look(status="canceled"))
    held.release()
    await order.result()
    assert len(world.asked("look")) == 1


async def test_the_first_decision_wins_and_the_later_ones_are_kept_as_refused(
    idle_house: House, world: World
) -> None:
    order = await idle_house.screen()
    await order.signal("deny", {"reviewer": "dana", "reason": "The account holder did not ask for this."})
    await order.signal("approve", {"reviewer": "robin", "reason": REASON})
    async with idle_house.working():
        result = await order.result()
        await world.until_asked("record_ending")
    assert (result.outcome, result.reviewer) == ("deny", "dana")
    assert len(world.asked("answer")) == 1
    [ending] = world.asked("record_ending")
    [refused] = ending.refused_attempts
    assert refused.startswith("approve by robin (signal) at ")
    assert "The order was already denied by dana at " in refused


async def test_a_signal_after_an_automatic_decision_is_kept_in_the_ending(house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED)
    held = world.holds("answer")
    order = await house.screen()
    await world.until_asked("answer")
    await order.signal("deny", {"reviewer": "dana", "reason": "The account holder did not ask for this."})
    held.release()
    assert (await order.result()).outcome == "approve"
    await world.until_asked("record_ending")
    [ending] = world.asked("record_ending")
    [refused] = ending.refused_attempts
    assert refused.startswith("deny by dana (signal) at ")
    assert "The order was already approved by the policy at " in refused


async def test_a_signal_that_comes_while_the_run_only_waits_for_its_pager_is_kept_too(
    house: House, world: World
) -> None:
    held = world.holds("notify")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    world.plays("look_after", Seen(status="ported"))
    await order.carrier_event()
    await order.until(Stage.CLOSED)
    await order.signal("deny", {"reviewer": "robin", "reason": "The account holder did not ask for this."})
    held.release()
    await order.end()
    [closing] = world.asked("record_closed")
    [refused] = closing.refused_attempts
    assert refused.startswith("deny by robin (signal) at ")


async def test_no_more_than_fifty_refused_attempts_are_kept(idle_house: House, world: World) -> None:
    order = await idle_house.screen()
    for _ in range(60):
        await order.signal("approve", 7)
    async with idle_house.working():
        await order.until(Stage.AWAITING_REVIEW)
        assert len((await order.state()).refused_attempts) == 50
        await order.decide("approve")
        await world.until_asked("record_ending")
    assert len(world.asked("record_ending")[-1].refused_attempts) == 50

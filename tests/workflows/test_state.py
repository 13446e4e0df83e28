"""What a run shows about itself, at every stage, to commands and in Temporal's own UI."""

from activities.contracts import Look
from records.cases import Stage
from screening.policy import Mode
from screening.results import Outcome
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.samples import opened
from tests.workflows.world import World
from workflows import search_attributes


async def test_before_the_order_is_read_only_its_id_is_known(house: House, world: World) -> None:
    held = world.holds("open")
    order = await house.screen("unread")
    await world.until_asked("open")
    state = await order.state()
    assert (state.portout_id, state.stage, state.round) == ("unread", Stage.SCREENING, 1)
    assert (state.support_key, state.mode, state.respond_by, state.decided) == (None, None, None, None)
    held.release()


async def test_while_the_rules_run_the_policy_and_the_deadlines_are_known(house: House, world: World) -> None:
    held = world.holds("check_pin")
    order = await house.screen()
    await world.until_asked("check_pin")
    state = await order.state()
    assert (state.stage, state.mode, state.policy) == (Stage.SCREENING, Mode.ENFORCE, "us-standard")
    assert state.support_key == "PO_12ab"
    assert state.limit is not None
    assert state.respond_by == state.limit - samples.MARGIN
    assert (state.outcome, state.rules) == (None, {})
    held.release()


async def test_in_review_the_findings_and_the_codes_are_shown(house: House) -> None:
    order = await house.screen()
    state = await order.until(Stage.AWAITING_REVIEW)
    assert (state.outcome, state.score, state.people) == (Outcome.REVIEW, 40, 1)
    assert state.rules["authorized-name"] == "mismatch"
    assert state.notes == ["Risk score 40."]
    assert [code.code for code in state.eligible] == [1001, 1002]
    assert not state.left_on_purpose


async def test_while_the_answer_is_on_its_way_it_is_known_who_decided(house: House, world: World) -> None:
    held = world.holds("answer")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    state = await order.until(Stage.ANSWERING)
    assert state.decided is not None
    assert state.decided.startswith("The order was already approved by dana at ")
    held.release()
    await order.result()


async def test_in_shadow_the_run_waits_for_the_carrier(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.SHADOW))
    world.plays("conclude", samples.TO_WATCH)
    order = await house.screen()
    state = await order.until(Stage.AWAITING_CARRIER)
    assert (state.mode, state.outcome) == (Mode.SHADOW, Outcome.APPROVE)


async def test_a_closed_run_still_says_who_decided(house: House, world: World) -> None:
    world.plays("conclude", samples.DENIED)
    order = await house.screen()
    await order.result()
    await order.ported(world)
    state = await order.state()
    assert state.stage is Stage.CLOSED
    assert state.decided is not None
    assert state.decided.startswith("The order was already denied by the policy at ")


async def test_the_search_attributes_follow_the_order(house: House, world: World) -> None:
    order = await house.screen()
    state = await order.until(Stage.AWAITING_REVIEW)
    found = (await order.handle.describe()).typed_search_attributes
    assert found[search_attributes.STAGE] == "awaiting_review"
    assert state.respond_by is not None
    assert abs((found[search_attributes.RESPOND_BY] - state.respond_by).total_seconds()) < 0.001
    world.plays("look", Look(status="canceled"))
    await order.carrier_event()
    await order.result()
    found = (await order.handle.describe()).typed_search_attributes
    assert (found[search_attributes.STAGE], found[search_attributes.OUTCOME]) == ("closed", "none")


async def test_the_details_in_temporals_own_ui_show_each_rule(house: House) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    metadata = await order.handle.query("__temporal_workflow_metadata")
    shown = metadata.current_details
    assert shown.startswith("**us-standard** (enforce): review, score 40")
    assert "| authorized-name | mismatch |" in shown

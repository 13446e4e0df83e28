"""Shadow only watches, advise asks people and sends nothing by itself, enforce acts."""

from activities.contracts import AnswerInput, Look, NoticeKind
from records.cases import DecidedBy, Stage
from screening.policy import Mode
from tests.workflows import samples
from tests.workflows.running import REASON, House
from tests.workflows.samples import fails, opened
from tests.workflows.world import World


async def test_advise_asks_people_even_when_the_policy_would_approve(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.ADVISE))
    world.plays("conclude", samples.ADVISED)
    order = await house.screen()
    state = await order.until(Stage.AWAITING_REVIEW)
    assert state.outcome == "approve"
    await world.until_told(NoticeKind.REVIEW)
    assert world.asked("answer") == []


async def test_advise_pages_at_the_deadline_and_never_answers_by_itself(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.ADVISE))
    world.plays("conclude", samples.ADVISED)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=48)
    await world.until_told(NoticeKind.INCIDENT)
    [paged] = world.notices(NoticeKind.INCIDENT)
    assert paged.text == "The deadline is here and nobody has decided."
    assert paged.seconds_left is not None
    assert 7100 < paged.seconds_left < 7300
    assert len(world.notices(NoticeKind.REMINDER)) == 2
    assert len(world.notices(NoticeKind.ESCALATION)) == 1
    assert world.asked("conclude_deadline") == []
    assert world.asked("answer") == []


async def test_a_persons_decision_is_sent_in_advise(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.ADVISE))
    world.plays("conclude", samples.ADVISED)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    assert (await order.result()).decided_by is DecidedBy.REVIEWER
    [sent] = world.asked("answer")
    assert isinstance(sent, AnswerInput)
    assert sent.verdict.answer == samples.APPROVAL


async def test_what_others_decide_is_no_incident_in_advise(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.ADVISE))
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    world.plays("look", Look(status="authorized"))
    await order.carrier_event()
    assert (await order.result()).decided_by is DecidedBy.ELSEWHERE
    assert world.notices(NoticeKind.INCIDENT) == []


async def test_shadow_asks_nobody_sends_nothing_and_ends_when_the_order_leaves(
    house: House, world: World
) -> None:
    world.plays("open", opened(mode=Mode.SHADOW))
    world.plays("conclude", samples.TO_WATCH)
    order = await house.screen()
    await order.until(Stage.AWAITING_CARRIER)
    await order.forward(days=4)
    world.plays("look", Look(status="authorized"))
    await order.carrier_event()
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("none", DecidedBy.ELSEWHERE)
    assert {call.activity for call in world.calls}.isdisjoint(
        {"notify", "answer", "admit", "conclude_deadline"}
    )
    [ending] = world.asked("record_ending")
    # What we would have done is kept beside what happened.
    assert ending.conclusion.outcome == "approve"


async def test_in_shadow_there_is_nothing_to_decide(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.SHADOW))
    world.plays("conclude", samples.TO_WATCH)
    order = await house.screen()
    await order.until(Stage.AWAITING_CARRIER)
    why = "The order is only watched (shadow mode): nothing is sent, so there is nothing to decide."
    assert await order.refusal("approve") == why
    assert await order.refusal("deny") == why
    await order.signal("deny", {"reviewer": "dana", "reason": REASON})
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    assert state.refused_attempts[0].why == why
    assert world.asked("admit") == []


async def test_a_late_pin_changes_nothing_in_shadow(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.SHADOW))
    world.plays("conclude", samples.TO_WATCH)
    world.plays("look", Look(status="pending", unseen_pin=True))
    order = await house.screen()
    await order.until(Stage.AWAITING_CARRIER)
    await order.carrier_event("event-1")
    await world.until_asked("look")
    world.plays("look", Look(status="canceled"))
    await order.carrier_event("event-2")
    await order.result()
    assert len(world.asked("check_pin")) == 1


async def test_shadow_pages_nobody_when_it_could_not_conclude(house: House, world: World) -> None:
    world.plays("open", opened(mode=Mode.SHADOW))
    world.plays("conclude", fails())
    order = await house.screen()
    await order.until(Stage.AWAITING_CARRIER)
    world.plays("look", Look(status="ported"))
    await order.carrier_event()
    await order.result()
    assert world.asked("notify") == []

"""Documents that are asked for: asked once, awaited until they come or the wait is over, decided by people meanwhile."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.exceptions import ApplicationError

from activities.asking_messages import Awaited, Standing
from activities.contracts import AnswerKind, AnswerResult, Conclusion, Look, NoticeKind
from records.cases import DecidedBy, Stage
from screening.policy import Mode
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House, Screening
from tests.workflows.samples import TO_ASK, WITH_DOCUMENTS, fails, opened
from tests.workflows.world import World, asked, not_there_yet, sent

COMPLETE = Awaited(standing=Standing.COMPLETE)
INFECTED = Awaited(standing=Standing.INFECTED)
LATE = "Not all that was asked for (loa) came in time."
STILL_REVIEWED = TO_ASK.model_copy(update={"ask": None})


@pytest.fixture
def world(world: World) -> World:
    """A policy that asks for a letter of authorization."""
    world.plays("open", opened(rules=WITH_DOCUMENTS))
    world.plays("conclude", TO_ASK)
    return world


async def asking(house: House, world: World, name: str, *, looks: int = 1) -> Screening:
    order = await house.screen(name)
    await world.until_asked("await_documents", looks)
    return order


async def events(order: Screening) -> int:
    """How many events the history holds; that its clock was moved is an event of these tests only."""
    of_tests = (
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    )
    history = await order.handle.fetch_history()
    return sum(event.event_type not in of_tests for event in history.events)


async def test_what_comes_in_time_is_screened_and_concludes_the_order_anew(
    house: House, world: World
) -> None:
    world.plays("await_documents", not_there_yet, not_there_yet, COMPLETE)
    world.plays("conclude", TO_ASK, samples.APPROVED)
    order = await asking(house, world, "came")
    state = await order.until_it_shows(lambda state: state.asked_at)
    assert (state.stage, state.asked_for) == (Stage.AWAITING_REVIEW, ["loa"])
    assert [notice.text for notice in world.notices(NoticeKind.REVIEW)]
    await order.forward(minutes=40)
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("approve", DecidedBy.POLICY)
    assert len(world.asked("ask")) == 1
    # Only what reads documents ran again; what the others found stays.
    assert (len(world.asked("check_documents")), len(world.asked("check_pin"))) == (2, 1)
    first, second = world.asked("conclude")
    assert [result.rule_id for result in second.results] == [result.rule_id for result in first.results]
    assert (second.documents, second.asked) == (Standing.COMPLETE, True)


async def test_when_nobody_sends_anything_the_order_stays_in_review_and_a_note_says_so(
    house: House, world: World
) -> None:
    order = await asking(house, world, "silence")
    await order.forward(minutes=20)
    before = await events(order)
    await order.forward(hours=7)
    assert len(world.asked("await_documents")) >= 7 * 4
    assert await events(order) == before
    await order.forward(hours=2)
    state = await order.until_it_shows(lambda state: not state.asked_for)
    assert (state.stage, state.notes[-1]) == (Stage.AWAITING_REVIEW, LATE)
    looked = len(world.asked("await_documents"))
    assert looked == 8 * 4 + 1
    await order.forward(hours=3)
    assert len(world.asked("await_documents")) == looked
    assert len(world.asked("conclude")) == 1
    await order.decide("approve")
    assert (await order.result()).decided_by is DecidedBy.REVIEWER
    assert await events(order) <= 85


async def test_a_person_may_decide_meanwhile_and_nobody_waits_any_more(house: House, world: World) -> None:
    order = await asking(house, world, "decided")
    await order.decide("deny")
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.REVIEWER)
    looked = len(world.asked("await_documents"))
    assert (await order.state()).asked_for == []
    assert looked == len(world.asked("await_documents"))


async def test_a_decision_before_the_comment_is_posted_keeps_it_from_being_posted(
    house: House, world: World
) -> None:
    world.plays("ask", ApplicationError("Sending is paused.", type="Held"))
    order = await house.screen("held")
    await order.until_tried_again("ask")
    assert (await order.state()).asked_at is None
    await order.decide("approve")
    await order.result()
    tried = len(world.asked("ask"))
    assert (tried, len(world.asked("await_documents"))) == (len(world.asked("ask")), 0)


async def test_a_question_that_cannot_be_posted_is_told_and_the_order_stays_in_review(
    house: House, world: World
) -> None:
    world.plays("ask", fails("The carrier takes no comments."))
    order = await house.screen("unasked")
    await world.until_told(NoticeKind.INCIDENT)
    state = await order.until_it_shows(lambda state: not state.asked_for)
    assert (state.stage, state.notes[-1]) == (
        Stage.AWAITING_REVIEW,
        "The documents could not be asked for.",
    )
    assert world.asked("await_documents") == []


async def test_a_worker_that_dies_while_it_asks_leaves_one_question_to_the_next(
    house: House, world: World
) -> None:
    """Both tries are one activity with one key; `tests/activities/test_asking.py` shows that one comment comes of it."""
    world.plays("ask", ApplicationError("The worker was lost."), asked)
    order = await house.screen("lost", timing=Timing(retry_first=0.1))
    await world.until_asked("await_documents")
    first, second = world.asked("ask")
    assert first == second
    assert (await order.until_it_shows(lambda state: state.asked_at)).asked_for == ["loa"]


async def test_a_document_that_becomes_infected_is_told_once_and_does_not_count(
    house: House, world: World
) -> None:
    world.plays("await_documents", not_there_yet, INFECTED, not_there_yet, COMPLETE)
    world.plays("conclude", TO_ASK, STILL_REVIEWED, samples.APPROVED)
    order = await asking(house, world, "infected")
    await order.forward(minutes=20)
    await world.until_asked("conclude", 2)
    state = await order.until(Stage.AWAITING_REVIEW)
    assert state.asked_for == ["loa"]
    await world.until_asked("await_documents", 3)
    assert [given.infected_known for given in world.asked("await_documents")] == [False, False, True]
    assert world.asked("conclude")[1].documents is Standing.INFECTED
    await order.forward(minutes=20)
    assert (await order.result()).outcome == "approve"
    assert len(world.asked("ask")) == 1


async def test_an_event_at_the_carrier_is_a_reason_to_look_at_once(house: House, world: World) -> None:
    world.plays(
        "look", Look(status="pending", documents="incomplete"), Look(status="pending", documents="complete")
    )
    world.plays("conclude", TO_ASK, samples.APPROVED)
    order = await asking(house, world, "event")
    await order.carrier_event("event-1", "portout.new_comment")
    await world.until_asked("look")
    assert len(world.asked("conclude")) == 1
    await order.carrier_event("event-2", "portout.status_changed")
    assert (await order.result()).outcome == "approve"
    assert [given.documents for given in world.asked("look")] == [["loa"], ["loa"]]
    assert len(world.asked("await_documents")) == 1


async def test_whoever_says_that_documents_are_there_makes_the_run_look(house: House, world: World) -> None:
    world.plays(
        "look", Look(status="pending", documents="infected"), Look(status="pending", documents="complete")
    )
    world.plays("conclude", TO_ASK, STILL_REVIEWED, samples.APPROVED)
    order = await asking(house, world, "received")
    await order.signal("documents_received")
    await world.until_asked("conclude", 2)
    assert world.asked("conclude")[1].documents is Standing.INFECTED
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("documents_received", {"by": "anybody"}, "and more")
    assert (await order.result()).outcome == "approve"


async def test_a_carrier_that_is_away_at_a_look_proves_nothing_and_the_wait_goes_on(
    house: House, world: World
) -> None:
    world.plays("look", fails("The carrier is away."), Look(status="pending"))
    order = await asking(house, world, "away")
    await order.signal("documents_received")
    await world.until_asked("look")
    await order.forward(hours=1)
    await world.until_asked("look", 2)
    state = await order.state()
    assert (state.stage, state.asked_for) == (Stage.AWAITING_REVIEW, ["loa"])
    assert len(world.asked("conclude")) == 1
    world.plays("await_documents", COMPLETE)
    world.plays("conclude", samples.APPROVED)
    await order.forward(minutes=20)
    assert (await order.result()).outcome == "approve"


async def test_nobody_waits_for_documents_beyond_the_deadline(house: House, world: World) -> None:
    world.plays("open", opened(rules=WITH_DOCUMENTS, age=timedelta(hours=20)))
    world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await asking(house, world, "deadline")
    [given] = world.asked("await_documents")
    assert given.wait <= timedelta(hours=2).total_seconds()
    await order.forward(hours=2.1)
    result = await order.result()
    assert (result.outcome, result.decided_by) == ("deny", DecidedBy.DEADLINE)


async def test_a_rejected_round_is_followed_by_one_that_asks_nothing_by_itself(
    house: House, world: World
) -> None:
    refused = AnswerResult(kind=AnswerKind.REFUSED, carrier_status="pending", at=samples.AT)
    world.plays("conclude", TO_ASK, samples.TO_REVIEW)
    world.plays("answer", refused, sent)
    order = await asking(house, world, "rounds")
    await order.decide("deny")
    state = await order.until_it_shows(
        lambda state: state.round == 2 and state.stage is Stage.AWAITING_REVIEW
    )
    assert state.asked_for == []
    await order.decide("approve")
    await order.result()
    assert len(world.asked("ask")) == 1
    assert world.asked("open")[1].carried.ask is None


async def test_the_same_question_is_awaited_after_the_rules_were_changed(house: House, world: World) -> None:
    order = await asking(house, world, "rescreened")
    await order.handle.execute_update("rescreen", {"reviewer": "dana"})
    await world.until_asked("await_documents", 2)
    first, second = world.asked("ask")
    assert (first.ask, first.run_id != second.run_id) == (second.ask, True)
    assert (await order.until_it_shows(lambda state: state.asked_at)).asked_for == ["loa"]


async def test_a_reviewer_asks_by_hand_and_what_was_asked_before_is_not_awaited_any_more(
    house: House, world: World
) -> None:
    order = await asking(house, world, "by-hand")
    accepted = await order.decide("ask", "And the last invoice, please.", types=["loa", "invoice"])
    assert (accepted.action, accepted.reviewer) == ("ask", "dana")
    await world.until_asked("await_documents", 2)
    state = await order.until_it_shows(lambda state: state.asked_for == ["loa", "invoice"] and state.asked_at)
    assert state.stage is Stage.AWAITING_REVIEW
    policy, reviewer = world.asked("ask")
    assert (policy.ask.by, reviewer.ask.by) == (None, "dana")
    world.plays("look", Look(status="pending", documents="complete"))
    await order.signal("documents_received")
    await world.until_asked("conclude", 2)
    assert world.asked("look")[-1].documents == ["loa", "invoice"]


async def test_a_question_by_signal_is_asked_too(house: House, world: World) -> None:
    world.plays("conclude", samples.TO_REVIEW)
    order = await house.screen("by-signal")
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("ask", {"reviewer": "dana", "message": "The LOA, please.", "types": ["loa"]})
    await world.until_asked("await_documents")
    [given] = world.asked("ask")
    assert (given.ask.message, given.ask.types) == ("The LOA, please.", ["loa"])
    await order.signal("ask", {"reviewer": "dana", "message": "More.", "types": ["passport"]})
    await order.signal("ask", {"reviewer": "dana", "message": "More."})
    state = await order.until_it_shows(lambda state: len(state.refused_attempts) == 2)
    assert [attempt.why for attempt in state.refused_attempts] == [
        "the signal could not be read",
        "Say which documents: loa, invoice.",
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"reason": " ", "types": ["loa"]}, "A message is needed."),
        ({"reason": "Please."}, "Say which documents: loa, invoice."),
    ],
)
async def test_a_question_says_what_and_for_which_documents(
    house: House, world: World, given: dict[str, object], why: str
) -> None:
    order = await asking(house, world, f"lacking-{len(given)}")
    assert await order.refusal("ask", **given) == why  # type: ignore[arg-type]


async def test_after_the_deadline_there_is_no_time_to_ask(house: House, world: World) -> None:
    world.plays("conclude", samples.TO_REVIEW)
    order = await house.screen("late")
    await order.until(Stage.AWAITING_REVIEW)
    await order.forward(hours=22.5)
    assert (await order.refusal("ask", "Please.", types=["loa"])) == (
        "There is no time left to wait for documents."
    )


@pytest.mark.parametrize(
    ("mode", "conclusion", "stage"),
    [
        (Mode.ADVISE, STILL_REVIEWED, Stage.AWAITING_REVIEW),
        (Mode.SHADOW, samples.TO_WATCH, Stage.AWAITING_CARRIER),
    ],
)
async def test_only_a_policy_in_force_asks_by_itself(
    house: House, world: World, mode: Mode, conclusion: Conclusion, stage: Stage
) -> None:
    """The conclusion names no question in the other modes; `tests/activities/test_asking.py` shows that."""
    world.plays("open", opened(rules=WITH_DOCUMENTS, mode=mode))
    world.plays("conclude", conclusion)
    order = await house.screen(f"mode-{mode}")
    assert (await order.until(stage)).asked_for == []
    await order.carrier_event()
    await world.until_asked("look")
    assert (world.asked("ask"), world.asked("look")[0].documents) == ([], [])


async def test_a_late_pin_screens_everything_again_and_asks_nothing_twice(house: House, world: World) -> None:
    world.plays("look", Look(status="pending", unseen_pin=True), Look(status="pending"))
    order = await asking(house, world, "late-pin")
    await order.carrier_event()
    await world.until_asked("conclude", 2)
    await order.until(Stage.AWAITING_REVIEW)
    assert len(world.asked("check_pin")) == 2
    assert (len(world.asked("ask")), world.asked("conclude")[1].asked) == (1, True)
    assert (await order.state()).asked_for == ["loa"]

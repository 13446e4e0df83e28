"""Notes: they decide nothing, wait for nothing, and none is lost."""

from activities.contracts import NoticeKind
from activities.review_messages import NoteInput
from records.cases import Stage
from settings import Timing
from tests.workflows import samples
from tests.workflows.running import House
from tests.workflows.world import World


async def test_a_note_by_update_is_written_and_decides_nothing(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    accepted = await order.decide("note", "Left a message for the account holder.")
    assert accepted.action == "note"
    [note] = world.asked("record_note")
    assert isinstance(note, NoteInput)
    assert (note.reviewer, note.text) == ("dana", "Left a message for the account holder.")
    assert (await order.state()).stage is Stage.AWAITING_REVIEW


async def test_a_note_by_signal_is_written(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("add_note", {"reviewer": "dana", "text": "Will call again at nine."})
    await world.until_asked("record_note")
    assert world.asked("record_note")[0].text == "Will call again at nine."


async def test_each_note_has_a_step_of_its_own(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("note", "One.")
    await order.signal("add_note", {"reviewer": "dana", "text": "Two."})
    await world.until_asked("record_note", 2)
    assert [note.step for note in world.asked("record_note")] == ["note-1", "note-2"]


async def test_a_note_needs_a_text(house: House, world: World) -> None:
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal("note", "  ") == "A note needs a text."
    await order.signal("add_note", {"reviewer": "dana", "text": ""})
    [refused] = (await order.state()).refused_attempts
    assert (refused.action, refused.why) == ("note", "A note needs a text.")
    assert world.asked("record_note") == []


async def test_a_note_of_somebody_who_is_no_reviewer_is_refused(house: House, world: World) -> None:
    why = "mallory is not one of PORTOUT_REVIEWERS."
    world.plays("record_note", lambda _: why)
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    assert await order.refusal("note", "I may not write this.", by="mallory") == why
    await order.signal("add_note", {"reviewer": "mallory", "text": "Nor this."})
    state = await order.until_it_shows(lambda state: state.refused_attempts)
    assert [(attempt.reviewer, attempt.why) for attempt in state.refused_attempts] == [("mallory", why)]


async def test_a_note_that_cannot_be_written_yet_is_refused_and_not_swallowed(
    house: House, world: World
) -> None:
    held = world.holds("open")
    order = await house.screen()
    await world.until_asked("open")
    why = "The order is still being read; try again in a moment."
    assert await order.refusal("note", "Known customer.") == why
    held.release()


async def test_a_note_by_signal_outlives_an_automatic_decision(idle_house: House, world: World) -> None:
    world.plays("conclude", samples.APPROVED)
    order = await idle_house.screen()
    await order.signal("add_note", {"reviewer": "dana", "text": "Known customer."})
    async with idle_house.working():
        assert (await order.result()).outcome == "approve"
        await world.until_asked("record_note")
    assert [note.text for note in world.asked("record_note")] == ["Known customer."]
    assert world.asked("record_ending") == []


async def test_a_note_while_the_answer_is_on_its_way_is_written_before_the_run_ends(
    house: House, world: World
) -> None:
    held = world.holds("answer")
    order = await house.screen()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await world.until_asked("answer")
    await order.signal("add_note", {"reviewer": "robin", "text": "I saw this too late."})
    held.release()
    await order.ported(world)
    assert [note.text for note in world.asked("record_note")] == ["I saw this too late."]


async def test_a_note_that_the_database_does_not_take_holds_up_no_deadline_and_no_decision(
    house: House, world: World
) -> None:
    world.plays("record_note", RuntimeError("the database is away"))
    order = await house.screen(timing=Timing(retry_longest=3600))
    await order.until(Stage.AWAITING_REVIEW)
    await order.signal("add_note", {"reviewer": "dana", "text": "Calling."})
    await order.until_tried_again("record_note")
    await order.forward(hours=23)
    await world.until_told(NoticeKind.INCIDENT)
    assert len(world.asked("conclude_deadline")) == 1
    await order.decide("approve")
    await world.until_asked("answer")
    world.plays("record_note", None)
    await order.forward(hours=1.1)
    assert (await order.result()).outcome == "approve"

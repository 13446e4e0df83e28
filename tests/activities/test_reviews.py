"""No PIN of an order leaves by a reason or is kept in a note."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.contracts import Opened
from activities.review_messages import AdmitInput, NoteInput
from activities.reviews import LEFT_OUT, UNREAD, ReviewActivities
from records.errors import DatabaseUnavailable
from sandbox.models import NewFault
from tests.activities.parts import REVIEWER, TO_REVIEW, Parts, tried
from tests.scenarios.holding import nobody_else_writes
from tests.service import RIGHT_PIN, WRONG_PIN

PINS = pytest.mark.parametrize("pin", [RIGHT_PIN, WRONG_PIN], ids=["on file", "attempted"])


def reviews(parts: Parts) -> ReviewActivities:
    return ReviewActivities(
        parts.telnyx,
        parts.records,
        parts.shelf,
        parts.board,
        reviewers=frozenset([REVIEWER]),
        timing=parts.timing,
    )


def deny(opened: Opened, reason: str, *, by: str = REVIEWER) -> AdmitInput:
    return AdmitInput(
        opened=opened,
        conclusion=TO_REVIEW,
        action="deny",
        reviewer=by,
        reason=reason,
        channel="signal",
        now=opened.respond_by,
    )


def approve(opened: Opened, reason: str, **more: Any) -> AdmitInput:
    return deny(opened, reason).model_copy(update={"action": "approve", **more})


def note(opened: Opened, text: str, *, by: str = REVIEWER) -> NoteInput:
    return NoteInput(opened=opened, reviewer=by, text=text, now=opened.respond_by, step="note-1")


def kept(parts: Parts, opened: Opened) -> list[dict[str, Any] | None]:
    """The personal facts of the ledger, opened."""
    return [entry.personal for entry in parts.records.ledger.entries(opened.order.id)]


@PINS
async def test_a_denial_whose_reason_contains_a_pin_is_refused_and_its_reason_is_not_kept(
    parts: Parts, pin: str
) -> None:
    opened = await parts.opened(parts.place(attempted_pin=WRONG_PIN))
    admission = await tried(reviews(parts).admit, deny(opened, f"They said {pin}, which is wrong."))
    assert admission.answer is None
    assert admission.refused_because == "The reason contains a PIN of this order; say it without."
    assert kept(parts, opened) == [{"reason": LEFT_OUT}]


@PINS
@pytest.mark.parametrize("said_in", ["reason", "override_reason"])
async def test_an_approval_by_signal_whose_words_contain_a_pin_is_refused_and_they_are_not_kept(
    parts: Parts, pin: str, said_in: str
) -> None:
    opened = await parts.opened(parts.place(attempted_pin=WRONG_PIN))
    words = {"reason": "Called.", "override_reason": "The holder confirmed it.", said_in: f"They said {pin}."}
    admission = await tried(reviews(parts).admit, approve(opened, **words))
    assert (admission.answer, admission.reason) == (None, LEFT_OUT)
    assert admission.refused_because == "The reason contains a PIN of this order; say it without."
    assert kept(parts, opened) == [{"reason": LEFT_OUT, "override_reason": LEFT_OUT}]


@PINS
@pytest.mark.parametrize("gap", [" ", ".", "-"])
async def test_a_pin_that_is_spelled_is_refused_like_any_other(parts: Parts, pin: str, gap: str) -> None:
    opened = await parts.opened(parts.place(attempted_pin=WRONG_PIN))
    spelled = gap.join(pin)
    admission = await tried(reviews(parts).admit, deny(opened, f"They said {spelled}, which is wrong."))
    assert admission.refused_because == "The reason contains a PIN of this order; say it without."
    why = await tried(reviews(parts).record_note, note(opened, f"It was {pin[:2]}{gap}{pin[2:]}"))
    assert why == "The note contains a PIN of this order; say it without."
    assert kept(parts, opened) == [{"reason": LEFT_OUT}]


async def test_an_attempted_pin_with_dashes_is_seen_without_them(parts: Parts) -> None:
    opened = await parts.opened(parts.place(attempted_pin="77-31"))
    for said in ("7731", "7 7 3 1"):
        why = await tried(reviews(parts).record_note, note(opened, f"They said {said}."))
        assert why == "The note contains a PIN of this order; say it without."


async def test_the_words_of_a_stranger_are_checked_as_well_before_they_are_kept(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    admission = await tried(reviews(parts).admit, deny(opened, f"It is {RIGHT_PIN}.", by="mallory"))
    assert admission.refused_because == "mallory is not one of PORTOUT_REVIEWERS."
    assert kept(parts, opened) == [{"reason": LEFT_OUT}]


async def test_an_approval_stands_while_its_words_cannot_be_checked_and_a_denial_waits(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    parts.sandbox.faults.add(NewFault(status=503))
    with pytest.raises(ApplicationError):
        await tried(reviews(parts).admit, deny(opened, "Not asked for."))
    admission = await tried(reviews(parts).admit, approve(opened, "Spoken with the holder."))
    assert admission.answer is not None
    assert (admission.answer.status, admission.reason) == ("authorized", UNREAD)
    assert kept(parts, opened) == [{"reason": UNREAD}]


async def test_a_denial_whose_reason_contains_no_pin_is_admitted_and_kept(parts: Parts) -> None:
    opened = await parts.opened(parts.place(attempted_pin=WRONG_PIN))
    admission = await tried(reviews(parts).admit, deny(opened, "Call 48213 for 957 questions."))
    assert admission.answer is not None
    assert admission.answer.reason == "Call 48213 for 957 questions."
    assert kept(parts, opened) == [{"reason": "Call 48213 for 957 questions."}]


@PINS
async def test_a_note_that_contains_a_pin_is_refused_and_not_kept(parts: Parts, pin: str) -> None:
    opened = await parts.opened(parts.place(attempted_pin=WRONG_PIN))
    why = await tried(reviews(parts).record_note, note(opened, f"The PIN is {pin}."))
    assert why == "The note contains a PIN of this order; say it without."
    assert kept(parts, opened) == []


async def test_a_note_is_kept_once_however_often_it_is_tried(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    for attempt in (1, 2):
        assert await tried(reviews(parts).record_note, note(opened, "Called twice."), attempt=attempt) is None
    assert kept(parts, opened) == [{"text": "Called twice."}]


async def test_who_is_no_reviewer_leaves_no_note(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    why = await tried(reviews(parts).record_note, note(opened, "Hello.", by="mallory"))
    assert why == "mallory is not one of PORTOUT_REVIEWERS."
    assert kept(parts, opened) == []


async def test_while_the_carrier_is_away_a_note_waits_and_is_given_back_in_the_end(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    parts.sandbox.faults.add(NewFault(status=503))
    with pytest.raises(ApplicationError) as caught:
        await tried(reviews(parts).record_note, note(opened, "Called twice."), after=parts.timing.evidence)
    assert not caught.value.non_retryable
    why = await tried(reviews(parts).record_note, note(opened, "Called."), after=parts.timing.evidence + 1)
    assert why == "The note could not be checked for PINs, so it is not kept; please try again."
    assert kept(parts, opened) == []


async def test_a_question_that_the_carrier_will_never_answer_gives_the_note_back_at_once(
    parts: Parts,
) -> None:
    opened = await parts.opened(parts.place())
    parts.sandbox.faults.add(NewFault(status=422))
    why = await tried(reviews(parts).record_note, note(opened, "Called twice."))
    assert why == "The note could not be checked for PINs, so it is not kept; please try again."
    assert kept(parts, opened) == []


async def test_while_the_database_is_away_a_note_waits(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    late = 100 * parts.timing.evidence
    with nobody_else_writes(parts.home), pytest.raises(DatabaseUnavailable):
        await tried(reviews(parts).record_note, note(opened, "Called twice."), after=late)
    assert await tried(reviews(parts).record_note, note(opened, "Called twice."), after=late) is None
    assert kept(parts, opened) == [{"text": "Called twice."}]

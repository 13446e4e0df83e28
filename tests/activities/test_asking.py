"""One comment asks, whatever is lost on the way; and what the wait for documents takes for an end."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.asking import AskingActivities
from activities.asking_messages import Ask, AskInput, Awaited, AwaitInput, Standing
from activities.concluding import conclusion_of
from activities.contracts import LookInput, Next, Opened
from activities.questions import question_of
from activities.review_messages import AdmitInput
from activities.reviews import ReviewActivities
from records.errors import DatabaseUnavailable
from records.ledger_entries import EntryKind
from records.marks import PAUSED
from sandbox.models import NewFault, ScanStatus
from sandbox.uploads import Upload
from screening.policy import Ask as Patience
from screening.policy import Mode
from screening.results import Decision, DocumentRequest, Outcome
from tests.activities.parts import REVIEWER, TO_REVIEW, Parts, tried
from tests.service import RIGHT_PIN

MESSAGE = "Please send the letter of authorization."
RUN = {"round": 1, "run_id": "run-1"}
LONG = timedelta(hours=20)


def activities(parts: Parts, *, sends: bool = True) -> AskingActivities:
    return AskingActivities(parts.telnyx, parts.records, parts.board, sends=sends, timing=parts.timing)


def question(**changes: Any) -> Ask:
    usual = {"message": MESSAGE, "types": ["loa"], "key": "policy-1", "wait": 3600.0, "recheck": 900.0}
    return Ask.model_validate({**usual, **changes})


def to_ask(order: str, **changes: Any) -> AskInput:
    respond_by = datetime.now(UTC) + LONG
    return AskInput(portout_id=order, respond_by=respond_by, ask=question(**changes), **RUN)


def to_await(order: str, *, infected_known: bool = False, **changes: Any) -> AwaitInput:
    ask = question(**changes)
    return AwaitInput(
        portout_id=order, ask=ask, wait=3600.0, infected_known=infected_known, notes=["Why."], **RUN
    )


def comments(parts: Parts, order: str) -> list[str]:
    return [comment["body"] for comment in parts.sandbox.comments(order)]


def document(parts: Parts, order: str, kind: Any = "loa", scan: ScanStatus = "scanned") -> str:
    """Have a document handed in; its id."""
    upload = Upload("paper.pdf", kind.encode(), "application/pdf")
    linked = parts.sandbox.hand_in(order, kind, upload, scan)
    document_id: str = linked["document_id"]
    return document_id


def the_try_before_is_over(parts: Parts, order: str) -> None:
    """Have the last try be longer ago than any can take."""
    mark = f"asked:{order}:policy-1"
    word = json.loads(parts.records.marks.get(mark) or "")
    word["tried_at"] = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    parts.records.marks.set(mark, json.dumps(word))


async def refusal(activity: Callable[[Any], Awaitable[Any]], given: Any, **how: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as refused:
        await tried(activity, given, **how)
    return refused.value


# Asking


async def test_a_question_is_a_comment_an_entry_in_the_ledger_and_a_line_of_the_queue(parts: Parts) -> None:
    order = parts.place()
    await parts.opened(order)
    asked = await tried(activities(parts).ask, to_ask(order))
    assert comments(parts, order) == [MESSAGE]
    assert asked.until - asked.at == timedelta(hours=1)
    [entry] = [entry for entry in parts.records.ledger.entries(order) if entry.kind == EntryKind.ASKED]
    assert (entry.body["types"], entry.body["by"], entry.personal) == (["loa"], None, {"message": MESSAGE})
    assert entry.body["comment_id"] == parts.sandbox.comments(order)[0]["id"]
    case = parts.records.cases.get(order)
    assert case is not None
    assert (case.asked_at, case.asked_for) == (asked.at, "loa")


async def test_a_question_that_was_asked_is_not_asked_again_by_a_later_run(parts: Parts) -> None:
    order = parts.place()
    first = await tried(activities(parts).ask, to_ask(order))
    given = to_ask(order).model_copy(update={"run_id": "run-2"})
    before = parts.sandbox.log.last
    again = await tried(activities(parts, sends=False).ask, given)
    assert (again.at, parts.requests(since=before)) == (first.at, [])


async def test_nobody_waits_beyond_the_deadline(parts: Parts) -> None:
    given = to_ask(parts.place(), wait=LONG.total_seconds() * 2)
    assert (await tried(activities(parts).ask, given)).until == given.respond_by


async def test_a_comment_whose_answer_was_lost_is_found_and_not_posted_twice(parts: Parts) -> None:
    order = parts.place()
    parts.sandbox.faults.add(NewFault(method="POST", drop_after_apply=True, count=1))
    assert (await refusal(activities(parts).ask, to_ask(order))).type == "CarrierUnreachable"
    at_once = await refusal(activities(parts).ask, to_ask(order), attempt=2)
    assert at_once.type == "MaybeOnItsWay"
    assert at_once.next_retry_delay is not None
    the_try_before_is_over(parts, order)
    await tried(activities(parts).ask, to_ask(order), attempt=3)
    assert comments(parts, order) == [MESSAGE]


async def test_a_comment_that_never_arrived_is_posted_by_the_next_try(parts: Parts) -> None:
    order = parts.place()
    parts.sandbox.faults.add(NewFault(method="POST", drop=True, count=1))
    await refusal(activities(parts).ask, to_ask(order))
    the_try_before_is_over(parts, order)
    await tried(activities(parts).ask, to_ask(order), attempt=2)
    assert comments(parts, order) == [MESSAGE]


async def test_a_worker_that_dies_between_comment_and_record_leaves_one_comment(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parts.place()
    kept = parts.records.marks.set
    words = []

    def dies_before_the_second(name: str, value: str) -> None:
        words.append(value)
        if len(words) == 2:
            raise DatabaseUnavailable("The worker was killed.")
        kept(name, value)

    monkeypatch.setattr(parts.records.marks, "set", dies_before_the_second)
    with pytest.raises(DatabaseUnavailable):
        await tried(activities(parts).ask, to_ask(order))
    the_try_before_is_over(parts, order)
    await tried(activities(parts).ask, to_ask(order), attempt=2)
    assert comments(parts, order) == [MESSAGE]
    [entry] = [entry for entry in parts.records.ledger.entries(order) if entry.kind == EntryKind.ASKED]
    assert entry.body["comment_id"] == parts.sandbox.comments(order)[0]["id"]


async def test_records_that_are_away_keep_a_comment_from_being_posted(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parts.place()

    def away(*_: str) -> None:
        raise DatabaseUnavailable("The database is away.")

    monkeypatch.setattr(parts.records.marks, "set", away)
    with pytest.raises(DatabaseUnavailable):
        await tried(activities(parts).ask, to_ask(order))
    assert comments(parts, order) == []


async def test_what_the_policy_says_is_there_already_when_the_records_were_lost(parts: Parts) -> None:
    order = parts.place()
    parts.sandbox.comment(order, f"  {MESSAGE}\n")
    await tried(activities(parts).ask, to_ask(order))
    assert len(comments(parts, order)) == 1


async def test_the_same_words_of_the_carriers_staff_are_not_ours(parts: Parts) -> None:
    order = parts.place()
    parts.sandbox.comment(order, MESSAGE, by_staff=True)
    await tried(activities(parts).ask, to_ask(order))
    assert comments(parts, order) == [MESSAGE, MESSAGE]


async def test_a_reviewer_may_say_the_same_words_again(parts: Parts) -> None:
    order = parts.place()
    await tried(activities(parts).ask, to_ask(order))
    await tried(activities(parts).ask, to_ask(order, by=REVIEWER, key="run-1-7"))
    assert comments(parts, order) == [MESSAGE, MESSAGE]


async def test_nothing_is_asked_while_sending_is_paused_or_off(parts: Parts) -> None:
    order = parts.place()
    assert (await refusal(activities(parts, sends=False).ask, to_ask(order))).message == (
        "Sending is switched off (PORTOUT_SEND)."
    )
    parts.records.marks.set(PAUSED, "yes")
    assert (await refusal(activities(parts).ask, to_ask(order))).message == "Sending is paused."
    assert parts.requests() == []
    parts.records.marks.set(PAUSED, "no")
    await tried(activities(parts).ask, to_ask(order), attempt=9)
    assert comments(parts, order) == [MESSAGE]


# Waiting


async def test_a_look_that_finds_nothing_new_is_repeated_after_the_interval(parts: Parts) -> None:
    order = parts.place()
    document(parts, order, "invoice")
    document(parts, order, scan="pending_scan")
    again = await refusal(activities(parts).await_documents, to_await(order))
    assert (again.type, again.next_retry_delay) == ("NotThereYet", timedelta(minutes=15))
    last = await refusal(activities(parts).await_documents, to_await(order), after=3540.0)
    assert last.next_retry_delay == timedelta(minutes=1)


async def test_what_was_asked_for_ends_the_wait(parts: Parts) -> None:
    order = parts.place()
    letter = parts.sandbox.documents.read(document(parts, order))
    document(parts, order, "invoice", "infected")
    found = await tried(activities(parts).await_documents, to_await(order))
    assert found == Awaited(standing=Standing.COMPLETE, documents=[f"loa {letter['sha256']}"])


async def test_a_document_that_becomes_infected_between_two_looks_is_told_once(parts: Parts) -> None:
    order = parts.place()
    loa = document(parts, order)
    both = ["loa", "invoice"]
    await refusal(activities(parts).await_documents, to_await(order, types=both))
    parts.sandbox.documents.set_scan(loa, "infected")
    document(parts, order, "invoice")
    found = await tried(activities(parts).await_documents, to_await(order, types=both))
    assert found.standing is Standing.INFECTED
    given = to_await(order, infected_known=True, types=both)
    assert (await refusal(activities(parts).await_documents, given)).type == "NotThereYet"
    document(parts, order)
    assert (await tried(activities(parts).await_documents, given)).standing is Standing.COMPLETE


async def test_a_wait_that_is_over_says_so_in_queue_and_ledger(parts: Parts) -> None:
    order = parts.place()
    await parts.opened(order)
    found = await tried(activities(parts).await_documents, to_await(order), after=3600.0)
    assert found.standing is Standing.OVER
    sentence = "Not all that was asked for (loa) came in time."
    case = parts.records.cases.get(order)
    assert case is not None
    assert case.note == f"Why. {sentence}"
    assert parts.records.ledger.entries(order)[-1].body["note"] == sentence


@pytest.mark.parametrize("status", [404, 422, 503])
async def test_a_carrier_that_is_away_proves_nothing_until_the_wait_is_over(
    parts: Parts, status: int
) -> None:
    order = parts.place()
    await parts.opened(order)
    document(parts, order)
    parts.sandbox.faults.add(NewFault(path_prefix=f"/portouts/{order}/supporting", status=status))
    again = await refusal(activities(parts).await_documents, to_await(order), attempt=30)
    assert not again.non_retryable
    over = await tried(activities(parts).await_documents, to_await(order), attempt=31, after=3600.0)
    assert over.standing is Standing.OVER


# Looking at the order


@pytest.mark.parametrize(("scan", "standing"), [("scanned", "complete"), ("infected", "infected")])
async def test_a_look_at_an_order_sees_the_documents_that_are_awaited(
    parts: Parts, scan: ScanStatus, standing: str
) -> None:
    order = parts.place()
    document(parts, order, scan=scan)
    look = await tried(parts.carrier_activities().look, LookInput(portout_id=order, documents=["loa"]))
    assert (look.documents, len(look.document_hashes)) == (standing, standing == "complete")
    assert (await tried(parts.carrier_activities().look, LookInput(portout_id=order))).documents is None


async def test_documents_that_cannot_be_read_do_not_keep_a_look_from_the_order(parts: Parts) -> None:
    order = parts.place()
    parts.sandbox.faults.add(NewFault(path_prefix=f"/portouts/{order}/supporting", status=503))
    look = await tried(parts.carrier_activities().look, LookInput(portout_id=order, documents=["loa"]))
    assert (look.status, look.documents) == ("pending", None)


# Who asks


@pytest.mark.parametrize(
    ("mode", "next_", "asks", "note"),
    [
        (Mode.ENFORCE, Next.REVIEW, True, f"The policy asks for loa: “{MESSAGE}”"),
        (Mode.ADVISE, Next.REVIEW, False, f"The policy would ask for loa: “{MESSAGE}”"),
        (Mode.SHADOW, Next.WATCH, False, f"The policy would ask for loa: “{MESSAGE}”"),
    ],
)
async def test_only_in_enforce_a_policy_asks_by_itself(
    parts: Parts, mode: Mode, next_: Next, asks: bool, note: str
) -> None:
    opened = (await parts.opened(parts.place())).model_copy(update={"mode": mode})
    policy = parts.shelf.by_digest(opened.policy_digest).policies[opened.policy]
    request = DocumentRequest(message=MESSAGE, types=["loa"])
    decided = Decision(outcome=Outcome.ASK, score=0, people=1, request=request)
    conclusion = conclusion_of(opened, policy, decided, [])
    assert (conclusion.next, conclusion.ask is not None, conclusion.notes) == (next_, asks, [note])
    once = conclusion_of(opened, policy, decided, [], documents=Standing.COMPLETE, asked=True)
    assert (once.ask, once.notes) == (None, ["All documents that were asked for came."])
    patient = policy.model_copy(update={"ask": Patience(wait=timedelta(hours=2))})
    one, other = question_of(request, policy), question_of(request, patient)
    assert (one.wait, other.wait, other.recheck, one.key) == (28800.0, 7200.0, 900.0, other.key)


def by_hand(opened: Opened, message: str, *, by: str = REVIEWER) -> AdmitInput:
    return AdmitInput(
        opened=opened,
        conclusion=TO_REVIEW,
        action="ask",
        reviewer=by,
        reason=message,
        types=["loa"],
        channel="update",
        now=opened.respond_by,
    )


async def test_a_question_by_hand_is_checked_for_pins_and_written_down(parts: Parts) -> None:
    reviews = ReviewActivities(
        parts.telnyx,
        parts.records,
        parts.shelf,
        parts.board,
        reviewers=frozenset([REVIEWER]),
        timing=parts.timing,
    )
    opened = await parts.opened(parts.place())
    admitted = await tried(reviews.admit, by_hand(opened, MESSAGE))
    assert admitted.ask is not None
    assert (admitted.ask.by, admitted.ask.types, admitted.ask.message) == (REVIEWER, ["loa"], MESSAGE)
    refused = await tried(reviews.admit, by_hand(opened, f"Is {RIGHT_PIN} theirs?"))
    stranger = await tried(reviews.admit, by_hand(opened, MESSAGE, by="robin"))
    assert (refused.ask, refused.refused_because) == (
        None,
        "The message contains a PIN of this order; say it without.",
    )
    assert stranger.refused_because == "robin is not one of PORTOUT_REVIEWERS."
    [kept] = parts.records.ledger.entries(opened.order.id)
    assert (kept.body["action"], kept.body["types"], kept.personal) == ("ask", ["loa"], {"reason": MESSAGE})

"""Answering: what an earlier try left behind, and a carrier that says yes and does nothing."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from activities.carrier import CarrierActivities
from activities.contracts import AnswerKind
from records.errors import DatabaseUnavailable
from records.ledger_entries import EntryKind
from records.marks import PAUSED
from sandbox.serve import SandboxServer
from telnyx_api import TelnyxClient
from tests.activities.parts import APPROVAL, DENIAL, Parts, to_answer, tried


def answering(parts: Parts, *, sends: bool = True) -> CarrierActivities:
    return CarrierActivities(parts.telnyx, parts.records, parts.board, sends=sends, timing=parts.timing)


@pytest.mark.parametrize("why", ["paused", "switched off (PORTOUT_SEND)"])
async def test_after_tries_that_were_held_the_next_one_sends_without_reading(parts: Parts, why: str) -> None:
    order = parts.place()
    given = to_answer(await parts.opened(order))
    held = answering(parts, sends=why == "paused")
    parts.records.marks.set(PAUSED, "yes")
    word: list[Any] = []
    for attempt in (1, 2):
        left: list[Any] = []
        with pytest.raises(ApplicationError, match="Sending is") as caught:
            await tried(held.answer, given, attempt=attempt, word=word, left=left)
        assert (caught.value.message, caught.value.non_retryable) == (f"Sending is {why}.", False)
        assert left == [attempt]
        word = left
    assert parts.sandbox.truth(order)["patches"] == 0

    parts.records.marks.set(PAUSED, "no")
    asked = parts.sandbox.log.last
    result = await tried(answering(parts).answer, given, attempt=3, word=word)
    assert result.kind is AnswerKind.SENT
    assert parts.requests(since=asked) == [("PATCH", f"/portouts/{order}/authorized")]


async def test_after_a_try_for_which_the_rate_limit_left_no_request_the_next_one_sends_without_reading(
    parts: Parts, server: SandboxServer
) -> None:
    order, other = parts.place(), parts.place()
    given = to_answer(await parts.opened(order))
    parts.sandbox.rate_limit.set(1, window=60)
    await parts.telnyx.update_status(other, "authorized", reason=APPROVAL.reason)
    left: list[Any] = []
    with pytest.raises(ApplicationError, match="leaves no request for now") as caught:
        await tried(answering(parts).answer, given, left=left)
    assert caught.value.next_retry_delay is not None
    assert timedelta(0) < caught.value.next_retry_delay <= timedelta(seconds=60)
    assert (parts.sandbox.truth(order)["patches"], left) == (0, [1])

    parts.sandbox.rate_limit.set(1000)
    asked = parts.sandbox.log.last
    async with TelnyxClient(SecretStr(server.key), server.base_url) as later:
        again = answering(replace(parts, telnyx=later))
        result = await tried(again.answer, given, attempt=2, word=left)
    assert result.kind is AnswerKind.SENT
    assert parts.requests(since=asked) == [("PATCH", f"/portouts/{order}/authorized")]


async def test_after_a_try_that_may_have_sent_the_next_one_reads_first(parts: Parts) -> None:
    """The second try left no word, so it may have reached the carrier, and it had: nothing is sent again."""
    order = parts.place()
    given = to_answer(await parts.opened(order))
    parts.sandbox.update_status(order, APPROVAL.status, {"reason": APPROVAL.reason})
    asked = parts.sandbox.log.last
    result = await tried(answering(parts).answer, given, attempt=3, word=[1])
    assert (result.kind, result.carrier_status) == (AnswerKind.SENT, "authorized")
    assert parts.requests(since=asked) == [
        ("GET", f"/portouts/{order}"),
        ("GET", "/portouts/events"),
    ]


async def test_a_held_try_after_one_that_may_have_sent_leaves_no_word_that_nothing_was(parts: Parts) -> None:
    given = to_answer(await parts.opened(parts.place()))
    parts.records.marks.set(PAUSED, "yes")
    left: list[Any] = []
    with pytest.raises(ApplicationError, match="Sending is paused"):
        await tried(answering(parts).answer, given, attempt=2, left=left)
    assert left == []


@pytest.mark.parametrize("answer", [APPROVAL, DENIAL], ids=lambda answer: answer.status)
async def test_a_yes_after_which_the_order_stays_pending_is_no_answer(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    order = parts.place()
    given = to_answer(await parts.opened(order), answer)
    with monkeypatch.context() as carrier:
        carrier.setattr(
            parts.sandbox, "update_status", lambda order_id, *_: parts.sandbox.read_order(order_id)
        )
        with pytest.raises(ApplicationError, match="the order is pending still") as caught:
            await tried(answering(parts).answer, given)
        assert (caught.value.type, caught.value.non_retryable) == ("NotTaken", False)
        assert parts.requests()[-1] == ("GET", "/portouts/events")
    assert parts.sandbox.truth(order)["status"] == "pending"
    assert EntryKind.ANSWERED not in [entry.kind for entry in parts.records.ledger.entries(order)]

    result = await tried(answering(parts).answer, given, attempt=2)
    assert (result.kind, result.carrier_status) == (AnswerKind.SENT, answer.status)
    assert parts.sandbox.truth(order)["status"] == answer.status
    assert parts.records.ledger.entries(order)[-1].kind == EntryKind.ANSWERED


async def test_a_yes_that_shows_the_order_as_it_was_is_an_answer_once_a_read_shows_it(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parts.place()
    given = to_answer(await parts.opened(order))
    update = parts.sandbox.update_status

    def shows_what_was(order_id: str, *change: Any) -> Any:
        before = parts.sandbox.read_order(order_id)
        update(order_id, *change)
        return before

    monkeypatch.setattr(parts.sandbox, "update_status", shows_what_was)
    result = await tried(answering(parts).answer, given)
    assert (result.kind, result.carrier_status) == (AnswerKind.SENT, "authorized")
    assert parts.sandbox.truth(order)["patches"] == 1


async def test_a_database_that_answers_nothing_at_all_holds_up_no_answer(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = parts.place()
    given = to_answer(await parts.opened(order))
    monkeypatch.setattr("activities.patience.HUNG_AFTER", 0.05)
    comes_back = threading.Event()

    def hangs(*_: object, **__: object) -> None:
        comes_back.wait(60)
        raise DatabaseUnavailable("It was away.")

    monkeypatch.setattr(parts.records.marks, "get", hangs)
    monkeypatch.setattr(parts.records.ledger, "append_and_show", hangs)
    try:
        result = await tried(answering(parts).answer, given)
    finally:
        comes_back.set()
    assert (result.kind, result.recorded) == (AnswerKind.SENT, False)
    assert parts.sandbox.truth(order)["status"] == "authorized"

"""How orders, moments and ledger entries read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.orders import ended
from commands.timeline import event_of
from commands.times import span, time_left
from records.cases import Case, DecidedBy, Stage
from records.ledger_entries import EntryKind, ReadEntry

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (11520, "3 h 12 min"),
        (183600, "2 d 3 h"),
    ],
)
def test_a_span_is_told_in_its_two_greatest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_after_the_deadline_the_time_until_silence_is_told() -> None:
    hour = timedelta(hours=1)
    assert time_left(NOW + hour, NOW + 3 * hour, NOW) == "1 h 00 min"
    assert time_left(NOW - hour, NOW + hour, NOW) == "over, silence in 1 h 00 min"
    assert time_left(NOW - 3 * hour, NOW - hour, NOW) == "over, and the limit too"
    assert time_left(None, None, NOW) == "unknown"


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (
            {"outcome": "approve", "decided_by": DecidedBy.REVIEWER, "reviewer": "dana"},
            "The order PO_1 was already approved by dana at 2026-03-02 14:00 UTC.",
        ),
        (
            {"outcome": "deny", "decided_by": DecidedBy.DEADLINE},
            "The order PO_1 was already denied by the deadline at 2026-03-02 14:00 UTC.",
        ),
        (
            {"outcome": "none", "decided_by": DecidedBy.ELSEWHERE, "carrier_status": "canceled"},
            "The order PO_1 became canceled without our answer at 2026-03-02 14:00 UTC; it is closed.",
        ),
        (
            {"outcome": "leave", "decided_by": DecidedBy.DEADLINE, "carrier_status": "authorized"},
            "The order PO_1 was left to the carrier on purpose and is authorized at 2026-03-02 14:00 UTC.",
        ),
    ],
)
def test_how_an_order_ended_is_told_with_who_and_when(known: dict[str, Any], sentence: str) -> None:
    case = Case(
        portout_id="1", support_key="PO_1", updated_at=NOW, stage=Stage.CLOSED, decided_at=NOW, **known
    )
    assert ended(case) == sentence


def entry(kind: str, body: dict[str, Any], personal: dict[str, Any] | None, **more: Any) -> ReadEntry:
    usual: dict[str, Any] = {
        "seq": 1,
        "position": 1,
        "step_key": "s",
        "at": NOW,
        "unreadable": None,
        "hash": "",
    }
    return ReadEntry(kind=kind, body=body, personal=personal, **{**usual, **more})


ANSWER = {"status": "rejected-pending", "rejection_code": 1002, "reason": "Wrong PIN.", "round": 1}
SEALED = {**ANSWER, "reason": None}


@pytest.mark.parametrize(
    ("read", "what", "detail"),
    [
        (
            entry(EntryKind.ASKED, {"by": "dana", "types": ["loa"]}, {"message": "Please sign it."}),
            "documents asked for by dana",
            "loa: “Please sign it.”",
        ),
        (
            entry(EntryKind.ASKED, {"by": "dana", "types": ["loa"]}, None),
            "documents asked for by dana",
            "loa.",
        ),
        (
            entry(
                EntryKind.SCREENED, {"outcome": "review", "score": 5, "notes": ["A.", "B."], "round": 2}, {}
            ),
            "screened, round 2",
            "Advice: review, score 5. A. B.",
        ),
        (
            entry(EntryKind.DECIDED, {"outcome": "approve", "score": 0, "notes": [], "round": 1}, {}),
            "decided by the policy",
            "Advice: approve, score 0.",
        ),
        (
            entry(EntryKind.DECIDED, {"by": "deadline", "why": "the policy leaves it at the deadline"}, {}),
            "deadline",
            "The policy leaves it at the deadline.",
        ),
        (
            entry(
                EntryKind.REVIEWED,
                {"action": "deny", "reviewer": "dana", "channel": "signal"},
                {"reason": "No."},
            ),
            "deny by dana (signal, unverified)",
            "No.",
        ),
        (
            entry(
                EntryKind.REVIEWED,
                {"action": "deny", "reviewer": "eve", "refused_because": "eve is nobody."},
                {"reason": "No."},
            ),
            "deny by eve refused",
            "eve is nobody. Reason given: No.",
        ),
        (
            entry(
                EntryKind.REVIEWED, {"action": "note", "reviewer": "dana"}, None, unreadable="It was erased."
            ),
            "note by dana",
            "It was erased.",
        ),
        (
            entry(EntryKind.ANSWERED, {**ANSWER, "carrier_status": "rejected-pending"}, {}),
            "answered",
            "rejected-pending with code 1002: “Wrong PIN.” The carrier shows rejected-pending.",
        ),
        (
            entry(EntryKind.ANSWERED, {**SEALED, "carrier_status": "rejected-pending"}, {"reason": "Ann."}),
            "answered",
            "rejected-pending with code 1002: “Ann.” The carrier shows rejected-pending.",
        ),
        (
            entry(EntryKind.REFUSED_BY_CARRIER, SEALED, None, unreadable="It was erased."),
            "refused by the carrier",
            "The carrier did not take our answer: rejected-pending with code 1002. It was erased.",
        ),
        (
            entry(EntryKind.REFUSED_BY_CARRIER, {**ANSWER, "note": None}, {}),
            "refused by the carrier",
            "The carrier did not take our answer: rejected-pending with code 1002: “Wrong PIN.”",
        ),
        (
            entry(EntryKind.DECIDED_ELSEWHERE, {"note": "It became canceled.", "would_have": "deny"}, {}),
            "ended without us",
            "It became canceled. We would have said deny.",
        ),
        (entry("of a newer version", {"note": "Something."}, {}), "of a newer version", "Something."),
    ],
)
def test_a_ledger_entry_reads_as_what_happened(read: ReadEntry, what: str, detail: str) -> None:
    [event] = event_of(read)
    assert (event.what, event.detail) == (what, detail)


def test_each_refused_attempt_is_a_line_of_its_own() -> None:
    read = entry(EntryKind.REVIEWED, {"action": "refused attempts"}, {"attempts": ["One.", "Two."]})
    assert [(event.what, event.detail) for event in event_of(read)] == [
        ("refused", "One."),
        ("refused", "Two."),
    ]

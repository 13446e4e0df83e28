"""The ledger of one order as people read it: what happened, one line each."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from records.ledger_entries import EntryKind, ReadEntry


class Event(BaseModel):
    """One line of the timeline.

    Attributes:
        detail: reasons, notes and what else belongs to it; personal facts of the ledger included.
        body: the entry as it is stored, without personal facts.
    """

    at: datetime
    kind: str
    what: str
    detail: str = ""
    body: dict[str, Any]


def event_of(entry: ReadEntry) -> list[Event]:
    """What an entry tells: one event, or one for each of several refused attempts."""
    body, personal = entry.body, entry.personal or {}
    tell = _TELL.get(entry.kind)
    what, detail = tell(body, personal) if tell else (entry.kind, str(body.get("note") or ""))
    if entry.unreadable:
        detail = " ".join(filter(None, [detail, entry.unreadable]))
    event = Event(at=entry.at, kind=entry.kind, what=what, detail=detail, body=body)
    attempts = personal.get("attempts")
    if not isinstance(attempts, list):
        return [event]
    return [event.model_copy(update={"detail": str(attempt)}) for attempt in attempts]


def comments_in(entries: Iterable[ReadEntry]) -> list[str]:
    """What the carrier's staff wrote about our last answer, oldest first; none that was erased or cannot be unsealed."""
    comments = [
        entry for entry in entries if "comment_id" in entry.body and (entry.personal or {}).get("comment")
    ]
    last = max((entry.body["round"] for entry in comments), default=None)
    newest = sorted((entry for entry in comments if entry.body["round"] == last), key=lambda entry: entry.at)
    return [str((entry.personal or {})["comment"]) for entry in newest]


def words_in_clear(entries: Iterable[ReadEntry]) -> list[str]:
    """The reasons and notes that stand unsealed in a port-out's entries, each once: no erasing takes them out.

    They are the rules' own words. Versions before this one kept there what people and rules said to the carrier.
    """
    found: dict[str, None] = {}
    for body in (entry.body for entry in entries):
        answers = [body, body.get("answer") or {}, body.get("sent") or {}]
        words = [*(answer.get("reason") for answer in answers), *(body.get("notes") or [])]
        found.update(dict.fromkeys(str(text) for text in words if text))
    return list(found)


def _screened(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    again = f", round {body['round']}" if body.get("round", 1) > 1 else ""
    advice = f"Advice: {body.get('outcome')}, score {body.get('score')}."
    return f"screened{again}", _joined([advice, *(personal.get("notes") or body.get("notes") or [])])


def _decided(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    if body.get("by") == "deadline":
        return "deadline", _sentence(body.get("why"))
    _, detail = _screened(body, personal)
    return "decided by the policy", detail


def _reviewed(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    action, who = body.get("action"), body.get("reviewer")
    if action == "note":
        return f"note by {who}", str(personal.get("text") or "")
    if action == "refused attempts":
        return "refused", ""
    reason = str(personal.get("reason") or "")
    if personal.get("override_reason"):
        reason += f" (overrides {', '.join(body.get('overrides') or [])}: {personal['override_reason']})"
    if body.get("refused_because"):
        return f"{action} by {who} refused", _joined(
            [body["refused_because"], f"Reason given: {reason}" if reason else ""]
        )
    proved = "verified" if body.get("verified") else "unverified"
    first = ", first of two" if body.get("waits_for_another") else ""
    return f"{action} by {who} ({body.get('channel')}, {proved}){first}", reason


def _asked(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    if body.get("note"):
        return "waited for documents", str(body["note"])
    who = body.get("by") or "the policy"
    message = f": “{personal['message']}”" if personal.get("message") else "."
    return f"documents asked for by {who}", f"{', '.join(body.get('types', []))}{message}"


def _answered(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    return "answered", f"{_answer(body, personal)} The carrier shows {body.get('carrier_status')}."


def _refused(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    note = body.get("note") or f"The carrier did not take our answer: {_answer(body, personal)}"
    return "refused by the carrier", str(note)


def _elsewhere(body: dict[str, Any], _: dict[str, Any]) -> tuple[str, str]:
    would = f"We would have said {body['would_have']}." if body.get("would_have") else ""
    return "ended without us", _joined([body.get("note"), would])


def _watched(body: dict[str, Any], personal: dict[str, Any]) -> tuple[str, str]:
    if "comment_id" in body:
        return "the carrier commented", str(personal.get("comment") or "")
    return "while watched", str(body.get("note") or "")


def _closed(body: dict[str, Any], _: dict[str, Any]) -> tuple[str, str]:
    return f"closed: {body.get('carrier_status')}", str(body.get("note") or "")


_TELL: dict[str, Callable[[dict[str, Any], dict[str, Any]], tuple[str, str]]] = {
    EntryKind.SCREENED: _screened,
    EntryKind.DECIDED: _decided,
    EntryKind.REVIEWED: _reviewed,
    EntryKind.ASKED: _asked,
    EntryKind.ANSWERED: _answered,
    EntryKind.REFUSED_BY_CARRIER: _refused,
    EntryKind.DECIDED_ELSEWHERE: _elsewhere,
    EntryKind.WATCHED: _watched,
    EntryKind.CLOSED: _closed,
}


def _answer(body: dict[str, Any], personal: dict[str, Any]) -> str:
    code = f" with code {body['rejection_code']}" if body.get("rejection_code") is not None else ""
    reason = personal.get("reason") or body.get("reason")
    return f"{body.get('status')}{code}{f': “{reason}”' if reason else '.'}"


def _joined(sentences: Any) -> str:
    return " ".join(str(sentence) for sentence in sentences or [] if sentence)


def _sentence(text: Any) -> str:
    words = str(text or "")
    return f"{words[:1].upper()}{words[1:]}." if words else ""

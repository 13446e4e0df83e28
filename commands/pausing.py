"""Stopping and starting to answer the carrier: the mark that the worker reads, and who set it and why."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ValidationError

from commands.times import moment
from records.marks import PAUSED
from records.store import Records

PAUSE_NOTE = "paused-note"
"""The mark that tells who paused or resumed last, when and why; for people only."""


class PauseNote(BaseModel):
    """Who changed it last."""

    by: str
    at: AwareDatetime
    reason: str | None = None

    def sentence(self) -> str:
        why = f": {self.reason.rstrip('.')}" if self.reason else ""
        return f"Sending is paused by {self.by} since {moment(self.at)}{why}."


def is_paused(records: Records) -> bool:
    return records.marks.get(PAUSED) == "yes"


def pause_sentence(records: Records) -> str | None:
    """Who paused sending, since when and why; None while it is not paused."""
    if not is_paused(records):
        return None
    try:
        return PauseNote.model_validate_json(records.marks.get(PAUSE_NOTE) or "").sentence()
    except ValidationError:
        return "Sending is paused."


def pause(records: Records, by: str, reason: str, at: datetime) -> None:
    """Stop answering: decisions are kept, nothing is sent. The carrier's clock runs on."""
    records.marks.set(PAUSE_NOTE, PauseNote(by=by, at=at, reason=reason).model_dump_json())
    records.marks.set(PAUSED, "yes")


def resume(records: Records, by: str, at: datetime) -> None:
    """Answer again; what was decided meanwhile is sent by the tries that are under way."""
    records.marks.set(PAUSED, "no")
    records.marks.set(PAUSE_NOTE, PauseNote(by=by, at=at).model_dump_json())

"""The deadline ladder of a review: remind, escalate, act. Times only; the workflow climbs it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from activities.contracts import Opened
from screening.policy import Mode


class Rung(StrEnum):
    REMIND = "remind"
    ESCALATE = "escalate"
    ACT = "act at the deadline"


@dataclass
class Ladder:
    """The rungs still ahead, soonest first."""

    rungs: list[tuple[datetime, Rung]] = field(default_factory=list)

    @classmethod
    def of(cls, opened: Opened, *, began: datetime) -> "Ladder":
        """Lay out the rungs of a review that begins now.

        Reminders and escalation are fractions of the time that is left to `respond_by`. An order first seen after
        it gets them at once, and is acted upon half-way to the carrier's limit; after the limit there is nothing
        left to act before, so it stays with people.
        """
        if opened.mode is Mode.SHADOW:
            return cls()
        late = began >= opened.respond_by
        span = opened.respond_by - began
        rungs = [(began if late else began + span * part, Rung.REMIND) for part in opened.remind_at]
        rungs.append((began if late else began + span * opened.escalate_at, Rung.ESCALATE))
        if not late:
            rungs.append((opened.respond_by, Rung.ACT))
        elif began < opened.limit:
            rungs.append((began + (opened.limit - began) / 2, Rung.ACT))
        return cls(sorted(rungs, key=lambda rung: rung[0]))

    def next_at(self) -> datetime | None:
        return self.rungs[0][0] if self.rungs else None

    def climb(self, now: datetime) -> list[Rung]:
        """Take the rungs that are due. Several reminders that are due together are one reminder."""
        due = [rung for at, rung in self.rungs if at <= now]
        self.rungs = [(at, rung) for at, rung in self.rungs if at > now]
        return list(dict.fromkeys(due))

"""The deadline ladder of a review: remind, escalate, act. Times only; the workflow climbs it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from activities.contracts import Opened
from screening.policy import Mode

LATEST = 0.9
"""The last reminder and the escalation come no later than at this part of the time until the deadline."""


class Rung(StrEnum):
    REMIND = "remind"
    ESCALATE = "escalate"
    ACT = "act at the deadline"


@dataclass
class Ladder:
    """The rungs still ahead, soonest first."""

    rungs: list[tuple[datetime, Rung]] = field(default_factory=list)

    @classmethod
    def of(cls, opened: Opened, *, began: datetime, now: datetime) -> "Ladder":
        """Lay out the rungs of a review.

        Reminders and escalation are fractions of the time between the begin of the review and `respond_by`, however
        short it is: an order that arrives late in its day gets them closer together. A tenth of that time is left in
        any case, for a page at the deadline helps nobody. An order first seen after `respond_by` gets them at once,
        and is acted upon half-way to the carrier's limit; after the limit there is nothing left to act before, so it
        stays with people.

        Args:
            began: when people were first asked; a screening anew within the round does not put it off.
            now: earlier reminders are not said again, an escalation that is due is.
        """
        if opened.mode is Mode.SHADOW:
            return cls()
        late = began >= opened.respond_by
        span = timedelta(0) if late else opened.respond_by - began
        reminders = [began + span * min(part, LATEST) for part in opened.remind_at]
        rungs = [(at, Rung.REMIND) for at in reminders if at >= now]
        rungs.append((max(began + span * min(opened.escalate_at, LATEST), now), Rung.ESCALATE))
        if now < opened.respond_by:
            rungs.append((opened.respond_by, Rung.ACT))
        elif now < opened.limit:
            rungs.append((now + (opened.limit - now) / 2, Rung.ACT))
        return cls(sorted(rungs, key=lambda rung: rung[0]))

    def next_at(self) -> datetime | None:
        return self.rungs[0][0] if self.rungs else None

    def climb(self, now: datetime) -> list[Rung]:
        """Take the rungs that are due. Several reminders that are due together are one reminder."""
        due = [rung for at, rung in self.rungs if at <= now]
        self.rungs = [(at, rung) for at, rung in self.rungs if at > now]
        return list(dict.fromkeys(due))

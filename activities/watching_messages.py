"""What a screening that was answered says to the activities of its watch. It enters history: no comment, never a PIN."""

from datetime import datetime

from pydantic import Field

from activities.contracts import Message, Opened, ScreeningResult
from screening.results import RuleResult


class LookAfterInput(Message):
    """An answered order to be looked at, as it was last seen."""

    opened: Opened
    answered_at: datetime
    now: datetime


class Seen(Message):
    """An answered order as the carrier shows it now."""

    status: str
    foc_date: datetime | None = None
    requested_foc_date: datetime | None = None


class FocMovedInput(Message):
    """The FOC date of an authorized order has moved, and this is what the rules of timing say to the new one."""

    opened: Opened
    """The order with the new date."""
    was: datetime | None
    results: list[RuleResult]
    now: datetime


class Objection(Message):
    """What the policy has against a new FOC date; None when nothing."""

    why: str | None = None


class ClosingInput(Message):
    """An order that the carrier is done with, or that has been watched for long enough."""

    opened: Opened
    result: ScreeningResult
    why: str
    refused_attempts: list[str] = Field(default_factory=list)
    now: datetime


class CommentsInput(Message):
    """A further round, whose reviewers want to know what the carrier's staff said to the answer before it."""

    opened: Opened
    now: datetime

"""What people send to a screening and what they read from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from activities.contracts import Message, ScreeningResult
from activities.review_messages import FirstApproval
from records.cases import Stage
from screening.effects import DocumentType
from screening.policy import Mode
from screening.rejection import Barred, EligibleCode
from screening.results import Outcome

REVIEWER_LENGTH = 100
TEXT_LENGTH = 1000


Action = Literal["approve", "deny", "ask", "note"]
"""What a person can do with an order that waits."""


class ReviewRequest(Message):
    """The argument of the update `review`: the one door for decisions, questions and notes."""

    action: Action
    reviewer: str = Field(min_length=1, max_length=REVIEWER_LENGTH)
    reason: str = Field("", max_length=TEXT_LENGTH)
    """Why. Of a denial it is sent to the carrier; of an approval it stays in the ledger. What is asked, of a question."""
    override_reason: str = Field("", max_length=TEXT_LENGTH)
    """Why an order is approved although a rule says deny. It stays in the ledger."""
    rejection_code: int | None = None
    reject_as: str | None = None
    """A name of the policy's `rejections`; with `rejection_code` absent it picks the code."""
    grant: str | None = Field(None, max_length=REVIEWER_LENGTH)
    """What proves who acts, once; see `records.tokens`."""

    types: list[DocumentType] = Field(default_factory=list)
    """The documents that a question asks for."""

    @classmethod
    def from_signal(cls, action: Action, arguments: Sequence[Any]) -> "ReviewRequest | None":
        """Read what came by a raw signal; None when it is not a request, because a signal must never fail a run."""
        raw = arguments[0] if len(arguments) == 1 else None
        if not isinstance(raw, dict):
            return None
        words = {
            "reviewer": raw.get("reviewer", raw.get("by")),
            "reason": raw.get("reason", raw.get("text", raw.get("message", ""))),
            # Who sends a signal is never verified.
            "grant": None,
        }
        try:
            return cls.model_validate({**raw, **words, "action": action})
        except ValidationError:
            return None


class RescreenRequest(Message):
    """The argument of the update `rescreen`."""

    reviewer: str = Field(min_length=1, max_length=REVIEWER_LENGTH)


class ReviewAccepted(Message):
    """The answer to an accepted update. The carrier is answered next."""

    action: Action
    reviewer: str
    at: datetime
    waits_for_another: bool = False
    """It was the first of two approvals."""


class RefusedAttempt(Message):
    """A decision that came too late or could not stand: kept, because an auditor asks who tried what."""

    action: str
    reviewer: str | None
    channel: Literal["update", "signal"]
    why: str
    at: datetime

    def sentence(self) -> str:
        who = self.reviewer or "someone unnamed"
        return f"{self.action} by {who} ({self.channel}) at {self.at:%Y-%m-%d %H:%M:%S} UTC was refused: {self.why}"


class ScreeningState(Message):
    """The answer to the query `state`."""

    portout_id: str
    support_key: str | None
    stage: Stage
    round: int
    mode: Mode | None = None
    policy: str | None = None
    policy_digest: str | None = None
    limit: datetime | None = None
    respond_by: datetime | None = None
    outcome: Outcome | None = None
    """What the policy recommends."""
    score: int | None = None
    people: int = 1
    first_approval: FirstApproval | None = None
    """Of the two that it needs."""
    denied_by: list[str] = Field(default_factory=list)
    """The rules that say deny: an approval needs a reason for overriding them."""
    rules: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    eligible: list[EligibleCode] = Field(default_factory=list)
    refused: list[Barred] = Field(default_factory=list)
    asked_for: list[str] = Field(default_factory=list)
    """The types of documents that are awaited."""
    asked_at: datetime | None = None
    """When they were asked for; None while that is on its way."""
    left_on_purpose: bool = False
    decided: str | None = None
    """Who decided, when and what, as a sentence."""
    answered: ScreeningResult | None = None
    """What was decided, once the carrier has the answer; it is not final before the run ends."""
    refused_attempts: list[RefusedAttempt] = Field(default_factory=list)

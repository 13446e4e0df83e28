"""What a run and its review activities say to each other. It enters workflow history: never a PIN, never a token."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from activities.asking_messages import Ask
from activities.contracts import Answer, Conclusion, Message, Opened


class FirstApproval(Message):
    """The first of two approvals: it decides nothing by itself."""

    reviewer: str
    at: datetime


class AdmitInput(Message):
    """A person's wish to decide, to be checked and turned into the answer that will be sent."""

    opened: Opened
    conclusion: Conclusion
    action: Literal["approve", "deny", "ask"]
    reviewer: str
    reason: str
    """Why; of a question, what is asked."""
    types: list[str] = Field(default_factory=list)
    """The documents that a question asks for."""
    override_reason: str = ""
    """Why it is approved although a rule says deny."""
    rejection_code: int | None = None
    reject_as: str | None = None
    channel: str
    grant: str | None = None
    """What proves that it is the reviewer who acts; None from a signal or a command without a token."""
    update_id: str | None = None
    """Names the update that redeems the grant."""
    first_approval: FirstApproval | None = None
    now: datetime


class Admission(Message):
    """The answer that a person's decision leads to, or what a person asks for, or why it cannot stand."""

    answer: Answer | None = None
    ask: Ask | None = None
    refused_because: str | None = None
    waits_for_another: bool = False
    """It is the first of two approvals."""
    token: str | None = None
    """Id of the token that proved who decides; None if nothing did."""
    role: str | None = None
    reason: str | None = None
    """What may be kept of the reason, when it is not the reason itself."""


class NoteInput(Message):
    opened: Opened
    reviewer: str
    text: str
    now: datetime
    step: str

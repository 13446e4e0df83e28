"""What workflows and activities say to each other about documents that are asked for.

All of it enters workflow history, as `contracts` says.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from screening.results import DocumentRequest, Tolerant

DOCUMENTS_RECEIVED = "documents_received"
"""The signal, and the type of its event, that no carrier sends: a reason to look at the documents, and never a fact."""


class Ask(DocumentRequest):
    """Documents to be asked for, and how long they are awaited.

    Attributes:
        key: names it among everything that is asked about its order: under one key there is one comment.
        by: the reviewer who asks; None for the policy.
        token, role: id of the token by which they proved who they are, and what it gives; None if nothing proved it.
        wait: seconds for which the documents are awaited, from the comment on.
        recheck: seconds between two looks.
    """

    key: str
    by: str | None = None
    token: str | None = None
    role: str | None = None
    wait: float
    recheck: float


class AskInput(Tolerant):
    """A comment to be posted, once.

    Attributes:
        respond_by: nobody is kept waiting beyond it.
    """

    portout_id: str
    round: int
    run_id: str
    ask: Ask
    respond_by: datetime


class Asked(Tolerant):
    """The comment is posted: when, and until when documents are awaited."""

    at: datetime
    until: datetime


class AwaitInput(Tolerant):
    """Documents to look for until they are there.

    Attributes:
        wait: seconds that are left.
        infected_known: somebody has been told already that one is infected.
        notes: what the queue says of the order besides.
    """

    portout_id: str
    round: int
    run_id: str
    ask: Ask
    wait: float
    infected_known: bool = False
    notes: list[str] = Field(default_factory=list)


class Standing(StrEnum):
    """What a wait for documents came to; the first two are results of the check `documents`."""

    COMPLETE = "complete"
    INFECTED = "infected"
    OVER = "over"


class Awaited(Tolerant):
    """How a wait ended, or what it met.

    Attributes:
        documents: each clean document that is there, as its type and the SHA-256 of its content.
    """

    standing: Standing
    documents: list[str] = Field(default_factory=list)


def late_sentence(types: list[str]) -> str:
    """What people read when a wait is over."""
    return f"Not all that was asked for ({', '.join(types)}) came in time."

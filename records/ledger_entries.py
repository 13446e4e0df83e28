"""What the ledger is given and gives back: entries of each kind, and what earlier rounds leave to the next."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from records.ledger_actor import SERVICE, LedgerActor

REFUSED_AS_INVALID = 422
ERASED = "The personal facts were erased."
KEY_IS_NOT_HERE = (
    "The personal facts are sealed, and the PORTOUT_RECORDS_KEY that opens them is not set here."
)


class EntryKind(StrEnum):
    SCREENED = "screened"
    ASKED = "asked"
    REVIEWED = "reviewed"
    DECIDED = "decided"
    ANSWERED = "answered"
    REFUSED_BY_CARRIER = "refused_by_carrier"
    DECIDED_ELSEWHERE = "decided_elsewhere"
    WATCHED = "watched"
    CLOSED = "closed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry to append.

    Args:
        step_key: names the workflow step within its port-out; a second entry with it is not written.
        at: when it happened.
        actor: who did it.
        body: plain JSON without personal facts, and none of what a person typed: nobody can take it back. `round` (int)
            always; `answered` carries `status`, `rejection_code` and a `reason` that stands in the rules word for word;
            `refused_by_carrier` carries `http_status` (int).
        personal: plain JSON of personal facts, sealed. Every other `reason` stands here: a person's own words, or the
            rules' filled in with facts of the order.
    """

    portout_id: str
    kind: EntryKind
    step_key: str
    at: datetime
    body: dict[str, Any]
    personal: dict[str, Any] = field(default_factory=dict, repr=False)
    actor: LedgerActor = SERVICE


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry as it is read back.

    Args:
        position: within its port-out, from 1.
        actor: as `LedgerActor.as_json` gives it; empty in an entry of a version that did not keep it.
        personal: the unsealed facts; None when they cannot be had, and `unreadable` says why in one sentence.
        hash: SHA-256 over the stored bytes, 64 hex digits.
    """

    seq: int
    position: int
    kind: str
    step_key: str
    at: datetime
    body: dict[str, Any]
    personal: dict[str, Any] | None = field(repr=False)
    unreadable: str | None
    hash: str
    actor: dict[str, str | None] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """The reason of the answer that it tells of; None if there was none, or if it is sealed and cannot be had."""
        return (self.personal or {}).get("reason") or self.body.get("reason")


@dataclass(frozen=True, slots=True)
class PastRounds:
    """What earlier rounds of a port-out leave to the next.

    Args:
        next_round: 1 if none is over.
        barred: code and reason of every rejection that was sent; None where there was no code, or where the
            reason was erased or cannot be unsealed. Never to be sent again.
        answer: our last answer, as long as nothing says that it does not stand: the carrier refused it, or somebody
            else has decided since.
    """

    next_round: int
    barred: list[tuple[int | None, str | None]]
    answer: ReadEntry | None

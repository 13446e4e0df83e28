"""The ledger of one port-out as people read it: what happened, when, who did it and how they proved who they are."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from pydantic import BaseModel

from commands.orders import find_case
from commands.output import print_fields, print_lines
from commands.timeline import event_of
from records.ledger import ReadEntry
from records.store import Records


class LedgerLine(BaseModel):
    """One thing that an entry tells.

    Attributes:
        who: in words.
        body: the entry without its personal facts.
        personal: these; None when they were erased or cannot be unsealed here.
    """

    seq: int
    position: int
    at: str
    kind: str
    what: str
    detail: str
    who: str
    actor: dict[str, str | None]
    body: dict[str, Any]
    personal: dict[str, Any] | None
    hash: str


class LedgerPage(BaseModel):
    """What `portout ledger show --json` prints.

    Attributes:
        faults: what is wrong with the chain.
        pruned: the stubs that are left of what was pruned.
        sealed_by: the checkpoint that covers the newest entry; None while there is none.
    """

    portout_id: str
    support_key: str | None
    entries: list[LedgerLine]
    faults: list[str]
    pruned: list[dict[str, Any]]
    sealed_by: int | None


def portout_of(records: Records, wanted: str) -> tuple[str, str | None]:
    """The port-out and the support key that somebody means, although its case may be gone.

    Raises:
        Failed: nothing is known of it.
    """
    if records.ledger.entries(wanted) or records.export.stubs_of(wanted):
        case = records.cases.get(wanted)
        return wanted, case.support_key if case else None
    case = find_case(records, wanted)
    return case.portout_id, case.support_key


def read_page(records: Records, wanted: str) -> LedgerPage:
    """Read the chain of one port-out.

    Raises:
        Failed: nothing is known of it.
        RecordsError: the records cannot be read.
    """
    portout_id, support_key = portout_of(records, wanted)
    entries = records.ledger.entries(portout_id)
    covering = records.checkpoints.covering(entries[-1].seq) if entries else None
    return LedgerPage(
        portout_id=portout_id,
        support_key=support_key,
        entries=[line for entry in entries for line in _lines(entry)],
        faults=records.ledger.verify_chain(portout_id),
        pruned=records.export.stubs_of(portout_id),
        sealed_by=covering.number if covering else None,
    )


def print_page(page: LedgerPage) -> None:
    """Print it for people."""
    print_lines(*text_of(page))
    print_fields(
        "What happened",
        [
            [str(line.position), line.at, line.who, " ".join(filter(None, [f"{line.what}:", line.detail]))]
            for line in page.entries
        ],
    )


def text_of(page: LedgerPage) -> Iterator[str]:
    """What is to be said of the chain as a whole."""
    yield f"{page.support_key or page.portout_id}  port-out {page.portout_id}"
    for stub in page.pruned:
        yield (
            f"{len(stub['entries'])} entries, from {stub['entries'][0][3]} to {stub['entries'][-1][3]}, were pruned at "
            f"{stub['pruned_at']} by {stub['pruned_by']}; their hashes are kept."
        )
    if page.entries:
        sealed = f"sealed by checkpoint {page.sealed_by}" if page.sealed_by else "its end is not sealed yet"
        last = page.entries[-1].position
        whole = "FAULTS" if page.faults else "the chain is whole"
        yield f"{last} {'entry' if last == 1 else 'entries'}; {whole}; {sealed}."
    yield from page.faults
    rules = {
        (line.body["policy"], line.body["policy_digest"], line.body.get("engine"), line.body.get("mode"))
        for line in page.entries
        if line.body.get("policy") and line.body.get("policy_digest")
    }
    for policy, digest, engine, mode in sorted(rules):
        yield f"Judged by {policy}, rules {digest[:12]}, engine {engine}, mode {mode}."


def actor_words(actor: dict[str, str | None]) -> str:
    """Who acted, in words."""
    kind, name = actor.get("kind"), actor.get("name")
    if kind == "person":
        if actor.get("authenticated") != "token":
            return f"{name} (not proved)"
        return f"{name} (token {actor.get('token')}, {actor.get('role')})"
    return {
        "policy": "the policy",
        "deadline": "the policy's deadline",
        "carrier": "the carrier",
        "service": "the service",
    }.get(kind or "", "not kept")


def _lines(entry: ReadEntry) -> Iterator[LedgerLine]:
    for event in event_of(entry):
        yield LedgerLine(
            seq=entry.seq,
            position=entry.position,
            at=f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            kind=entry.kind,
            what=event.what,
            detail=event.detail,
            who=actor_words(entry.actor),
            actor=entry.actor,
            body=entry.body,
            personal=entry.personal,
            hash=entry.hash,
        )

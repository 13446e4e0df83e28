"""The ledger of one port-out as people read it: what happened, when, who did it and how they proved who they are."""

from collections.abc import Collection, Iterator
from datetime import UTC
from typing import Any

from pydantic import BaseModel, Field

from commands.ledger_seals import content_or_fault, head_faults, head_in
from commands.orders import find_case
from commands.output import print_fields, print_lines
from commands.timeline import event_of
from records.ledger_checkpoints import Checkpoint
from records.ledger_entries import ReadEntry
from records.ledger_stubs import Stub, stub_or_fault
from records.store import Records


class LedgerLine(BaseModel):
    """One thing that an entry tells.

    Attributes:
        who: in words.
        body: the entry without its personal facts.
        personal: these; None when they were erased or cannot be unsealed here, and `unreadable` says which.
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
    unreadable: str | None
    hash: str


class LedgerPage(BaseModel):
    """What `portout ledger show --json` prints.

    Attributes:
        faults: what is wrong with the chain, and where it is not what the checkpoints hold.
        pruned: what the stubs say that are left of what was pruned; one that was edited is among the faults instead.
        sealed_by: the checkpoint that holds the newest entry; None while there is none.
        checkpoints: those of this port-out whose signature holds.
    """

    portout_id: str
    support_key: str | None
    entries: list[LedgerLine]
    faults: list[str]
    pruned: list[dict[str, Any]]
    sealed_by: int | None
    checkpoints: list[Checkpoint] = Field(exclude=True)


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


def read_page(records: Records, wanted: str, public_keys: Collection[str] = ()) -> LedgerPage:
    """Read the chain of one port-out, and hold it against the checkpoints.

    Args:
        public_keys: whose signatures count besides our own, base64.

    Raises:
        Failed: nothing is known of it.
        RecordsError: the records cannot be read.
    """
    portout_id, support_key = portout_of(records, wanted)
    # Before the entries: a checkpoint of this very moment would hold one that was not read.
    seqs_before = [row.seq for row in records.export.stored(portout_id)]
    named = records.checkpoints.naming(portout_id, seqs_before)
    entries = records.ledger.entries(portout_id)
    faults = records.ledger.verify_chain(portout_id)
    trusted = {*public_keys, *filter(None, [records.checkpoints.public_key])}
    stubs = [stub_or_fault(row, trusted) for row in records.export.stubs_of(portout_id)]
    faults += [stub for stub in stubs if isinstance(stub, str)]
    pruned = [stub for stub in stubs if isinstance(stub, Stub)]
    here = {position: hash_ for stub in pruned for _, position, hash_ in stub.entries}
    here |= {entry.position: entry.hash for entry in entries}
    seqs = {entry.position: entry.seq for entry in entries}
    newest = (entries[-1].position, entries[-1].hash) if entries else None
    sealed_by: int | None = None
    proving: list[Checkpoint] = []
    for checkpoint in named:
        content = content_or_fault(checkpoint, trusted)
        if isinstance(content, str):
            faults.append(content)
            continue
        proving.append(checkpoint)
        faults += head_faults(portout_id, content, here, seqs)
        sealed_by = checkpoint.number if newest and head_in(content, portout_id) == newest else None
    return LedgerPage(
        portout_id=portout_id,
        support_key=support_key,
        entries=[line for entry in entries for line in _lines(entry)],
        faults=faults,
        pruned=[stub.says for stub in pruned],
        sealed_by=sealed_by,
        checkpoints=proving,
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
            unreadable=entry.unreadable,
            hash=entry.hash,
        )

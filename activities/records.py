"""Writing down how a round ended."""

import asyncio

from temporalio import activity

from activities.contracts import Ending
from activities.entries import header_of, is_authored, who_decided
from records.cases import CaseUpdate, Stage
from records.ledger_actor import CARRIER
from records.ledger_entries import REFUSED_AS_INVALID, EntryKind, LedgerEntry
from records.store import Records


class RecordActivities:
    """Entries that follow the facts: they are retried until the database takes them."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn
    async def record_ending(self, ending: Ending) -> None:
        await asyncio.to_thread(write_ending, self._records, ending)


def write_ending(records: Records, ending: Ending) -> None:
    """Write the end of a round to the ledger and to the queue. Writing it twice adds nothing.

    Raises:
        DatabaseUnavailable: try again; nothing was written.
    """
    opened, verdict = ending.opened, ending.verdict
    order, answer = opened.order, verdict.answer if verdict else None
    in_clear = answer is not None and is_authored(records, opened.policy_digest, answer.reason)
    personal = {}
    if verdict and verdict.reason:
        personal["reviewer_reason"] = verdict.reason
    if answer is not None and not in_clear:
        personal["reason"] = answer.reason
    body = header_of(opened) | {
        "outcome": ending.outcome,
        "decided_by": ending.decided_by,
        "reviewer": verdict.reviewer if verdict else None,
        "first_reviewer": verdict.first_reviewer if verdict else None,
        "channel": verdict.channel if verdict else None,
        "status": answer.status if answer else None,
        "rejection_code": answer.rejection_code if answer else None,
        "reason": answer.reason if answer and in_clear else None,
        # Sent is what was fixed, the code at most left out: its reason is the one above.
        "sent": ending.sent.model_dump(exclude=None if in_clear else {"reason"}) if ending.sent else None,
        "carrier_status": ending.carrier_status,
        "carrier_rejection_code": ending.rejection_code,
        "would_have": ending.conclusion.outcome if ending.conclusion else None,
        "note": ending.note,
    }
    if ending.kind is EntryKind.REFUSED_BY_CARRIER:
        body["http_status"] = REFUSED_AS_INVALID
    entries = [
        LedgerEntry(
            portout_id=order.id,
            kind=ending.kind,
            step_key=f"{opened.run_id}:{ending.kind}",
            body=body,
            personal=personal,
            actor=who_decided(verdict) if verdict and ending.kind is EntryKind.ANSWERED else CARRIER,
            at=ending.at,
        )
    ]
    if ending.refused_attempts:
        entries.append(
            LedgerEntry(
                portout_id=order.id,
                kind=EntryKind.REVIEWED,
                step_key=f"{opened.run_id}:refused-attempts",
                body=header_of(opened) | {"action": "refused attempts"},
                personal={"attempts": ending.refused_attempts},
                at=ending.at,
            )
        )
    if ending.kind is EntryKind.REFUSED_BY_CARRIER:
        records.ledger.append_all(entries)
        return
    records.ledger.append_and_show(
        entries,
        CaseUpdate(
            portout_id=order.id,
            updated_at=ending.at,
            stage=Stage.AWAITING_CARRIER if ending.kind is EntryKind.ANSWERED else Stage.CLOSED,
            outcome=ending.outcome,
            decided_by=ending.decided_by,
            reviewer=verdict.people if verdict else None,
            claimed_by=None,
            claimed_until=None,
            decided_at=verdict.at if verdict else ending.at,
            reason=verdict.answer.reason if verdict else ending.note,
            rejection_code=ending.rejection_code,
            carrier_status=ending.carrier_status,
        ),
        denied_at=ending.at if ending.outcome == "deny" else None,
    )

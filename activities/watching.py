"""What follows an answer: looking at the order when there is a reason to, and writing down what is learnt."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.carrier_errors import NOT_FOUND_TRIES, retrying
from activities.contracts import CarrierStatus, ScreeningResult
from activities.entries import header_of
from activities.notices import NoticeBoard
from activities.pins import STATUS_CHANGED, reveals_pin
from activities.policies import PolicyShelf
from activities.starting import pending_since
from activities.watching_messages import (
    ClosingInput,
    CommentsInput,
    FocMovedInput,
    LookAfterInput,
    Objection,
    Seen,
)
from records.cases import CaseUpdate, Stage
from records.ledger_actor import CARRIER
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from screening import decision as core
from screening.facts import OrderFacts
from screening.results import Finding
from telnyx_api import Comment, NotFound, TelnyxClient

NOT_KNOWN = "not known to the carrier"
"""Stands for the status of an order that the carrier does not show any more."""
COMMENT = "comment"
"""Under this name the ledger keeps what the carrier's staff wrote."""
LEFT_OUT = "(left out: it contained a PIN)"
_ANSWERED = (CarrierStatus.AUTHORIZED, CarrierStatus.REJECTED_PENDING)


class WatchActivities:
    """What a run asks for while it watches an answered order. Nothing here changes anything at the carrier."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        *,
        refused_key: float,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._shelf = shelf
        self._board = board
        self._refused_key = refused_key

    @activity.defn
    async def look_after(self, given: LookAfterInput) -> Seen:
        """Read an answered order, and show in its case what has changed."""
        opened = given.opened
        async with retrying(self._board, refused_key=self._refused_key):
            seen = await self._seen(opened.order, answered_at=given.answered_at)
        if seen.status != CarrierStatus.PENDING:
            await asyncio.to_thread(self._show, opened.order.id, seen, given.now)
        return seen

    async def _seen(self, last: OrderFacts, *, answered_at: datetime) -> Seen:
        try:
            order = await self._carrier.portout(last.id)
        except NotFound:
            if activity.info().attempt < NOT_FOUND_TRIES:
                raise
            return Seen(status=NOT_KNOWN, foc_date=last.foc_date, requested_foc_date=last.requested_foc_date)
        status = order.status
        if status == CarrierStatus.PENDING:
            # A read may lag behind our own answer, so the newest status event must say the same.
            events = await self._carrier.events(portout_id=last.id, event_type=STATUS_CHANGED)
            status = status if pending_since(answered_at, events) else last.status
        return Seen(status=status, foc_date=order.foc_date, requested_foc_date=order.requested_foc_date)

    def _show(self, portout_id: str, seen: Seen, now: datetime) -> None:
        self._records.cases.upsert(
            CaseUpdate(
                portout_id=portout_id, updated_at=now, carrier_status=seen.status, foc_date=seen.foc_date
            )
        )

    @activity.defn
    async def weigh_foc_move(self, given: FocMovedInput) -> Objection:
        """Say what the policy has against a new FOC date, and write down that it has moved."""
        return await asyncio.to_thread(self._weigh, given)

    def _weigh(self, given: FocMovedInput) -> Objection:
        opened = given.opened
        policy = self._shelf.by_digest(opened.policy_digest).policies[opened.policy]
        decided = core.decide(policy, given.results, facts=opened.order.as_facts())
        asked = {result.rule_id for result in given.results}
        objections = [one for one in decided.findings if one.rule_id in asked and one.fired]
        why = _sentence(objections)
        port_at = opened.order.port_at
        self._records.ledger.append(
            LedgerEntry(
                portout_id=opened.order.id,
                kind=EntryKind.WATCHED,
                step_key=f"{opened.run_id}:{activity.info().activity_id}:foc",
                actor=CARRIER,
                body=header_of(opened)
                | {
                    "carrier_status": opened.order.status,
                    "foc_date": port_at.isoformat() if port_at else None,
                    "foc_date_was": given.was.isoformat() if given.was else None,
                    "results": {result.rule_id: result.check.result for result in given.results},
                    "note": f"The FOC date moved. {why or 'The rules of timing do not object.'}",
                },
                at=given.now,
            )
        )
        return Objection(why=why)

    @activity.defn
    async def keep_comments(self, given: CommentsInput) -> None:
        """Keep what the carrier's staff wrote since our last answer, each comment once and sealed."""
        order = given.opened.order
        async with retrying(self._board, refused_key=self._refused_key):
            events = await self._carrier.events(portout_id=order.id, event_type=STATUS_CHANGED)
            comments = await self._carrier.comments(order.id)
            # The carrier dates both by the same clock, which need not be ours.
            answered = [event.created_at for event in events if event.payload.status in _ANSWERED]
            since = max(filter(None, answered), default=None)
            texts = [(one, await self._readable(order, one.body)) for one in comments if _is_said(one, since)]
        entries = [
            LedgerEntry(
                portout_id=order.id,
                kind=EntryKind.WATCHED,
                step_key=f"comment:{comment.id}",
                actor=CARRIER,
                body=header_of(given.opened) | {"round": given.opened.round - 1, "comment_id": comment.id},
                personal={COMMENT: text},
                at=comment.created_at or given.now,
            )
            for comment, text in texts
        ]
        await asyncio.to_thread(self._records.ledger.append_all, entries)

    async def _readable(self, order: OrderFacts, text: str | None) -> str:
        words = text or ""
        if await reveals_pin(self._carrier, self._records, order.id, order.phone_numbers, words):
            return LEFT_OUT
        return words

    @activity.defn
    async def record_closed(self, given: ClosingInput) -> None:
        """Write down that the carrier is done with an order."""
        await asyncio.to_thread(self._close, given)

    def _close(self, given: ClosingInput) -> None:
        opened, result = given.opened, given.result
        portout_id = opened.order.id
        entries = [
            LedgerEntry(
                portout_id=portout_id,
                kind=EntryKind.CLOSED,
                # Once a round, whichever run ends it.
                step_key=f"closed:{result.round}",
                actor=CARRIER,
                body=header_of(opened)
                | {
                    "round": result.round,
                    "outcome": result.outcome,
                    "decided_by": result.decided_by,
                    "carrier_status": result.carrier_status,
                    "note": given.why,
                },
                at=given.now,
            )
        ]
        if given.refused_attempts:
            entries.append(
                LedgerEntry(
                    portout_id=portout_id,
                    kind=EntryKind.REVIEWED,
                    step_key=f"closed:{result.round}:refused-attempts",
                    body=header_of(opened) | {"round": result.round, "action": "refused attempts"},
                    personal={"attempts": given.refused_attempts},
                    at=given.now,
                )
            )
        self._records.ledger.append_and_show(
            entries,
            answered_case(result, Stage.CLOSED, given.now),
        )


def answered_case(result: ScreeningResult, stage: Stage, now: datetime) -> CaseUpdate:
    """What a case shows of an order that was answered."""
    return CaseUpdate(
        portout_id=result.portout_id,
        updated_at=now,
        stage=stage,
        outcome=result.outcome,
        decided_by=result.decided_by,
        reviewer=result.reviewer,
        decided_at=result.decided_at,
        reason=result.reason,
        rejection_code=result.rejection_code,
        carrier_status=result.carrier_status,
    )


def _is_said(comment: Comment, since: datetime | None) -> bool:
    """Whether the carrier's staff wrote it after our answer."""
    return comment.user_id is None and (
        since is None or comment.created_at is None or comment.created_at >= since
    )


def _sentence(objections: Sequence[Finding]) -> str | None:
    """What rules have against a date; None when nothing. Notices carry it, so it names no facts."""
    if not objections:
        return None
    found = ", ".join(f"{one.rule_id} {one.result} ({one.effect})" for one in objections)
    return f"Rules object to it: {found}."

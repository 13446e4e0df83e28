"""What people say of an order: a decision, which is admitted and turned into an answer, or a note, which is kept."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.carrier_errors import retrying
from activities.contracts import Answer
from activities.eligible import eligible_codes
from activities.entries import header_of, person
from activities.lateness import seconds_tried
from activities.notices import NoticeBoard
from activities.pins import reveals_pin
from activities.policies import PolicyShelf
from activities.questions import question_of
from activities.review_messages import Admission, AdmitInput, NoteInput
from activities.who_acts import Actor, approval_objection, claimed, people_needed, who_acts
from records.cases import CaseUpdate
from records.errors import RecordsError
from records.ledger_actor import LedgerActor
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from screening.facts import OrderFacts
from screening.placeholders import Place, render
from screening.policy import Policy
from screening.rejection import EligibleCode, is_barred, pick
from screening.results import DocumentRequest
from settings import Timing
from telnyx_api import TelnyxClient

USUAL_REJECTION = "other"
"""The policy's name for a denial on a ground of the reviewer's own."""
LEFT_OUT = "(left out: it contained a PIN)"
"""What the ledger keeps of a reason that nobody may read."""
UNREAD = "(left out: it could not be checked for PINs)"
"""What it keeps of a reason about which that could not be found out."""


class ReviewActivities:
    """What stands between a person's words and the carrier or the ledger. None of them may hold a PIN."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        *,
        reviewers: frozenset[str],
        timing: Timing,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._shelf = shelf
        self._board = board
        self._reviewers = reviewers
        self._refused_key = timing.refused_key
        self._evidence = timing.evidence
        self._one_try = timing.activity

    @activity.defn
    async def admit(self, given: AdmitInput) -> Admission:
        """Turn a decision into an answer, or say why it cannot stand. Refused attempts are written down, too."""
        at, actor = datetime.now(UTC), Actor()
        stranger = given.reviewer not in self._reviewers
        # Commands ask this, too; a raw signal or update has passed by nobody.
        left_out = await self._left_out(given, may_stand_unread=stranger or given.action == "approve")
        if left_out:
            given = _without_its_words(given, left_out)
        if stranger:
            admission = Admission(refused_because=not_a_reviewer(given.reviewer))
        elif left_out == LEFT_OUT:
            what = "message" if given.action == "ask" else "reason"
            admission = Admission(refused_because=f"The {what} contains a PIN of this order; say it without.")
        elif claim := await asyncio.to_thread(claimed, self._records, given, at):
            admission = Admission(refused_because=claim)
        else:
            actor = await asyncio.to_thread(who_acts, self._records, given, at)
            admission = (
                Admission(refused_because=actor.refused_because)
                if actor.refused_because
                else await self._admit(given, actor)
            )
        await self._write(given, actor, admission)
        verified = actor.verified
        return admission.model_copy(
            update={
                "reason": given.reason if left_out else None,
                "token": verified.token_id if verified else None,
                "role": verified.role if verified else None,
            }
        )

    async def _left_out(self, given: AdmitInput, *, may_stand_unread: bool) -> str | None:
        """What stands in the ledger for a decision's words, when they may not be kept.

        Args:
            may_stand_unread: these words stay with us: while they cannot be checked the decision stands, without them.

        Raises:
            ApplicationError, RecordsError: words that leave the company cannot be checked now.
        """
        words = "\n".join(filter(None, [given.reason, given.override_reason, given.reject_as]))
        try:
            # What is read in vain must leave time for the decision itself.
            async with asyncio.timeout(self._one_try / 2 if may_stand_unread else None):
                return LEFT_OUT if await self._reveals_pin(given.opened.order, words) else None
        except (ApplicationError, RecordsError, TimeoutError):
            if may_stand_unread:
                return UNREAD
            raise

    @activity.defn
    async def record_note(self, note: NoteInput) -> str | None:
        """Keep a note. Returns why it cannot be taken, as a sentence, or None.

        While carrier or database are away it is tried again: it is never kept unread. A carrier that stays away must
        not keep a run from its end for ever, so the note is given back in the end.
        """
        if note.reviewer not in self._reviewers:
            return not_a_reviewer(note.reviewer)
        try:
            if await self._reveals_pin(note.opened.order, note.text):
                return "The note contains a PIN of this order; say it without."
        except ApplicationError as error:
            if not error.non_retryable and seconds_tried() <= self._evidence:
                raise
            return "The note could not be checked for PINs, so it is not kept; please try again."
        await asyncio.to_thread(self._records.ledger.append, _entry_of(note))
        return None

    async def _reveals_pin(self, order: OrderFacts, text: str) -> bool:
        async with retrying(self._board, refused_key=self._refused_key):
            return await reveals_pin(self._carrier, self._records, order.id, order.phone_numbers, text)

    async def _admit(self, given: AdmitInput, actor: Actor) -> Admission:
        bundle = await asyncio.to_thread(self._shelf.by_digest, given.opened.policy_digest)
        policy = bundle.policies[given.opened.policy]
        if given.action == "ask":
            request = DocumentRequest(message=given.reason, types=given.types)
            # The activity's id is the same for each of its tries, so all of them admit one question.
            key = f"{given.opened.run_id}-{activity.info().activity_id}"
            asked = question_of(request, policy, by=given.reviewer, key=key)
            proof = {"token": actor.verified.token_id, "role": actor.verified.role} if actor.verified else {}
            return Admission(ask=asked.model_copy(update=proof))
        if given.action == "approve":
            people = people_needed(policy, given.conclusion)
            why = approval_objection(given, actor, people)
            if why:
                return Admission(refused_because=why)
            approve = policy.approve
            return Admission(
                waits_for_another=people > 1 and given.first_approval is None,
                answer=Answer(
                    status="authorized",
                    reason=render(approve.reason, Place.REASON, given.opened.order.as_facts()),
                    host_messaging=approve.host_messaging,
                ),
            )
        eligible = given.conclusion.eligible or await self._eligible(given.opened.order.id)
        return _denial(given, policy, eligible)

    async def _eligible(self, portout_id: str) -> list[EligibleCode]:
        async with retrying(self._board, refused_key=self._refused_key):
            return await eligible_codes(self._carrier, portout_id)

    async def _write(self, given: AdmitInput, actor: Actor, admission: Admission) -> None:
        """Note who wanted what, and end the claim of who decided.

        A database that is away must not hold up a person's decision, for the ending tells it again; but nothing else
        would tell of the first of two approvals.
        """
        entry = _decision(given, actor, admission)
        try:
            if admission.answer is None:
                await asyncio.to_thread(self._records.ledger.append, entry)
            else:
                shown = _case_after(given, admission)
                await asyncio.to_thread(self._records.ledger.append_and_show, [entry], shown)
        except RecordsError:
            if admission.waits_for_another:
                raise
            activity.logger.warning("review not recorded yet", extra={"portout_id": given.opened.order.id})


def _without_its_words(given: AdmitInput, left_out: str) -> AdmitInput:
    words = {"reason": left_out, "override_reason": left_out if given.override_reason else ""}
    return given.model_copy(update={**words, "reject_as": None})


def _decision(given: AdmitInput, actor: Actor, admission: Admission) -> LedgerEntry:
    opened, verified = given.opened, actor.verified
    because = admission.refused_because
    if because and given.reject_as:
        # It stands in clear, so it repeats nothing that was typed.
        because = because.replace(f"'{given.reject_as}'", "of that name")
    personal = {"reason": given.reason}
    if given.override_reason:
        personal["override_reason"] = given.override_reason
    return LedgerEntry(
        portout_id=opened.order.id,
        kind=EntryKind.REVIEWED,
        step_key=f"{opened.run_id}:{activity.info().activity_id}",
        body=header_of(opened)
        | {
            "action": given.action,
            "reviewer": given.reviewer,
            "channel": given.channel,
            "verified": verified is not None,
            "role": verified.role if verified else None,
            "token": verified.token_id if verified else None,
            "waits_for_another": admission.waits_for_another,
            "overrides": given.conclusion.denied_by if given.action == "approve" else [],
            "types": given.types,
            # A denial sends the person's own words, an approval the policy's, which may name facts of the order.
            "answer": admission.answer.model_dump(exclude={"reason"}) if admission.answer else None,
            "refused_because": because,
        },
        personal=personal,
        actor=person(given.reviewer, verified),
        at=given.now,
    )


def _case_after(given: AdmitInput, admission: Admission) -> CaseUpdate:
    """What the queue shows after a decision: its claim is over."""
    over: dict[str, Any] = {"claimed_by": None, "claimed_until": None}
    if admission.waits_for_another:
        over["first_approval_by"] = given.reviewer
    return CaseUpdate(portout_id=given.opened.order.id, updated_at=given.now, **over)


def not_a_reviewer(name: str) -> str:
    """What somebody is told who may not decide."""
    return f"{name} is not one of PORTOUT_REVIEWERS."


def _entry_of(note: NoteInput) -> LedgerEntry:
    opened = note.opened
    return LedgerEntry(
        portout_id=opened.order.id,
        kind=EntryKind.REVIEWED,
        step_key=f"{opened.run_id}:{note.step}",
        body=header_of(opened) | {"action": "note", "reviewer": note.reviewer},
        personal={"text": note.text},
        actor=LedgerActor.person(note.reviewer),
        at=note.now,
    )


def _denial(given: AdmitInput, policy: Policy, eligible: list[EligibleCode]) -> Admission:
    if given.rejection_code is not None:
        code = next((one for one in eligible if one.code == given.rejection_code), None)
        if code is None:
            return Admission(
                refused_because=f"Code {given.rejection_code} is not one that the carrier lists for this order."
            )
    else:
        name = given.reject_as or given.conclusion.reject_as or USUAL_REJECTION
        if given.reject_as and given.reject_as not in policy.rejections:
            known = ", ".join(sorted(policy.rejections))
            return Admission(refused_because=f"The policy has no rejection '{name}'; it has {known}.")
        code = pick(policy.rejections, name, eligible, reason=given.reason, barred=given.opened.refused)
        if code is None:
            listed = ", ".join(f"{one.code} {one.description or ''}".strip() for one in eligible)
            return Admission(
                refused_because=f"Name a code with --code; the carrier lists {listed or 'none'}."
            )
    if is_barred(code.code, given.reason, given.opened.refused):
        return Admission(refused_because="The carrier has already refused this code with this reason.")
    return Admission(answer=Answer(status="rejected-pending", reason=given.reason, rejection_code=code.code))

"""Concluding: what the policy makes of the rules' results, fixed and written to the ledger in one activity."""

import asyncio
from collections.abc import Mapping, Sequence

from temporalio import activity

from activities.asking_messages import Standing
from activities.carrier_errors import retrying
from activities.contracts import (
    Answer,
    ConcludeInput,
    Conclusion,
    DeadlineConclusion,
    DeadlineInput,
    Next,
    Opened,
)
from activities.eligible import eligible_codes
from activities.entries import header_of
from activities.evidence import customers_among
from activities.lateness import paged_when_late
from activities.notices import NoticeBoard
from activities.opening import HOLDER_TRIES
from activities.policies import PolicyShelf
from activities.questions import question_of
from records.cases import CaseUpdate, Stage
from records.errors import DirectoryFailed
from records.ledger_actor import DEADLINE, POLICY
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from screening import decision as core
from screening.facts import CustomerFacts, OrderFacts
from screening.policy import Mode, Policy
from screening.rejection import EligibleCode, pick
from screening.results import Decision, Denial, FactValue, Outcome, RuleResult
from settings import Timing
from telnyx_api import CarrierError, InvalidArgument, NotFound, TelnyxClient, Unprocessable

_NEWS = {
    Standing.COMPLETE: "All documents that were asked for came.",
    Standing.INFECTED: "A document that came is infected.",
}
CODE_TRIES = 5
"""After so many tries a screening is concluded without the carrier's list of codes: then a person must pick."""

_PERSONAL = ("facts", "note")
"""What of a finding is kept under the order's own key."""


class ConcludingActivities:
    """Decides, and writes down what was seen and why. New decision code never breaks a run that waits."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        timing: Timing,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._shelf = shelf
        self._board = board
        self._refused_key = timing.refused_key
        self._evidence = timing.evidence

    @activity.defn
    async def conclude(self, given: ConcludeInput) -> Conclusion:
        order = given.opened.order
        async with paged_when_late(
            self._board,
            "unconcluded",
            "An order was screened, but the decision cannot be made or recorded; it is tried until the deadline.",
            portout_id=order.id,
            support_key=order.support_key,
            after=self._evidence,
        ):
            return await self._conclude(given)

    async def _conclude(self, given: ConcludeInput) -> Conclusion:
        opened = given.opened
        bundle = await asyncio.to_thread(self._shelf.by_digest, opened.policy_digest)
        policy = bundle.policies[opened.policy]
        facts = known_facts(given.opened.order, given.results)
        decided = core.decide(policy, given.results, review_because=opened.review_because, facts=facts)
        waits = opened.mode is not Mode.SHADOW and (
            opened.mode is Mode.ADVISE or decided.outcome is not Outcome.APPROVE
        )
        eligible = await self._eligible(opened.order.id) if waits else []
        conclusion = conclusion_of(
            opened, policy, decided, eligible, documents=given.documents, asked=given.asked
        )
        await asyncio.to_thread(self._write, given, decided, conclusion, activity.info().attempt)
        return conclusion

    @activity.defn
    async def conclude_deadline(self, given: DeadlineInput) -> DeadlineConclusion:
        """Apply the first line of `at_deadline` that holds and whose rejection the carrier takes for this order."""
        opened = given.opened
        bundle = await asyncio.to_thread(self._shelf.by_digest, opened.policy_digest)
        policy = bundle.policies[opened.policy]
        eligible = given.conclusion.eligible or await self._eligible(opened.order.id)

        def code_for(name: str) -> EligibleCode | None:
            return pick(policy.rejections, name, eligible, barred=opened.refused)

        action = core.at_deadline(
            policy,
            Decision(outcome=given.conclusion.outcome, score=given.conclusion.score, people=1),
            facts=opened.order.as_facts(),
            usable=lambda name: code_for(name) is not None,
            may_deny=opened.may_be_denied,
        )
        answer = None
        if action.outcome is Outcome.DENY and action.reject_as and action.reason:
            code = code_for(action.reject_as)
            answer = Answer(
                status="rejected-pending",
                reason=action.reason,
                rejection_code=code.code if code else None,
            )
        if answer is not None:
            outcome, why = str(Outcome.DENY), "the policy denies it at the deadline"
        elif given.now < opened.limit:
            outcome, why = str(Outcome.LEAVE), "the policy leaves it at the deadline"
        else:
            outcome, why = "none", "its deadline went by while no worker ran"
        await asyncio.to_thread(self._write_deadline, given, answer, outcome, why)
        return DeadlineConclusion(answer=answer, why=why)

    async def _eligible(self, portout_id: str) -> list[EligibleCode]:
        """The rejection codes that the carrier lists for this order; none when it cannot say so for too long."""
        async with retrying(self._board, refused_key=self._refused_key):
            try:
                return await eligible_codes(self._carrier, portout_id)
            except (InvalidArgument, NotFound, Unprocessable):
                return []
            except CarrierError:
                if activity.info().attempt < CODE_TRIES:
                    raise
                return []

    def _customers(self, numbers: Sequence[str], attempt: int) -> list[CustomerFacts] | None:
        try:
            return customers_among(self._records, numbers)
        except DirectoryFailed:
            if attempt < HOLDER_TRIES:
                raise
            return None

    def _write(self, given: ConcludeInput, decided: Decision, conclusion: Conclusion, attempt: int) -> None:
        customers = self._customers(given.opened.order.phone_numbers, attempt)
        entry = entry_of(given, decided, conclusion, customers)
        stages = {
            Next.ANSWER: Stage.ANSWERING,
            Next.REVIEW: Stage.AWAITING_REVIEW,
            Next.WATCH: Stage.AWAITING_CARRIER,
        }
        self._records.ledger.append_and_show(
            [entry],
            CaseUpdate(
                portout_id=entry.portout_id,
                updated_at=given.now,
                stage=stages[conclusion.next],
                score=decided.score,
                recommendation=decided.outcome,
                people=decided.people,
                first_approval_by=None,
                rules=conclusion.rules,
                foc_date=given.opened.order.foc_date,
                note=" ".join(conclusion.notes) or None,
                **({"asked_at": None, "asked_for": None} if given.documents is Standing.COMPLETE else {}),
            ),
        )

    def _write_deadline(self, given: DeadlineInput, answer: Answer | None, outcome: str, why: str) -> None:
        opened = given.opened
        self._records.ledger.append(
            LedgerEntry(
                portout_id=opened.order.id,
                kind=EntryKind.DECIDED,
                step_key=f"{opened.run_id}:{activity.info().activity_id}",
                actor=DEADLINE,
                body=header_of(opened)
                | {
                    "by": "deadline",
                    "outcome": outcome,
                    "why": why,
                    "answer": answer.model_dump(exclude={"reason"}) if answer else None,
                },
                personal={"reason": answer.reason} if answer else {},
                at=given.now,
            )
        )


def entry_of(
    given: ConcludeInput,
    decided: Decision,
    conclusion: Conclusion,
    customers: Sequence[CustomerFacts] | None,
) -> LedgerEntry:
    """What the ledger keeps of a screening: enough to decide the order once more, under these rules or others.

    Names, numbers and notes are kept under the order's own key.

    Args:
        customers: None if nobody could say who holds the numbers; then the order cannot be decided once more.
    """
    opened = given.opened
    bars = {result.rule_id: result.check.bars_approval for result in given.results}
    body = header_of(opened) | {
        "screened_at": (given.screened_at or given.now).isoformat(),
        "review_because": opened.review_because,
        "several_customers": opened.several_customers,
        "outcome": decided.outcome,
        "next": conclusion.next,
        "score": decided.score,
        "people": decided.people,
        "reject_as": conclusion.reject_as,
        "answer": conclusion.answer.model_dump(exclude={"reason"}) if conclusion.answer else None,
        "documents_came": given.document_hashes,
        "asks_for": decided.request.types if decided.request else [],
        "findings": [
            {name: value for name, value in finding._asdict().items() if name not in _PERSONAL}
            | {"bars_approval": bars.get(finding.rule_id)}
            for finding in decided.findings
        ],
    }
    seen = {
        finding.rule_id: {name: getattr(finding, name) for name in _PERSONAL} for finding in decided.findings
    }
    return LedgerEntry(
        portout_id=opened.order.id,
        kind=EntryKind.DECIDED if conclusion.next is Next.ANSWER else EntryKind.SCREENED,
        step_key=f"{opened.run_id}:{given.step}",
        body=body,
        personal={
            "order": opened.order.model_dump(mode="json"),
            "findings": seen,
            "notes": conclusion.notes,
        }
        # A text of the rules may name facts of the order. Sent, one that names none is kept in clear (`is_authored`).
        | ({"reason": conclusion.answer.reason} if conclusion.answer else {})
        | (
            {}
            if customers is None
            else {"customers": [customer.model_dump(mode="json") for customer in customers]}
        ),
        actor=POLICY,
        at=given.now,
    )


def known_facts(order: OrderFacts, results: Sequence[RuleResult]) -> Mapping[str, FactValue]:
    """What the order says and what the checks saw, for the policy's texts."""
    facts: dict[str, FactValue] = dict(order.as_facts())
    for result in results:
        facts.update(result.check.facts)
    return facts


def conclusion_of(
    opened: Opened,
    policy: Policy,
    decided: Decision,
    eligible: list[EligibleCode],
    *,
    documents: Standing | None = None,
    asked: bool = False,
) -> Conclusion:
    """What follows from a decision in this mode, with the answer or the question that it fixes.

    Args:
        documents: the news of documents that made rules run again.
        asked: documents have been asked for already; the policy does not ask twice.
    """
    notes = [*([_NEWS[documents]] if documents else []), *decided.notes]
    answer = None
    sent = core.with_usable_denial(
        decided, lambda denial: _code_for(denial, opened, policy, eligible) is not None
    )
    if sent is not None and sent.reject_as != decided.reject_as:
        notes.append(f"The carrier lists no code for {decided.reject_as}, so {sent.reject_as} is the ground.")
    ask = None if asked or decided.request is None else question_of(decided.request, policy)
    if ask is not None:
        asks = "would ask" if opened.mode is not Mode.ENFORCE else "asks"
        notes.append(f"The policy {asks} for {', '.join(ask.types)}: “{ask.message}”")
    if opened.mode is Mode.SHADOW:
        next_ = Next.WATCH
    elif opened.mode is Mode.ADVISE or decided.outcome in (Outcome.REVIEW, Outcome.ASK):
        next_ = Next.REVIEW
    else:
        answer = _answer(opened, policy, sent or decided, eligible)
        next_ = Next.ANSWER if answer else Next.REVIEW
        if answer is None:
            notes.append("The carrier lists no code that fits this denial; a person must pick one.")
    return Conclusion(
        next=next_,
        outcome=decided.outcome,
        score=decided.score,
        people=decided.people,
        denied_by=core.denied_by(policy, decided),
        rules={finding.rule_id: finding.result for finding in decided.findings},
        notes=notes,
        reject_as=(sent or decided).reject_as,
        answer=answer,
        ask=ask if opened.mode is Mode.ENFORCE else None,
        eligible=eligible,
    )


def _answer(opened: Opened, policy: Policy, decided: Decision, eligible: list[EligibleCode]) -> Answer | None:
    if decided.outcome is Outcome.APPROVE:
        reason = decided.reason or policy.approve.reason
        return Answer(status="authorized", reason=reason, host_messaging=decided.host_messaging)
    if decided.reject_as is None or decided.reason is None:
        return None
    code = _code_for(Denial(decided.reject_as, decided.reason), opened, policy, eligible)
    if code is None:
        return None
    return Answer(status="rejected-pending", reason=decided.reason, rejection_code=code.code)


def _code_for(
    denial: Denial, opened: Opened, policy: Policy, eligible: list[EligibleCode]
) -> EligibleCode | None:
    return pick(policy.rejections, denial.reject_as, eligible, reason=denial.reason, barred=opened.refused)

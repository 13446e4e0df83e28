"""Opening an order: read it, find whose numbers they are, choose its policy and its deadlines."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.carrier_errors import retrying
from activities.contracts import (
    CarrierStatus,
    Notice,
    NoticeKind,
    Opened,
    OpenInput,
    RuleToRun,
    ScreeningResult,
)
from activities.entries import header_of
from activities.evidence import DOCUMENT_FACTS, past_order
from activities.lateness import paged_when_late
from activities.notices import NoticeBoard
from activities.policies import InForce, PolicyShelf
from activities.watching import answered_case
from records.cases import Case, CaseUpdate, Stage
from records.customer_record import CustomerMatch
from records.customers import TABLES
from records.errors import DirectoryFailed
from records.ledger_actor import CARRIER
from records.ledger_entries import EntryKind, LedgerEntry, PastRounds, ReadEntry
from records.store import Records
from screening.checks import CHECKS
from screening.countries import countries_of
from screening.facts import OrderFacts
from screening.policy import Mode, Rule
from screening.rejection import Barred
from settings import Timing
from telnyx_api import PortOut, TelnyxClient

FIRST_SENDING = "first-sending"
"""The mark in the records: when sending to a real carrier was first switched on."""
UNKNOWN_HOLDERS = "Whose numbers these are could not be found out: the customer directory failed."
HOLDER_TRIES = 5
"""After so many tries an order is opened, for review, without knowing whose numbers it asks for."""
_FOC_DATES = frozenset({"portout.foc_date", "portout.requested_foc_date"})


class OpeningActivities:
    """The first step of a screening."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        *,
        sends: bool,
        sending_since: datetime | None,
        timing: Timing,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._shelf = shelf
        self._board = board
        self._sends = sends
        self._sending_since = sending_since
        self._refused_key = timing.refused_key
        self._evidence = timing.evidence

    @activity.defn
    async def open(self, given: OpenInput) -> Opened:
        async with paged_when_late(
            self._board,
            "unopened",
            "An order cannot be read or recorded, so it is not screened; look at it in the carrier's portal.",
            portout_id=given.portout_id,
            support_key=None,
            after=self._evidence,
        ):
            return await self._read_and_open(given)

    async def _read_and_open(self, given: OpenInput) -> Opened:
        async with retrying(self._board, refused_key=self._refused_key):
            order = order_facts(await self._carrier.portout(given.portout_id))
        in_force = await asyncio.to_thread(self._shelf.in_force)
        if in_force.problem:
            await self._board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"rules:{given.now.date()}:{in_force.problem}",
                    text=in_force.problem,
                )
            )
        opened = await asyncio.to_thread(self._open, given, order, in_force, activity.info().attempt)
        if UNKNOWN_HOLDERS in opened.review_because:
            await self._board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"directory:{given.now.date()}",
                    text="The customer directory does not answer as it should; orders that need it go to review.",
                )
            )
        return opened

    def _holders(self, numbers: Sequence[str], attempt: int) -> tuple[list[CustomerMatch], bool]:
        """Who holds each number, and whether that is all that can be known of it.

        A directory that stays away must not keep an order from being opened: nothing would act at its deadline.
        """
        customers = self._records.customers
        try:
            return customers.find(numbers), True
        except DirectoryFailed:
            if attempt < HOLDER_TRIES:
                raise
        known = customers.find_in(TABLES, numbers) if TABLES in customers.sources else {}
        return [CustomerMatch(number, known.get(number)) for number in numbers], False

    def _open(self, given: OpenInput, order: OrderFacts, in_force: InForce, attempt: int) -> Opened:
        past = self._records.ledger.rounds(order.id)
        holders, all_known = self._holders(order.phone_numbers, attempt)
        opened = judge(
            holders,
            in_force,
            past,
            given,
            order,
            sends=self._sends,
            sending_since=self._sending_since,
            holders_known=all_known,
            stands=self._records.cases.get(order.id),
        )
        if past.answer and not opened.pending:
            return self._watch_again(opened, self._answered(order, past.answer), given.now)
        if opened.pending:
            self._note_refusal(opened, past.answer, given.now)
            self._records.open_case(case_of(opened, given.now), past_order(order, holders, given.now))
        return opened

    def _answered(self, order: OrderFacts, answer: ReadEntry) -> ScreeningResult:
        """How we answered an order whose run was lost since: it goes on being watched."""
        case, body = self._records.cases.get(order.id), answer.body
        return ScreeningResult(
            portout_id=order.id,
            support_key=order.support_key,
            outcome=body["outcome"],
            decided_by=body["decided_by"],
            reviewer=body["reviewer"],
            reason=answer.reason,
            rejection_code=body["carrier_rejection_code"],
            carrier_status=body["carrier_status"],
            score=case.score if case else None,
            rules=case.rules if case else {},
            round=body["round"],
            policy_digest=body["policy_digest"],
            decided_at=case.decided_at if case else answer.at,
        )

    def _watch_again(self, opened: Opened, answered: ScreeningResult, now: datetime) -> Opened:
        case = {
            **case_of(opened, now).model_dump(exclude_unset=True),
            **answered_case(answered, Stage.AWAITING_CARRIER, now).model_dump(exclude_unset=True),
            "round": answered.round,
        }
        self._records.cases.upsert(CaseUpdate.model_validate(case))
        return opened.model_copy(update={"answered": answered, "round": answered.round})

    def _note_refusal(self, opened: Opened, answer: ReadEntry | None, now: datetime) -> None:
        if answer is None:
            return
        self._records.ledger.append(
            LedgerEntry(
                portout_id=opened.order.id,
                kind=EntryKind.REFUSED_BY_CARRIER,
                step_key=f"{opened.run_id}:refused_by_carrier:{opened.round - 1}",
                body=header_of(opened)
                | {
                    "round": opened.round - 1,
                    "status": answer.body.get("status"),
                    "note": "The order is pending again after our answer.",
                },
                actor=CARRIER,
                at=now,
            )
        )


def first_sending(records: Records) -> datetime | None:
    """When sending to a real carrier was first switched on."""
    mark = records.marks.get(FIRST_SENDING)
    return None if mark is None else datetime.fromisoformat(mark)


def judge(
    holders: Sequence[CustomerMatch],
    in_force: InForce,
    past: PastRounds,
    given: OpenInput,
    order: OrderFacts,
    *,
    sends: bool,
    sending_since: datetime | None,
    holders_known: bool = True,
    stands: Case | None = None,
) -> Opened:
    """Choose the policy of an order and its deadlines.

    Args:
        holders: who holds each number.
        holders_known: False when a source of customers failed, so that others may hold them.
        sending_since: when sending to a real carrier was first switched on; None: never, or at the sandbox.
        stands: the order as the queue shows it, from a run that may have been lost.
    """
    customers = {match.customer.id: match.customer for match in holders if match.customer}
    # A number without a customer beside one with a customer is not the same holder either.
    several = len({match.customer.id if match.customer else None for match in holders}) > 1
    tags = {tag for customer in customers.values() for tag in customer.tags}
    choice = in_force.bundle.choose(countries_of(order.phone_numbers), tags, several)
    policy = choice.policy
    round_ = max(past.next_round, given.carried.round if given.carried else 1)
    sent_before = [Barred(code=code, reason=reason) for code, reason in past.barred]
    refused = [*sent_before, *(given.carried.refused if given.carried else [])]
    began = given.now if round_ > 1 else order.inserted_at or given.now
    limit = began + (policy.respond.again_within if round_ > 1 else policy.respond.within)
    # The carrier's clock does not start again because we screen again, nor because we forgot that we did.
    known = [given.carried.limit if given.carried else None]
    if stands and stands.round == round_ and not stands.over:
        known.append(stands.limit_at)
    limit = min([limit, *filter(None, known)])
    respond_by = limit - policy.respond.margin
    because = [choice.review_because] if choice.review_because else []
    if not holders_known:
        because.append(UNKNOWN_HOLDERS)
    if round_ > 1:
        because.append("The order is pending again after an earlier answer or an outside change.")
    if given.now >= respond_by:
        because.append("The order was first seen after its deadline.")
    older = sending_since is not None and (order.inserted_at is None or order.inserted_at < sending_since)
    if older:
        because.append("The order is older than the first sending; it is not answered automatically.")
    return Opened(
        order=order,
        round=round_,
        run_id=given.run_id,
        policy=policy.policy,
        policy_digest=in_force.digest,
        mode=policy.mode if sends else Mode.SHADOW,
        sends=sends,
        rules=[_to_run(rule) for rule in policy.rules],
        limit=limit,
        respond_by=respond_by,
        remind_at=policy.review.remind_at,
        escalate_at=policy.review.escalate_at,
        review_because=because,
        may_be_denied=round_ == 1 and not older,
        refused=list({(barred.code, barred.reason): barred for barred in refused}.values()),
        several_customers=several,
        reads_foc=any(
            _FOC_DATES & CHECKS[rule.check.kind].facts_read(rule.check.params) for rule in policy.rules
        ),
    )


def _to_run(rule: Rule) -> RuleToRun:
    reads = CHECKS[rule.check.kind].facts_read(rule.check.params)
    return RuleToRun(
        rule_id=rule.id, check=rule.check.kind, reads_documents=not DOCUMENT_FACTS.isdisjoint(reads)
    )


def order_facts(order: PortOut) -> OrderFacts:
    """The facts of an order as they may enter history."""
    names = OrderFacts.model_fields.keys() - {"inserted_at"}
    return OrderFacts.model_validate(
        {name: getattr(order, name) for name in names}
        | {"inserted_at": order.inserted_at or order.created_at}
    )


def case_of(opened: Opened, now: datetime) -> CaseUpdate:
    """What the queue shows of an order that has just been opened."""
    order = opened.order
    return CaseUpdate(
        portout_id=order.id,
        updated_at=now,
        support_key=order.support_key,
        round=opened.round,
        stage=Stage.SCREENING,
        mode=opened.mode,
        sends=opened.sends,
        policy=opened.policy,
        policy_digest=opened.policy_digest,
        inserted_at=order.inserted_at,
        limit_at=opened.limit,
        respond_by=opened.respond_by,
        carrier_name=order.carrier_name,
        spid=order.spid,
        number_count=len(order.phone_numbers),
        first_approval_by=None,
        carrier_status=CarrierStatus.PENDING,
        asked_at=None,
        asked_for=None,
        foc_date=order.foc_date,
        # What an earlier round came to stands in the ledger.
        outcome=None,
        decided_by=None,
        reviewer=None,
        decided_at=None,
        reason=None,
        rejection_code=None,
    )

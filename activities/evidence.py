"""Gathering the facts of checks, reading only: what rule activities and `portout preflight` share.

A rule's kind and its parameters say which facts it reads, and nothing else is looked up: screening an order costs time.
"""

import asyncio
import hmac
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from activities.documents import linked_documents
from activities.pins import attempted_pins
from records.customer_record import CustomerMatch, CustomerRecord
from records.history import PastOrder
from records.store import Records
from screening.bundle import Bundle
from screening.checks import CHECKS, documents, repeat_request, velocity
from screening.checks.number import UNKNOWN
from screening.checks.repeat_request import RepeatRequestParams
from screening.checks.velocity import VelocityParams
from screening.facts import CustomerFacts, OrderFacts
from screening.gathered import EarlierRejection, GatheredFacts
from screening.policy import Policy, Rule
from screening.policy_values import LONGEST_DURATION
from screening.results import CheckResult
from screening.spelling import company_key, plain_key
from telnyx_api import TelnyxClient
from telnyx_api.models import UNKNOWN as NOT_STATED

BAR_AFTER_MISMATCH = timedelta(days=30)

UNSTATED = "unstated"
"""The status of a number that the carrier lists as ours without saying how it stands."""

_STATUSES = "number.statuses"
_EARLIER = frozenset({"history.rejected_at", "history.changed"})
DOCUMENT_FACTS = frozenset(documents.FACTS)
"""The facts that change when documents come."""


@dataclass(frozen=True)
class Question:
    """A rule of a policy, put for one order at one moment.

    Attributes:
        unrecorded: other orders that are pending and that the history does not know yet; they count all the same.
    """

    bundle: Bundle
    policy: Policy
    rule: Rule
    order: OrderFacts
    now: datetime
    unrecorded: Sequence[PastOrder] = ()

    @cached_property
    def reads(self) -> frozenset[str]:
        """The facts that the rule reads."""
        return CHECKS[self.rule.check.kind].facts_read(self.rule.check.params)

    @property
    def rejections_since(self) -> datetime:
        """How far back rejections matter; a condition compares the moment of one itself."""
        if self.rule.check.kind == repeat_request.KIND.name:
            return self.now - self.rule.check.read_params(RepeatRequestParams).within
        return self.now - LONGEST_DURATION


async def gather(records: Records, carrier: TelnyxClient, question: Question) -> GatheredFacts:
    """Look up what the rule reads, in the records and at the carrier. PINs are compared elsewhere, where they are counted.

    Raises:
        CarrierError: the carrier cannot be asked.
        DatabaseUnavailable, DirectoryFailed: the records cannot be read, or do not say who holds a number.
    """
    gathered = await asyncio.to_thread(gather_recorded, records, question)
    if _STATUSES in question.reads:
        statuses = await _number_statuses(carrier, question.order.phone_numbers)
        gathered = replace(gathered, number_statuses=statuses)
    if question.reads & DOCUMENT_FACTS:
        gathered = replace(gathered, documents=await linked_documents(carrier, question.order.id))
    if question.reads & _EARLIER:
        known, earlier = await _earlier_rejection(records, carrier, question)
        gathered = replace(gathered, history_known=known, earlier=earlier)
    return gathered


def gather_recorded(records: Records, question: Question) -> GatheredFacts:
    """The same from the records alone, for checks that need nothing of the carrier but the order.

    Raises:
        DatabaseUnavailable, DirectoryFailed: as `gather`.
    """
    order, counted = question.order, _counted(question.rule)
    needs_customers = any(name.startswith("customer.") for name in question.reads)
    holders = records.customers.find(order.phone_numbers) if needs_customers else []
    counts = {}
    if counted is not None:
        count = _count(records, question, counted, past_order(order, holders, question.now))
        counts = {} if count is None else {counted.fact: count}
    return GatheredFacts(
        order=order,
        now=question.now,
        zone=question.policy.zone,
        customers=[_facts_of(customer) for customer in _among(holders)],
        lists=question.bundle.lists_of(question.policy),
        counts=counts,
    )


def customers_among(records: Records, numbers: Sequence[str]) -> list[CustomerFacts]:
    """The different customers who hold these numbers.

    Raises:
        DatabaseUnavailable, DirectoryFailed: as `gather`.
    """
    return [_facts_of(customer) for customer in _among(records.customers.find(numbers))]


def past_order(order: OrderFacts, holders: Iterable[CustomerMatch], now: datetime) -> PastOrder:
    """An order as the history counts it: its SPID and carrier are spelled as checks compare them.

    Args:
        now: stands for the arrival of the request when the carrier does not say when that was.
    """
    return PastOrder(
        portout_id=order.id,
        numbers=order.phone_numbers,
        holders={match.number: match.customer.id for match in holders if match.customer},
        spid=plain_key(order.spid or "") or None,
        carrier=company_key(order.carrier_name or "") or None,
        requested_at=order.inserted_at or now,
    )


def pin_result(result: str, *, barred: bool, unfinished: bool = False) -> CheckResult:
    """The answer of `check_pin`: the result alone, and why it must not approve automatically.

    Args:
        barred: other attempts on these numbers bar it.
        unfinished: the carrier has an event of the order that may still get another PIN.
    """
    why = None
    if barred:
        why = "Another PIN was tried, or a wrong one, on a number of this order in the last 30 days."
    elif unfinished:
        why = "The carrier has not completed an event of this order, which may bring another PIN."
    return CheckResult(result=result, bars_approval=why)


def _among(holders: Iterable[CustomerMatch]) -> Collection[CustomerRecord]:
    return {match.customer.id: match.customer for match in holders if match.customer}.values()


def _facts_of(customer: CustomerRecord) -> CustomerFacts:
    return CustomerFacts(
        name=customer.name,
        business_name=customer.business_name,
        authorized_names=customer.authorized_names,
        tags=customer.tags,
        locked=customer.lock is not None if customer.lock_known else None,
        lock_why=customer.lock.why if customer.lock else None,
        pin_changed_at=customer.pin_changed_at,
        email_changed_at=customer.email_changed_at,
        contact_changed_at=customer.contact_changed_at,
        sim_changed_at=customer.sim_changed_at,
    )


def _counted(rule: Rule) -> VelocityParams | None:
    """What a rule counts. Only `velocity` does: its window is its own, so no other rule can use the count."""
    if rule.check.kind != velocity.KIND.name:
        return None
    return rule.check.read_params(VelocityParams)


def _count(records: Records, question: Question, counted: VelocityParams, past: PastOrder) -> int | None:
    """The count of the number, customer, SPID or carrier that has the most; None when the order names none."""
    keys = past.keys(counted.per)
    if not keys:
        return None
    since = question.now - counted.within
    counts = records.history.count(counted.count, counted.per, sorted(keys), since, besides=past.portout_id)
    pending = [
        other.keys(counted.per)
        for other in (question.unrecorded if counted.count == "orders" else ())
        if other.portout_id != past.portout_id and other.requested_at >= since
    ]
    with_pending = (counts.get(key, 0) + sum(key in theirs for theirs in pending) for key in keys)
    # The records spell what no database can hold in their own way, so their counts are taken as they come, too.
    return max([*counts.values(), *with_pending])


async def _number_statuses(carrier: TelnyxClient, numbers: Sequence[str]) -> list[str]:
    """The carrier's status of each number, `unknown` for one that it does not list as ours."""
    found = await asyncio.gather(*(carrier.phone_number(number) for number in numbers))
    return [
        UNKNOWN if record is None else UNSTATED if record.status == NOT_STATED else record.status
        for record in found
    ]


async def _earlier_rejection(
    records: Records, carrier: TelnyxClient, question: Question
) -> tuple[bool, EarlierRejection | None]:
    """Whether earlier rejections could be looked up and compared, and the last one."""
    order = question.order
    since = question.rejections_since
    denial = await asyncio.to_thread(
        records.history.last_denied, order.phone_numbers, since, besides=order.id
    )
    if denial is None:
        return True, None
    earlier = await asyncio.to_thread(_order_in_ledger, records, denial.portout_id)
    if earlier is None:
        return False, None
    changed = repeat_request.changes(earlier, order)
    then, now = await asyncio.gather(_last_pin(carrier, earlier.id), _last_pin(carrier, order.id))
    came_then = await asyncio.to_thread(records.attempts.event_ids, earlier.id)
    if came_then and not then:
        return False, None  # the carrier no longer shows it
    if not hmac.compare_digest(then, now):
        changed.append(repeat_request.PIN)
    return True, EarlierRejection(at=denial.at, changed=changed)


def _order_in_ledger(records: Records, portout_id: str) -> OrderFacts | None:
    """What an order said when it was last screened; None when that was erased or cannot be unsealed."""
    for entry in reversed(records.ledger.entries(portout_id)):
        if entry.personal and "order" in entry.personal:
            return OrderFacts.model_validate(entry.personal["order"])
    return None


async def _last_pin(carrier: TelnyxClient, portout_id: str) -> bytes:
    """The last PIN attempted on an order, to be compared and dropped; empty when none was."""
    attempts = await attempted_pins(carrier, portout_id)
    return attempts[-1].pin.get_secret_value().encode("utf-8", "surrogatepass") if attempts else b""

"""What the policy would do with a pending order now: the same core, fed by reading only.

Nothing is sent, no attempt is counted, no case or ledger entry is written; so attempts of other pending orders, which
the service counts before it compares, are held against each other here in memory.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel

from activities.concluding import conclusion_of, known_facts
from activities.contracts import Answer, Opened, OpenInput
from activities.eligible import eligible_codes
from activities.evidence import BAR_AFTER_MISMATCH, Question, gather, past_order, pin_result
from activities.opening import first_sending, judge, order_facts
from activities.pins import attempted_pins, pins_on_file
from activities.policies import InForce
from records.customer_record import CustomerMatch
from records.errors import DirectoryFailed, RecordsError
from records.history import PastOrder
from records.store import Records
from screening import decision as core
from screening import evaluation
from screening.checks import pin
from screening.policy import Mode, Policy, Rule
from screening.results import CheckResult, Outcome, RuleResult
from telnyx_api import CarrierError, PortOut, TelnyxClient

AT_ONCE = 8
"""Orders that are read at the same time: enough to be quick, and no burden for the carrier."""


class Outlook(BaseModel):
    """A pending order and what would become of it."""

    portout_id: str
    support_key: str | None
    carrier_name: str | None
    spid: str | None
    number_count: int
    numbers_with_pin: int
    policy: str
    mode: Mode
    outcome: Outcome
    """What the rules make of it. In shadow nothing is done about it, in advise a person is asked."""
    answer: Answer | None
    """What would be sent without anybody being asked."""
    score: int
    rules: dict[str, str]
    notes: list[str]
    limit: datetime
    respond_by: datetime


class Unjudged(BaseModel):
    """A pending order that could not be judged, and why."""

    portout_id: str
    support_key: str | None
    why: str


@dataclass
class _Pins:
    """The PINs of an order compared: the result, and those of every attempt."""

    on_file: int
    result: str
    attempts: list[str]


@dataclass(frozen=True)
class Forecaster:
    """Judges pending orders.

    Args:
        sending_since: when sending to a real carrier was first switched on, or would be by the next start.
    """

    carrier: TelnyxClient
    records: Records
    in_force: InForce
    sends: bool
    sending_since: datetime | None
    now: datetime

    async def forecast(self, orders: Sequence[PortOut]) -> list[Outlook | Unjudged]:
        """What would become of each order, in the order given."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def read(order: PortOut) -> "_Pins | str":
            async with slots:
                try:
                    return await self._pins(order)
                except (CarrierError, RecordsError) as error:
                    return str(error)

        async def judge_one(order: PortOut, pins: "_Pins | str") -> Outlook | Unjudged:
            why = pins
            if isinstance(pins, _Pins):
                async with slots:
                    try:
                        return await self._outlook(order, pins, tried, unrecorded)
                    except (CarrierError, RecordsError) as error:
                        why = str(error)
            return Unjudged(portout_id=order.id, support_key=order.support_key, why=str(why))

        unrecorded = await asyncio.to_thread(self._unrecorded, orders)
        compared = await asyncio.gather(*(read(order) for order in orders))
        tried = [
            (order.id, number, result)
            for order, pins in zip(orders, compared, strict=True)
            if isinstance(pins, _Pins)
            for number in order.phone_numbers
            for result in pins.attempts
        ]
        pairs = zip(orders, compared, strict=True)
        return await asyncio.gather(*(judge_one(order, pins) for order, pins in pairs))

    async def _pins(self, order: PortOut) -> _Pins:
        on_file = await pins_on_file(self.carrier, self.records, order.phone_numbers)
        attempts = await attempted_pins(self.carrier, order.id)
        several = (await asyncio.to_thread(self._open, order)).several_customers
        results = [pin.judge(on_file, attempt.pin, several_customers=several) for attempt in attempts]
        last = results[-1] if results else pin.judge(on_file, None, several_customers=several)
        return _Pins(sum(one is not None for one in on_file), last, results)

    async def _outlook(
        self,
        order: PortOut,
        pins: _Pins,
        tried: Sequence[tuple[str, str, str]],
        unrecorded: Sequence[PastOrder],
    ) -> Outlook:
        opened = await asyncio.to_thread(self._open, order)
        policy = self.in_force.bundle.policies[opened.policy]
        results = [
            RuleResult(
                rule_id=rule.id, check=await self._check(rule, policy, opened, pins, tried, unrecorded)
            )
            for rule in policy.rules
        ]
        decided = core.decide(
            policy,
            results,
            review_because=opened.review_because,
            facts=known_facts(opened.order, results),
        )
        denies = decided.outcome is Outcome.DENY
        eligible = await eligible_codes(self.carrier, order.id) if denies else []
        conclusion = conclusion_of(opened, policy, decided, eligible)
        return Outlook(
            portout_id=order.id,
            support_key=order.support_key,
            carrier_name=order.carrier_name,
            spid=order.spid,
            number_count=len(order.phone_numbers),
            numbers_with_pin=pins.on_file,
            policy=opened.policy,
            mode=opened.mode,
            outcome=conclusion.outcome,
            answer=conclusion.answer,
            score=conclusion.score,
            rules=conclusion.rules,
            notes=conclusion.notes,
            limit=opened.limit,
            respond_by=opened.respond_by,
        )

    def _open(self, order: PortOut) -> Opened:
        facts = order_facts(order)
        given = OpenInput(portout_id=order.id, run_id=str(uuid4()), now=self.now)
        return judge(
            self.records.customers.find(facts.phone_numbers),
            self.in_force,
            self.records.ledger.rounds(order.id),
            given,
            facts,
            sends=self.sends,
            sending_since=self.sending_since,
        )

    async def _check(
        self,
        rule: Rule,
        policy: Policy,
        opened: Opened,
        pins: _Pins,
        tried: Sequence[tuple[str, str, str]],
        unrecorded: Sequence[PastOrder],
    ) -> CheckResult:
        if rule.check.kind == pin.KIND.name:
            return pin_result(pins.result, barred=await asyncio.to_thread(self._barred, opened, tried))
        question = Question(self.in_force.bundle, policy, rule, opened.order, self.now, unrecorded)
        gathered = await gather(self.records, self.carrier, question)
        return await asyncio.to_thread(evaluation.ask, rule, gathered)

    def _unrecorded(self, orders: Sequence[PortOut]) -> list[PastOrder]:
        """The pending orders that the service has not opened yet."""
        known = self.records.history.known([order.id for order in orders])
        facts = [order_facts(order) for order in orders if order.id not in known]
        return [past_order(order, self._holders(order.phone_numbers), self.now) for order in facts]

    def _holders(self, numbers: Sequence[str]) -> list[CustomerMatch]:
        """Who holds each number; nobody while the directory fails, which says so for each order."""
        try:
            return self.records.customers.find(numbers)
        except DirectoryFailed:
            return []

    def _barred(self, opened: Opened, tried: Sequence[tuple[str, str, str]]) -> bool:
        """Whether attempts, recorded or only seen now, bar an automatic approval."""
        order = opened.order
        since = self.now - BAR_AFTER_MISMATCH
        if self.records.attempts.barring(order.id, order.phone_numbers, since):
            return True
        return any(
            number in order.phone_numbers
            and (result == pin.MISMATCH or (portout_id != order.id and result != pin.MATCH))
            for portout_id, number, result in tried
        )


def sending_since(records: Records, *, real_carrier: bool, sends: bool, now: datetime) -> datetime | None:
    """Since when answers are sent to a real carrier; the next start of a worker counts as now."""
    if not (real_carrier and sends):
        return first_sending(records)
    return first_sending(records) or now

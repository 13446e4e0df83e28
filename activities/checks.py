"""The rules of a policy as activities, one per kind of check. Each gathers the facts of its check and asks the core."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.carrier_errors import retrying
from activities.contracts import RuleInput
from activities.evidence import BAR_AFTER_MISMATCH, Question, gather, gather_recorded, pin_result
from activities.notices import NoticeBoard
from activities.pins import (
    STATUS_CHANGED,
    AttemptedPin,
    attempt_rows,
    attempts_in,
    is_complete,
    pins_on_file,
)
from activities.policies import PolicyShelf
from records.store import Records
from screening import evaluation
from screening.checks import pin
from screening.facts import PinOnFile
from screening.results import CheckResult
from telnyx_api import TelnyxClient

PIN_READS = 5
"""How often a PIN that is not there yet is read again within the wait: often enough, and no poll per second."""


class CheckActivities:
    """`check_<kind>` for every kind of check. The Temporal UI then reads like the policy."""

    def __init__(
        self,
        telnyx: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        refused_key: float,
    ) -> None:
        self._carrier = telnyx
        self._records = records
        self._shelf = shelf
        self._board = board
        self._refused_key = refused_key

    @activity.defn
    async def check_pin(self, given: RuleInput) -> CheckResult:
        """Fetch both PINs, count the attempts, then compare. Only the result leaves this activity."""
        order = given.order
        async with retrying(self._board, refused_key=self._refused_key):
            on_file = await pins_on_file(self._carrier, self._records, order.phone_numbers)
            events = await self._carrier.events(portout_id=order.id, event_type=STATUS_CHANGED)
        attempts = attempts_in(events)
        # The latest PIN counts, so one that may still come is waited for although an earlier one is there.
        unfinished = not all(is_complete(event) for event in events)
        if any(on_file) and (unfinished or not attempts):
            _wait_for_pin(given.pin_wait)
        return await asyncio.to_thread(self._judge_pins, given, on_file, attempts, unfinished)

    def _judge_pins(
        self,
        given: RuleInput,
        on_file: list[PinOnFile | None],
        attempts: list[AttemptedPin],
        unfinished: bool,
    ) -> CheckResult:
        order = given.order
        rows = attempt_rows(
            attempts, order.id, given.round, order.phone_numbers, spid=order.spid, now=given.now
        )
        # Committed before the comparison: guesses in parallel orders then see each other, whichever is compared first.
        self._records.attempts.record(rows)
        result = pin.judge(on_file, None, several_customers=given.several_customers)
        for attempt in attempts:
            result = pin.judge(on_file, attempt.pin, several_customers=given.several_customers)
            self._records.attempts.settle(order.id, given.round, attempt.event_id, result)
        since = datetime.now(UTC) - BAR_AFTER_MISMATCH
        barred = self._records.attempts.barring(order.id, order.phone_numbers, since)
        return pin_result(result, barred=barred, unfinished=unfinished)

    @activity.defn
    async def check_spid(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_carrier(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_authorized_name(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_account_lock(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_velocity(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_timing(self, given: RuleInput) -> CheckResult:
        return await asyncio.to_thread(self._ask, given)

    @activity.defn
    async def check_number(self, given: RuleInput) -> CheckResult:
        return await self._ask_with_carrier(given)

    @activity.defn
    async def check_documents(self, given: RuleInput) -> CheckResult:
        return await self._ask_with_carrier(given)

    @activity.defn
    async def check_repeat_request(self, given: RuleInput) -> CheckResult:
        return await self._ask_with_carrier(given)

    @activity.defn
    async def check_condition(self, given: RuleInput) -> CheckResult:
        return await self._ask_with_carrier(given)

    def _ask(self, given: RuleInput) -> CheckResult:
        question = self._question(given)
        return evaluation.ask(question.rule, gather_recorded(self._records, question))

    async def _ask_with_carrier(self, given: RuleInput) -> CheckResult:
        question = await asyncio.to_thread(self._question, given)
        async with retrying(self._board, refused_key=self._refused_key):
            gathered = await gather(self._records, self._carrier, question)
        return await asyncio.to_thread(evaluation.ask, question.rule, gathered)

    def _question(self, given: RuleInput) -> Question:
        bundle = self._shelf.by_digest(given.policy_digest)
        policy = bundle.policies[given.policy]
        rule = policy.rule(given.rule_id)
        if rule is None:
            raise ApplicationError(
                f"The policy {given.policy} has no rule {given.rule_id}.",
                type="UnknownRule",
                non_retryable=True,
            )
        return Question(bundle, policy, rule, given.order, given.now)


def _wait_for_pin(pin_wait: float) -> None:
    """Have Temporal call again while the PIN may still come: no slot is held and nothing is added to history.

    Raises:
        ApplicationError: the wait is not over.
    """
    info = activity.info()
    waited = (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()
    if waited < pin_wait:
        raise ApplicationError(
            "No attempted PIN is there yet.",
            type="PinNotThereYet",
            next_retry_delay=timedelta(seconds=pin_wait / PIN_READS),
            category=ApplicationErrorCategory.BENIGN,
        )

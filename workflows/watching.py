"""Watching an order that was answered, until the carrier is done with it.

A rejection is watched until the carrier has ruled on it, an authorized order until it is ported or the time in which it
may be ported is over. A run that watches costs nothing while nothing happens: intake signals it when something does.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

from activities.contracts import (
    FOC_DATE_CHANGED,
    NEW_COMMENT,
    SENDING_IS_ON,
    AnswerKind,
    Carried,
    CarrierStatus,
    Conclusion,
    Ending,
    NoticeKind,
    Opened,
    RuleInput,
    ScreeningResult,
    StartScreening,
    Verdict,
)
from activities.records import RecordActivities
from activities.watching import WatchActivities
from activities.watching_messages import (
    ClosingInput,
    CommentsInput,
    FocMovedInput,
    LookAfterInput,
    Seen,
)
from records.cases import Stage
from screening.rejection import Barred
from screening.results import CheckResult, Outcome, RuleResult
from workflows import search_attributes
from workflows.answering import Answering, Gone
from workflows.desk import KEPT_ATTEMPTS

PORTED_WITHIN = timedelta(days=10)
"""How long after the FOC date a number may still be ported (Telnyx port-out guide)."""
WITHOUT_FOC = timedelta(days=30)
"""How long an authorized order without any FOC date is watched."""
LONG_HISTORY = 120
"""Events after which a run that watches goes on in a new one."""
RULED = (CarrierStatus.REJECTED, CarrierStatus.CANCELED, CarrierStatus.PORTED)
"""The statuses that are final."""
_REFUSALS = (CarrierStatus.REJECTED_PENDING, CarrierStatus.REJECTED)
_RELEASES = (CarrierStatus.AUTHORIZED, CarrierStatus.PORTED)
_NO_REASON_TO_LOOK = (NEW_COMMENT, SENDING_IS_ON)


class Watching(Answering):
    """The part of a screening that follows its answer."""

    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._look_again_at: datetime | None = None
        self._reading_comments: asyncio.Task[None] | None = None

    async def _answer(self, opened: Opened, conclusion: Conclusion, verdict: Verdict) -> ScreeningResult:
        self._stage = Stage.ANSWERING
        # What became of the order before is found out by the answer itself; where its FOC date stands is not.
        self._events = [event for event in self._events if event.event_type == FOC_DATE_CHANGED]
        result = await self._deliver(opened, conclusion, verdict)
        if result.kind is AnswerKind.DECIDED_ELSEWHERE:
            return await self._end_gone(opened, Gone(result.carrier_status))
        if result.kind is AnswerKind.REFUSED:
            await self._next_round(opened, conclusion, verdict, result)
        ending = Ending.answered(opened, conclusion, verdict, result)
        answered = self._answered = ScreeningResult.of(ending)
        self._stage = Stage.AWAITING_CARRIER
        workflow.upsert_search_attributes(
            [
                search_attributes.STAGE.value_set(Stage.AWAITING_CARRIER),
                search_attributes.OUTCOME.value_set(answered.outcome),
            ]
        )
        await self._record_answer(ending, recorded=result.recorded)
        return await self._watch(_as_answered(opened, verdict, answered), answered)

    async def _record_answer(self, ending: Ending, *, recorded: bool) -> None:
        """Write down what is not yet, as a watch may be long: the answer, and who tried what in vain before it."""
        self._refuse_what_came_late()
        attempts = self._sentences_of_refused_attempts()
        if recorded and not attempts:
            return
        self._earlier_attempts, self._attempts_written = [], len(self._refused_attempts)
        await self._steps.must(
            RecordActivities.record_ending, ending.model_copy(update={"refused_attempts": attempts})
        )

    def _read_comments(self, opened: Opened) -> None:
        """Have the carrier's comments on our last answer kept, for the reviewers of this round; beside the run."""
        if opened.round > 1:
            self._reading_comments = asyncio.create_task(self._keep_comments(opened))

    async def _keep_comments(self, opened: Opened) -> None:
        await self._steps.attempt(
            WatchActivities.keep_comments,
            CommentsInput(opened=opened, now=workflow.now()),
            within=self._timing.evidence,
        )

    async def _watch_again(self, opened: Opened, answered: ScreeningResult) -> ScreeningResult:
        """Take up the watch over an order whose run was lost, from how it stood when it was answered."""
        now = Seen.model_validate(opened.order.model_dump())
        as_answered = opened.order.model_copy(update={"status": answered.carrier_status})
        opened = opened.model_copy(update={"order": as_answered})
        return await self._watch(await self._heed(opened, answered, now), answered)

    async def _watch_on(self, opened: Opened, answered: ScreeningResult) -> ScreeningResult:
        """Go on watching after a run that had grown long, and look at what it may not have got to look at any more."""
        self._look_again_at = workflow.now()
        return await self._watch(opened, answered)

    async def _watch(self, opened: Opened, answered: ScreeningResult) -> ScreeningResult:
        """Wait until the carrier is done with the order, or cannot do anything with it any more."""
        self._opened, self._answered, self._stage = opened, answered, Stage.AWAITING_CARRIER
        while opened.order.status not in RULED:
            if not await self._reason_to_look(opened):
                if self._is_long():
                    await self._go_on_in_a_new_run(opened)
                continue
            seen = await self._look_after(opened, answered)
            if seen is None:
                continue
            if seen.status == CarrierStatus.PENDING:
                await self._begin_next_round(opened, opened.refused)
            opened = await self._heed(opened, answered, seen)
            until = watched_until(opened, answered)
            if until is not None and until <= workflow.now():
                return await self._close(opened, answered, "It can no longer be ported under this order.")
        return await self._close(opened, answered, f"The carrier shows it as {opened.order.status}.")

    async def _reason_to_look(self, opened: Opened) -> bool:
        """Wait for a reason to look at the order: an event, a look that failed, or the end of the time to be watched.

        Returns:
            False when it was something else that had to be seen to, and when this run has grown long.
        """
        wake_at = self._look_again_at or watched_until(opened, self._answered)
        timeout = None if wake_at is None else max(wake_at - workflow.now(), timedelta(milliseconds=1))
        try:
            await workflow.wait_condition(
                lambda: bool(self._events or self._inbox or self._is_long()),
                timeout=timeout,
                timeout_summary="watched until" if self._look_again_at is None else "before another look",
            )
        except TimeoutError:
            return True
        self._refuse_what_came_late()
        self._events = [event for event in self._events if event.event_type not in _NO_REASON_TO_LOOK]
        return bool(self._events)

    async def _look_after(self, opened: Opened, answered: ScreeningResult) -> Seen | None:
        """Look at the order; None when carrier or records are away, and then it is tried again after a while."""
        self._events.clear()
        seen = await self._steps.attempt(
            WatchActivities.look_after,
            LookAfterInput(opened=opened, answered_at=_decided_at(answered), now=workflow.now()),
            within=self._timing.evidence,
        )
        again_in = timedelta(seconds=self._timing.evidence)
        self._look_again_at = workflow.now() + again_in if seen is None else None
        return seen

    async def _heed(self, opened: Opened, answered: ScreeningResult, seen: Seen) -> Opened:
        """Tell people what they must know of what has changed, and return the order as it is now."""
        before, order = opened.order, opened.order.model_copy(update=seen.model_dump())
        opened = self._opened = opened.model_copy(update={"order": order})
        if order.status != before.status:
            self._tell_of_status(order.status, answered)
        port_at, was = order.port_at, before.port_at
        if port_at != was and order.status == CarrierStatus.AUTHORIZED:
            await self._ask_rules_of_timing(opened, was)
        return opened

    def _tell_of_status(self, status: str, answered: ScreeningResult) -> None:
        denied = answered.outcome == "deny"
        if status not in list(CarrierStatus):
            text = f"The order shows the status “{status}”, which is not known here; it is watched on."
        elif denied and status in _RELEASES:
            text = f"The order became {status} although we rejected it."
        elif not denied and status in _REFUSALS:
            text = f"The order became {status} although we approved it."
        else:
            return
        self._tell(NoticeKind.INCIDENT, f"after-the-answer-{status}", text)

    async def _ask_rules_of_timing(self, opened: Opened, was: datetime | None) -> None:
        """Run the rules of timing for another FOC date; if they object, a person must know, for we cannot act."""
        rules = [rule.rule_id for rule in opened.rules if rule.check == "timing"]
        if not rules:
            return
        results = await asyncio.gather(*(self._ask_rule_of_timing(opened, rule) for rule in rules))
        found = await self._steps.attempt(
            WatchActivities.weigh_foc_move,
            FocMovedInput(opened=opened, was=was, results=results, now=workflow.now()),
            within=self._timing.evidence,
        )
        why = found.why if found else "What the rules say to it could not be found out."
        if why is None:
            return
        port_at = opened.order.port_at
        moved = f"moved to {port_at:%Y-%m-%d %H:%M} UTC" if port_at else "was taken away"
        self._tell(
            NoticeKind.ESCALATION,
            f"foc-{port_at.isoformat() if port_at else None}",
            f"The FOC date of an authorized order {moved}. {why} We can no longer reject it by ourselves: "
            "ask the carrier if it must be stopped.",
        )

    async def _ask_rule_of_timing(self, opened: Opened, rule_id: str) -> RuleResult:
        given = RuleInput(
            order=opened.order,
            round=opened.round,
            policy=opened.policy,
            policy_digest=opened.policy_digest,
            rule_id=rule_id,
            several_customers=opened.several_customers,
            now=workflow.now(),
            pin_wait=0.0,
        )
        check = await self._steps.attempt_named(
            "check_timing", given, CheckResult, within=self._timing.evidence, summary=rule_id
        )
        return RuleResult(rule_id=rule_id, check=check or CheckResult(result="error"))

    def _is_long(self) -> bool:
        return workflow.info().get_current_history_length() >= LONG_HISTORY

    async def _go_on_in_a_new_run(self, opened: Opened) -> None:
        await self._finish_handlers(notices_within=self._timing.activity)
        self._refuse_what_came_late()
        workflow.continue_as_new(
            StartScreening(
                portout_id=opened.order.id,
                timing=self._timing,
                carried=Carried(
                    round=opened.round,
                    attempts=self._sentences_of_refused_attempts()[-KEPT_ATTEMPTS:],
                    unrecorded=self._unrecorded,
                    watched=opened,
                ),
            )
        )

    async def _close(self, opened: Opened, answered: ScreeningResult, why: str) -> ScreeningResult:
        self._stage = Stage.CLOSED
        result = answered.model_copy(update={"carrier_status": opened.order.status})
        workflow.upsert_search_attributes([search_attributes.STAGE.value_set(Stage.CLOSED)])
        await self._finish_everything()
        self._refuse_what_came_late()
        await self._steps.must(
            WatchActivities.record_closed,
            ClosingInput(
                opened=opened,
                result=result,
                why=why,
                refused_attempts=self._sentences_of_refused_attempts(),
                now=workflow.now(),
            ),
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result


def watched_until(opened: Opened, answered: ScreeningResult | None) -> datetime | None:
    """Until when an order is watched; None for a rejection, which is watched until the carrier has ruled on it."""
    if opened.order.status == CarrierStatus.REJECTED_PENDING or answered is None:
        return None
    port_at = opened.order.port_at
    return port_at + PORTED_WITHIN if port_at else _decided_at(answered) + WITHOUT_FOC


def _decided_at(answered: ScreeningResult) -> datetime:
    return answered.decided_at or workflow.now()


def _as_answered(opened: Opened, verdict: Verdict, answered: ScreeningResult) -> Opened:
    """The order as the carrier shows it after our answer. A rejection of ours is never sent again."""
    refused = list(opened.refused)
    if verdict.outcome is Outcome.DENY:
        refused.append(Barred(code=verdict.answer.rejection_code, reason=verdict.answer.reason))
    order = opened.order.model_copy(update={"status": answered.carrier_status})
    return opened.model_copy(update={"order": order, "refused": refused, "answered": answered})

"""The screening of one port-out, from the first read to the carrier's answer.

`run` is the table of contents: open, screen, then answer, wait for people, or watch. Everything that reads, decides or
sends is an activity, so that new decision code never breaks a run that waits. After a change in the order of steps run
the replay tests (`tests/workflows/test_replay.py` says how histories are recorded).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.carrier import CarrierActivities
    from activities.concluding import ConcludingActivities
    from activities.contracts import (
        SCREENING_WORKFLOW,
        AnswerInput,
        AnswerKind,
        AnswerResult,
        Carried,
        CarrierStatus,
        ConcludeInput,
        Conclusion,
        DeadlineInput,
        Ending,
        Look,
        LookInput,
        Next,
        Notice,
        NoticeKind,
        Opened,
        OpenInput,
        RuleInput,
        RuleToRun,
        ScreeningResult,
        StartScreening,
        Verdict,
    )
    from activities.opening import OpeningActivities
    from activities.records import RecordActivities
    from records.cases import DecidedBy, Stage
    from records.ledger import EntryKind
    from screening.policy import Mode
    from screening.rejection import Barred
    from screening.results import CheckResult, Outcome, RuleResult
    from workflows import search_attributes
    from workflows.desk import ReviewDesk
    from workflows.ladder import Ladder, Rung
    from workflows.pager import Pager


@dataclass
class Gone:
    """The order left `pending` without us."""

    status: str


class ScreenAgain:
    """Evidence came during the review: the rules run anew."""


@workflow.defn(name=SCREENING_WORKFLOW)
class PortOutScreening(ReviewDesk):
    """One port-out: screened, decided once, answered once. Workflow id `portout-<id>`."""

    @workflow.init
    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._screenings = 0
        self._pager = Pager(self._steps, start.timing.notice)

    @workflow.run
    async def run(self, start: StartScreening) -> ScreeningResult:
        opened = self._opened = await self._open(start)
        if not opened.pending:
            return await self._end_gone(opened, Gone(opened.order.status))
        while True:
            conclusion = self._conclusion = await self._screen(opened)
            if conclusion.next is Next.ANSWER and conclusion.answer is not None:
                self._verdict = Verdict(
                    by=DecidedBy.POLICY,
                    outcome=conclusion.outcome,
                    at=workflow.now(),
                    answer=conclusion.answer,
                )
                return await self._answer(opened, conclusion, self._verdict)
            settled = await self._wait(opened, conclusion)
            if isinstance(settled, Verdict):
                return await self._answer(opened, conclusion, settled)
            if isinstance(settled, Gone):
                return await self._end_gone(opened, settled)

    # Open and screen

    async def _open(self, start: StartScreening) -> Opened:
        return await self._steps.must(
            OpeningActivities.open,
            OpenInput(
                portout_id=start.portout_id,
                run_id=workflow.info().run_id,
                now=workflow.now(),
                carried=start.carried,
            ),
        )

    async def _screen(self, opened: Opened) -> Conclusion:
        self._stage = Stage.SCREENING
        self._screenings += 1
        results = await asyncio.gather(*(self._run_rule(opened, rule) for rule in opened.rules))
        conclusion = await self._conclude(opened, results)
        self._show(opened, conclusion)
        return conclusion

    async def _run_rule(self, opened: Opened, rule: RuleToRun) -> RuleResult:
        """Run one rule. One that cannot be run is `error`, which the policy never counts as a pass."""
        left = self._until(opened.respond_by)
        given = RuleInput(
            order=opened.order,
            round=opened.round,
            policy=opened.policy,
            policy_digest=opened.policy_digest,
            rule_id=rule.rule_id,
            several_customers=opened.several_customers,
            now=workflow.now(),
            pin_wait=min(self._timing.pin_wait, left),
        )
        check = await self._steps.attempt_named(
            f"check_{rule.check}",
            given,
            CheckResult,
            within=min(self._timing.evidence + self._timing.pin_wait, left),
            summary=rule.rule_id,
        )
        return RuleResult(rule_id=rule.rule_id, check=check or CheckResult(result="error"))

    async def _conclude(self, opened: Opened, results: Sequence[RuleResult]) -> Conclusion:
        conclusion = await self._steps.attempt(
            ConcludingActivities.conclude,
            ConcludeInput(
                opened=opened,
                results=list(results),
                step=f"screened-{self._screenings}",
                now=workflow.now(),
            ),
            within=self._until(opened.respond_by),
        )
        if conclusion is not None:
            return conclusion
        self._tell(
            NoticeKind.INCIDENT, "undecided", "No decision could be made or recorded; a person must look."
        )
        return Conclusion.impossible("The policy could not be applied: records or evidence were away.")

    # Wait for people, the deadline, or the carrier

    async def _wait(self, opened: Opened, conclusion: Conclusion) -> Verdict | Gone | ScreenAgain:
        """Stand in the queue until somebody decides, the deadline acts, or the order leaves `pending`."""
        self._enter_review(opened)
        ladder = Ladder.of(opened, began=workflow.now())
        while self._verdict is None:
            await self._something_happens(ladder.next_at())
            await self._take_signals()
            for rung in ladder.climb(workflow.now()) if self._verdict is None else []:
                await self._climb(rung, opened, conclusion)
            if self._events and self._verdict is None:
                self._events.clear()
                look = await self._look(opened)
                if look and look.status != CarrierStatus.PENDING:
                    return Gone(look.status)
                if look and look.unseen_pin and opened.mode is not Mode.SHADOW:
                    return ScreenAgain()
        return self._verdict

    async def _something_happens(self, wake_at: datetime | None) -> None:
        timeout = None if wake_at is None else max(wake_at - workflow.now(), timedelta(milliseconds=1))
        try:
            await workflow.wait_condition(
                lambda: bool(self._verdict or self._inbox or self._events),
                timeout=timeout,
                timeout_summary="reminder, escalation or deadline",
            )
        except TimeoutError:
            return

    async def _climb(self, rung: Rung, opened: Opened, conclusion: Conclusion) -> None:
        if rung is Rung.REMIND:
            self._tell(
                NoticeKind.REMINDER, f"remind-{workflow.now():%H%M%S}", "Still waiting for a decision."
            )
        elif rung is Rung.ESCALATE:
            self._tell(NoticeKind.ESCALATION, "escalate", "Nobody has decided yet; the deadline is near.")
        elif opened.mode is Mode.ADVISE:
            self._tell(NoticeKind.INCIDENT, "deadline", "The deadline is here and nobody has decided.")
        else:
            await self._act_at_deadline(opened, conclusion)

    async def _act_at_deadline(self, opened: Opened, conclusion: Conclusion) -> None:
        """Do what the policy's `at_deadline` says. A decision that is just being admitted goes first."""
        async with self._door:
            if self._verdict is not None:
                return
            deadline = await self._steps.attempt(
                ConcludingActivities.conclude_deadline,
                DeadlineInput(opened=opened, conclusion=conclusion, now=workflow.now()),
                # Half of what is left: a decision also needs time to reach the carrier.
                within=self._until(opened.limit) / 2,
            )
            if deadline is not None and deadline.answer is not None:
                approved = deadline.answer.status == "authorized"
                self._verdict = Verdict(
                    by=DecidedBy.DEADLINE,
                    outcome=Outcome.APPROVE if approved else Outcome.DENY,
                    at=workflow.now(),
                    answer=deadline.answer,
                )
                return
            self._left_on_purpose = True
            why = deadline.why if deadline else "the policy could not be applied, because records are away"
            self._tell(NoticeKind.INCIDENT, "left", f"The order is left to the carrier's silence: {why}.")

    async def _look(self, opened: Opened) -> Look | None:
        """Read the order again. When the carrier is away, intake asks again; the deadline does not wait for it."""
        return await self._steps.attempt(
            CarrierActivities.look, LookInput(portout_id=opened.order.id), within=self._timing.activity
        )

    # Answer and end

    async def _answer(self, opened: Opened, conclusion: Conclusion, verdict: Verdict) -> ScreeningResult:
        self._stage = Stage.ANSWERING
        result = await self._deliver(opened, conclusion, verdict)
        if result.kind is AnswerKind.DECIDED_ELSEWHERE:
            return await self._end_gone(opened, Gone(result.carrier_status))
        if result.kind is AnswerKind.REFUSED:
            await self._next_round(opened, conclusion, verdict, result)
        ending = Ending.answered(opened, conclusion, verdict, result)
        return await self._end(ending, recorded=result.recorded)

    async def _deliver(self, opened: Opened, conclusion: Conclusion, verdict: Verdict) -> AnswerResult:
        """Send the answer, for as long as the order is pending. After the first window each try reads first."""
        resend = False
        while True:
            left = (opened.limit - workflow.now()).total_seconds()
            result = await self._steps.attempt(
                CarrierActivities.answer,
                AnswerInput(opened=opened, conclusion=conclusion, verdict=verdict, resend=resend),
                within=max(left, self._timing.answer_least),
                summary=verdict.answer.status,
            )
            if result is not None:
                return result
            self._tell(
                NoticeKind.INCIDENT, "undelivered", "The decision could not be delivered to the carrier."
            )
            resend = True
            # An error that no retry helps ends an attempt at once; the next one must not follow at once.
            await workflow.sleep(self._timing.retry_longest, summary="before the answer is tried again")

    async def _next_round(
        self, opened: Opened, conclusion: Conclusion, verdict: Verdict, result: AnswerResult
    ) -> None:
        """The carrier will not take this answer and the order is still pending: a person must find another."""
        self._tell(
            NoticeKind.INCIDENT, "refused", "The carrier did not take the answer; it needs another one."
        )
        ending = Ending.answered(opened, conclusion, verdict, result)
        await self._steps.must(
            RecordActivities.record_ending,
            ending.model_copy(update={"kind": EntryKind.REFUSED_BY_CARRIER, "outcome": "none"}),
        )
        await self._finish_handlers()
        refused = [*opened.refused, Barred(code=verdict.answer.rejection_code, reason=verdict.answer.reason)]
        workflow.continue_as_new(
            StartScreening(
                portout_id=opened.order.id,
                timing=self._timing,
                carried=Carried(round=opened.round + 1, refused=refused),
            )
        )

    async def _end_gone(self, opened: Opened, gone: Gone) -> ScreeningResult:
        """The order left `pending` without us: nothing is sent.

        An incident in enforce, unless the order was withdrawn or left on purpose, or an earlier round has ended it.
        """
        authorized = gone.status in (CarrierStatus.AUTHORIZED, CarrierStatus.PORTED)
        left = self._left_on_purpose and authorized
        silence = authorized and workflow.now() >= opened.limit
        note = (
            f"The order became {gone.status} without our answer{', probably by silence' if silence else ''}."
        )
        ended_before = self._conclusion is None and opened.round > 1
        if (
            opened.mode is Mode.ENFORCE
            and gone.status != CarrierStatus.CANCELED
            and not (left or ended_before)
        ):
            self._tell(NoticeKind.INCIDENT, "decided-elsewhere", note)
        ending = Ending(
            opened=opened,
            conclusion=self._conclusion,
            verdict=None,
            kind=EntryKind.DECIDED_ELSEWHERE,
            outcome="leave" if left else "none",
            decided_by=DecidedBy.DEADLINE if left else DecidedBy.ELSEWHERE,
            carrier_status=gone.status,
            note=note,
            at=workflow.now(),
        )
        return await self._end(ending, recorded=False)

    async def _end(self, ending: Ending, *, recorded: bool) -> ScreeningResult:
        self._stage = Stage.CLOSED
        self._refuse_what_came_late()
        if self._refused_attempts or not recorded:
            ending.refused_attempts = [attempt.sentence() for attempt in self._refused_attempts]
            await self._steps.must(RecordActivities.record_ending, ending)
        workflow.upsert_search_attributes(
            [
                search_attributes.STAGE.value_set(Stage.CLOSED),
                search_attributes.OUTCOME.value_set(ending.outcome),
            ]
        )
        await self._finish_handlers()
        return ScreeningResult.of(ending)

    async def _finish_handlers(self) -> None:
        await self._pager.finish()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # Tell and show

    def _tell(self, kind: NoticeKind, cause: str, text: str) -> None:
        opened = self._opened
        self._pager.tell(
            Notice(
                kind=kind,
                cause=f"{self._portout_id}:{opened.round if opened else 1}:{cause}",
                portout_id=self._portout_id,
                support_key=opened.order.support_key if opened else None,
                text=text,
                seconds_left=(opened.limit - workflow.now()).total_seconds() if opened else None,
            )
        )

    def _enter_review(self, opened: Opened) -> None:
        if opened.mode is Mode.SHADOW:
            self._stage = Stage.AWAITING_CARRIER
            return
        self._stage = Stage.AWAITING_REVIEW
        workflow.upsert_search_attributes(
            [
                search_attributes.STAGE.value_set(Stage.AWAITING_REVIEW),
                search_attributes.RESPOND_BY.value_set(opened.respond_by),
            ]
        )
        self._tell(NoticeKind.REVIEW, f"review-{self._screenings}", "A port-out waits for a decision.")

    def _show(self, opened: Opened, conclusion: Conclusion) -> None:
        """Say in Temporal's own UI what the rules found."""
        rows = "".join(f"| {rule} | {result} |\n" for rule, result in conclusion.rules.items())
        workflow.set_current_details(
            f"**{opened.policy}** ({opened.mode}): {conclusion.outcome}, score {conclusion.score}\n\n"
            f"| rule | result |\n|---|---|\n{rows}"
        )

    def _until(self, moment: datetime) -> float:
        """Seconds from now; at least one try's worth, because a timeout of zero would mean no limit."""
        left: float = (moment - workflow.now()).total_seconds()
        return max(left, self._timing.activity)

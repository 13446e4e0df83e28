"""The screening of one port-out, from the first read to the carrier's answer.

`run` is the table of contents: open, screen, then answer, wait for people, or watch. Everything that reads, decides or
sends is an activity, so that new decision code never breaks a run that waits. After a change in the order of steps run
the replay tests (`tests/workflows/test_replay.py` says how histories are recorded).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.asking_messages import Awaited
from activities.carrier import CarrierActivities
from activities.concluding import ConcludingActivities
from activities.contracts import (
    NEW_COMMENT,
    SCREENING_WORKFLOW,
    SENDING_IS_ON,
    CarrierStatus,
    ConcludeInput,
    Conclusion,
    DeadlineInput,
    LookInput,
    Next,
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
from records.cases import DecidedBy, Stage
from screening.policy import Mode
from screening.results import CheckResult, Outcome, RuleResult
from workflows import search_attributes
from workflows.answering import Gone
from workflows.asking import Asking
from workflows.ladder import Ladder, Rung


@dataclass
class ScreenAgain:
    """Evidence came during the review: the rules run anew.

    Attributes:
        documents: how those that were asked for stand; then only the rules that read documents run.
        opened: the order as it is now, when it has changed.
    """

    documents: Awaited | None = None
    opened: Opened | None = None


@workflow.defn(name=SCREENING_WORKFLOW)
class PortOutScreening(Asking):
    """One port-out: screened, decided once, answered once. Workflow id `portout-<id>`."""

    @workflow.init
    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._screenings = 0
        self._results: dict[str, RuleResult] = {}

    @workflow.run
    async def run(self, start: StartScreening) -> ScreeningResult:
        self._begin_to_record_earlier_rounds()
        watched = start.carried.watched if start.carried else None
        if watched is not None and watched.answered is not None:
            return await self._watch_on(watched, watched.answered)
        opened = self._opened = await self._open(start)
        if opened.answered is not None:
            return await self._watch_again(opened, opened.answered)
        if not opened.pending:
            return await self._end_gone(opened, Gone(opened.order.status))
        if start.carried and start.carried.limit is None:
            self._tell_refused(start.carried.round - 1)
        self._read_comments(opened)
        again = ScreenAgain()
        while True:
            conclusion = self._conclusion = await self._screen(opened, again)
            settled = await self._decided_by_policy(conclusion) or await self._wait(opened, conclusion)
            if isinstance(settled, ScreenAgain):
                again = settled
                opened = self._opened = again.opened or opened
                continue
            self._stop_asking()
            if isinstance(settled, Verdict):
                return await self._answer(opened, conclusion, settled)
            return await self._end_gone(opened, settled)

    # Open and screen

    async def _open(self, start: StartScreening) -> Opened:
        try:
            return await self._steps.must(
                OpeningActivities.open,
                OpenInput(
                    portout_id=start.portout_id,
                    run_id=workflow.info().run_id,
                    now=workflow.now(),
                    carried=start.carried,
                ),
            )
        except ActivityError as error:
            if not is_cancelled_exception(error):
                # While the carrier lists the order, intake starts it again; until it can be read nobody watches it.
                self._tell(
                    NoticeKind.INCIDENT, "unreadable", "The order cannot be read, so it is not screened."
                )
                self._stage = Stage.CLOSED
                await self._finish_everything()
            raise

    async def _screen(self, opened: Opened, again: ScreenAgain) -> Conclusion:
        self._stage = Stage.SCREENING
        self._screenings += 1
        screened_at = workflow.now()
        rules = [rule for rule in opened.rules if again.documents is None or rule.reads_documents]
        results = await asyncio.gather(*(self._run_rule(opened, rule) for rule in rules))
        self._results.update((result.rule_id, result) for result in results)
        conclusion = await self._conclude(opened, again, screened_at)
        self._drop_first_approval()
        self._show(opened, conclusion)
        return conclusion

    async def _run_rule(self, opened: Opened, rule: RuleToRun) -> RuleResult:
        """Run one rule. One that cannot be run is `error`, which the policy never counts as a pass."""
        left = self._until(opened.respond_by)
        # After the wait one try must be left, or the result would be `error` and not `missing`.
        pin_wait = max(min(self._pin_patience, left - self._timing.activity), 0.0)
        given = RuleInput(
            order=opened.order,
            round=opened.round,
            policy=opened.policy,
            policy_digest=opened.policy_digest,
            rule_id=rule.rule_id,
            several_customers=opened.several_customers,
            now=workflow.now(),
            pin_wait=pin_wait,
        )
        check = await self._steps.attempt_named(
            f"check_{rule.check}",
            given,
            CheckResult,
            within=min(self._timing.evidence + self._timing.pin_wait, left),
            summary=rule.rule_id,
        )
        return RuleResult(rule_id=rule.rule_id, check=check or CheckResult(result="error"))

    async def _conclude(self, opened: Opened, again: ScreenAgain, screened_at: datetime) -> Conclusion:
        conclusion = await self._steps.attempt_at_hand(
            ConcludingActivities.conclude,
            ConcludeInput(
                opened=opened,
                results=list(self._results.values()),
                step=f"screened-{self._screenings}",
                now=workflow.now(),
                screened_at=screened_at,
                documents=again.documents.standing if again.documents else None,
                document_hashes=again.documents.documents if again.documents else [],
                asked=self._policy_asked,
            ),
            within=self._until(opened.respond_by),
        )
        if conclusion is not None:
            return conclusion
        if opened.mode is not Mode.SHADOW:
            self._tell(
                NoticeKind.INCIDENT, "undecided", "No decision could be made or recorded; a person must look."
            )
        return Conclusion.impossible("The policy could not be applied: records or evidence were away.")

    async def _decided_by_policy(self, conclusion: Conclusion) -> Verdict | None:
        """The policy's own answer, unless it has none. A person whose decision is just being admitted goes first.

        Somebody can have decided when evidence came during a review and the rules ran anew.
        """
        async with self._door:
            if self._verdict is None and conclusion.next is Next.ANSWER and conclusion.answer is not None:
                self._verdict = Verdict(
                    by=DecidedBy.POLICY,
                    outcome=conclusion.outcome,
                    at=workflow.now(),
                    answer=conclusion.answer,
                )
            return self._verdict

    # Wait for people, the deadline, or the carrier

    async def _wait(self, opened: Opened, conclusion: Conclusion) -> Verdict | Gone | ScreenAgain:
        """Stand in the queue until somebody decides, the deadline acts, or the order leaves `pending`."""
        self._enter_review(opened)
        self._ask_as_the_policy_says(conclusion)
        self._review_began = self._review_began or workflow.now()
        ladder = Ladder.of(opened, began=self._review_began, now=workflow.now())
        while self._verdict is None:
            self._begin_to_ask_if_wanted(opened)
            await self._something_happens(_sooner(ladder.next_at(), self._look_again_at))
            await self._take_signals()
            if self._verdict is None:
                await self._begin_anew_if_asked(opened)
            for rung in ladder.climb(workflow.now()) if self._verdict is None else []:
                await self._climb(rung, opened, conclusion)
            news = await self._heed_the_carrier(opened) if self._verdict is None else None
            # What a person was promised while we looked is answered first, and the answer finds out by itself.
            if news is not None and self._verdict is None:
                return news
            if self._documents is not None and self._verdict is None:
                again, self._documents = ScreenAgain(self._documents), None
                return again
        return self._verdict

    async def _something_happens(self, wake_at: datetime | None) -> None:
        timeout = None if wake_at is None else max(wake_at - workflow.now(), timedelta(milliseconds=1))
        try:
            await workflow.wait_condition(
                lambda: bool(
                    self._verdict
                    or self._inbox
                    or self._events
                    or self._anew
                    or self._to_ask
                    or self._documents
                ),
                timeout=timeout,
                timeout_summary="reminder, escalation or deadline",
            )
        except TimeoutError:
            return

    async def _climb(self, rung: Rung, opened: Opened, conclusion: Conclusion) -> None:
        if rung is Rung.REMIND:
            self._tell(
                NoticeKind.REMINDER,
                f"remind-{workflow.now():%Y-%m-%dT%H:%M:%S}",
                "Still waiting for a decision.",
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
            acted_at = workflow.now()
            deadline = await self._steps.attempt(
                ConcludingActivities.conclude_deadline,
                DeadlineInput(opened=opened, conclusion=conclusion, now=acted_at),
                # Nobody else can decide meanwhile, and a decision also needs time to reach the carrier.
                within=min(self._timing.evidence, self._until(opened.limit) / 2),
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
            # After a long absence silence may have decided already, and nobody left the order to it.
            self._left_on_purpose = acted_at < opened.limit
            why = deadline.why if deadline else "the policy could not be applied, because records are away"
            self._tell(NoticeKind.INCIDENT, "left", f"The order is left to the carrier's silence: {why}.")

    async def _heed_the_carrier(self, opened: Opened) -> Gone | ScreenAgain | None:
        """Read the order again when there is a reason to; None when nothing about it matters here.

        The deadline does not wait for a carrier that is away, and the reason to look is not forgotten meanwhile.
        """
        again = self._look_again_at is not None and self._look_again_at <= workflow.now()
        if not (self._events or again):
            return None
        if any(event.event_type == NEW_COMMENT for event in self._events):
            self._read_comments(opened)
        sending_is_on = any(event.event_type == SENDING_IS_ON for event in self._events)
        self._events.clear()
        if sending_is_on and not opened.sends:
            await self._begin_anew(opened)
        look = await self._steps.attempt(
            CarrierActivities.look,
            LookInput(portout_id=opened.order.id, documents=self._awaited_types()),
            within=self._timing.activity,
        )
        if look is None:
            self._look_again_at = workflow.now() + timedelta(seconds=self._timing.evidence)
            return None
        self._look_again_at = None
        self._heed_documents(look)
        if look.status != CarrierStatus.PENDING:
            return Gone(look.status)
        if opened.mode is Mode.SHADOW:
            return None
        dates = {"foc_date": look.foc_date, "requested_foc_date": look.requested_foc_date}
        order = opened.order.model_copy(update=dates)
        asks_for_pin = any(rule.check == "pin" for rule in opened.rules)
        if (look.unseen_pin and asks_for_pin) or (opened.reads_foc and order != opened.order):
            return ScreenAgain(opened=opened.model_copy(update={"order": order}))
        return None

    async def _begin_anew(self, opened: Opened) -> None:
        """Sending was switched on while the order was only watched: open it again, under its policy's own mode."""
        await self._finish_everything()
        workflow.continue_as_new(StartScreening(portout_id=opened.order.id, timing=self._timing))

    # Show

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


def _sooner(first: datetime | None, second: datetime | None) -> datetime | None:
    return min(first, second) if first and second else first or second

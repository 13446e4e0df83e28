"""The one door for decisions and the two ways to it: the update `review`, and signals that work while no worker runs."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.asking_messages import Ask
from activities.contracts import (
    CarrierEvent,
    Conclusion,
    Opened,
    ScreeningResult,
    StartScreening,
    Verdict,
)
from activities.review_messages import Admission, AdmitInput, FirstApproval, NoteInput
from activities.reviews import ReviewActivities
from activities.who_acts import NEEDS_TOKENS, same_person
from records.cases import DecidedBy, Stage
from screening.effects import DocumentType
from screening.policy import Mode
from screening.rejection import UNREADABLE, is_barred
from screening.results import Outcome
from workflows.messages import Action, RefusedAttempt, ReviewAccepted, ReviewRequest, ScreeningState
from workflows.steps import Steps

Channel = Literal["update", "signal"]
_LACKING = {
    "approve": "A reason is needed.",
    "deny": "A reason is needed.",
    "ask": "A message is needed.",
    "note": "A note needs a text.",
}
_REFUSED_REASON = "The carrier has already refused this reason; give another one."
KEPT_ATTEMPTS = 50
"""More refused attempts than this are not kept: rubbish must not grow a run without end."""


class ReviewDesk:
    """State and handlers of a screening that people can reach. The first decision wins; later ones are kept as refused."""

    def __init__(self, start: StartScreening) -> None:
        self._portout_id = start.portout_id
        self._timing = start.timing
        self._steps = Steps(start.timing)
        self._stage = Stage.SCREENING
        self._opened: Opened | None = None
        self._conclusion: Conclusion | None = None
        self._first_approval: FirstApproval | None = None
        self._verdict: Verdict | None = None
        self._to_ask: Ask | None = None
        self._ask: Ask | None = None
        self._answered: ScreeningResult | None = None
        self._left_on_purpose = False
        self._inbox: list[ReviewRequest] = []
        self._events: list[CarrierEvent] = []
        self._seen_events: set[str] = set()
        self._refused_attempts: list[RefusedAttempt] = []
        self._notes = 0
        # Admitting a decision awaits an activity: without the lock two people could both be let in.
        self._door = asyncio.Lock()

    @workflow.update
    async def review(self, request: ReviewRequest) -> ReviewAccepted:
        """Decide, or leave a note. Returns when it is accepted and recorded; the answer to the carrier comes after.

        Raises:
            ApplicationError: it cannot stand; the message says why, for the person who asked.
        """
        if request.action == "note":
            why = await self._write_note(request)
        else:
            why = await self._decide(request, "update")
        if why:
            raise ApplicationError(why, type="ReviewRefused", non_retryable=True)
        return ReviewAccepted(
            action=request.action,
            reviewer=request.reviewer,
            at=workflow.now(),
            waits_for_another=request.action == "approve" and self._verdict is None,
        )

    @review.validator
    def _review_can_be_taken(self, request: ReviewRequest) -> None:
        why = self._objection(request)
        if why:
            raise ApplicationError(why, type="ReviewRefused", non_retryable=True)

    # Signals take whatever was sent, however much of it: one that raises would fail the whole run.

    @workflow.signal
    def approve(self, *arguments: Any) -> None:
        """Approve by signal: `{"reviewer": …, "reason": …}`."""
        self._take_in("approve", arguments)

    @workflow.signal
    def deny(self, *arguments: Any) -> None:
        """Deny by signal: `{"reviewer": …, "reason": …, "rejection_code": …}`; the code may be left out."""
        self._take_in("deny", arguments)

    @workflow.signal
    async def add_note(self, *arguments: Any) -> None:
        """Leave a note by signal: `{"reviewer": …, "text": …}`.

        It is written beside the run: a database that is away must not hold up the deadline.
        """
        request = self._read("note", arguments)
        if request is None:
            return
        await workflow.wait_condition(lambda: self._opened is not None or self._stage is Stage.CLOSED)
        why = await self._write_note(request)
        if why:
            self._refuse_attempt(request.action, request.reviewer, "signal", why)

    @workflow.signal
    def carrier_event(self, *arguments: Any) -> None:
        """Something happened at the carrier: `{"event_id": …, "event_type": …}`. Only a reason to look, never a fact."""
        raw = arguments[0] if len(arguments) == 1 else None
        if not isinstance(raw, dict) or not isinstance(raw.get("event_id"), str):
            return
        event = CarrierEvent(event_id=raw["event_id"], event_type=str(raw.get("event_type", "")))
        if event.event_id not in self._seen_events:
            self._seen_events.add(event.event_id)
            self._events.append(event)

    @workflow.query
    def state(self) -> ScreeningState:
        """Where this order stands, for people. No personal data beyond the carrier's ids."""
        return self._state()

    def _state(self) -> ScreeningState:
        opened, conclusion = self._opened, self._conclusion
        state = ScreeningState(
            portout_id=self._portout_id,
            support_key=opened.order.support_key if opened else None,
            stage=self._stage,
            round=opened.round if opened else 1,
            left_on_purpose=self._left_on_purpose,
            first_approval=self._first_approval,
            decided=self._decided(),
            answered=self._answered,
            refused_attempts=list(self._refused_attempts),
        )
        if opened:
            state = _showing(
                state, opened, "mode", "policy", "policy_digest", "limit", "respond_by", "refused"
            )
        if conclusion:
            state = _showing(
                state, conclusion, "outcome", "score", "people", "denied_by", "rules", "notes", "eligible"
            )
        return state

    def _take_in(self, action: Literal["approve", "deny", "ask"], arguments: Sequence[Any]) -> None:
        """Keep a decision that came by signal until the run can take it."""
        request = self._read(action, arguments)
        if request is not None and len(self._inbox) < KEPT_ATTEMPTS:
            self._inbox.append(request)

    def _read(self, action: Action, arguments: Sequence[Any]) -> ReviewRequest | None:
        """Read a signal; one that cannot be read is kept as a refused attempt."""
        request = ReviewRequest.from_signal(action, arguments)
        if request is None:
            self._refuse_attempt(action, None, "signal", "the signal could not be read")
        return request

    async def _take_signals(self) -> None:
        while self._inbox:
            request = self._inbox.pop(0)
            why = await self._decide(request, "signal")
            if why:
                self._refuse_attempt(request.action, request.reviewer, "signal", why)

    def _objection(self, request: ReviewRequest) -> str | None:
        """Why this request cannot be taken now, as a sentence; None when it can."""
        opened, conclusion = self._opened, self._conclusion
        if not request.reason.strip():
            return _LACKING[request.action]
        if request.action == "note":
            return None if opened else "The order is still being read; try again in a moment."
        if decided := self._decided():
            return decided
        if opened is None or conclusion is None or self._stage is Stage.SCREENING:
            return "The order is still being screened; try again in a moment."
        if self._stage is Stage.CLOSED:
            return "The order is closed."
        if opened.mode is Mode.SHADOW:
            return "The order is only watched (shadow mode): nothing is sent, so there is nothing to decide."
        if request.action == "ask":
            return _asking_objection(request, opened)
        if request.action == "deny":
            return _denial_objection(request, opened, conclusion)
        return _approval_objection(request, conclusion, self._first_approval)

    async def _decide(self, request: ReviewRequest, channel: Channel) -> str | None:
        """Admit a decision or a question, and have it answered or asked. Returns why it cannot stand, or None."""
        async with self._door:
            # Somebody may have been let in while this one waited for the door.
            why = self._objection(request)
            if why or self._opened is None or self._conclusion is None:
                return why
            conclusion, first = self._conclusion, self._first_approval
            admission = await self._admit(request, channel, self._opened, conclusion)
            if admission.ask is not None:
                self._to_ask = admission.ask
                return None
            if admission.answer is None:
                return admission.refused_because
            if self._stage is Stage.CLOSED:
                # It left `pending` while this was being admitted, and the ledger holds it as admitted.
                why = "The order is no longer pending."
                self._refuse_attempt(request.action, request.reviewer, channel, why)
                return why
            if admission.waits_for_another:
                if self._conclusion is not conclusion:
                    return "The order was screened anew meanwhile; look at it again."
                self._first_approval = FirstApproval(reviewer=request.reviewer, at=workflow.now())
                return None
            approves = request.action == "approve"
            self._verdict = Verdict(
                by=DecidedBy.REVIEWER,
                outcome=Outcome.APPROVE if approves else Outcome.DENY,
                at=workflow.now(),
                answer=admission.answer,
                reviewer=request.reviewer,
                first_reviewer=first.reviewer if approves and first else None,
                reason=admission.reason or request.reason,
                channel=channel,
                token=admission.token,
                role=admission.role,
            )
            return None

    async def _admit(
        self, request: ReviewRequest, channel: Channel, opened: Opened, conclusion: Conclusion
    ) -> Admission:
        update = workflow.current_update_info()
        admission = await self._steps.attempt(
            ReviewActivities.admit,
            AdmitInput(
                opened=opened,
                conclusion=conclusion,
                action="deny" if request.action == "note" else request.action,
                reviewer=request.reviewer,
                reason=request.reason,
                override_reason=request.override_reason,
                types=[str(kind) for kind in request.types],
                rejection_code=request.rejection_code,
                reject_as=request.reject_as,
                channel=channel,
                grant=request.grant,
                update_id=update.id if update else None,
                first_approval=self._first_approval,
                now=workflow.now(),
            ),
            # Somebody sits before a screen and waits.
            within=self._timing.activity * 2,
            summary=f"{request.action} by {channel}",
        )
        return admission or Admission(
            refused_because="The decision could not be checked just now; please try again."
        )

    async def _write_note(self, request: ReviewRequest) -> str | None:
        """Write a note down, however long that takes. Returns why it cannot be taken, or None."""
        why = self._objection(request)
        if why or self._opened is None:
            return why
        self._notes += 1
        note = NoteInput(
            opened=self._opened,
            reviewer=request.reviewer,
            text=request.reason,
            now=workflow.now(),
            step=f"note-{self._notes}",
        )
        return await self._steps.must(ReviewActivities.record_note, note)

    def _drop_first_approval(self) -> None:
        """Say that the first of two approvals no longer counts: it was given to what the rules found before."""
        if self._first_approval is not None:
            first, self._first_approval = self._first_approval, None
            why = "The order was screened anew, so the first approval no longer counts; two people must approve it afresh."
            self._refuse_attempt("approve", first.reviewer, "update", why)

    def _refuse_what_came_late(self) -> None:
        for request in self._inbox:
            why = self._decided() or "The order was no longer pending."
            self._refuse_attempt(request.action, request.reviewer, "signal", why)
        self._inbox.clear()

    def _refuse_attempt(self, action: str, reviewer: str | None, channel: Channel, why: str) -> None:
        if len(self._refused_attempts) < KEPT_ATTEMPTS:
            attempt = RefusedAttempt(
                action=action, reviewer=reviewer, channel=channel, why=why, at=workflow.now()
            )
            self._refused_attempts.append(attempt)

    def _decided(self) -> str | None:
        """Who decided, and when, for the one who came second."""
        verdict, answered = self._verdict, self._answered
        if verdict is not None:
            who, outcome, at = verdict.people or f"the {verdict.by}", str(verdict.outcome), verdict.at
        elif answered is not None and answered.decided_at is not None:
            who, outcome, at = (
                answered.reviewer or f"the {answered.decided_by}",
                answered.outcome,
                answered.decided_at,
            )
        else:
            return None
        word = "approved" if outcome == Outcome.APPROVE else "denied"
        return f"The order was already {word} by {who} at {at:%Y-%m-%d %H:%M:%S} UTC."


def _showing(state: ScreeningState, source: Opened | Conclusion, *names: str) -> ScreeningState:
    return state.model_copy(update={name: getattr(source, name) for name in names})


def _approval_objection(
    request: ReviewRequest, conclusion: Conclusion, first: FirstApproval | None
) -> str | None:
    if conclusion.denied_by and not request.override_reason.strip():
        return (
            f"{_listed(conclusion.denied_by)} deny: to approve it all the same, say why you override that "
            "(--override REASON)."
        )
    if request.override_reason.strip() and not conclusion.denied_by:
        return "No rule says deny, so there is nothing to override: leave out the reason for that."
    if conclusion.people > 1 and request.grant is None:
        return NEEDS_TOKENS
    if first is not None and first.reviewer == request.reviewer:
        return same_person(first.reviewer)
    return None


def _listed(rules: Sequence[str]) -> str:
    return f"The rule {rules[0]} says" if len(rules) == 1 else f"The rules {', '.join(rules)} say"


def _asking_objection(request: ReviewRequest, opened: Opened) -> str | None:
    if not request.types:
        return f"Say which documents: {', '.join(DocumentType)}."
    if workflow.now() >= opened.respond_by:
        return "There is no time left to wait for documents."
    return None


def _denial_objection(request: ReviewRequest, opened: Opened, conclusion: Conclusion) -> str | None:
    for refused in opened.refused:
        # With whatever code: only another reason can be heard. Of one that nobody can read any more, no code may be
        # sent that may have gone with it.
        code = request.rejection_code if refused.reason is None else refused.code
        if is_barred(code or 0, request.reason, [refused]):
            return UNREADABLE if refused.reason is None else _REFUSED_REASON
    codes = [eligible.code for eligible in conclusion.eligible]
    if request.rejection_code is not None and codes and request.rejection_code not in codes:
        listed = ", ".join(map(str, codes))
        return f"Code {request.rejection_code} is not one that the carrier lists for this order: {listed}."
    return None

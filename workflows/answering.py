"""Answering the carrier, telling people, and ending a round: what follows a decision, or an order that left without one."""

import asyncio
from dataclasses import dataclass

from temporalio import workflow

from activities.carrier import CarrierActivities
from activities.contracts import (
    AnswerInput,
    AnswerResult,
    Carried,
    CarrierStatus,
    Conclusion,
    Ending,
    Notice,
    NoticeKind,
    Opened,
    ScreeningResult,
    StartScreening,
    Verdict,
)
from activities.records import RecordActivities
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from screening.policy import Mode
from screening.rejection import Barred
from screening.results import Outcome
from workflows import search_attributes
from workflows.desk import ReviewDesk
from workflows.pager import Pager


@dataclass
class Gone:
    """The order left `pending` without us."""

    status: str


class Answering(ReviewDesk):
    """The part of a screening that follows a decision."""

    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._pager = Pager(self._steps, start.timing.notice)
        self._unrecorded = list(start.carried.unrecorded) if start.carried else []
        self._recording: asyncio.Task[None] | None = None
        self._earlier_attempts = list(start.carried.attempts) if start.carried else []
        self._attempts_written = 0

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
        ending = Ending.answered(opened, conclusion, verdict, result).model_copy(
            update={
                "kind": EntryKind.REFUSED_BY_CARRIER,
                "outcome": "none",
            }
        )
        refused = list(opened.refused)
        if verdict.outcome is Outcome.DENY:
            refused.append(Barred(code=verdict.answer.rejection_code, reason=verdict.answer.reason))
        await self._begin_next_round(opened, refused, ending)

    async def _begin_next_round(
        self, opened: Opened, refused: list[Barred], ending: Ending | None = None
    ) -> None:
        """The order is pending although we answered: a person must find another answer.

        The next round has little time, so it waits neither for notices that cannot be delivered nor for records that
        are away: it writes down itself how this one ended.

        Args:
            refused: what may not be sent again.
            ending: how this round ended, if it is not written down yet.
        """
        self._tell_refused(opened.round)
        await self._finish_handlers(notices_within=self._timing.activity)
        self._refuse_what_came_late()
        attempts = self._sentences_of_refused_attempts()
        unrecorded = [*self._unrecorded]
        if ending is not None:
            unrecorded.append(ending.model_copy(update={"refused_attempts": attempts}))
        workflow.continue_as_new(
            StartScreening(
                portout_id=opened.order.id,
                timing=self._timing,
                carried=Carried(
                    round=opened.round + 1,
                    refused=refused,
                    unrecorded=unrecorded,
                    attempts=[] if ending else attempts,
                ),
            )
        )

    def _begin_to_record_earlier_rounds(self) -> None:
        if self._unrecorded:
            self._recording = asyncio.create_task(self._record_earlier_rounds())

    async def _record_earlier_rounds(self) -> None:
        while self._unrecorded:
            await self._steps.must(RecordActivities.record_ending, self._unrecorded[0])
            del self._unrecorded[0]

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
        return await self._end(ending)

    async def _end(self, ending: Ending) -> ScreeningResult:
        self._stage = Stage.CLOSED
        await self._steps.must(RecordActivities.record_ending, ending)
        workflow.upsert_search_attributes(
            [
                search_attributes.STAGE.value_set(Stage.CLOSED),
                search_attributes.OUTCOME.value_set(ending.outcome),
            ]
        )
        await self._finish_everything()
        await self._record_refused_attempts(ending)
        return ScreeningResult.of(ending)

    async def _finish_everything(self) -> None:
        await self._finish_handlers()
        if self._recording is not None:
            await self._recording

    async def _finish_handlers(self, *, notices_within: float | None = None) -> None:
        await self._pager.finish(notices_within)
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _record_refused_attempts(self, ending: Ending) -> None:
        """Write down, last of all, who tried what in vain: as long as a run is open somebody may still try."""
        self._refuse_what_came_late()
        attempts = self._sentences_of_refused_attempts()
        if not attempts:
            return
        await self._steps.must(
            RecordActivities.record_ending, ending.model_copy(update={"refused_attempts": attempts})
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _sentences_of_refused_attempts(self) -> list[str]:
        """Who tried what in vain, as far as it is not written down yet."""
        attempts = self._refused_attempts[self._attempts_written :]
        return [*self._earlier_attempts, *(attempt.sentence() for attempt in attempts)]

    def _tell_refused(self, round_: int) -> None:
        """Say that the carrier did not take the answer of a round: at once, and from the next one if that got lost."""
        self._tell(
            NoticeKind.INCIDENT,
            "refused",
            "The carrier did not take the answer; it needs another one.",
            of_round=round_,
        )

    def _tell(self, kind: NoticeKind, cause: str, text: str, *, of_round: int | None = None) -> None:
        opened = self._opened
        round_ = of_round or (opened.round if opened else 1)
        self._pager.tell(
            Notice(
                kind=kind,
                cause=f"{self._portout_id}:{round_}:{cause}",
                portout_id=self._portout_id,
                support_key=opened.order.support_key if opened else None,
                text=text,
                seconds_left=(opened.limit - workflow.now()).total_seconds()
                if opened and not self._answered
                else None,
            )
        )

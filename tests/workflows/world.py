"""The world around a run: activities with the names and types of the real ones, that answer what a test says."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.asking_messages import Asked, AskInput, Awaited, AwaitInput, Standing
from activities.contracts import (
    Answer,
    AnswerInput,
    AnswerKind,
    AnswerResult,
    ConcludeInput,
    Conclusion,
    DeadlineConclusion,
    DeadlineInput,
    Ending,
    IntakeInput,
    IntakeReport,
    Look,
    LookInput,
    Notice,
    NoticeKind,
    Opened,
    OpenInput,
    RuleInput,
)
from activities.review_messages import Admission, AdmitInput, NoteInput
from activities.watching_messages import (
    ClosingInput,
    CommentsInput,
    FocMovedInput,
    LookAfterInput,
    Objection,
    Seen,
)
from screening.results import CheckResult
from tests.workflows import samples

Given = TypeVar("Given")
Got = TypeVar("Got")


@dataclass(frozen=True)
class Call:
    """One try of an activity.

    Attributes:
        given: its input.
        attempt: from 1.
        limit: its schedule-to-close timeout.
        heartbeat: its heartbeat timeout.
    """

    activity: str
    given: Any
    attempt: int
    limit: timedelta | None
    heartbeat: timedelta | None


class World:
    """Everything outside a run. Nothing is decided here: the workflow's orchestration is what is under test."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._plays: dict[str, list[Any]] = {}
        self._called = asyncio.Condition()

    def plays(self, name: str, *plays: Any) -> None:
        """Say what an activity answers, one play a try; the last one stays.

        Args:
            plays: a result, an exception to raise, or a function of the input that returns or raises one.
        """
        self._plays[name] = list(plays)

    def holds(self, name: str, then: Any = None) -> "Held":
        """Keep an activity from ending until the test releases it; `then` it answers as `plays` says, or as usual."""
        held = Held(then)
        self.plays(name, held)
        return held

    def asked(self, name: str) -> list[Any]:
        """The inputs that an activity got, tries that failed included."""
        return [call.given for call in self.calls if call.activity == name]

    def notices(self, kind: NoticeKind) -> list[Notice]:
        return [notice for notice in self.asked("notify") if notice.kind is kind]

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until the calls so far make something true."""
        async with asyncio.timeout(30), self._called:
            await self._called.wait_for(lambda: bool(happened()))

    async def until_asked(self, name: str, times: int = 1) -> None:
        await self.until(lambda: len(self.asked(name)) >= times)

    async def until_told(self, kind: NoticeKind, times: int = 1) -> None:
        await self.until(lambda: len(self.notices(kind)) >= times)

    def activities(self) -> Sequence[Callable[..., Any]]:
        return [
            self.open,
            self.check_pin,
            self.check_spid,
            self.check_authorized_name,
            self.check_carrier,
            self.check_number,
            self.check_documents,
            self.check_account_lock,
            self.check_velocity,
            self.check_repeat_request,
            self.check_timing,
            self.check_condition,
            self.conclude,
            self.conclude_deadline,
            self.admit,
            self.look,
            self.answer,
            self.ask,
            self.await_documents,
            self.record_ending,
            self.look_after,
            self.weigh_foc_move,
            self.keep_comments,
            self.record_closed,
            self.record_note,
            self.notify,
            self.take_in,
        ]

    @activity.defn
    async def open(self, given: OpenInput) -> Opened:
        return await self._play(given, samples.opened())

    @activity.defn
    async def check_pin(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="match"))

    @activity.defn
    async def check_spid(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="listed"))

    @activity.defn
    async def check_authorized_name(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="match"))

    @activity.defn
    async def check_carrier(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="allowed"))

    @activity.defn
    async def check_number(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="ours"))

    @activity.defn
    async def check_documents(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="complete"))

    @activity.defn
    async def check_account_lock(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="unlocked"))

    @activity.defn
    async def check_velocity(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="within_limit"))

    @activity.defn
    async def check_repeat_request(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="first"))

    @activity.defn
    async def check_timing(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="ordinary"))

    @activity.defn
    async def check_condition(self, given: RuleInput) -> CheckResult:
        return await self._play(given, lambda _: CheckResult(result="does_not_hold"))

    @activity.defn
    async def conclude(self, given: ConcludeInput) -> Conclusion:
        return await self._play(given, lambda _: samples.TO_REVIEW)

    @activity.defn
    async def conclude_deadline(self, given: DeadlineInput) -> DeadlineConclusion:
        return await self._play(given, lambda _: samples.LEFT)

    @activity.defn
    async def admit(self, given: AdmitInput) -> Admission:
        return await self._play(given, admitted)

    @activity.defn
    async def look(self, given: LookInput) -> Look:
        return await self._play(given, lambda _: Look(status="pending"))

    @activity.defn
    async def answer(self, given: AnswerInput) -> AnswerResult:
        return await self._play(given, sent)

    @activity.defn
    async def ask(self, given: AskInput) -> Asked:
        return await self._play(given, asked)

    @activity.defn
    async def await_documents(self, given: AwaitInput) -> Awaited:
        return await self._play(given, not_there_yet)

    @activity.defn
    async def record_ending(self, ending: Ending) -> None:
        await self._play(ending, _done)

    @activity.defn
    async def look_after(self, given: LookAfterInput) -> Seen:
        return await self._play(given, unchanged)

    @activity.defn
    async def weigh_foc_move(self, given: FocMovedInput) -> Objection:
        return await self._play(given, lambda _: Objection())

    @activity.defn
    async def keep_comments(self, given: CommentsInput) -> None:
        await self._play(given, _done)

    @activity.defn
    async def record_closed(self, given: ClosingInput) -> None:
        await self._play(given, _done)

    @activity.defn
    async def record_note(self, note: NoteInput) -> str | None:
        return await self._play(note, lambda _: None)

    @activity.defn
    async def notify(self, notice: Notice) -> None:
        await self._play(notice, _done)

    @activity.defn
    async def take_in(self, given: IntakeInput) -> IntakeReport:
        return await self._play(given, lambda _: IntakeReport(pending=3, started=2))

    async def _play(self, given: Given, usual: Callable[[Given], Got]) -> Got:
        info = activity.info()
        self.calls.append(
            Call(
                info.activity_type,
                given,
                info.attempt,
                info.schedule_to_close_timeout,
                info.heartbeat_timeout,
            )
        )
        async with self._called:
            self._called.notify_all()
        plays = self._plays.get(info.activity_type, [usual])
        play = plays.pop(0) if len(plays) > 1 else plays[0]
        if isinstance(play, Held):
            await play.released.wait()
            play = play.then or usual
        if callable(play):
            play = play(given)
        if isinstance(play, Exception):
            raise play
        got: Got = play
        return got


class Held:
    """An activity that is on its way until the test says otherwise."""

    def __init__(self, then: Any) -> None:
        self.then = then
        self.released = asyncio.Event()

    def release(self) -> None:
        self.released.set()


def _done(_: object) -> None:
    """What an activity comes to that returns nothing."""


def asked(given: AskInput) -> Asked:
    """The comment is posted, at the run's own time."""
    at = activity.info().current_attempt_scheduled_time
    return Asked(at=at, until=min(at + timedelta(seconds=given.ask.wait), given.respond_by))


def not_there_yet(given: AwaitInput) -> Awaited:
    """The documents do not come; the activity ends with the wait, as the real one does.

    Raises:
        ApplicationError: nothing new.
    """
    info = activity.info()
    waited = (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()
    left = given.wait - waited
    if left <= 0:
        return Awaited(standing=Standing.OVER)
    again = timedelta(seconds=min(given.ask.recheck, left))
    raise ApplicationError("Not there yet.", next_retry_delay=again, category=ApplicationErrorCategory.BENIGN)


def admitted(given: AdmitInput) -> Admission:
    if given.action == "ask":
        return Admission(ask=samples.question(message=given.reason, types=given.types, by=given.reviewer))
    if given.action == "approve":
        first = given.conclusion.people > 1 and given.first_approval is None
        return Admission(answer=samples.APPROVAL, waits_for_another=first)
    code = given.rejection_code or samples.OTHER.code
    return Admission(answer=Answer(status="rejected-pending", reason=given.reason, rejection_code=code))


def unchanged(given: LookAfterInput) -> Seen:
    return Seen.model_validate(given.opened.order.model_dump())


def sent(given: AnswerInput) -> AnswerResult:
    answer = given.verdict.answer
    return AnswerResult(
        kind=AnswerKind.SENT,
        carrier_status=answer.status,
        rejection_code=answer.rejection_code,
        at=given.verdict.at,
    )

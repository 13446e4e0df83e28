"""Answering the carrier, once; and looking at an order again."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.carrier_errors import retrying
from activities.contracts import (
    Answer,
    AnswerInput,
    AnswerKind,
    AnswerResult,
    CarrierStatus,
    Ending,
    Look,
    LookInput,
    Notice,
    NoticeKind,
)
from activities.documents import hashes_of, linked_documents
from activities.lateness import paged_when_late
from activities.notices import NoticeBoard
from activities.patience import in_time
from activities.pins import STATUS_CHANGED, attempted_pins
from activities.records import write_ending
from records.errors import RecordsError
from records.marks import PAUSED
from records.store import Records
from screening.checks import documents
from screening.gathered import LinkedDocument
from settings import Timing
from telnyx_api import (
    CarrierError,
    Conflict,
    NotFound,
    PortOut,
    TelnyxClient,
    TooManyRequests,
    Unprocessable,
)

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the carrier's clock may be behind ours when we look for events since our first try."""
CATCHING_UP = (0, 1, 2, 4)
"""Pauses before each read, in first retry intervals, until a refusal is believed: reads may lag behind answers."""
SETTLED_AS = {
    "authorized": (CarrierStatus.AUTHORIZED, CarrierStatus.PORTED),
    "rejected-pending": (CarrierStatus.REJECTED_PENDING, CarrierStatus.REJECTED),
}
"""The statuses that an answer leads to: its own, or the carrier's ruling on it."""
log = structlog.get_logger(__name__)


class CarrierActivities:
    """The only place that changes anything at the carrier."""

    def __init__(
        self, carrier: TelnyxClient, records: Records, board: NoticeBoard, *, sends: bool, timing: Timing
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._sends = sends
        self._refused_key = timing.refused_key
        self._retry_first = timing.retry_first
        self._evidence = timing.evidence
        self._last_known_pause = False

    @activity.defn
    async def look(self, given: LookInput) -> Look:
        async with retrying(self._board, refused_key=self._refused_key):
            order = await self._carrier.portout(given.portout_id)
            attempts = await attempted_pins(self._carrier, given.portout_id)
        came = await self._documents(given)
        compared = await asyncio.to_thread(self._records.attempts.compared, given.portout_id)
        return Look(
            status=order.status,
            unseen_pin=any(attempt.event_id not in compared for attempt in attempts),
            documents=None if came is None else documents.standing(given.documents, came)[0],
            document_hashes=hashes_of(came or ()),
            foc_date=order.foc_date,
            requested_foc_date=order.requested_foc_date,
        )

    async def _documents(self, given: LookInput) -> list[LinkedDocument] | None:
        """What came of what is awaited. It is looked for on its own, too, so a failure holds up nothing else."""
        if not given.documents:
            return None
        try:
            return await linked_documents(self._carrier, given.portout_id)
        except CarrierError:
            return None

    @activity.defn
    async def answer(self, given: AnswerInput) -> AnswerResult:
        """Deliver exactly this answer, at most once in effect.

        The first try sends. Every further one, and one that the carrier refuses, reads the order and its status
        events first; while in doubt only the identical request is sent again. What is decided is answered first and
        recorded after it, so a database that is away delays no answer.
        """
        held = await self._held()
        if held:
            return await self._while_held(given, held)
        order = given.opened.order
        async with paged_when_late(
            self._board,
            "undelivered",
            "A decision cannot be delivered to the carrier; it is tried again until silence approves.",
            portout_id=order.id,
            support_key=order.support_key,
            after=self._evidence,
        ):
            result = await self._settle(given)
        if result.kind is AnswerKind.SENT:
            result.recorded = await self._record(given, result)
        return result

    async def _settle(self, given: AnswerInput) -> AnswerResult:
        answer = given.verdict.answer
        sent_before = _maybe_sent_before(given)
        async with retrying(self._board, refused_key=self._refused_key):
            if sent_before:
                settled = await self._settled(given, maybe_ours=True)
                if settled:
                    return settled
            try:
                return await self._taken(given, await self._send(given, answer))
            except TooManyRequests as error:
                if error.status is None and not sent_before:
                    _note_that_nothing_was_sent()  # reads before the next try would use up more of the limit
                raise
            except (NotFound, Conflict, Unprocessable) as error:
                settled = await self._settled(given, maybe_ours=sent_before)
                if settled:
                    return settled
                if not isinstance(error, Unprocessable):
                    raise
            if answer.rejection_code is not None:
                # Whether the endpoint takes a code is undocumented in its schema, so a refusal is tried once without.
                try:
                    without_code = answer.model_copy(update={"rejection_code": None})
                    taken = await self._taken(given, await self._send(given, without_code))
                    return taken.model_copy(update={"sent": without_code})
                except Unprocessable:
                    sent_before = True
            return await self._settled_at_last(given, maybe_ours=sent_before) or _refused()

    async def _send(self, given: AnswerInput, answer: Answer) -> PortOut:
        return await self._carrier.update_status(
            given.opened.order.id,
            answer.status,
            reason=answer.reason,
            rejection_code=answer.rejection_code,
            host_messaging=answer.host_messaging if answer.status == "authorized" else None,
        )

    async def _taken(self, given: AnswerInput, order: PortOut) -> AnswerResult:
        """Believe a successful answer only when the order shows it: what is still pending is approved by silence.

        Raises:
            ApplicationError: the carrier said yes, and the order stays pending; the next try reads first.
        """
        if order.status in SETTLED_AS[given.verdict.answer.status]:
            return _sent(order)
        settled = await self._settled_at_last(given, maybe_ours=True)
        if settled is None:
            raise ApplicationError(
                "The carrier took the answer, but the order is pending still.", type="NotTaken"
            )
        return settled

    async def _while_held(self, given: AnswerInput, why: str) -> AnswerResult:
        """Send nothing, and find out whether the order left `pending` meanwhile."""
        sent_before = _maybe_sent_before(given)
        if not sent_before:
            _note_that_nothing_was_sent()
        async with retrying(self._board, refused_key=self._refused_key):
            settled = await self._settled(given, maybe_ours=sent_before)
        if settled is None:
            await self._hold(given, why)
            raise ApplicationError(f"Sending is {why}.", type="Held")
        if settled.kind is AnswerKind.SENT:
            settled.recorded = await self._record(given, settled)
        return settled

    async def _settled(self, given: AnswerInput, *, maybe_ours: bool) -> AnswerResult | None:
        """Find out from the order and its status events whether it has been answered; None while it is pending.

        A single read may be stale, and a rejection may have been refused already (pending again), so an event that
        shows our status, newer than the order as it was opened, counts as much as the order itself.
        """
        opened, answer = given.opened, given.verdict.answer
        order = await self._carrier.portout(opened.order.id)
        since = opened.order.updated_at or given.verdict.at - CLOCK_TOLERANCE
        events = await self._carrier.events(portout_id=order.id, event_type=STATUS_CHANGED, created_gte=since)
        shown = {event.payload.status for event in events if event.created_at and event.created_at > since}
        if maybe_ours and (
            _is_ours(order, answer) or (order.status == CarrierStatus.PENDING and answer.status in shown)
        ):
            return _sent(order, status=answer.status)
        if order.status == CarrierStatus.PENDING:
            return None
        return AnswerResult(
            kind=AnswerKind.DECIDED_ELSEWHERE, carrier_status=order.status, at=datetime.now(UTC)
        )

    async def _settled_at_last(self, given: AnswerInput, *, maybe_ours: bool) -> AnswerResult | None:
        """Find out the same after a refusal that would end the round, with patience for reads that lag behind.

        What the carrier refuses may be a second answer to an order that, as it knows and its reads do not show yet,
        has been answered.
        """
        for pause in CATCHING_UP:
            await asyncio.sleep(pause * self._retry_first)
            settled = await self._settled(given, maybe_ours=maybe_ours)
            if settled:
                return settled
        return None

    async def _held(self) -> str | None:
        """Why nothing may be sent now; None when it may."""
        if not self._sends:
            return "switched off (PORTOUT_SEND)"
        return "paused" if await self._paused() else None

    async def _hold(self, given: AnswerInput, why: str) -> None:
        """Page somebody when a decision is still held at `respond_by`."""
        opened = given.opened
        if datetime.now(UTC) >= opened.respond_by:
            await self._board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"{opened.order.id}:{opened.round}:held",
                    portout_id=opened.order.id,
                    support_key=opened.order.support_key,
                    text=f"A decision is held because sending is {why}; the carrier will approve by silence.",
                    seconds_left=(opened.limit - datetime.now(UTC)).total_seconds(),
                )
            )

    async def _paused(self) -> bool:
        try:
            self._last_known_pause = await in_time(self._records.marks.get, PAUSED) == "yes"
        except RecordsError:
            log.warning("pause unknown, records are away", last_known=self._last_known_pause)
        return self._last_known_pause

    async def _record(self, given: AnswerInput, result: AnswerResult) -> bool:
        ending = Ending.answered(given.opened, given.conclusion, given.verdict, result)
        try:
            await in_time(write_ending, self._records, ending)
        except RecordsError:
            return False
        return True


def _sent(order: PortOut, *, status: str | None = None) -> AnswerResult:
    return AnswerResult(
        kind=AnswerKind.SENT,
        carrier_status=status or order.status,
        rejection_code=order.rejection_code,
        at=datetime.now(UTC),
    )


def _refused() -> AnswerResult:
    return AnswerResult(kind=AnswerKind.REFUSED, carrier_status=CarrierStatus.PENDING, at=datetime.now(UTC))


def _is_ours(order: PortOut, answer: Answer) -> bool:
    """Whether the order shows our own answer: its status, or the carrier's ruling on it, with our reason.

    Whether the carrier shows a reason again is undocumented, so none at all does not speak against us.
    """
    return order.status in SETTLED_AS[answer.status] and order.reason in (answer.reason, None)


def _note_that_nothing_was_sent() -> None:
    """Tell the next try that this one, like all before it, sent nothing."""
    activity.heartbeat(activity.info().attempt)


def _maybe_sent_before(given: AnswerInput) -> bool:
    """Whether an earlier try may have reached the carrier. Tries that were held leave word that they sent nothing."""
    info = activity.info()
    held_until = info.heartbeat_details[0] if info.heartbeat_details else 0
    return given.resend or info.attempt - 1 > held_until

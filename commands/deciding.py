"""A person's decision on its way: checked, sent through the one door, and followed to the carrier."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ValidationError
from temporalio.client import (
    Client,
    WorkflowContinuedAsNewError,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import ScreeningResult, screening_workflow_id
from activities.who_acts import claimed_sentence
from commands.acting import actor
from commands.orders import ended, find_case, name_of
from commands.output import Failed
from commands.pausing import pause_sentence
from commands.pins import refuse_pins
from commands.session import Place
from commands.times import now
from records.cases import Case, DecidedBy, Stage
from records.store import Records
from screening.effects import DocumentType
from telnyx_api import CarrierError, TelnyxClient
from temporal_client import see_that_it_opens
from workflows.messages import TEXT_LENGTH, ReviewAccepted, ReviewRequest

ACCEPTED_WITHIN = timedelta(seconds=10)
"""A running worker takes a decision within a second; after this there is none."""
ADMITTED_WITHIN = timedelta(seconds=90)
"""Longer than the workflow itself tries to check a decision."""
ANSWERED_WITHIN = 30.0
"""Seconds that the command waits for the carrier's answer; the workflow goes on without it."""
LOOKS_EVERY = 0.1
HELD_WITHIN = 2.0
"""The same while sending is paused: only an order that has left `pending` meanwhile ends then."""
_DONE = {"approve": "Approved", "deny": "Denied"}


class Wish(BaseModel):
    """What somebody wants to do to an order, before it is known who they are."""

    action: Literal["approve", "deny", "ask", "note"]
    text: str
    override: str = ""
    code: int | None = None
    reject_as: str | None = None
    types: tuple[DocumentType, ...] = ()

    def request(self, reviewer: str, grant: str | None) -> ReviewRequest:
        """What is sent.

        Raises:
            Failed: a text is too long.
        """
        try:
            return ReviewRequest(
                action=self.action,
                reviewer=reviewer,
                reason=self.text,
                override_reason=self.override,
                rejection_code=self.code,
                reject_as=self.reject_as,
                types=list(self.types),
                grant=grant,
            )
        except ValidationError:
            raise Failed(f"The text is longer than {TEXT_LENGTH} characters; nothing was sent.") from None


async def send(place: Place, wanted: str, by: str | None, wish: Wish) -> str:
    """Send a decision or a note, wait until it is settled, and tell what came of it.

    Raises:
        Failed: it cannot stand, or nobody took it; one sentence that says why.
        TemporalUnreachable, RecordsError: these are not there.
    """
    with place.records_as_they_are() as records:
        who = actor(place.settings, records, by, now())
        wish.request(who.name, None)
        case = find_case(records, wanted)
        if case.stage is Stage.CLOSED or (case.watched and wish.action != "note"):
            raise Failed(ended(case))
        claim = case.claim_of_another(who.name, now())
        if claim and wish.action != "note":
            # Not by the workflow, which asks once more: it would remember this refusal when the claim is over.
            raise Failed(claimed_sentence(claim))
        client = await place.temporal()
        async with place.carrier() as carrier:
            await refuse_pins(carrier, records, case.portout_id, f"{wish.text}\n{wish.override}")
            grant = None
            if wish.action != "note":
                grant = who.grant(records, portout_id=case.portout_id, action=wish.action, at=now())
            request = wish.request(who.name, grant)
            update, accepted = await _accepted(client, records, case, request)
            if request.action == "note":
                return f"Noted on {name_of(case)} by {request.reviewer}."
            if accepted.waits_for_another:
                return (
                    f"Approved by {request.reviewer}, as the first of two: {name_of(case)} waits until somebody else "
                    "approves it as well."
                )
            held = pause_sentence(records)
            if request.action == "ask":
                return _asked(case, request, held)
            try:
                result = await _result(
                    client, records, case, update, HELD_WITHIN if held else ANSWERED_WITHIN
                )
            except TimeoutError:
                why = held or "The carrier has not answered yet."
                return f"The decision on {name_of(case)} stands and is sent as soon as possible. {why}"
            return await _told(carrier, case, request, result)


def _asked(case: Case, request: ReviewRequest, held: str | None) -> str:
    wanted = ", ".join(request.types)
    when = f"The comment is posted once sending goes on. {held}" if held else "The comment is posted now."
    return (
        f"{name_of(case)}: {wanted} asked for by {request.reviewer}. {when} The order stays in the queue, and is "
        "screened again when the documents have come."
    )


async def _accepted(
    client: Client, records: Records, case: Case, request: ReviewRequest
) -> "tuple[WorkflowUpdateHandle[ReviewAccepted], ReviewAccepted]":
    update = None
    try:
        await see_that_it_opens(client, screening_workflow_id(case.portout_id))
        update = await client.get_workflow_handle(screening_workflow_id(case.portout_id)).start_update(
            "review",
            request,
            id=_update_id(request, now()),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=ReviewAccepted,
            rpc_timeout=ACCEPTED_WITHIN,
        )
        accepted = await update.result(rpc_timeout=ADMITTED_WITHIN)
    except WorkflowUpdateFailedError as error:
        raise Failed(refusal(records, case, error.cause)) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        if update is not None:
            raise Failed(
                f"The {request.action} of {name_of(case)} was taken, but it is not known yet what came of it: "
                f"see `portout show {name_of(case)}`."
            ) from None
        raise Failed(
            f"No worker took the {request.action} of {name_of(case)} within {ACCEPTED_WITHIN.seconds} s: it seems to "
            "be down. Start it and try again; only a signal to the workflow would be kept until then."
        ) from None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise Failed(refusal(records, case, error)) from None
    return update, accepted


def refusal(records: Records, case: Case, cause: BaseException) -> str:
    """Why it was refused: in the workflow's words, or from the records when the workflow is over."""
    if isinstance(cause, ApplicationError) and cause.type == "ReviewRefused":
        return cause.message
    newest = records.cases.get(case.portout_id) or case
    if newest.over:
        return ended(newest)
    return (
        f"No workflow stands for the order {name_of(case)} now, so nothing was decided: the next intake starts one "
        "if it is still pending."
    )


async def _result(
    client: Client,
    records: Records,
    case: Case,
    update: "WorkflowUpdateHandle[ReviewAccepted]",
    within: float,
) -> ScreeningResult:
    """What the screening came to, once the carrier has the answer; the run goes on watching the order.

    Raises:
        TimeoutError: it is still on its way.
    """
    handle = client.get_workflow_handle(
        screening_workflow_id(case.portout_id), run_id=update.workflow_run_id, result_type=ScreeningResult
    )
    answered = asyncio.create_task(_answered(records, case.portout_id))
    over = asyncio.create_task(handle.result(follow_runs=False))
    try:
        async with asyncio.timeout(within):
            await asyncio.wait({answered, over}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            return answered.result()
        result: ScreeningResult = over.result()
    except WorkflowContinuedAsNewError:
        # A run that has grown long goes on watching in a new one, and its answer is written down before that.
        result_so_far = await asyncio.to_thread(_answer_in, records, case.portout_id)
        if result_so_far is not None:
            return result_so_far
        raise Failed(
            f"The decision stood, but the carrier did not take the answer; {name_of(case)} needs another one: "
            f"see `portout show {name_of(case)}`."
        ) from None
    except WorkflowFailureError:
        raise Failed(
            f"The workflow of {name_of(case)} was ended by hand; look at the order with the carrier."
        ) from None
    finally:
        for waiting in (answered, over):
            waiting.cancel()
        await asyncio.gather(answered, over, return_exceptions=True)
    return result


async def _answered(records: Records, portout_id: str) -> ScreeningResult:
    """Wait until the queue shows the answer, which is written together with it."""
    while True:
        result = await asyncio.to_thread(_answer_in, records, portout_id)
        if result is not None:
            return result
        await asyncio.sleep(LOOKS_EVERY)


def _answer_in(records: Records, portout_id: str) -> ScreeningResult | None:
    case = records.cases.get(portout_id)
    if case is None or not case.watched or case.decided_by is None:
        return None
    return ScreeningResult(
        portout_id=case.portout_id,
        outcome="approve" if case.outcome == "approve" else "deny",
        decided_by=case.decided_by,
        reviewer=case.reviewer,
        reason=case.reason,
        rejection_code=case.rejection_code,
        carrier_status=case.carrier_status or "",
    )


async def _told(carrier: TelnyxClient, case: Case, request: ReviewRequest, result: ScreeningResult) -> str:
    """What the carrier shows now, or, when it cannot be asked, what it showed last."""
    if result.decided_by is not DecidedBy.REVIEWER:
        raise Failed(
            f"The decision came too late, nothing was sent: {name_of(case)} is {result.carrier_status} at the carrier."
        )
    status, code, reason = result.carrier_status, result.rejection_code, result.reason
    try:
        order = await carrier.portout(case.portout_id)
        status, code, reason = order.status, order.rejection_code, order.reason
    except CarrierError:
        pass
    coded = f", code {code}" if code is not None else ""
    who = result.reviewer or request.reviewer
    return (
        f"{_DONE[request.action]} by {who}. The carrier shows {name_of(case)} as {status}{coded}: “{reason}”"
    )


def _update_id(request: ReviewRequest, at: datetime) -> str:
    """The same wish within a minute is one update, so that a command that is run twice decides once.

    Not for longer: Temporal remembers a refusal under the id as well, and "try again" has to be possible.
    """
    wish = hashlib.sha256(request.model_dump_json(exclude={"grant"}).encode()).hexdigest()[:20]
    return f"{request.action}-{wish}-{at:%Y%m%d%H%M}"

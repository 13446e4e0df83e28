"""One order: the request, what the rules found, what can be done, and what happened so far."""

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.contracts import screening_workflow_id
from commands.orders import find_case
from commands.output import HIDDEN_PIN
from commands.pausing import pause_sentence
from commands.session import Place
from commands.timeline import Event, comments_in, event_of
from records.cases import Case, Stage
from records.ledger_entries import ReadEntry
from records.store import Records
from screening.rejection import EligibleCode
from temporal_client import SealedHistory, TemporalUnreachable
from workflows.messages import ScreeningState

ANSWER_SECONDS = 3.0
"""How long a workflow may take to answer a query. Without a worker none does."""


class ShownFinding(BaseModel):
    """A rule's result, what the policy makes of it, and what was seen."""

    rule_id: str
    result: str
    effect: str
    score: int
    note: str | None = None
    facts: dict[str, Any] = {}
    shadow: bool = False


class ShownOrder(BaseModel):
    """Everything that is known of one order. It never holds a PIN."""

    case: Case
    request: dict[str, Any] | None
    """What the gaining carrier sent; None when it was erased, or cannot be unsealed here."""
    attempted_pin: str | None
    """`[PIN]` when one came with the request."""
    findings: list[ShownFinding]
    state: ScreeningState | None
    state_unknown_because: str | None
    codes: list[EligibleCode]
    carrier_comments: list[str]
    """Of a further round: what the carrier's staff wrote about the answer before it."""
    timeline: list[Event]
    paused: str | None
    """Who paused sending, when and why."""


async def read_order(place: Place, wanted: str) -> ShownOrder:
    """Merge the case, the ledger and, while it runs, the workflow's own state.

    Raises:
        Failed: there is no such order.
        RecordsError: the records cannot be read.
    """
    with place.records_as_they_are() as records:
        case = find_case(records, wanted)
        entries = records.ledger.entries(case.portout_id)
        came = bool(records.attempts.event_ids(case.portout_id))
        state, unknown = None, None
        if case.stage is not Stage.CLOSED:
            state, unknown = await _state(place, case.portout_id)
        return ShownOrder(
            case=_newest(records, case),
            request=_request(entries),
            attempted_pin=HIDDEN_PIN if came else None,
            findings=_findings(entries),
            state=state,
            state_unknown_because=unknown,
            codes=await _codes(place, case, state),
            carrier_comments=comments_in(entries) if case.round > 1 else [],
            timeline=[event for entry in entries for event in event_of(entry)],
            paused=pause_sentence(records),
        )


async def _state(place: Place, portout_id: str) -> tuple[ScreeningState | None, str | None]:
    """The workflow's own state, or why there is none to be had: the rest is shown all the same."""
    try:
        client = await place.temporal()
        handle = client.get_workflow_handle(screening_workflow_id(portout_id))
        state = await handle.query(
            "state", result_type=ScreeningState, rpc_timeout=timedelta(seconds=ANSWER_SECONDS)
        )
    except (TemporalUnreachable, SealedHistory) as error:
        return None, str(error)
    except WorkflowQueryFailedError:
        return None, "The workflow could not say where it stands; this is what the records say."
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None, "No workflow runs for this order; the next intake starts one if it is still pending."
        return None, "No worker answers, so this is what the records say: start `portout worker`."
    return state, None


async def _codes(place: Place, case: Case, state: ScreeningState | None) -> list[EligibleCode]:
    """The codes that a denial may carry: those of the review, else the carrier's own list if it can be had."""
    if state is not None and state.eligible:
        return state.eligible
    if case.stage is not Stage.AWAITING_REVIEW:
        return []
    # Only now: the other listings do without the carrier's client.
    from telnyx_api import CarrierError

    try:
        async with place.carrier() as carrier, asyncio.timeout(ANSWER_SECONDS):
            codes = await carrier.rejection_codes(case.portout_id)
    except (CarrierError, TimeoutError):
        return []
    return [
        EligibleCode(code=code.code, description=code.description, reason_required=code.reason_required)
        for code in codes
    ]


def _newest(records: Records, case: Case) -> Case:
    # While the workflow was asked, it may have gone on.
    return records.cases.get(case.portout_id) or case


def _last_screening(entries: list[ReadEntry]) -> ReadEntry | None:
    return next((entry for entry in reversed(entries) if "findings" in entry.body), None)


def _request(entries: list[ReadEntry]) -> dict[str, Any] | None:
    screened = _last_screening(entries)
    order = (screened.personal or {}).get("order") if screened else None
    return order if isinstance(order, dict) else None


def _findings(entries: list[ReadEntry]) -> list[ShownFinding]:
    screened = _last_screening(entries)
    if screened is None:
        return []
    seen = (screened.personal or {}).get("findings") or {}
    return [
        ShownFinding.model_validate({**finding, **seen.get(finding["rule_id"], {})})
        for finding in screened.body["findings"]
    ]

"""One order on the screen of a reviewer: what is asked for, what speaks for and against it, and what to do."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from commands.orders import ended, name_of
from commands.output import print_fields, print_lines, print_table
from commands.queueing import asked_sentence
from commands.showing import ShownFinding, ShownOrder
from commands.times import moment, time_left
from records.cases import Case, Stage
from screening.rejection import EligibleCode

_REQUEST = {
    "authorized_name": "Authorized name",
    "end_user_name": "End user",
    "zip": "ZIP",
    "pon": "PON",
    "foc_date": "FOC date",
    "requested_foc_date": "FOC date wanted",
    "inserted_at": "Came in",
}
"""The fields of a request after numbers and carrier, as people call them."""


def print_order(shown: ShownOrder, now: datetime) -> None:
    """Print everything that is known of an order, the decisive things first."""
    case = shown.case
    print_lines(f"{name_of(case)}  {case.carrier_name or 'unnamed carrier'}, SPID {case.spid or 'not given'}")
    print_lines(*_standing(shown, now))
    print_fields("Request", list(_request(shown)))
    _print_findings(shown)
    print_fields("The carrier's comments", [["", comment] for comment in shown.carrier_comments])
    print_fields("What can be done", list(_ways(shown)))
    print_fields(
        "What happened",
        [
            [f"{event.at.astimezone(UTC):%m-%d %H:%M:%S}", event.what, event.detail]
            for event in shown.timeline
        ],
    )
    if shown.state is not None and shown.state.refused_attempts:
        print_fields("Refused", [["", attempt.sentence()] for attempt in shown.state.refused_attempts])


def _standing(shown: ShownOrder, now: datetime) -> Iterator[str]:
    case, state = shown.case, shown.state
    stage = state.stage if state and case.stage is not Stage.CLOSED else case.stage
    respond_by = (state and state.respond_by) or case.respond_by
    limit = (state and state.limit) or case.limit_at
    left = (
        f"{time_left(respond_by, limit, now)} left"
        if respond_by and now < respond_by
        else "the deadline is over"
    )
    until = f", until {moment(respond_by)}" if respond_by and now < respond_by else ""
    silence = f"; the carrier approves by silence at {moment(limit)}" if limit else ""
    again = f" (round {case.round})" if case.round > 1 else ""
    said = f": “{case.reason}”" if case.reason else "."
    if case.watched:
        yield ended(case)
        yield f"It is watched until {_watched_until(case)}. The carrier shows {case.carrier_status}{said}"
    elif stage is Stage.CLOSED:
        yield ended(case)
        code = f", code {case.rejection_code}" if case.rejection_code is not None else ""
        yield f"The carrier showed {case.carrier_status}{code}{said}"
    elif stage is Stage.AWAITING_REVIEW:
        yield f"Waits for a person{again}: {left}{until}{silence}."
        yield from _taken(shown, now)
    elif stage is Stage.AWAITING_CARRIER:
        yield f"Is only watched, nothing is sent (shadow){silence}."
    elif stage is Stage.ANSWERING:
        yield f"{(state and state.decided) or 'Is decided.'} The answer is on its way to the carrier{silence}."
    else:
        yield f"Is being screened{again}{silence}."
    if stage is Stage.AWAITING_REVIEW and case.asked_at is not None:
        yield asked_sentence(case)
    if state is not None and state.left_on_purpose:
        yield "The policy left it to the carrier's silence on purpose; a person can still decide."
    if shown.paused and stage is not Stage.CLOSED:
        yield shown.paused
    if shown.state_unknown_because:
        yield shown.state_unknown_because


def _taken(shown: ShownOrder, now: datetime) -> Iterator[str]:
    case, state = shown.case, shown.state
    claim = case.claim_of_another("", now)
    if claim:
        yield f"Claimed by {claim}."
    first = state.first_approval.reviewer if state and state.first_approval else None
    if first or (state is None and case.first_approval_by):
        yield f"Approved by {first or case.first_approval_by}; a second person must approve it, too."


def _watched_until(case: Case) -> str:
    if case.carrier_status == "rejected-pending":
        return "the carrier has ruled on the rejection"
    foc = f", which may be done from {moment(case.foc_date)} for ten days" if case.foc_date else ""
    return f"it is ported{foc}"


def _request(shown: ShownOrder) -> Iterator[list[str]]:
    case, request = shown.case, shown.request
    yield ["Port-out id", case.portout_id]
    if request is None:
        yield ["", "What came with the request is not recorded yet, was erased, or cannot be unsealed here."]
        return
    numbers = request.get("phone_numbers") or []
    yield ["Numbers", ", ".join(numbers) or "none"]
    for name, label in _REQUEST.items():
        if request.get(name):
            yield [label, _readable(name, request[name])]
    absent = [label for name, label in _REQUEST.items() if not request.get(name)]
    yield ["PIN", f"{shown.attempted_pin} came with the request" if shown.attempted_pin else "none came"]
    if absent:
        yield ["Not given", ", ".join(absent)]


def _readable(name: str, value: Any) -> str:
    return moment(datetime.fromisoformat(str(value))) if name.endswith(("_date", "_at")) else str(value)


def _print_findings(shown: ShownOrder) -> None:
    case = shown.case
    if not shown.findings:
        return
    advice = f"Policy {case.policy} ({case.mode}) advises: {case.recommendation}, score {case.score}"
    print_lines("")
    print_table(
        advice,
        ["Rule", "Result", "Effect", "Points", "Seen"],
        [
            [found.rule_id, found.result, _effect(found), str(found.score), _seen(found.note, found.facts)]
            for found in shown.findings
        ],
    )
    notes = shown.state.notes if shown.state else [case.note] if case.note else []
    if notes:
        print_lines(f"Why: {' '.join(notes)}")


def _effect(found: ShownFinding) -> str:
    return f"{found.effect} (in shadow: counts for nothing)" if found.shadow else found.effect


def _seen(note: str | None, facts: dict[str, Any]) -> str:
    given = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in facts.items()
        if value not in (None, [])
    }
    return " ".join(filter(None, [note, "; ".join(f"{name} {value}" for name, value in given.items())]))


def _ways(shown: ShownOrder) -> Iterator[list[str]]:
    """How to decide it, while a person can."""
    case, name = shown.case, name_of(shown.case)
    if case.stage is not Stage.AWAITING_REVIEW:
        return
    denied_by = shown.state.denied_by if shown.state else []
    override = " --override …" if denied_by else ""
    if (case.people or 1) > 1:
        yield ["Approve", f"portout approve {name} --reason …{override}, by two people with a token each"]
    else:
        yield ["Approve", f"portout approve {name} --reason …{override} --by …"]
    if denied_by:
        yield ["", f"{', '.join(denied_by)} says deny: give the reason for overriding that"]
    yield ["Deny", f"portout deny {name} --reason … [--code …] --by …"]
    yield ["Ask", f"portout ask {name} --types loa --message … --by …"]
    yield ["Codes", "; ".join(_codes(shown.codes)) or "the carrier's list cannot be had just now"]
    for barred in shown.state.refused if shown.state else []:
        code = f"code {barred.code}" if barred.code is not None else "no code"
        said = (
            f"“{barred.reason}”" if barred.reason else "a reason that was erased or cannot be unsealed here"
        )
        yield ["Refused before", f"{code}: {said}"]


def _codes(codes: Sequence[EligibleCode]) -> Iterator[str]:
    for code in codes:
        yield f"{code.code} {code.description or 'not described'}{' (needs a reason)' if code.reason_required else ''}"

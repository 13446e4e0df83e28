"""The queue: what waits for a person, soonest deadline first."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten

from pydantic import BaseModel

from commands.output import print_lines, print_table
from commands.pausing import pause_sentence
from commands.timeline import comments_in
from commands.times import moment, time_left
from records.cases import Case, Stage
from records.engine import CHUNK
from records.store import Records
from screening.checks import CHECKS
from settings import Settings

SHOWN = 100
"""How many orders a table of the queue shows."""
_GOOD = frozenset(result for kind in CHECKS.values() for result in kind.evidence)


SHOWN_OF_A_COMMENT = 120


class Waiting(BaseModel):
    """One order of the queue."""

    portout_id: str
    support_key: str | None
    round: int
    mode: str | None
    carrier_name: str | None
    spid: str | None
    number_count: int | None
    score: int | None
    recommendation: str | None
    people: int | None
    first_approval_by: str | None
    claimed_by: str | None
    claimed_until: datetime | None
    respond_by: datetime | None
    limit_at: datetime | None
    time_left: str
    asked_at: datetime | None
    asked_for: str | None
    why: str
    rules: dict[str, str]

    @classmethod
    def of(cls, case: Case, now: datetime, comment: str | None = None) -> "Waiting":
        known = {name: getattr(case, name) for name in cls.model_fields if name in type(case).model_fields}
        left = time_left(case.respond_by, case.limit_at, now)
        if case.claimed_until is not None and case.claimed_until <= now:
            known |= {"claimed_by": None, "claimed_until": None}
        return cls.model_validate({**known, "time_left": left, "why": _why(case, comment)})

    def taken(self) -> str:
        """What others have done about it already, in sentences; empty if nothing."""
        claim = (
            f"Claimed by {self.claimed_by} until {self.claimed_until:%H:%M} UTC." if self.claimed_by else ""
        )
        first = f"Approved by {self.first_approval_by}, needs another." if self.first_approval_by else ""
        return " ".join(filter(None, [claim, first]))


class Queue(BaseModel):
    """The orders that wait, and what a person should know before looking at them."""

    paused: str | None
    """Who paused sending, when and why."""
    shadow: bool
    """Nothing is ever sent, so nobody is asked."""
    watched: int
    """How many orders are only watched, because nothing is sent."""
    answered: int
    """How many orders were answered and are watched until the carrier is done with them."""
    screening: int
    """How many orders are still being screened; a PIN that has not come is waited for."""
    waiting_count: int
    """How many orders wait for a person."""
    waiting: list[Waiting]
    """All of them, or the first ones."""


def read_queue(records: Records, settings: Settings, now: datetime, *, first: int | None = None) -> Queue:
    """Read the queue from the records; Temporal need not be up.

    Args:
        first: how many of the orders that wait are wanted; None: all.
    """
    stages = records.cases.count_by_stage()
    answered = len(records.cases.watched())
    waiting = records.cases.waiting(first)
    said = _said_by_the_carrier(records, waiting)
    return Queue(
        paused=pause_sentence(records),
        shadow=not settings.sends,
        watched=stages.get(Stage.AWAITING_CARRIER, 0) - answered,
        answered=answered,
        screening=stages.get(Stage.SCREENING, 0),
        waiting_count=stages.get(Stage.AWAITING_REVIEW, 0),
        waiting=[Waiting.of(case, now, said.get(case.portout_id)) for case in waiting],
    )


def _said_by_the_carrier(records: Records, waiting: Sequence[Case]) -> dict[str, str]:
    """The newest comment of the carrier's staff on our last answer, of the orders that are in a further round."""
    again = [case.portout_id for case in waiting if case.round > 1]
    said: dict[str, str] = {}
    for start in range(0, len(again), CHUNK):
        for portout_id, entries in records.ledger.entries_of(again[start : start + CHUNK]):
            comments = comments_in(entries)
            if comments:
                said[portout_id] = comments[-1]
    return said


def print_queue(queue: Queue) -> None:
    """Print it for people."""
    if queue.shadow:
        print_lines(
            "Shadow: PORTOUT_SEND is not yes, so nothing is sent to the carrier and nobody is asked to decide."
        )
    if queue.paused:
        print_lines(f"{queue.paused} Decisions are kept until `portout resume`; the carrier's clock runs on.")
    if queue.watched:
        print_lines(f"{_orders(queue.watched)} only watched, as in `portout show ID`.")
    if queue.answered:
        print_lines(f"{_orders(queue.answered)} answered and watched until the carrier is done.")
    if queue.screening:
        print_lines(
            f"{_orders(queue.screening)} still being screened; a PIN that has not come is waited for."
        )
    if not queue.waiting:
        print_lines("No order waits for a person.")
        return
    count = max(queue.waiting_count, len(queue.waiting))
    print_table(
        f"{_orders(count)} waiting for a person, soonest deadline first",
        ["Order", "Gaining carrier", "SPID", "Nos.", "Score", "Advice", "Time left", "Why"],
        [
            [
                order.support_key or order.portout_id,
                order.carrier_name or "—",
                order.spid or "—",
                str(order.number_count or "—"),
                "—" if order.score is None else str(order.score),
                order.recommendation or "—",
                order.time_left,
                " ".join(filter(None, [order.taken(), order.why])),
            ]
            for order in queue.waiting
        ],
    )
    if count > len(queue.waiting):
        print_lines(f"{count - len(queue.waiting)} more are not shown; `portout queue --json` lists all.")


def odd_results(rules: dict[str, str]) -> str:
    """The results that are no good evidence, as words of a sentence; empty when all are."""
    odd = ", ".join(f"{rule} {result}" for rule, result in rules.items() if result not in _GOOD)
    return f"{odd}." if odd else ""


def _why(case: Case, comment: str | None) -> str:
    again = f"Round {case.round}." if case.round > 1 else ""
    if comment:
        again = f"{again} The carrier: “{shorten(comment, SHOWN_OF_A_COMMENT)}”"
    return " ".join(filter(None, [again, odd_results(case.rules), asked_sentence(case), case.note]))


def asked_sentence(case: Case) -> str:
    """Since when which documents are asked for; empty when none are."""
    if case.asked_at is None:
        return ""
    return f"Asked for {case.asked_for} at {moment(case.asked_at)}."


def _orders(count: int) -> str:
    return "1 order is" if count == 1 else f"{count} orders are"

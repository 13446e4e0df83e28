"""The figures of a report: what became of the orders of a time, why, how fast, and who agreed with whom."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel

from records.cases import DecidedBy
from records.ledger_entries import REFUSED_AS_INVALID, EntryKind
from records.reported import ReportedEntry, ReportedOrder

RELEASED = ("authorized", "ported")
REJECTED = ("rejected", "rejected-pending")
TIMES = (
    (1, "up to 1 min"),
    (10, "1–10 min"),
    (60, "10–60 min"),
    (240, "1–4 h"),
    (720, "4–12 h"),
    (1200, "12–20 h"),
)
"""Minutes below which a decision falls into a column."""
LONGEST = "over 20 h"


class Became(StrEnum):
    """What became of an order."""

    APPROVED = "approved"
    DENIED = "denied"
    LEFT = "left to silence on purpose"
    SILENCE = "approved by silence, not on purpose"
    ELSEWHERE = "decided elsewhere"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


class Day(BaseModel):
    """Orders that came on a day (UTC), by what became of them."""

    day: date
    orders: dict[Became, int]


class Decisions(BaseModel):
    """How long decisions of one kind took, from when the order came.

    Attributes:
        times: decisions by `TIMES`.
        median_minutes: of all of them.
        least_left_minutes: between the latest of them and the moment at which silence approves; negative after it.
    """

    by: DecidedBy
    times: dict[str, int]
    median_minutes: float
    least_left_minutes: float | None


class RuleFigures(BaseModel):
    """What a rule did in the last screening of each order.

    Attributes:
        held_up: orders that it sent towards people: by points, a review or a question.
        denied: orders that it denied.
        shadow: whether it was only watched in the newest of them.
    """

    rule: str
    screened: int
    held_up: int
    denied: int
    results: dict[str, int]
    shadow: bool


class Refused(BaseModel):
    """Rejections of ours that the carrier did not take, by code; `code` is None where it had none."""

    code: int | None
    sent: int
    refused: int


class Agreement(BaseModel):
    """How often the policy's advice and what was decided met."""

    policy: str
    decided: str
    orders: int


class Hour(BaseModel):
    """Reviews that began, and decisions that people made, in an hour of the day (UTC)."""

    hour: int
    began: int
    decided: int


class Figures(BaseModel):
    """Everything that a report says.

    Attributes:
        since, until: the orders came between these.
        refused_denials: only codes that were sent.
        people: the policy's advice against the reviewers' decisions.
        outside: the same against what the carrier shows where somebody else decided.
    """

    since: datetime
    until: datetime
    orders: int
    became: dict[Became, int]
    days: list[Day]
    decisions: list[Decisions]
    rules: list[RuleFigures]
    refused_denials: list[Refused]
    people: list[Agreement]
    outside: list[Agreement]
    review_hours: list[Hour]


def figures_of(orders: Iterable[ReportedOrder], since: datetime, until: datetime) -> Figures:
    """Count the orders, one at a time."""
    count = _Count()
    for order in orders:
        count.add(order)
    return count.figures(since, until)


def became(order: ReportedOrder) -> Became:
    """What became of an order. In shadow mode silence is nobody's fault: it is decided elsewhere."""
    if order.outcome in ("approve", "deny"):
        return Became.APPROVED if order.outcome == "approve" else Became.DENIED
    if order.outcome == "leave":
        return Became.LEFT
    if order.outcome is None:
        return Became.OPEN
    if order.carrier_status == "canceled":
        return Became.WITHDRAWN
    after_limit = order.decided_at and order.limit_at and order.decided_at >= order.limit_at
    if after_limit and order.carrier_status in RELEASED and order.mode != "shadow":
        return Became.SILENCE
    return Became.ELSEWHERE


class _Count:
    def __init__(self) -> None:
        self._orders = 0
        self._days: dict[date, Counter[Became]] = {}
        self._times: dict[DecidedBy, list[float]] = {}
        self._left: dict[DecidedBy, float] = {}
        self._effects: dict[str, Counter[str]] = {}
        self._results: dict[str, Counter[str]] = {}
        self._shadow: dict[str, tuple[datetime, bool]] = {}
        self._sent: Counter[int | None] = Counter()
        self._refused: Counter[int | None] = Counter()
        self._people: Counter[tuple[str, str]] = Counter()
        self._outside: Counter[tuple[str, str]] = Counter()
        self._began: Counter[int] = Counter()
        self._decided: Counter[int] = Counter()

    def add(self, order: ReportedOrder) -> None:
        self._orders += 1
        self._days.setdefault(order.came_at.date(), Counter())[became(order)] += 1
        self._time(order)
        self._rules(order)
        self._denials(order)
        for entry in order.entries:
            self._agreement(entry)
            self._hours(entry)

    def _time(self, order: ReportedOrder) -> None:
        if order.outcome not in ("approve", "deny") or order.decided_at is None or order.decided_by is None:
            return
        by = DecidedBy(order.decided_by)
        self._times.setdefault(by, []).append((order.decided_at - order.came_at).total_seconds() / 60)
        if order.limit_at is not None:
            left = (order.limit_at - order.decided_at).total_seconds() / 60
            self._left[by] = min(left, self._left.get(by, left))

    def _rules(self, order: ReportedOrder) -> None:
        screened = [entry for entry in order.entries if "findings" in entry.body]
        for finding in screened[-1].body["findings"] if screened else []:
            rule = str(finding["rule_id"])
            effects = self._effects.setdefault(rule, Counter())
            effects["screened"] += 1
            if finding.get("fired"):
                effects["denied" if finding["effect"] == "deny" else "held_up"] += 1
            self._results.setdefault(rule, Counter())[str(finding["result"])] += 1
            newest = screened[-1].at, bool(finding.get("shadow"))
            self._shadow[rule] = max(newest, self._shadow.get(rule, newest))

    def _denials(self, order: ReportedOrder) -> None:
        sent: dict[object, int | None] = {}
        for entry in order.entries:
            body = entry.body
            if body.get("status") != "rejected-pending":
                continue
            if entry.kind == EntryKind.ANSWERED or body.get("http_status") == REFUSED_AS_INVALID:
                sent[body.get("round")] = body.get("rejection_code")
                self._sent[body.get("rejection_code")] += 1
            if entry.kind == EntryKind.REFUSED_BY_CARRIER:
                self._refused[sent.get(body.get("round"))] += 1

    def _agreement(self, entry: ReportedEntry) -> None:
        body = entry.body
        advice = body.get("would_have")
        if advice is None:
            return
        if entry.kind == EntryKind.ANSWERED and body.get("decided_by") == DecidedBy.REVIEWER:
            self._people[str(advice), str(body.get("outcome"))] += 1
        elif entry.kind == EntryKind.DECIDED_ELSEWHERE:
            self._outside[str(advice), str(body.get("carrier_status"))] += 1

    def _hours(self, entry: ReportedEntry) -> None:
        hour = entry.at.astimezone(UTC).hour
        if entry.kind == EntryKind.SCREENED and entry.body.get("next") == "review":
            self._began[hour] += 1
        elif entry.kind == EntryKind.ANSWERED and entry.body.get("decided_by") == DecidedBy.REVIEWER:
            self._decided[hour] += 1

    def figures(self, since: datetime, until: datetime) -> Figures:
        whole: Counter[Became] = sum(self._days.values(), Counter())
        span = (until.date() - since.date()).days + 1
        every_day = [since.date() + timedelta(days=number) for number in range(span)]
        return Figures(
            since=since,
            until=until,
            orders=self._orders,
            became={kind: whole[kind] for kind in Became},
            days=[Day(day=day, orders=dict(self._days.get(day, {}))) for day in every_day],
            decisions=[
                Decisions(
                    by=by,
                    times=_in_columns(minutes),
                    median_minutes=round(sorted(minutes)[len(minutes) // 2], 1),
                    least_left_minutes=round(self._left[by], 1) if by in self._left else None,
                )
                for by, minutes in sorted(self._times.items())
            ],
            rules=[
                RuleFigures(
                    rule=rule,
                    screened=effects["screened"],
                    held_up=effects["held_up"],
                    denied=effects["denied"],
                    results=dict(self._results[rule].most_common()),
                    shadow=self._shadow[rule][1],
                )
                for rule, effects in sorted(
                    self._effects.items(), key=lambda item: (-item[1]["denied"], -item[1]["held_up"], item[0])
                )
            ],
            refused_denials=[
                Refused(code=code, sent=sent, refused=self._refused[code])
                for code, sent in sorted(self._sent.items(), key=lambda item: -item[1])
            ],
            people=_pairs(self._people),
            outside=_pairs(self._outside),
            review_hours=[
                Hour(hour=hour, began=self._began[hour], decided=self._decided[hour]) for hour in range(24)
            ],
        )


def _in_columns(minutes: Iterable[float]) -> dict[str, int]:
    counted = dict.fromkeys([*(name for _, name in TIMES), LONGEST], 0)
    for one in minutes:
        counted[next((name for below, name in TIMES if one <= below), LONGEST)] += 1
    return counted


def _pairs(counted: Mapping[tuple[str, str], int]) -> list[Agreement]:
    return [
        Agreement(policy=policy, decided=decided, orders=orders)
        for (policy, decided), orders in sorted(counted.items(), key=lambda item: -item[1])
    ]

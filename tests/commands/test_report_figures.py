"""The figures of a report, counted from orders and what the ledger says of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.report_figures import LONGEST, TIMES, Agreement, Became, Figures, Refused, became, figures_of
from commands.report_page import page_of
from records.ledger_entries import EntryKind
from records.reported import ReportedEntry, ReportedOrder

CAME = datetime(2031, 3, 7, 9, 30, tzinfo=UTC)
LIMIT = CAME + timedelta(hours=24)
UNTIL = CAME + timedelta(days=2)


def order(*entries: ReportedEntry, **given: Any) -> ReportedOrder:
    known: dict[str, Any] = {
        "portout_id": "o-1",
        "came_at": CAME,
        "limit_at": LIMIT,
        "mode": "enforce",
        "outcome": None,
        "decided_by": None,
        "decided_at": None,
        "carrier_status": "pending",
    }
    return ReportedOrder(**known | given, entries=list(entries))


def entry(kind: EntryKind, hours: float = 0, **body: Any) -> ReportedEntry:
    return ReportedEntry(kind, CAME + timedelta(hours=hours), {"round": 1, **body})


def counted(*orders: ReportedOrder) -> Figures:
    return figures_of(orders, CAME - timedelta(days=1), UNTIL)


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({}, Became.OPEN),
        ({"outcome": "approve", "carrier_status": "authorized"}, Became.APPROVED),
        ({"outcome": "deny", "carrier_status": "rejected-pending"}, Became.DENIED),
        ({"outcome": "leave", "carrier_status": "authorized"}, Became.LEFT),
        ({"outcome": "none", "carrier_status": "canceled", "decided_at": CAME}, Became.WITHDRAWN),
        ({"outcome": "none", "carrier_status": "authorized", "decided_at": CAME}, Became.ELSEWHERE),
        ({"outcome": "none", "carrier_status": "rejected", "decided_at": LIMIT}, Became.ELSEWHERE),
        ({"outcome": "none", "carrier_status": "authorized", "decided_at": LIMIT}, Became.SILENCE),
        ({"outcome": "none", "carrier_status": "ported", "decided_at": UNTIL}, Became.SILENCE),
        (
            {"outcome": "none", "carrier_status": "ported", "decided_at": UNTIL, "mode": "shadow"},
            Became.ELSEWHERE,
        ),
    ],
)
def test_what_became_of_an_order(known: dict[str, Any], kind: Became) -> None:
    assert became(order(**known)) is kind


def test_orders_stand_on_the_day_on_which_they_came_and_days_without_any_are_shown() -> None:
    figures = counted(order(), order(outcome="approve"), order(came_at=CAME + timedelta(days=2)))
    assert [day.day for day in figures.days] == [date(2031, 3, day) for day in (6, 7, 8, 9)]
    assert figures.days[0].orders == {}
    assert figures.days[1].orders == {Became.OPEN: 1, Became.APPROVED: 1}
    assert (figures.orders, figures.became[Became.OPEN]) == (3, 2)


def test_the_time_to_a_decision_is_told_with_what_was_left_before_silence() -> None:
    figures = counted(
        *(
            order(outcome="deny", decided_by="reviewer", decided_at=CAME + timedelta(hours=hours))
            for hours in (2, 3, 23.5)
        )
    )
    [people] = figures.decisions
    assert (people.by, people.median_minutes, people.least_left_minutes) == ("reviewer", 180, 30)
    assert (people.times["1–4 h"], people.times[LONGEST]) == (2, 1)


@given(st.lists(st.integers(0, 3000)))
def test_every_decision_falls_into_one_column(minutes: list[int]) -> None:
    decided = (
        order(outcome="approve", decided_by="policy", decided_at=CAME + timedelta(minutes=one))
        for one in minutes
    )
    times = [one.times for one in counted(*decided).decisions]
    assert sum(sum(columns.values()) for columns in times) == len(minutes)
    assert all(len(columns) == len(TIMES) + 1 for columns in times)


def test_of_each_order_only_the_last_screening_tells_which_rules_decide() -> None:
    def found(effect: str, result: str, fired: bool) -> dict[str, Any]:
        return {"rule_id": "pin", "effect": effect, "result": result, "fired": fired, "shadow": False}

    figures = counted(
        order(
            entry(EntryKind.SCREENED, findings=[found("review", "missing", True)], next="review"),
            entry(EntryKind.DECIDED, 1, findings=[found("deny", "mismatch", True)], next="answer"),
        ),
        order(entry(EntryKind.SCREENED, findings=[found("score", "missing", True)], next="review")),
        order(entry(EntryKind.DECIDED, findings=[found("pass", "match", False)], next="answer")),
    )
    [rule] = figures.rules
    assert (rule.rule, rule.screened, rule.denied, rule.held_up) == ("pin", 3, 1, 1)
    assert rule.results == {"mismatch": 1, "missing": 1, "match": 1}
    assert figures.review_hours[9].began == 2


def test_a_refused_denial_counts_for_the_code_that_was_sent() -> None:
    denial: dict[str, Any] = {"status": "rejected-pending", "rejection_code": 1002}
    figures = counted(
        order(entry(EntryKind.ANSWERED, **denial)),
        # Pending again after it was taken; and not taken at all.
        order(
            entry(EntryKind.ANSWERED, **denial),
            entry(EntryKind.REFUSED_BY_CARRIER, 5, status="rejected-pending"),
            entry(EntryKind.REFUSED_BY_CARRIER, 6, **denial | {"round": 2, "http_status": 422}),
            entry(EntryKind.ANSWERED, 7, round=3, status="rejected-pending", rejection_code=1001),
        ),
        order(entry(EntryKind.ANSWERED, status="authorized")),
    )
    assert figures.refused_denials == [
        Refused(code=1002, sent=3, refused=2),
        Refused(code=1001, sent=1, refused=0),
    ]


def test_people_and_the_outside_are_put_against_what_the_policy_advised() -> None:
    by_person: dict[str, Any] = {"decided_by": "reviewer", "would_have": "deny", "outcome": "approve"}
    figures = counted(
        order(entry(EntryKind.ANSWERED, 4, **by_person)),
        order(entry(EntryKind.ANSWERED, 4, **by_person)),
        order(entry(EntryKind.ANSWERED, **by_person | {"decided_by": "policy"})),
        order(entry(EntryKind.DECIDED_ELSEWHERE, would_have="deny", carrier_status="authorized")),
        order(entry(EntryKind.DECIDED_ELSEWHERE, would_have=None, carrier_status="canceled")),
    )
    assert figures.people == [Agreement(policy="deny", decided="approve", orders=2)]
    assert figures.outside == [Agreement(policy="deny", decided="authorized", orders=1)]
    assert figures.review_hours[13].decided == 2


def test_a_page_about_nothing_says_so_and_one_with_hostile_words_shows_them_as_words() -> None:
    assert "Nothing of this kind happened." in page_of(counted())
    hostile = "<script>alert(1)</script>"
    finding = {"rule_id": hostile, "effect": "deny", "result": hostile, "fired": True, "shadow": False}
    page = page_of(counted(order(entry(EntryKind.DECIDED, findings=[finding], next="answer"))))
    assert hostile not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

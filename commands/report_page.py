"""The report as one HTML page that needs nothing else: no network, no script, no other file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

from commands.report_charts import Fill, bars, columns
from commands.report_figures import Agreement, Became, Decisions, Figures
from commands.times import span

RULES_DRAWN = 15
FILLS: dict[Became, Fill] = {
    Became.APPROVED: ("#a5d6a7", ""),
    Became.DENIED: ("#b71c1c", ""),
    Became.LEFT: ("#f9a825", "...."),
    Became.SILENCE: ("#212121", "xxxx"),
    Became.ELSEWHERE: ("#b0bec5", "\\\\\\\\"),
    Became.WITHDRAWN: ("#cfd8dc", "||||"),
    Became.OPEN: ("#ffffff", "----"),
}
Cell = str | int


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        lines: sentences before the chart.
        rows: of the table that says what the chart shows; texts first, numbers after them.
    """

    title: str
    caption: str
    heads: Sequence[str]
    rows: list[list[Cell]]
    chart: str | None = None
    lines: list[str] = field(default_factory=list)


def page_of(figures: Figures) -> str:
    """The whole page."""
    environment = Environment(
        loader=PackageLoader("commands", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["day"] = _day
    environment.filters["texts"] = lambda row: sum(isinstance(cell, str) for cell in row)
    return environment.get_template("report_page.html").render(
        figures=figures,
        silences=figures.became[Became.SILENCE],
        sections=[
            _orders(figures),
            _times(figures),
            _rules(figures),
            _refused(figures),
            _agreement("People and the policy", "what reviewers decided", figures.people),
            _agreement("The outside and the policy", "what the carrier shows", figures.outside),
            _silences(figures),
            _hours(figures),
        ],
    )


def _orders(figures: Figures) -> Section:
    kinds = [kind for kind in Became if figures.became[kind]]
    days = [f"{day.day:%m-%d}" for day in figures.days]
    series = [(str(kind), [day.orders.get(kind, 0) for day in figures.days]) for kind in kinds]
    return Section(
        "Orders per day by outcome",
        "Orders by what became of them",
        ["Outcome", "Orders"],
        [[str(kind), figures.became[kind]] for kind in kinds],
        columns(
            days,
            series,
            about="Orders per day by what became of them",
            fills=[FILLS[kind] for kind in kinds],
        )
        if kinds
        else None,
    )


def _times(figures: Figures) -> Section:
    series = [(str(one.by), list(one.times.values())) for one in figures.decisions]
    labels = list(figures.decisions[0].times) if figures.decisions else []
    return Section(
        "Time to decision against the deadline",
        "Decisions by who made them",
        ["Decided by", "Half of them within", "Time left before silence, at the least", "Decisions"],
        [
            [
                str(one.by),
                span(one.median_minutes * 60),
                _left(one),
                sum(one.times.values()),
            ]
            for one in figures.decisions
        ],
        columns(labels, series, about="Decisions by the time that they took") if series else None,
    )


def _left(decisions: Decisions) -> str:
    left = decisions.least_left_minutes
    if left is None:
        return "unknown"
    return span(left * 60) if left >= 0 else "none: after the limit"


def _rules(figures: Figures) -> Section:
    drawn = [rule for rule in figures.rules if rule.denied or rule.held_up][:RULES_DRAWN]
    return Section(
        "Which rules decide",
        "What each rule found in the last screening of an order",
        ["Rule", "Results", "Orders", "Held up for people", "Denied"],
        [
            [
                f"{rule.rule} (shadow)" if rule.shadow else rule.rule,
                ", ".join(f"{result} {count}" for result, count in rule.results.items()),
                rule.screened,
                rule.held_up,
                rule.denied,
            ]
            for rule in figures.rules
        ],
        bars(
            [rule.rule for rule in drawn],
            [
                ("held up for people", [rule.held_up for rule in drawn]),
                ("denied", [rule.denied for rule in drawn]),
            ],
            about="Orders that each rule held up or denied",
        )
        if drawn
        else None,
    )


def _refused(figures: Figures) -> Section:
    return Section(
        "Denials that the carrier refused",
        "Rejections by their code",
        ["Code", "Sent", "Refused"],
        [
            ["none" if one.code is None else str(one.code), one.sent, one.refused]
            for one in figures.refused_denials
        ],
    )


def _agreement(title: str, decided: str, pairs: Sequence[Agreement]) -> Section:
    return Section(
        title,
        f"What the policy advised, and {decided}",
        ["The policy advised", "Decided", "Orders"],
        [[pair.policy, pair.decided, pair.orders] for pair in pairs],
    )


def _silences(figures: Figures) -> Section:
    left, missed = figures.became[Became.LEFT], figures.became[Became.SILENCE]
    return Section(
        "Silences",
        "Orders that the carrier approved, or will approve, because nobody answered",
        ["Silence", "Orders"],
        [[str(Became.LEFT), left], [str(Became.SILENCE), missed]] if left or missed else [],
    )


def _hours(figures: Figures) -> Section:
    hours = figures.review_hours
    any_ = any(hour.began or hour.decided for hour in hours)
    series = [
        ("reviews that began", [hour.began for hour in hours]),
        ("decisions by people", [hour.decided for hour in hours]),
    ]
    labels = [f"{hour.hour:02}" for hour in hours]
    return Section(
        "Review load by hour of the day",
        "Hours with reviews (UTC)",
        ["Hour", "Reviews that began", "Decisions by people"],
        [[f"{hour.hour:02}", hour.began, hour.decided] for hour in hours if hour.began or hour.decided],
        columns(labels, series, about="Reviews and decisions by hour of the day", beside=True)
        if any_
        else None,
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"

"""The watch over the rule files while the records are away."""

import itertools

import pytest
from structlog.testing import capture_logs

from activities.going_live import RuleWatch
from activities.policies import PolicyShelf
from records.errors import DatabaseUnavailable
from tests.activities.parts import Parts
from tests.waiting import eventually


async def test_that_the_records_are_away_is_logged_once_and_so_is_that_they_are_back(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = RuleWatch(PolicyShelf(parts.rules, parts.records), parts.records, quiet=0.05)
    tries, report = itertools.count(1), parts.records.policies.report

    def away_three_times(*given: object, **named: object) -> None:
        if next(tries) <= 3:
            raise DatabaseUnavailable("The records database is unavailable.")
        report(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(parts.records.policies, "report", away_three_times)
    with capture_logs() as lines:
        async with watch.watching(parts.board):
            await eventually(lambda: [line for line in lines if line["event"] == "rules watched again"])
    assert [line["event"] for line in lines if "watched" in line["event"]] == [
        *("rules not watched", "rules watched again")
    ]

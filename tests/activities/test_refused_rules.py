"""Refused rule files: somebody is told once a day, however many workers find them."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar

import pytest

from activities.going_live import RuleWatch
from activities.policies import PolicyShelf
from tests.activities.parts import Parts
from tests.scenarios.rules import POLICY, change
from tests.waiting import eventually


class Clock(datetime):
    """A clock that stands still until a test moves it."""

    shows: ClassVar[datetime] = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.shows.astimezone(tz)


async def one_worker_looks(parts: Parts) -> None:
    watch = RuleWatch(PolicyShelf(parts.rules, parts.records), parts.records, quiet=0.2)
    async with watch.watching(parts.board):
        # It reports what it found, and tells people next, before it ends.
        await eventually(parts.records.policies.reports)


async def test_refused_rule_files_are_paged_once_a_day_by_all_workers_together(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.going_live.datetime", Clock)
    await one_worker_looks(parts)
    assert parts.incidents() == []
    change(parts.rules, r"^mode: \S+", "mode: perhaps")
    for hours, told in ((0, 1), (0, 1), (1, 2), (0, 2)):
        monkeypatch.setattr(Clock, "shows", Clock.shows + timedelta(hours=hours))
        await one_worker_looks(parts)
        assert len(parts.incidents()) == told
    refused = f"The rules are refused: {parts.rules / POLICY}:"
    assert all(text.startswith(refused) for text in parts.incidents())

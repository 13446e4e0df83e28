"""The records database is away at the moment of the answer: the carrier is answered first, the entry follows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from records.cases import Stage
from records.ledger import EntryKind
from tests.scenarios.holding import answer_is_under_way, hold_answer
from tests.service import HURRIED, Service, installed
from tests.waiting import eventually


@contextmanager
def nobody_else_writes(service: Service) -> Iterator[None]:
    """Hold the database as a backup or another program may: what is written meanwhile fails."""
    with closing(sqlite3.connect(service.settings.home / "records.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def test_a_database_that_is_away_delays_no_answer_and_loses_no_entry(
    temporal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A call that waits for the database waits less long, as everything does here.
    monkeypatch.setattr("records.engine.PATIENCE", 0.3)
    timing = HURRIED.model_copy(update={"activity": 10.0})
    async with installed(temporal, tmp_path, timing=timing) as service, service.working():
        reviewed = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_REVIEW, reviewed)
        by_rules = [service.place(), service.place_denied()]
        for order in by_rules:
            hold_answer(service, order, seconds=1.0)
        for order in by_rules:
            await answer_is_under_way(service, order)
        orders = [*by_rules, reviewed]
        with nobody_else_writes(service):
            await service.review(reviewed, "deny")
            await eventually(lambda: all(service.truth(order)["effective_patches"] for order in orders))
            assert [service.truth(order)["status"] for order in orders] == [
                *("authorized", "rejected-pending", "rejected-pending")
            ]
            # Longer than the writes that follow the answers are waited for.
            listed = len(service.asked("/portouts"))
            await eventually(lambda: len(service.asked("/portouts")) >= listed + 2)
            assert not any(service.ledger(order, EntryKind.ANSWERED) for order in orders)
        results = await service.results(*orders)
    assert [result.outcome for result in results] == ["approve", "deny", "deny"]
    for order in orders:
        [entry] = service.ledger(order, EntryKind.ANSWERED)
        assert entry.body["status"] == service.truth(order)["status"]
        assert service.stage(order) is Stage.CLOSED
        assert service.truth(order)["patches"] == 1
        assert service.records.ledger.verify_chain(order) == []

"""The whole service on a real PostgreSQL: with several workers, and while it is away."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from records.cases import Stage
from records.errors import NotMigrated
from records.ledger_entries import EntryKind
from tests.postgresql import PostgreSQL
from tests.scenarios.holding import answer_is_under_way, hold_answer
from tests.service import HURRIED, RIGHT_PIN, Service, installed
from tests.waiting import eventually

KEY = SecretStr(base64.b64encode(b"k" * 32).decode())


@pytest.fixture
async def service(
    temporal: str, tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Service]:
    """An installation whose records are in PostgreSQL. Calls wait less long for it, as everything does here."""
    monkeypatch.setattr("records.engine.PATIENCE", 0.3)
    url = postgresql.new_database()
    timing = HURRIED.model_copy(update={"activity": 10.0})
    async with installed(
        temporal, tmp_path, timing=timing, database_url=url, records_key=KEY, pin_key=KEY
    ) as service:
        yield service
    postgresql.used(url)


async def test_two_workers_answer_each_order_once_and_see_each_others_attempts(service: Service) -> None:
    async with service.working(), service.working():
        approved, denied = service.place(), service.place_denied()
        number = next(service.numbers)
        service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
        guesses = [
            service.place(phone_numbers=[number], attempted=RIGHT_PIN if last == 5 else f"1234567{last}")
            for last in range(6)
        ]
        results = await service.results(approved, denied)
        right = guesses[5]
        await service.stands_in(Stage.AWAITING_REVIEW, right)
        await asyncio.gather(*(service.result(order) for order in guesses if order != right))
    assert [result.outcome for result in results] == ["approve", "deny"]
    for order in (approved, denied):
        assert service.truth(order)["patches"] == 1
        assert len(service.ledger(order, EntryKind.ANSWERED)) == 1
    for order in (approved, denied, *guesses):
        assert service.records.ledger.verify_chain(order) == []
        entries = service.ledger(order)
        assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    assert not service.ledger(right, EntryKind.ANSWERED)


async def test_a_server_that_is_away_delays_no_answer_and_loses_nothing(
    service: Service, postgresql: PostgreSQL
) -> None:
    async with service.working():
        reviewed = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_REVIEW, reviewed)
        by_rules = [service.place(), service.place_denied()]
        orders = [*by_rules, reviewed]
        for order in orders:
            hold_answer(service, order, seconds=1.0)
        await service.review(reviewed, "deny")
        for order in orders:
            await answer_is_under_way(service, order)
        await asyncio.to_thread(postgresql.stop)
        try:
            late = service.place_denied()
            await answered_by_the_carrier(service, *orders)
            # Intakes that find the new order fail for want of records, and so does every entry of an answer.
            listed = len(service.asked("/portouts"))
            await eventually(lambda: len(service.asked("/portouts")) >= listed + 2)
        finally:
            await asyncio.to_thread(postgresql.start)
        results = await service.results(*orders, late)
    assert [result.outcome for result in results] == ["approve", "deny", "deny", "deny"]
    for order in (*orders, late):
        [entry] = service.ledger(order, EntryKind.ANSWERED)
        assert entry.body["status"] == service.truth(order)["status"]
        assert service.truth(order)["patches"] == 1
        assert service.records.ledger.verify_chain(order) == []


async def test_a_worker_that_finds_no_tables_says_what_makes_them(
    service: Service, postgresql: PostgreSQL
) -> None:
    empty = postgresql.new_database(migrated=False)
    with pytest.raises(NotMigrated, match=r"at version none, .*: run `portout records upgrade`\."):
        async with service.working(database_url=empty):
            pass
    postgresql.used(empty)


async def answered_by_the_carrier(service: Service, *orders: str) -> None:
    await eventually(lambda: all(service.truth(order)["effective_patches"] for order in orders))

"""The service, Temporal and the carrier out of step: a store that is lost, a long absence, a clock that is wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.differences import Wrong
from records.cases import DecidedBy, Stage
from records.ledger_entries import EntryKind
from tests.scenarios.rules import rules_with
from tests.scenarios.temporal_server import TemporalServer
from tests.scenarios.test_reconcile import reconciled_daily
from tests.service import HURRIED, installed
from tests.waiting import eventually

NOW_AND_THEN = HURRIED.model_copy(update={"watch_every": 2.0})
TEN_MINUTES = 600.0
DAY = 15.0
"""Seconds that stand for the day after which the carrier approves by silence."""


async def test_after_temporals_whole_store_is_lost_open_orders_go_on_and_nothing_is_decided_twice(
    tmp_path: Path,
) -> None:
    temporal = TemporalServer(tmp_path)
    address = await temporal.start()
    try:
        async with installed(address, tmp_path, timing=NOW_AND_THEN) as service:
            approved, denied, waiting = service.place(), service.place_denied(), service.place_reviewed()
            orders = [approved, denied, waiting]
            async with service.working():
                await service.results(approved, denied)
                await service.stands_in(Stage.AWAITING_REVIEW, waiting)
            await temporal.stop()
            temporal.forget()
            await temporal.start()
            async with service.working():
                await service.stands_in(Stage.AWAITING_REVIEW, waiting)
                await service.stands_in(Stage.AWAITING_CARRIER, approved, denied)
                await service.review(waiting, "deny")
                await service.result(waiting)
            assert [service.truth(order)["patches"] for order in orders] == [1, 1, 1]
            assert [len(service.ledger(order, EntryKind.ANSWERED)) for order in orders] == [1, 1, 1]
            assert [service.records.ledger.verify_chain(order) for order in orders] == [[], [], []]
    finally:
        await temporal.stop()


async def test_what_silence_decided_while_no_worker_ran_is_reported(temporal: str, tmp_path: Path) -> None:
    rules = rules_with(tmp_path, within=f"{DAY:g}s", margin="1s")
    async with installed(temporal, tmp_path, rules=rules) as service:
        async with service.working():
            service.place()
            seen = service.place_reviewed(silence_after=DAY)
            await eventually(lambda: service.stage(seen) is Stage.AWAITING_REVIEW)
        unseen = service.place_reviewed(silence_after=DAY)
        orders = (seen, unseen)
        await eventually(lambda: all(service.truth(order)["decided_by"] == "silence" for order in orders))
        async with service.working():
            await eventually(lambda: service.stage(seen) is Stage.CLOSED)
            report = await reconciled_daily(service)
        case = service.case(seen)
    assert case is not None
    assert (case.decided_by, case.carrier_status) == (DecidedBy.ELSEWHERE, "authorized")
    assert "probably by silence" in (case.reason or "")
    assert report.wrong == {Wrong.NEVER_SCREENED: 1, Wrong.DECIDED_ELSEWHERE: 1}


@pytest.mark.parametrize("wrong_by", [TEN_MINUTES, -TEN_MINUTES])
async def test_a_carrier_whose_clock_is_ten_minutes_off_is_answered_once(
    temporal: str, tmp_path: Path, wrong_by: float
) -> None:
    async with installed(temporal, tmp_path) as service:
        service.carrier.carrier.clock.set_offset(wrong_by)
        orders = [service.place(), service.place_denied(), service.place_reviewed()]
        async with service.working():
            await service.stands_in(Stage.AWAITING_REVIEW, orders[2])
            # An answer that was applied and lost is settled by events, which the carrier dates.
            service.fault(method="PATCH", drop_after_apply=True, count=1)
            await service.review(orders[2], "deny")
            results = await service.results(*orders)
        limit = service.case(orders[2])
    assert [result.outcome for result in results] == ["approve", "deny", "deny"]
    assert [service.truth(order)["effective_patches"] for order in orders] == [1, 1, 1]
    assert limit is not None
    assert limit.limit_at is not None
    # The deadline is counted by the carrier's clock, which is what silence goes by.
    counted = limit.limit_at - datetime.now(UTC)
    assert abs(counted - timedelta(hours=24, seconds=wrong_by)) < timedelta(minutes=5)

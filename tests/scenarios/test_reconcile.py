"""Reconciling on the real parts: what nobody screened, what was decided behind our back, and mending it."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from activities.differences import Wrong
from activities.reconciling import RECONCILE_WORKFLOW, ReconcileInput, ReconcileReport
from records.cases import Stage
from tests.commands.conftest import shell_of
from tests.service import Service, installed
from tests.waiting import eventually

AN_HOUR = 3600
"""Seconds. What came just now is not missed yet."""
RETRY_AFTER = 0.6


async def reconciled_daily(service: Service) -> ReconcileReport:
    """Run what the daily schedule runs, now."""
    report: ReconcileReport = await service.client.execute_workflow(
        RECONCILE_WORKFLOW,
        ReconcileInput(timing=service.settings.timing),
        id=f"reconcile-{uuid4()}",
        task_queue=service.settings.task_queue,
        result_type=ReconcileReport,
    )
    return report


def kept_orders(evidence: dict[str, str], *orders: str) -> list[str]:
    """Those of the orders that stand in the carrier's report, which is the one that was kept."""
    content = Path(evidence["file"]).read_bytes()
    assert evidence["sha256"] == hashlib.sha256(content).hexdigest()
    return [order for order in orders if order in content.decode()]


async def test_an_order_that_nobody_screened_is_found_and_mended(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path) as service:
        portout = shell_of(service)
        missed = service.place_reviewed(age_seconds=AN_HOUR)
        service.place_reviewed()
        found = await portout("reconcile", "--json")
        assert found.code == 5
        [difference] = found.json["differences"]
        assert (difference["portout_id"], difference["wrong"]) == (missed, Wrong.NEVER_SCREENED)
        assert (difference["mendable"], found.json["mended"]) == (True, [])
        assert await service.runs(missed) == []

        mended = await portout("reconcile", "--mend", "--json")
        assert (mended.code, mended.json["mended"]) == (5, [missed])
        async with service.working(intake_every=AN_HOUR):
            await eventually(lambda: service.stage(missed) is Stage.AWAITING_REVIEW)
        well = await portout("reconcile")
        assert well.code == 0
        assert "the carrier and we agree" in well.out


async def test_the_daily_run_waits_for_a_carrier_that_is_away_or_busy_and_mends_once(
    temporal: str, tmp_path: Path
) -> None:
    async with installed(temporal, tmp_path, intake_every=AN_HOUR) as service, service.working():
        await eventually(lambda: service.asked("/portouts/events"))  # the only intake is over
        missed = service.place_reviewed(age_seconds=AN_HOUR)
        begun = len(service.asked("/portouts"))
        for fault in ({"drop": True}, {"status": 503}, {"status": 429, "retry_after": RETRY_AFTER}):
            service.fault(path_prefix="/portouts", count=1, **fault)
        report = await reconciled_daily(service)
        await eventually(lambda: service.stage(missed) is Stage.AWAITING_REVIEW)
    assert report.wrong == {Wrong.NEVER_SCREENED: 1}
    assert len(await service.runs(missed)) == 1
    busy, after = service.asked("/portouts")[begun:][-2:]
    assert busy["status"] == 429
    waited = datetime.fromisoformat(after["time"]) - datetime.fromisoformat(busy["time"])
    assert waited.total_seconds() >= RETRY_AFTER


async def test_what_was_decided_behind_our_back_is_told_once_a_day(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path) as service, service.working():
        waiting = service.place_reviewed(age_seconds=AN_HOUR)
        fine = service.place(age_seconds=AN_HOUR)
        await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        await eventually(lambda: service.truth(fine)["status"] == "authorized")
        service.carrier.carrier.authorize(waiting)
        await eventually(lambda: service.stage(waiting) is Stage.CLOSED)
        first, again = await asyncio.gather(reconciled_daily(service), reconciled_daily(service))
        found = await shell_of(service)("reconcile", "--since", "1d", "--report", "--json")
    assert first.wrong == again.wrong == {Wrong.DECIDED_ELSEWHERE: 1}
    assert [one["portout_id"] for one in found.json["differences"]] == [waiting]
    assert found.json["compared"] == 2
    assert kept_orders(found.json["evidence"], waiting, fine) == [waiting, fine]
    began = datetime.fromisoformat(found.json["since"])
    # At midnight the day changes between the run and this look.
    days = [(began + timedelta(days=ago)).date() for ago in (0, 1)]
    assert any(service.records.notices.told(f"reconcile:{day}") for day in days)


async def test_two_workers_keep_one_daily_schedule(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path) as service, service.working(), service.working():
        schedule = service.client.get_schedule_handle(service.settings.reconcile_schedule_id)
        [every] = (await eventually(schedule.describe)).schedule.spec.intervals
    assert every.every == timedelta(days=1)


async def test_a_time_that_is_none_is_one_sentence(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path) as service:
        refused = await shell_of(service)("reconcile", "--since", "last week")
    assert (refused.code, refused.sentence) == (
        2,
        "'last week' is no time: write 90d, 12h or 30m, at most 366d.",
    )

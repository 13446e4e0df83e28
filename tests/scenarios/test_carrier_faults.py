"""The carrier is away, busy, or loses our answers. No order is lost and none is answered twice in effect."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import ScheduleOverlapPolicy

from records.cases import Stage
from tests.service import WRONG_PIN, Service, installed
from tests.waiting import eventually

RETRY_AFTER = 0.6
SELDOM = 60.0
"""Seconds between two intakes where a test starts them itself."""


async def test_a_carrier_that_is_away_for_a_while_delays_orders_and_loses_none(service: Service) -> None:
    async with service.working():
        reviewed = [service.place_reviewed() for _ in range(2)]
        await service.stands_in(Stage.AWAITING_REVIEW, *reviewed)
        service.fault(path_prefix="/phone_numbers", status=503)
        screening = [service.place(), service.place_denied()]
        await service.stands_in(Stage.SCREENING, *screening)
        service.fault(drop=True)
        log = service.carrier.carrier.log
        away_since = log.last
        await service.review(reviewed[0], "approve")
        unseen = [service.place(), service.place_denied()]
        # Longer than several retries of every order and two intakes.
        await eventually(lambda: log.last > away_since + 15)
        service.mend()
        await service.review(reviewed[1], "deny")
        orders = [*reviewed, *screening, *unseen]
        results = await service.results(*orders)
    assert [result.outcome for result in results] == ["approve", "deny"] * 3
    assert [service.truth(order)["effective_patches"] for order in orders] == [1] * len(orders)


async def test_a_busy_carrier_is_not_asked_again_before_the_time_it_names(
    temporal: str, tmp_path: Path
) -> None:
    order = str(uuid4())
    paths = [
        ("GET", "/portouts"),
        ("GET", f"/portouts/{order}"),
        ("GET", "/phone_numbers"),
        ("GET", f"/portouts/rejections/{order}"),
        ("PATCH", f"/portouts/{order}/rejected-pending"),
    ]
    async with installed(temporal, tmp_path, intake_every=SELDOM) as service, service.working():
        await eventually(lambda: service.asked("/portouts/events"))
        for method, path in reversed(paths):
            _be_busy_once(service, method, path)
        service.place(id=order, attempted=WRONG_PIN)
        # After the first intake, should that still be under way.
        await service.client.get_schedule_handle(service.settings.schedule_id).trigger(
            overlap=ScheduleOverlapPolicy.BUFFER_ONE
        )
        await eventually(lambda: service.asked(f"/portouts/{order}"))
        # Intake has read its events by now, so that this one is for the screening.
        paths.append(("GET", "/portouts/events"))
        _be_busy_once(service, *paths[-1])
        result = await service.result(order)
    assert (result.outcome, result.rejection_code) == ("deny", 1002)
    assert service.truth(order)["effective_patches"] == 1
    for method, path in paths:
        asked = service.asked(path, method)
        [turned_away] = [number for number, entry in enumerate(asked) if entry["status"] == 429]
        assert _seconds_between(asked[turned_away], asked[turned_away + 1]) >= RETRY_AFTER, path


async def test_an_answer_that_got_lost_is_never_given_twice(service: Service) -> None:
    lost = {"drop_after_apply": True, "count": 1}
    faults: list[dict[str, Any]] = [
        lost,
        {**lost, "stale_reads": 1},
        {**lost, "stale_reads": 2, "stale_events": True},
        {**lost, "stale_reads": 6, "stale_events": True},
        {"drop": True, "count": 2},
        {"status": 500, "count": 2},
        {"delay": service.settings.timing.activity + 0.5, "count": 1},
    ]
    approved, denied = [str(uuid4()) for _ in faults], [str(uuid4()) for _ in faults]
    for ids in (approved, denied):
        for id_, fault in zip(ids, faults, strict=True):
            service.fault(method="PATCH", path_prefix=f"/portouts/{id_}/", **fault)
    async with service.working():
        for id_ in approved:
            service.place(id=id_)
        for id_ in denied:
            service.place_denied(id=id_)
        results = await service.results(*approved, *denied)
    assert [result.outcome for result in results] == ["approve"] * len(faults) + ["deny"] * len(faults)
    assert {result.decided_by for result in results} == {"policy"}
    truths = [service.truth(id_) for id_ in [*approved, *denied]]
    assert [truth["effective_patches"] for truth in truths] == [1] * len(truths)
    assert [truth["rejection_code"] for truth in truths] == [None] * len(faults) + [1002] * len(faults)


def _be_busy_once(service: Service, method: str, path: str) -> None:
    service.fault(method=method, path_prefix=path, status=429, retry_after=RETRY_AFTER, count=1)


def _seconds_between(first: dict[str, Any], second: dict[str, Any]) -> float:
    return (datetime.fromisoformat(second["time"]) - datetime.fromisoformat(first["time"])).total_seconds()

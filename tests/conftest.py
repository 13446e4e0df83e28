"""The servers that tests share, started where one asks for them: Temporal, PostgreSQL; an installation for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from commands.embedded import embedded_temporal, free_port
from tests.scenarios.rules import shipped_rules
from tests.service import Service, installed

if TYPE_CHECKING:
    from tests.postgresql import PostgreSQL

# Generated tests take as long as they take: a busy machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the embedded server that `portout up` would start."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_temporal(folder / "temporal.db", port=free_port()) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql() -> "Iterator[PostgreSQL]":
    from tests.postgresql import postgresql_server  # half a second that most sessions need not pay

    with postgresql_server() as server:
        yield server


@pytest.fixture
async def service(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation with the shipped rules. No worker runs yet."""
    async with installed(temporal, tmp_path) as service:
        yield service


@pytest.fixture
async def edited(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation whose rules a test may edit."""
    async with installed(temporal, tmp_path, rules=shipped_rules(tmp_path)) as service:
        yield service

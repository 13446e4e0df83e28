"""The servers that whole-system tests share: one Temporal server for all, an installation of its own for each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.embedded import embedded_temporal, free_port
from tests.scenarios.rules import shipped_rules
from tests.service import Service, installed


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the embedded server that `portout up` would start."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_temporal(folder / "temporal.db", port=free_port()) as address:
        yield address


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

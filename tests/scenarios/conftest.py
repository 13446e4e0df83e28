"""One Temporal server for all scenarios; each test has an installation of its own on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

import worker
from commands.embedded import embedded_temporal, free_port
from tests.service import Service, installed
from tests.waiting import eventually


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the embedded server that `portout up` would start."""
    folder = tmp_path_factory.mktemp("temporal")
    async with embedded_temporal(folder / "temporal.db", port=free_port()) as address:
        client = await Client.connect(address)
        await worker.register_search_attributes(client)
        # The server caches the attributes; a run that used one too early would be held up for seconds.
        await eventually(lambda: _attributes_are_known(client))
        yield address


async def _attributes_are_known(client: Client) -> bool:
    await client.count_workflows("PortOutStage = 'closed'")
    return True


@pytest.fixture
async def service(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation with the shipped rules. No worker runs yet."""
    async with installed(temporal, tmp_path) as service:
        yield service

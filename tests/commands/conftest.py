"""One installation with a running worker for all tests that only need one; others make their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.serve import SandboxServer
from tests.commands.desk import waiting_order
from tests.commands.inside import Inside
from tests.commands.shell import Shell
from tests.scenarios.processes import environment
from tests.service import Service, installed


@pytest.fixture(scope="session")
async def standing(temporal: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """An installation whose worker runs. Tests share it, so each places orders of its own."""
    async with installed(temporal, tmp_path_factory.mktemp("standing")) as service, service.working():
        yield service


@pytest.fixture(scope="session")
async def undecided(standing: Service) -> str:
    """An order that nobody decides."""
    return await waiting_order(standing)


@pytest.fixture
def portout(standing: Service) -> Shell:
    """The command line of the installation that stands."""
    return shell_of(standing)


@pytest.fixture
def apart(tmp_path: Path) -> Shell:
    """A command line in a folder of its own, with nothing running and nothing set but that folder."""
    return Shell({"PORTOUT_HOME": str(tmp_path)})


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    """A carrier of its own, with no service beside it."""
    async with SandboxServer() as sandbox:
        yield sandbox


@pytest.fixture
def operator(sandbox: SandboxServer, tmp_path: Path) -> Inside:
    """The command line of somebody who has the sandbox for a carrier, and nothing else."""
    return Inside({"PORTOUT_HOME": str(tmp_path), "TELNYX_BASE_URL": sandbox.base_url})


def shell_of(service: Service, **more: str) -> Shell:
    return Shell(environment(service, **more))

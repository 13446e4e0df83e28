"""One server for all tests of this room; for each test a task queue, a worker and a world of its own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from tests.workflows.running import House
from tests.workflows.server import replayer, skipping_server
from tests.workflows.world import World


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with skipping_server() as environment:
        yield environment


@pytest.fixture(scope="session")
def same_workflows() -> Replayer:
    return replayer()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def idle_house(
    temporal: WorkflowEnvironment, world: World, same_workflows: Replayer
) -> AsyncIterator[House]:
    """A house whose worker has not come in yet. Every history that a test makes must replay to the same steps."""
    house = House(temporal, world, f"test-{uuid4()}")
    yield house
    await house.clear()
    for history in await house.histories():
        await same_workflows.replay_workflow(history)


@pytest.fixture
async def house(idle_house: House) -> AsyncIterator[House]:
    """A house with a worker in it."""
    async with idle_house.working():
        yield idle_house

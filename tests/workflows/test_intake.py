"""The scheduled intake: it counts how often it failed, and pages once when that is three times in a row."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import (
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    ScheduleSpec,
    WorkflowExecutionStatus,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError

from activities.contracts import INTAKE_WORKFLOW, IntakeInput, IntakeReport, NoticeKind
from settings import Timing
from tests.workflows.running import PATIENCE, House
from tests.workflows.samples import fails
from tests.workflows.world import World
from workflows.intake import PortOutIntake

QUICK = IntakeInput(timing=Timing(activity=0.5, retry_first=0.01))


class Intakes:
    """Runs of one schedule, one after another."""

    def __init__(self, house: House, schedule: ScheduleHandle) -> None:
        self._house = house
        self._schedule = schedule
        self._done: set[str] = set()

    async def one(self) -> IntakeReport:
        """Trigger a run and return what it came to."""
        await self._schedule.trigger()
        async with asyncio.timeout(PATIENCE):
            while True:
                for action in (await self._schedule.describe()).info.recent_actions:
                    started = action.action
                    assert isinstance(started, ScheduleActionExecutionStartWorkflow)
                    if started.first_execution_run_id not in self._done:
                        self._done.add(started.first_execution_run_id)
                        run = self._house.environment.client.get_workflow_handle(
                            started.workflow_id, run_id=started.first_execution_run_id
                        )
                        return IntakeReport.model_validate(await run.result())
                await asyncio.sleep(0.01)  # it is the schedule's turn


@pytest.fixture
async def taking_in(idle_house: House) -> AsyncIterator[House]:
    """A house with a worker that takes in."""
    async with idle_house.working(PortOutIntake):
        yield idle_house


@pytest.fixture
async def intakes(taking_in: House) -> AsyncIterator[Intakes]:
    name = f"intake-{uuid4()}"
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(INTAKE_WORKFLOW, QUICK, id=name, task_queue=taking_in.task_queue),
        spec=ScheduleSpec(),
    )
    handle = await taking_in.environment.client.create_schedule(name, schedule)
    yield Intakes(taking_in, handle)
    await handle.delete()


async def test_an_intake_reports_what_it_found(intakes: Intakes, world: World) -> None:
    report = await intakes.one()
    assert (report.pending, report.started, report.failed_runs) == (3, 2, 0)
    [given] = world.asked("take_in")
    assert given == QUICK


async def test_a_failed_run_is_tried_twice_and_ends_well_so_that_the_next_one_knows(
    intakes: Intakes, world: World
) -> None:
    world.plays("take_in", ApplicationError("The carrier is away."))
    report = await intakes.one()
    assert report.failed_runs == 1
    assert report.failing_since is not None
    assert len(world.asked("take_in")) == 2
    assert world.asked("notify") == []


async def test_three_failed_runs_page_once_and_the_count_goes_on(intakes: Intakes, world: World) -> None:
    world.plays("take_in", fails("The carrier is away."))
    reports = [await intakes.one() for _ in range(4)]
    assert [report.failed_runs for report in reports] == [1, 2, 3, 4]
    assert len({report.failing_since for report in reports}) == 1
    incidents = world.notices(NoticeKind.INCIDENT)
    # Both say the same cause, and the board posts a cause once.
    assert len({notice.cause for notice in incidents}) == 1
    assert incidents[0].text == "Intake has failed 3 times in a row; new port-outs are not seen."


async def test_one_good_run_ends_the_count(intakes: Intakes, world: World) -> None:
    world.plays("take_in", fails(), fails(), IntakeReport(pending=1), fails())
    reports = [await intakes.one() for _ in range(4)]
    assert [report.failed_runs for report in reports] == [1, 2, 0, 1]
    assert reports[3].failing_since != reports[0].failing_since
    assert world.asked("notify") == []


async def test_a_page_that_is_not_delivered_is_tried_again_by_the_next_run(
    intakes: Intakes, world: World
) -> None:
    world.plays("take_in", fails("The carrier is away."))
    world.plays("notify", fails("The pager is away."), None)
    reports = [await intakes.one() for _ in range(2)]
    with pytest.raises(WorkflowFailureError):
        await intakes.one()
    reports.append(await intakes.one())
    assert [report.failed_runs for report in reports] == [1, 2, 3]
    assert len(world.notices(NoticeKind.INCIDENT)) == 2


async def test_an_intake_that_is_canceled_is_no_failed_run(taking_in: House, world: World) -> None:
    world.holds("take_in")
    handle = await taking_in.environment.client.start_workflow(
        INTAKE_WORKFLOW, QUICK, id=f"intake-{uuid4()}", task_queue=taking_in.task_queue
    )
    await world.until_asked("take_in")
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.CANCELED
    assert world.asked("notify") == []


async def test_an_intake_that_stands_still_is_given_up(taking_in: House, world: World) -> None:
    world.holds("take_in")
    handle = await taking_in.environment.client.start_workflow(
        INTAKE_WORKFLOW, QUICK, id=f"intake-{uuid4()}", task_queue=taking_in.task_queue
    )
    async with asyncio.timeout(PATIENCE):
        report = IntakeReport.model_validate(await handle.result())
    assert report.failed_runs == 1
    [limit] = {call.heartbeat for call in world.calls if call.activity == "take_in"}
    assert limit == timedelta(seconds=0.5)

"""Runs that an older worker began must go on under this code: committed histories are replayed through it.

`histories/` holds a recorded run for each path. A test that fails here means that a worker with this code would hang
on such a run. If the order of steps changed on purpose, `make histories` records new ones; `record_histories.py` says
when that is right and when the change needs `workflow.patched` instead.
"""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.workflows.changed import WithoutRules
from tests.workflows.record_histories import HISTORIES, STORIES
from tests.workflows.server import replayer

FILES = sorted(HISTORIES.glob("*.json"))


def recorded(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"portout-{path.stem}", path.read_text())


async def replay(replaying: Replayer, path: Path) -> None:
    """Replay a recorded run.

    Raises:
        AssertionError: this code would take other steps; the message says what to do.
    """
    try:
        await replaying.replay_workflow(recorded(path))
    except NondeterminismError as error:
        raise AssertionError(
            f"The run recorded in {path.name} does not fit the workflow any more, so a new worker would hang on runs "
            "like it. Put the change behind workflow.patched, or, if no such run can be left anywhere, record anew "
            f"with `make histories`. {error}"
        ) from None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_a_run_that_began_under_the_recorded_code_goes_on_under_this_code(
    path: Path, same_workflows: Replayer
) -> None:
    await replay(same_workflows, path)


def test_every_story_is_recorded_and_every_recording_has_a_story() -> None:
    stories = {story.__name__ for story in STORIES}
    assert {path.stem.removesuffix("_2") for path in FILES} == stories


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recording_names_no_machine_and_nobody(path: Path) -> None:
    for event in json.loads(path.read_text())["events"]:
        for attributes in event.values():
            if isinstance(attributes, dict) and "identity" in attributes:
                assert attributes["identity"] in ("tests", "history-service")


async def test_a_step_that_is_left_out_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"auto_approve\.json does not fit the workflow any more"):
        await replay(replayer(WithoutRules), HISTORIES / "auto_approve.json")

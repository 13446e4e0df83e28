"""The run of chaos itself: it follows from its seed, it knows when everything was up, and its orders come to an end."""

from pathlib import Path

import pytest

from tests.chaos.house import Downtime
from tests.chaos.plan import Break, Plan, Story
from tests.chaos.run import run_chaos


def test_the_same_seed_is_the_same_run_and_another_one_is_not() -> None:
    assert Plan.of(7, 300) == Plan.of(7, 300)
    assert Plan.of(7, 300) != Plan.of(8, 300)


def test_a_run_of_the_usual_size_has_every_story_and_every_breakage() -> None:
    plan = Plan.of(1, 300)
    assert {order.story for order in plan.orders} == set(Story)
    assert {breakage.what for breakage in plan.breakages} == set(Break)


@pytest.mark.parametrize(
    ("spans", "up"),
    [
        ([], 10.0),
        ([(0.0, 5.0)], 10.0),
        ([(12.0, 15.0)], 7.0),
        ([(5.0, 12.0), (18.0, 30.0)], 6.0),
        ([(12.0, 15.0), (13.0, 14.0), (14.0, 16.0)], 6.0),
        ([(0.0, 40.0)], 0.0),
    ],
)
def test_time_in_which_something_was_down_does_not_count(spans: list[tuple[float, float]], up: float) -> None:
    downtime = Downtime()
    downtime.spans += spans
    assert downtime.up_between(10.0, 20.0) == up


@pytest.mark.slow
async def test_a_small_run_loses_nothing(tmp_path: Path) -> None:
    tally, wrong = await run_chaos(tmp_path, seed=3, orders=12, say=lambda _: None)
    assert (tally.well, tally.decided, wrong) == (True, 12, [])

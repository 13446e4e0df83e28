"""The activities of these tests stand for the real ones, so they must look like them."""

import inspect
import typing
from collections.abc import Callable
from typing import Any

from activities.asking import AskingActivities
from activities.carrier import CarrierActivities
from activities.checks import CheckActivities
from activities.concluding import ConcludingActivities
from activities.intake import IntakeActivities
from activities.notices import NoticeActivities
from activities.opening import OpeningActivities
from activities.records import RecordActivities
from activities.reviews import ReviewActivities
from activities.watching import WatchActivities
from tests.workflows.world import World

REAL = (
    AskingActivities,
    CarrierActivities,
    CheckActivities,
    ConcludingActivities,
    IntakeActivities,
    NoticeActivities,
    OpeningActivities,
    RecordActivities,
    ReviewActivities,
    WatchActivities,
)


def shape(activity: Callable[..., Any]) -> list[Any]:
    """The types of what it takes and of what it gives."""
    return list(typing.get_type_hints(activity).values())


def test_every_activity_of_the_service_is_played_with_its_own_name_and_types() -> None:
    real = {
        name: shape(member)
        for room in REAL
        for name, member in vars(room).items()
        if inspect.iscoroutinefunction(member) and not name.startswith("_")
    }
    assert {activity.__name__: shape(activity) for activity in World().activities()} == real

"""What happens in a run of chaos: which orders come when, and what breaks when. All of it follows from the seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DAY = 90
"""Seconds that stand for the day after which the carrier approves by silence."""
MARGIN = 45
"""Seconds before it at which the policy acts by itself: room for what breaks meanwhile."""
PER_SECOND = 4.0
"""Orders that come in a second."""


class Story(StrEnum):
    """What an order is and what people and the carrier do about it."""

    APPROVED = "its PIN is right"
    DENIED = "its PIN is wrong"
    REVIEWED = "a person approves it"
    REFUSED = "a person denies it"
    RACED = "one person approves it and another denies it at the same moment"
    SIGNALLED = "a person approves it by signal"
    LEFT = "nobody decides"
    CANCELED = "the gaining carrier withdraws it while a person thinks"
    BOUNCED = "the carrier does not take its rejection, and a person finds another"
    RULED = "the carrier takes its rejection"


WEIGHTS = {
    Story.APPROVED: 35,
    Story.DENIED: 20,
    Story.REVIEWED: 12,
    Story.REFUSED: 6,
    Story.RACED: 6,
    Story.SIGNALLED: 4,
    Story.LEFT: 4,
    Story.CANCELED: 4,
    Story.BOUNCED: 5,
    Story.RULED: 4,
}
HAS_PIN = {
    Story.APPROVED: "right",
    Story.DENIED: "wrong",
    Story.BOUNCED: "wrong",
    Story.RULED: "wrong",
}
"""The PIN that comes with the request; with none a person must decide."""


class Break(StrEnum):
    KILL_WORKER = "the worker is killed"
    STOP_WORKER = "the worker is stopped and started"
    RESTART_TEMPORAL = "Temporal is stopped and started"
    CARRIER_AWAY = "the carrier is away"
    CARRIER_FAULT = "the carrier does something wrong"


BREAKS = {
    Break.CARRIER_FAULT: 12,
    Break.CARRIER_AWAY: 2,
    Break.KILL_WORKER: 2,
    Break.STOP_WORKER: 1,
    Break.RESTART_TEMPORAL: 1,
}


@dataclass(frozen=True)
class Order:
    at: float
    """Seconds after the beginning."""
    story: Story


@dataclass(frozen=True)
class Breakage:
    at: float
    what: Break
    lasts: float
    fault: dict[str, Any]
    """Of `Break.CARRIER_FAULT`: the fields of the sandbox's `NewFault`."""


@dataclass(frozen=True)
class Plan:
    orders: list[Order]
    breakages: list[Breakage]

    @classmethod
    def of(cls, seed: int, orders: int) -> "Plan":
        """Draw a run. The same seed and number draw the same one."""
        dice = random.Random(seed)
        stories = dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=orders)
        arrivals = sorted(dice.uniform(0, orders / PER_SECOND) for _ in stories)
        breakages = []
        at = dice.uniform(1, 4)
        # Until the last order has been decided; later nothing is left to break.
        while at < orders / PER_SECOND + DAY / 2:
            what = dice.choices(list(BREAKS), weights=list(BREAKS.values()))[0]
            breakages.append(Breakage(at, what, lasts=dice.uniform(0.5, 5.0), fault=_fault(dice)))
            at += dice.uniform(1, 5)
        return cls([Order(at, story) for at, story in zip(arrivals, stories, strict=True)], breakages)


def _fault(dice: random.Random) -> dict[str, Any]:
    """Something that goes wrong with the next few requests."""
    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: {"status": dice.choice([500, 502, 503])},
        lambda: {"status": 429, "retry_after": dice.choice([0, 1, 2])},
        lambda: {"drop": True},
        lambda: {"delay": dice.uniform(0.2, 4.0)},
        lambda: {"method": "PATCH", "drop_after_apply": True},
        lambda: {"method": "PATCH", "drop_after_apply": True, "stale_reads": 2},
        lambda: {"method": "PATCH", "status": 500},
        lambda: {"method": "PATCH", "rejection_code": "refuse"},
    ]
    return {**dice.choice(kinds)(), "count": dice.randint(1, 12)}

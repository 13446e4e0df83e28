"""What happens in a run of chaos: which orders come when, and what breaks when. All of it follows from the seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DAY = 110
"""Seconds that stand for the day after which the carrier approves by silence."""
MARGIN = 55
"""Seconds before it at which the policy acts by itself: room for what breaks meanwhile."""
PER_SECOND = 2.5
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
    BOUNCED_THRICE = "the carrier refuses three rejections, so a person approves it"
    RULED = "the carrier takes its rejection"
    PORTED = "it is ported once it was approved"
    PORTED_ANYWAY = "it is ported although it was rejected"
    FOC_MOVED = "its FOC date moves after the answer"
    FOC_MOVED_MEANWHILE = "its FOC date moves while a person approves it"
    LETTER = "a letter is asked for and comes"
    INFECTED = "a letter comes infected, and then a clean one"
    UNSENT = "a letter is asked for, and a person denies before it comes"
    ASKED_BY_HAND = "a person asks for a letter, and approves when it has come"


WEIGHTS = {
    Story.APPROVED: 22,
    Story.DENIED: 12,
    Story.REVIEWED: 8,
    Story.REFUSED: 4,
    Story.RACED: 5,
    Story.SIGNALLED: 4,
    Story.LEFT: 3,
    Story.CANCELED: 4,
    Story.BOUNCED: 4,
    Story.BOUNCED_THRICE: 3,
    Story.RULED: 4,
    Story.PORTED: 4,
    Story.PORTED_ANYWAY: 3,
    Story.FOC_MOVED: 4,
    Story.FOC_MOVED_MEANWHILE: 3,
    Story.LETTER: 5,
    Story.INFECTED: 3,
    Story.UNSENT: 3,
    Story.ASKED_BY_HAND: 3,
}
WANTS_LETTER = frozenset([Story.LETTER, Story.INFECTED, Story.UNSENT])
"""Orders of customers under the policy that asks for a letter by itself."""
_NO_PIN = [
    *(Story.REVIEWED, Story.REFUSED, Story.RACED, Story.SIGNALLED, Story.LEFT, Story.CANCELED),
    *(Story.FOC_MOVED_MEANWHILE, Story.ASKED_BY_HAND),
]
_WRONG_PIN = [Story.DENIED, Story.BOUNCED, Story.BOUNCED_THRICE, Story.RULED, Story.PORTED_ANYWAY]
PIN = {**dict.fromkeys(Story, "right"), **dict.fromkeys(_WRONG_PIN, "wrong"), **dict.fromkeys(_NO_PIN, None)}
"""The PIN that comes with the request; with none a person must decide."""
MISCHIEF = {"copies": 3, "drop": 0.2, "spread": 3.0}
"""Of webhooks, as the sandbox's `Mischief` has it: 49 of 50 come at least once, and in no order."""


class Break(StrEnum):
    KILL_WORKER = "the worker is killed"
    STOP_WORKER = "the worker is stopped and started"
    KILL_CONSOLE = "the console is killed"
    RESTART_TEMPORAL = "Temporal is stopped and started"
    CARRIER_AWAY = "the carrier is away"
    CARRIER_FAULT = "the carrier does something wrong"


BREAKS = {
    Break.CARRIER_FAULT: 12,
    Break.CARRIER_AWAY: 2,
    Break.KILL_WORKER: 2,
    Break.STOP_WORKER: 1,
    Break.KILL_CONSOLE: 1,
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
            at += dice.uniform(2, 6)
        return cls([Order(at, story) for at, story in zip(arrivals, stories, strict=True)], breakages)


COMMENTS = "/portouts/*/comments"


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
        lambda: {"method": "POST", "path_prefix": COMMENTS, "drop_after_apply": True},
        lambda: {"method": "POST", "path_prefix": COMMENTS, "status": 503},
        lambda: {"path_prefix": "/portouts/*/supporting_documents", "status": 500},
    ]
    return {**dice.choice(kinds)(), "count": dice.randint(1, 12)}

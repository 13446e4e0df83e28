"""One run: orders come, things break, people decide, and at the end it is counted what became of each order."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.differences import Wrong
from activities.reconciling import Reconciler
from activities.starting import Starting
from sandbox.serve import SandboxServer
from telnyx_api import TelnyxClient
from tests.chaos.house import House
from tests.chaos.people import People
from tests.chaos.plan import DAY, MARGIN, PIN, WANTS_LETTER, Break, Plan, Story
from tests.chaos.stories import Stories
from tests.chaos.tally import Tally, tally_of
from tests.scenarios.letters import tagged_numbers
from tests.scenarios.rules import LETTER_POLICY, change, rules_with
from tests.scenarios.temporal_server import TemporalServer
from tests.service import HURRIED, RIGHT_PIN, WRONG_PIN, Service, installed

LONGEST = 265.0
"""Seconds from the first order on; what is not settled by then is lost."""
UP_BETWEEN = 4.0
"""Seconds from one repair to the next break, at least; else as long as it was down. A slow machine takes long to repair."""
LOOKS_EVERY = 0.5
INTAKE_EVERY = 4.0
"""Seconds: so seldom that what comes by webhook comes sooner."""
TIMING = HURRIED.model_copy(update={"watch_every": 5.0, "activity": 5.0})
RECHECK = "2s"
_PINS = {"right": RIGHT_PIN, "wrong": WRONG_PIN, None: None}


async def run_chaos(
    folder: Path, seed: int, orders: int, *, say: Callable[[str], object]
) -> tuple[Tally, list[str]]:
    """Play the run of this seed. Returns the tally, and a sentence for each order with which something is wrong."""
    plan = Plan.of(seed, orders)
    temporal = TemporalServer(folder)
    address = await temporal.start()
    given = {"rules": _rules(folder), "timing": TIMING, "intake_every": INTAKE_EVERY}
    try:
        carrier = SandboxServer(silence_after=DAY)
        async with installed(address, folder, carrier=carrier, **given) as service:
            house = House(service, temporal, seed=seed)
            async with house.working():
                placed = await _play(plan, service, house, say)
                disagreed = await _reconcile(service)
            return tally_of(service, placed, house.downtime, disagreed)
    finally:
        await temporal.stop()


def _rules(folder: Path) -> Path:
    """The shipped rules, with a day of seconds."""
    day = {"within": f"{DAY}s", "margin": f"{MARGIN}s", "again_within": f"{DAY}s"}
    rules = rules_with(folder, **day)
    for name, value in day.items():
        change(rules, rf"^(\s*{name}:) \S+", rf"\1 {value}", LETTER_POLICY)
    change(rules, r"recheck: \w+", f"recheck: {RECHECK}", LETTER_POLICY)
    return rules


async def _reconcile(service: Service) -> dict[str, Wrong]:
    """What `portout reconcile` finds in the end."""
    settings = service.settings
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as carrier:
        starting = Starting(carrier, service.records, service.client, settings.task_queue)
        now = datetime.now(UTC)
        found = await Reconciler(carrier, service.records, starting).reconcile(now - timedelta(days=1), now)
    return {one.portout_id: one.wrong for one in found.differences}


async def _play(
    plan: Plan, service: Service, house: House, say: Callable[[str], object]
) -> list[tuple[str, Story]]:
    began = time.monotonic()
    placed: list[tuple[str, Story]] = []
    done = False
    people = People(service, lambda: done or time.monotonic() - began > LONGEST)
    stories = Stories(people, service.carrier.carrier)
    wanted = sum(order.story in WANTS_LETTER for order in plan.orders)
    tagged = iter(tagged_numbers(service, wanted))

    async def at(moment: float) -> None:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))

    async def orders_come() -> None:
        async with asyncio.TaskGroup() as attending:
            for order in plan.orders:
                await at(order.at)
                own: dict[str, Any] = {"phone_numbers": [next(tagged)]} if order.story in WANTS_LETTER else {}
                portout_id = service.place(attempted=_PINS[PIN[order.story]], **own)
                placed.append((portout_id, order.story))
                attending.create_task(stories.attend(portout_id, order.story))

    async def things_break() -> None:
        not_before = 0.0
        for breakage in plan.breakages:
            await at(max(breakage.at, not_before))
            broke = time.monotonic() - began
            if broke > plan.breakages[-1].at:
                break
            say(f"{broke:5.0f} s  {breakage.what}")
            await house.suffer(breakage)
            if breakage.what is not Break.CARRIER_FAULT:
                mended = time.monotonic() - began
                not_before = mended + max(UP_BETWEEN, mended - broke)
        service.mend()

    async with asyncio.TaskGroup() as group:
        group.create_task(people.watch_the_queue())
        breaking = group.create_task(things_break())
        await orders_come()
        await breaking
        while time.monotonic() - began < LONGEST:
            if all(people.sees_settled(portout_id) for portout_id, _ in placed):
                break
            await asyncio.sleep(LOOKS_EVERY)
        done = True
    settled = sum(people.sees_settled(portout_id) for portout_id, _ in placed)
    say(f"{time.monotonic() - began:5.0f} s  over: {settled} of {len(placed)} orders are settled")
    return placed

"""One run: orders come, things break, people decide, and at the end it is counted what became of each order."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.serve import SandboxServer
from tests.chaos.house import House, TemporalServer
from tests.chaos.people import People
from tests.chaos.plan import DAY, HAS_PIN, MARGIN, Plan, Story
from tests.chaos.tally import Tally, tally_of
from tests.scenarios.rules import rules_with
from tests.service import RIGHT_PIN, WRONG_PIN, Service, installed

LONGEST = 285.0
"""Seconds for a whole run; what is not settled by then is lost."""
LOOKS_EVERY = 0.5
_PINS = {"right": RIGHT_PIN, "wrong": WRONG_PIN, None: None}


async def run_chaos(
    folder: Path, seed: int, orders: int, *, say: Callable[[str], object]
) -> tuple[Tally, list[str]]:
    """Play the run of this seed. Returns the tally, and a sentence for each order with which something is wrong."""
    plan = Plan.of(seed, orders)
    temporal = TemporalServer(folder)
    address = await temporal.start()
    rules = rules_with(folder, within=f"{DAY}s", margin=f"{MARGIN}s", again_within=f"{DAY}s")
    try:
        carrier = SandboxServer(silence_after=DAY)
        async with installed(address, folder, carrier=carrier, rules=rules) as service:
            house = House(service, temporal)
            async with house.working():
                placed = await _play(plan, service, house, say)
            return tally_of(service, placed, house.downtime)
    finally:
        await temporal.stop()


async def _play(
    plan: Plan, service: Service, house: House, say: Callable[[str], object]
) -> list[tuple[str, Story]]:
    began = time.monotonic()
    placed: list[tuple[str, Story]] = []
    done = False
    people = People(service, lambda: done or time.monotonic() - began > LONGEST)

    async def at(moment: float) -> None:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))

    async def orders_come() -> None:
        async with asyncio.TaskGroup() as attending:
            for order in plan.orders:
                await at(order.at)
                portout_id = service.place(attempted=_PINS[HAS_PIN.get(order.story)])
                placed.append((portout_id, order.story))
                attending.create_task(people.attend(portout_id, order.story))

    async def things_break() -> None:
        for breakage in plan.breakages:
            await at(breakage.at)
            say(f"{time.monotonic() - began:5.0f} s  {breakage.what}")
            await house.suffer(breakage)
        service.mend()

    async with asyncio.TaskGroup() as group:
        group.create_task(people.watch_the_queue())
        breaking = group.create_task(things_break())
        await orders_come()
        await breaking
        while time.monotonic() - began < LONGEST:
            if all(map(people.sees_settled, placed)):
                break
            await asyncio.sleep(LOOKS_EVERY)
        done = True
    settled = sum(map(people.sees_settled, placed))
    say(f"{time.monotonic() - began:5.0f} s  over: {settled} of {len(placed)} orders are settled")
    return placed

"""Records one history per path of the screening, for `test_replay.py`: `make histories`.

Each story below is played with the real workflow on the real server with skipped time, in a few seconds, and its
history is written to `histories/<story>.json`, in the form that Temporal's UI and command line export too.

Record new ones when the order of steps changed on purpose, before the service is in use. Once runs of the old code may
still wait somewhere (a review takes a day), keep the old files, guard the change with `workflow.patched`, and add a
file for the new path: every file here stands for runs that a new worker must be able to take over.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from activities.asking_messages import Awaited, Standing
from activities.contracts import AnswerKind, AnswerResult, Look, NoticeKind, RuleToRun
from activities.watching_messages import Objection, Seen
from records.cases import Stage
from screening.policy import Mode
from screening.results import CheckResult
from tests.workflows import samples
from tests.workflows.running import House, Screening
from tests.workflows.server import skipping_server
from tests.workflows.world import World, not_there_yet, sent
from workflows.messages import RescreenRequest

HISTORIES = Path(__file__).parent / "histories"
DENIAL_REASON = "The account holder did not ask for this."


async def auto_approve(house: House) -> None:
    house.world.plays("conclude", samples.APPROVED)
    await (await house.screen("auto-approve")).result()


async def auto_deny(house: House) -> None:
    house.world.plays("check_pin", CheckResult(result="mismatch"))
    house.world.plays("conclude", samples.DENIED)
    await (await house.screen("auto-deny")).result()


async def review_approve(house: House) -> None:
    order = await _in_review(house, "review-approve")
    await order.decide("note", "Left a message for the account holder.")
    await order.forward(hours=12)
    await order.refusal("deny", "")
    await order.decide("approve")
    await order.result()


async def signal_deny(house: House) -> None:
    order = await _in_review(house, "signal-deny")
    await order.signal("approve", ["rubbish"])
    await order.signal("add_note", {"reviewer": "dana", "text": "Calling."})
    await order.signal("deny", {"reviewer": "dana", "reason": DENIAL_REASON})
    await order.result()


async def deadline_deny(house: House) -> None:
    house.world.plays("conclude_deadline", samples.DENY_AT_DEADLINE)
    order = await _in_review(house, "deadline-deny")
    await order.forward(hours=22)
    await order.result()


async def deadline_leave(house: House) -> None:
    order = await _in_review(house, "deadline-leave")
    await order.forward(hours=25)
    house.world.plays("look", Look(status="authorized"))
    await order.carrier_event()
    await order.result()


async def canceled(house: House) -> None:
    order = await _in_review(house, "canceled")
    house.world.plays("look", Look(status="pending"), Look(status="canceled"))
    await order.carrier_event("event-1")
    await house.world.until_asked("look")
    await order.carrier_event("event-2")
    await order.result()


async def shadow(house: House) -> None:
    house.world.plays("open", samples.opened(mode=Mode.SHADOW))
    house.world.plays("conclude", samples.TO_WATCH)
    order = await house.screen("shadow")
    await order.until(Stage.AWAITING_CARRIER)
    house.world.plays("look", Look(status="authorized"))
    await order.carrier_event()
    await order.result()


async def next_round(house: House) -> None:
    """Two runs: the first is written as `next_round`, the second as `next_round_2`."""
    refused = AnswerResult(kind=AnswerKind.REFUSED, carrier_status="pending", at=samples.AT)
    house.world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    house.world.plays("answer", refused, sent)
    order = await house.screen("next-round")
    await order.until_it_shows(lambda state: state.round == 2 and state.stage is Stage.AWAITING_REVIEW)
    await order.decide("deny", DENIAL_REASON)
    await order.result()


async def late_pin(house: House) -> None:
    order = await _in_review(house, "late-pin")
    await order.forward(hours=12)
    house.world.plays("look", Look(status="pending", unseen_pin=True))
    house.world.plays("conclude", samples.APPROVED)
    await order.carrier_event()
    await order.result()


async def rescreened(house: House) -> None:
    """Two runs: the first is written as `rescreened`, the second as `rescreened_2`."""
    house.world.plays("conclude", samples.TO_REVIEW, samples.APPROVED)
    order = await _in_review(house, "rescreened")
    await order.handle.execute_update("rescreen", RescreenRequest(reviewer="dana"))
    await order.result()


async def two_people(house: House) -> None:
    house.world.plays("conclude", samples.NEEDS_TWO)
    order = await _in_review(house, "two-people")
    await order.decide("approve", by="dana", grant="grant-1")
    await order.refusal("approve", by="dana", grant="grant-2")
    await order.forward(hours=12)
    await order.decide("approve", by="robin", grant="grant-3")
    await order.result()


async def asked(house: House) -> None:
    """Documents are asked for, come, and the order is approved."""
    house.world.plays("open", samples.opened(rules=samples.WITH_DOCUMENTS))
    house.world.plays("conclude", samples.TO_ASK, samples.APPROVED)
    house.world.plays("await_documents", not_there_yet, not_there_yet, Awaited(standing=Standing.COMPLETE))
    order = await house.screen("asked")
    await house.world.until_asked("await_documents")
    await order.forward(hours=1)
    await order.result()


async def asked_in_vain(house: House) -> None:
    """Documents are asked for by the policy and then by a reviewer, and do not come; a person decides."""
    house.world.plays("open", samples.opened(rules=samples.WITH_DOCUMENTS))
    house.world.plays("conclude", samples.TO_ASK)
    order = await house.screen("asked-in-vain")
    await house.world.until_asked("await_documents")
    await order.decide("ask", "The invoice will do.", types=["invoice"])
    await house.world.until_asked("await_documents", 2)
    await order.forward(hours=9)
    await order.decide("approve")
    await order.result()


async def foc_moved(house: House) -> None:
    """And ported in the end."""
    timing = RuleToRun(rule_id="port-moment", check="timing")
    house.world.plays("open", samples.opened(rules=[*samples.RULES, timing], reads_foc=True))
    house.world.plays("conclude", samples.APPROVED)
    order = await house.screen("foc-moved")
    await order.until(Stage.AWAITING_CARRIER)
    house.world.plays("look_after", Seen(status="authorized", foc_date=samples.AT))
    house.world.plays("weigh_foc_move", Objection(why="Rules object to it: port-moment night (review)."))
    await order.carrier_event(event_type="portout.foc_date_changed")
    await house.world.until_told(NoticeKind.ESCALATION)
    await order.ported(house.world)


async def refused(house: House) -> None:
    """Two runs: the first is written as `refused`, the second as `refused_2`."""
    house.world.plays("conclude", samples.DENIED, samples.TO_REVIEW)
    order = await house.screen("refused")
    await order.until(Stage.AWAITING_CARRIER)
    house.world.plays("look_after", Seen(status="pending"))
    await order.carrier_event()
    await order.until(Stage.AWAITING_REVIEW)
    await order.decide("approve")
    await order.result()


STORIES: tuple[Callable[[House], Awaitable[None]], ...] = (
    auto_approve,
    auto_deny,
    review_approve,
    signal_deny,
    deadline_deny,
    deadline_leave,
    canceled,
    shadow,
    next_round,
    late_pin,
    rescreened,
    foc_moved,
    refused,
    two_people,
    asked,
    asked_in_vain,
)


async def _in_review(house: House, portout_id: str) -> Screening:
    order = await house.screen(portout_id)
    await order.until(Stage.AWAITING_REVIEW)
    return order


def _an_event_a_line(history: WorkflowHistory) -> str:
    read = json.loads(history.to_json(), object_hook=_without_trace)
    events = [json.dumps(event, separators=(",", ":")) for event in read["events"]]
    return '{"events":[\n' + ",\n".join(events) + "\n]}\n"


def _without_trace(failure: dict[str, Any]) -> dict[str, Any]:
    """A failure without its trace, which would tell where files lie on this machine; a replay does not look at it."""
    failure.pop("stackTrace", None)
    return failure


async def record(directory: Path) -> None:
    """Play every story and write its history."""
    async with skipping_server() as environment:
        for story in STORIES:
            house = House(environment, World(), f"recorded-{story.__name__}")
            async with house.working():
                await story(house)
            for number, history in enumerate(await house.histories(), 1):
                name = story.__name__ if number == 1 else f"{story.__name__}_{number}"
                (directory / f"{name}.json").write_text(_an_event_a_line(history))
                print(f"{name}: {len(history.events)} events")


if __name__ == "__main__":
    asyncio.run(record(HISTORIES))
    sys.stdout.flush()
    # The interpreter can crash while it takes the SDK's runtime down; everything is written by now.
    os._exit(0)

"""The real parts that activities work with: the sandbox carrier over HTTP, records in SQLite, the shipped rules, a pager."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.carrier import CarrierActivities
from activities.contracts import (
    Answer,
    AnswerInput,
    Conclusion,
    Next,
    Opened,
    OpenInput,
    Verdict,
)
from activities.notices import NoticeBoard
from activities.opening import OpeningActivities
from activities.policies import PolicyShelf
from environment import settings_without_environment
from records.cases import DecidedBy
from records.opening import open_records
from records.store import Records
from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from screening.results import Outcome
from settings import Timing
from telnyx_api import TelnyxClient
from tests.scenarios.receiver import Receiver, receiving
from tests.scenarios.rules import shipped_rules
from tests.service import HURRIED, RIGHT_PIN

Given = TypeVar("Given")
Got = TypeVar("Got")
REVIEWER = "dana"
APPROVAL = Answer(status="authorized", reason="Verified against our records.")
DENIAL = Answer(status="rejected-pending", reason="The PIN does not match our records.", rejection_code=1002)
TO_REVIEW = Conclusion(next=Next.REVIEW, outcome=Outcome.REVIEW, score=0)


@dataclass
class Parts:
    """What the constructors of activities take, and what stands behind it."""

    sandbox: Carrier
    telnyx: TelnyxClient
    records: Records
    shelf: PolicyShelf
    board: NoticeBoard
    pager: Receiver
    home: Path
    timing: Timing = field(default_factory=lambda: HURRIED.model_copy(update={"evidence": 900.0}))

    @property
    def rules(self) -> Path:
        """The folder of the rules in force, which a test may edit."""
        return self.home / "rules"

    def incidents(self) -> list[str]:
        """The incidents that the pager was told of, in the order in which they came."""
        return self.pager.texts("incident")

    def place(self, **order: Any) -> str:
        """Have a port-out asked for, with the PIN that is on file."""
        number = "+12125550123"
        self.sandbox.add_number(phone_number=number, external_pin=RIGHT_PIN)
        usual = {"phone_numbers": [number], "carrier_name": "Onvoy", "spid": "073H"}
        return self.sandbox.create_order(**{**usual, "attempted_pin": RIGHT_PIN, **order})

    def requests(self, *, since: int = 0) -> list[tuple[str, str]]:
        """Method and path below `/v2` of what the carrier was asked."""
        return [
            (entry["method"], entry["path"].removeprefix("/v2")) for entry in self.sandbox.log.since(since)
        ]

    def opening(self) -> OpeningActivities:
        return OpeningActivities(
            self.telnyx,
            self.records,
            self.shelf,
            self.board,
            sends=True,
            sending_since=None,
            timing=self.timing,
        )

    def carrier_activities(self) -> CarrierActivities:
        return CarrierActivities(self.telnyx, self.records, self.board, sends=True, timing=self.timing)

    async def opened(self, portout_id: str) -> Opened:
        return await tried(self.opening().open, to_open(portout_id))


def to_open(portout_id: str, *, now: datetime | None = None) -> OpenInput:
    return OpenInput(portout_id=portout_id, run_id="run-1", now=now or datetime.now(UTC))


def to_answer(opened: Opened, answer: Answer = APPROVAL) -> AnswerInput:
    """The policy decided so."""
    verdict = Verdict(
        by=DecidedBy.POLICY,
        outcome=Outcome.APPROVE if answer.status == "authorized" else Outcome.DENY,
        at=datetime.now(UTC),
        answer=answer,
    )
    return AnswerInput(opened=opened, conclusion=TO_REVIEW, verdict=verdict)


async def tried(
    activity: Callable[[Given], Awaitable[Got]],
    given: Given,
    *,
    attempt: int = 1,
    after: float = 0.0,
    word: list[Any] | None = None,
    left: list[Any] | None = None,
) -> Got:
    """Run one try of an activity, as Temporal would.

    Args:
        attempt: from 1.
        after: seconds after the first try.
        word: what the last heartbeat of an earlier try said.
        left: gets what this one's heartbeats say.
    """
    environment = ActivityEnvironment()
    first = datetime.now(UTC)
    environment.info = dataclasses.replace(
        environment.info,
        attempt=attempt,
        scheduled_time=first,
        current_attempt_scheduled_time=first + timedelta(seconds=after),
        heartbeat_details=word or [],
        workflow_run_id="run-1",
    )
    if left is not None:
        environment.on_heartbeat = lambda *details: left.extend(details)
    return await environment.run(activity, given)


@asynccontextmanager
async def standing(home: Path, sandbox: SandboxServer) -> AsyncIterator[Parts]:
    """All parts, ready for use until the context ends."""
    rules = shipped_rules(home)
    with receiving() as pager:
        async with sandbox, TelnyxClient(SecretStr(sandbox.key), sandbox.base_url) as telnyx:
            records = open_records(settings_without_environment(home=home))
            board = NoticeBoard(records, [("incident", SecretStr(f"json://{pager.address}/incident"))])
            try:
                yield Parts(sandbox.carrier, telnyx, records, PolicyShelf(rules, records), board, pager, home)
            finally:
                records.close()

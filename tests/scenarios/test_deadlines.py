"""Nobody decides, or nobody may answer: what happens before the carrier takes silence for a yes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from activities.contracts import ScreeningResult
from records.cases import Stage
from records.ledger_entries import EntryKind
from records.marks import PAUSED
from records.schema import notices
from sandbox.carrier import DAY
from tests.scenarios.rules import rules_with
from tests.service import Service, installed
from tests.waiting import eventually

WITHIN = 30
"""Seconds within which an order must be answered, in place of a day."""
MARGIN = 25
"""Seconds before that at which the policy acts: 5 s after an order came, and with time left on a busy machine."""
SUSPECT = {"carrier_name": "Fly-By-Night Telecom", "spid": "888X", "authorized_name": "Trevor Blackwood"}
"""A blocked carrier and somebody else's name: 70 points and more."""


@pytest.fixture
async def hurried(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation whose policy acts after seconds, at a carrier that waits a day unless a test says otherwise."""
    rules = rules_with(tmp_path, within=f"{WITHIN}s", margin=f"{MARGIN}s", again_within=f"{WITHIN}s")
    async with installed(temporal, tmp_path, rules=rules) as service:
        yield service


async def test_at_the_deadline_the_policy_denies_what_is_suspect_and_leaves_the_rest(
    hurried: Service, tmp_path: Path
) -> None:
    numbers = [next(hurried.numbers) for _ in range(2)]
    file = tmp_path / "customers.csv"
    file.write_text(f"customer_id,name,numbers\nC-1,Walter Quinn,{';'.join(numbers)}\n")
    hurried.records.customers.import_file(file, datetime.now(UTC), by="ann")
    left = hurried.place_reviewed()
    suspect = hurried.place_reviewed(phone_numbers=numbers[:1], **SUSPECT)
    late = hurried.place_reviewed(phone_numbers=numbers[1:], **SUSPECT, age_seconds=WITHIN - MARGIN + 0.5)
    overdue = hurried.place_reviewed(age_seconds=WITHIN + 1, silence_after=DAY)
    bounced = hurried.place_denied()
    told = hurried.records.notices.told
    async with hurried.working():
        await hurried.result(bounced)
        hurried.carrier.carrier.rule(bounced, "bounce")
        await hurried.stands_in(Stage.AWAITING_REVIEW, bounced)
        await eventually(lambda: told(f"{left}:1:left") and told(f"{bounced}:2:left"))
        denied = await hurried.results(suspect, late)
        hurried.carrier.carrier.set_silence(0)
        silent = await hurried.results(left, bounced)
        assert hurried.stage(overdue) is Stage.AWAITING_REVIEW
        await hurried.review(overdue, "approve")
        assert (await hurried.result(overdue)).outcome == "approve"
    assert {_came_to(result) for result in denied} == {("deny", "deadline", "rejected-pending")}
    assert {_came_to(result) for result in silent} == {("leave", "deadline", "authorized")}
    assert [hurried.truth(order)["decided_by"] for order in (left, bounced)] == ["silence", "silence"]
    assert hurried.truth(suspect)["rejection_code"] == 1001
    # In a further round nothing is denied by a machine.
    assert [entry["status"] for entry in hurried.truth(bounced)["history"]] == [
        *("pending", "rejected-pending", "pending", "authorized")
    ]
    assert all(told(f"{order}:1:escalate") for order in (left, suspect, late, overdue))
    assert not told(f"{left}:1:decided-elsewhere")


async def test_while_paused_decisions_are_kept_and_sent_after_it(hurried: Service) -> None:
    hurried.records.marks.set(PAUSED, "yes")
    kept = [hurried.place(), hurried.place_denied()]
    withdrawn = hurried.place()
    async with hurried.working():
        await hurried.stands_in(Stage.ANSWERING, *kept, withdrawn)
        hurried.carrier.carrier.cancel(withdrawn)
        gone = await hurried.result(withdrawn)
        paged = {order: await eventually(partial(_told_at, hurried, f"{order}:1:held")) for order in kept}
        assert hurried.patches() == []
        hurried.records.marks.set(PAUSED, "no")
        results = await hurried.results(*kept)
    # Nobody was paged before the policy would have acted.
    assert all(
        at and at >= _came_at(hurried, order) + timedelta(seconds=WITHIN - MARGIN)
        for order, at in paged.items()
    )
    assert [result.outcome for result in results] == ["approve", "deny"]
    assert (gone.outcome, gone.decided_by, gone.carrier_status) == ("none", "elsewhere", "canceled")
    assert hurried.truth(withdrawn)["patches"] == 0
    assert hurried.ledger(withdrawn, EntryKind.DECIDED_ELSEWHERE)


def _came_to(result: ScreeningResult) -> tuple[str, str, str]:
    return result.outcome, result.decided_by, result.carrier_status


def _told_at(service: Service, cause: str) -> datetime | None:
    with service.records._database.read() as connection:
        return connection.scalar(sa.select(notices.c.told_at).where(notices.c.cause == cause))


def _came_at(service: Service, order: str) -> datetime:
    return datetime.fromisoformat(str(service.truth(order)["inserted_at"]))

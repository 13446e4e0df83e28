"""Nobody decides, or nobody may answer: what happens before the carrier takes silence for a yes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from records.cases import Stage
from records.ledger_entries import EntryKind
from records.marks import PAUSED
from sandbox.serve import SandboxServer
from tests.scenarios.rules import rules_with
from tests.service import Service, installed
from tests.waiting import eventually

WITHIN = 10
"""Seconds until silence approves, in place of a day."""
MARGIN = 5
PATIENT = 3600.0
"""Seconds that the carrier waits for an order that is not to be overtaken by its silence."""
SUSPECT = {"carrier_name": "Fly-By-Night Telecom", "spid": "888X", "authorized_name": "Trevor Blackwood"}
"""A blocked carrier and somebody else's name: 70 points and more."""


@pytest.fixture
async def hurried(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation in which a day is over in seconds, for the policy and for the carrier."""
    rules = rules_with(tmp_path, within=f"{WITHIN}s", margin=f"{MARGIN}s", again_within=f"{WITHIN}s")
    carrier = SandboxServer(silence_after=WITHIN)
    async with installed(temporal, tmp_path, carrier=carrier, rules=rules) as service:
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
    late = hurried.place_reviewed(
        phone_numbers=numbers[1:], **SUSPECT, age_seconds=WITHIN - MARGIN + 0.5, silence_after=PATIENT
    )
    overdue = hurried.place_reviewed(age_seconds=WITHIN + 1, silence_after=PATIENT)
    bounced = hurried.place_denied()
    async with hurried.working():
        await hurried.result(bounced)
        hurried.carrier.carrier.rule(bounced, "bounce")
        await hurried.stands_in(Stage.AWAITING_REVIEW, bounced)
        results = await hurried.results(left, suspect, late, bounced)
        assert hurried.stage(overdue) is Stage.AWAITING_REVIEW
        await hurried.review(overdue, "approve")
        assert (await hurried.result(overdue)).outcome == "approve"
    assert [(result.outcome, result.decided_by, result.carrier_status) for result in results] == [
        ("leave", "deadline", "authorized"),
        ("deny", "deadline", "rejected-pending"),
        ("deny", "deadline", "rejected-pending"),
        ("leave", "deadline", "authorized"),
    ]
    assert [hurried.truth(order)["decided_by"] for order in (left, bounced)] == ["silence", "silence"]
    assert hurried.truth(suspect)["rejection_code"] == 1001
    # In a further round nothing is denied by a machine.
    assert [entry["status"] for entry in hurried.truth(bounced)["history"]] == [
        *("pending", "rejected-pending", "pending", "authorized")
    ]
    told = hurried.records.notices.told
    assert all(told(f"{order}:{round_}:left") for order, round_ in ((left, 1), (bounced, 2)))
    assert all(told(f"{order}:1:escalate") for order in (left, suspect, late, overdue))
    assert not told(f"{left}:1:decided-elsewhere")


async def test_while_paused_decisions_are_kept_and_sent_after_it(hurried: Service) -> None:
    hurried.records.marks.set(PAUSED, "yes")
    kept = [hurried.place(silence_after=PATIENT), hurried.place_denied(silence_after=PATIENT)]
    withdrawn = hurried.place(silence_after=PATIENT)
    async with hurried.working():
        await hurried.stands_in(Stage.ANSWERING, *kept, withdrawn)
        hurried.carrier.carrier.cancel(withdrawn)
        gone = await hurried.result(withdrawn)
        # Nobody is paged before the policy would have acted.
        assert not any(hurried.records.notices.told(f"{order}:1:held") for order in kept)
        await eventually(lambda: all(hurried.records.notices.told(f"{order}:1:held") for order in kept))
        assert hurried.patches() == []
        hurried.records.marks.set(PAUSED, "no")
        results = await hurried.results(*kept)
    assert [result.outcome for result in results] == ["approve", "deny"]
    assert (gone.outcome, gone.decided_by, gone.carrier_status) == ("none", "elsewhere", "canceled")
    assert hurried.truth(withdrawn)["patches"] == 0
    assert hurried.ledger(withdrawn, EntryKind.DECIDED_ELSEWHERE)

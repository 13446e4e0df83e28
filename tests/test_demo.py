"""`portout demo` as a newcomer runs it: a process of its own, in an environment that means something else."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.samples import Act, sample_orders, sample_pins

PROJECT = Path(__file__).parent.parent
ELSEWHERE = {
    "TELNYX_API_KEY": "KEY-of-a-real-account",
    "TELNYX_BASE_URL": "http://127.0.0.1:9/v2",
    "TEMPORAL_ADDRESS": "127.0.0.1:9",
    "TEMPORAL_NAMESPACE": "not-there",
    "PORTOUT_SEND": "no",
    "PORTOUT_RULES": "/nowhere",
    "PORTOUT_DATABASE_URL": "sqlite:////nowhere/records.db",
}
TOO_LATE = ("was not over within", "was to be decided by a person, but was decided already")
KEYS = {
    "portout_id",
    "support_key",
    "outcome",
    "decided_by",
    "reason",
    "rejection_code",
    "carrier_status",
    "score",
    "rules",
}


async def _demo(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "commands.main",
        "demo",
        *arguments,
        cwd=PROJECT,
        env={**os.environ, **ELSEWHERE},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture(scope="module")
async def two_demos() -> list[tuple[int, str, str]]:
    """One with a table and one with JSON, beside each other.

    A demo's day is 24 real seconds. On a machine that stood still for most of them it says that it came too late, and
    both are played again, once.
    """
    both = list(await asyncio.gather(_demo(), _demo("--json")))
    if any(sentence in err for _, _, err in both for sentence in TOO_LATE):
        both = list(await asyncio.gather(_demo(), _demo("--json")))
    return both


@pytest.fixture(scope="module")
async def decisions(two_demos: list[tuple[int, str, str]]) -> dict[str, dict[str, Any]]:
    rows = json.loads(two_demos[1][1])
    by_id = {row["portout_id"]: row for row in rows}
    return {sample.key: by_id[sample.id] for sample in sample_orders()}


async def test_two_demos_beside_each_other_both_end_well(two_demos: list[tuple[int, str, str]]) -> None:
    assert [code for code, _, _ in two_demos] == [0, 0], two_demos[0][2] + two_demos[1][2]


async def test_json_says_who_decided_each_order_and_why(decisions: dict[str, dict[str, Any]]) -> None:
    for row in decisions.values():
        assert set(row) == KEYS
        assert set(row["rules"]) == {"pin", "spid", "authorized-name", "carrier"}


@pytest.mark.parametrize(
    ("order", "outcome", "decided_by", "carrier_status", "rejection_code"),
    [
        ("pin-right", "approve", "policy", "authorized", None),
        ("pin-wrong", "deny", "policy", "rejected-pending", 1002),
        ("leading-zeros", "approve", "policy", "authorized", None),
        ("leading-zeros-lost", "deny", "policy", "rejected-pending", 1002),
        ("several-numbers", "approve", "policy", "authorized", None),
        ("pin-absent", "approve", "reviewer", "authorized", None),
        ("by-signal", "approve", "reviewer", "authorized", None),
        ("two-customers", "deny", "reviewer", "rejected-pending", 1001),
        ("canceled", "none", "elsewhere", "canceled", None),
        ("nobody-leave", "leave", "deadline", "authorized", None),
        ("nobody-deny", "deny", "deadline", "rejected-pending", 1001),
        ("answer-lost", "approve", "policy", "authorized", None),
    ],
)
async def test_each_story_ends_as_it_should(
    decisions: dict[str, dict[str, Any]],
    order: str,
    outcome: str,
    decided_by: str,
    carrier_status: str,
    rejection_code: int | None,
) -> None:
    row = decisions[order]
    assert (row["outcome"], row["decided_by"]) == (outcome, decided_by)
    assert (row["carrier_status"], row["rejection_code"]) == (carrier_status, rejection_code)


async def test_the_table_and_the_story_are_for_people(two_demos: list[tuple[int, str, str]]) -> None:
    _, table, story = two_demos[0]
    for sample in sample_orders():
        assert sample.key in table
    people = [sample for sample in sample_orders() if sample.act in (Act.APPROVE, Act.DENY)]
    assert story.count("sends the update `review`") == len(people)
    assert story.count("by the signal `approve`") == 1


async def test_a_demo_shows_no_pin(two_demos: list[tuple[int, str, str]]) -> None:
    for _, out, err in two_demos:
        assert [pin for pin in sample_pins() if pin in out + err] == []

"""How fast recorded orders are replayed under other rules, and whether memory stays flat.

The orders are written to a records database as the worker writes them, in bulk. That takes most of the time of this
measure and does not count.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from activities.concluding import conclusion_of, entry_of
from activities.contracts import ConcludeInput, Opened
from benchmarks.measures import Figure
from environment import settings_without_environment
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from screening.bundle import Bundle
from screening.evaluation import evaluate
from screening.facts import ClearPin, CustomerFacts, OrderFacts
from screening.gathered import GatheredFacts
from screening.policy import Policy
from screening.reading.loading import load_bundle
from settings import PROJECT, Settings

ORDERS = 100_000
FEW = 10_000
DAYS = 80
"""Over so many days the orders came in, evenly; the few are the newest."""

_IN_ONE_WRITE = 2_000
_AREAS = (212, 303, 312, 415, 503, 512, 602, 617, 702, 720)
_KINDS = 10
_PIN = SecretStr("48213957")
_OTHER_PIN = SecretStr("60917324")


async def replay_of_recorded_orders(_: str, home: Path) -> list[Figure]:
    """`rules replay` over recorded orders, by a candidate that blocks a carrier from which every tenth order came."""
    return await asyncio.to_thread(_measure, home)


def _measure(home: Path) -> list[Figure]:
    settings = settings_without_environment(home=home, rules=PROJECT / "rules")
    now = datetime.now(UTC)
    began = time.perf_counter()
    _fill(settings, now)
    print(f"  ({ORDERS} orders written in {time.perf_counter() - began:.0f} s, not counted)", flush=True)
    candidate = _candidate(home)
    _, few = _replay(home, candidate, f"{DAYS * 24 * FEW // ORDERS}h")
    seconds, many = _replay(home, candidate, f"{DAYS + 1}d")
    return [
        Figure(f"rules replay over {ORDERS:,} recorded orders", seconds, "s", "below 60"),
        Figure("its largest process", many / 1024, "MB"),
        Figure(f"that, as a part of the same with {FEW:,} orders", many / few, "", "at most 1.2"),
    ]


def _fill(settings: Settings, now: datetime) -> None:
    bundle = load_bundle(settings.rules)
    records = open_records(settings)
    try:
        records.policies.keep(bundle.digest, bundle.canonical(), now)
        entries = _entries(bundle, now)
        while some := list(islice(entries, _IN_ONE_WRITE)):
            records.ledger.append_all(some)
    finally:
        records.close()


def _entries(bundle: Bundle, now: datetime) -> Iterator[LedgerEntry]:
    """What the ledger holds of each order: its screening, and how it was answered.

    One order of each kind is screened, and the others are written like it: screening all of them would take longer than
    everything that is measured.
    """
    policy = bundle.default
    kinds = [_screened(bundle, policy, position, now) for position in range(_KINDS)]
    for position in range(ORDERS):
        at = now - timedelta(days=DAYS) * (position + 1) / ORDERS
        like = kinds[position % _KINDS]
        # Not in the order of their ids, as with the carrier's own.
        portout_id = str(UUID(int=position * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))
        order = {
            **like.personal["order"],
            "id": portout_id,
            "support_key": f"PO_{position}",
            "phone_numbers": [f"+1{_AREAS[position % len(_AREAS)]}555{position // len(_AREAS):04}"],
            "foc_date": (at + timedelta(days=3)).isoformat(),
            "inserted_at": at.isoformat(),
        }
        yield replace(
            like,
            portout_id=portout_id,
            body={**like.body, "screened_at": at.isoformat()},
            personal={**like.personal, "order": order},
            at=at,
        )
        yield LedgerEntry(
            portout_id=portout_id,
            kind=EntryKind.ANSWERED,
            step_key="run:answered",
            body={
                "round": 1,
                "outcome": "deny" if like.body["outcome"] == "deny" else "approve",
                "decided_by": "reviewer" if like.body["outcome"] == "review" else "policy",
                "status": "authorized",
            },
            at=at,
        )


def _screened(bundle: Bundle, policy: Policy, kind: int, at: datetime) -> LedgerEntry:
    given = _facts(bundle, policy, kind, at)
    evaluation = evaluate(policy, given)
    opened = _opened(bundle, policy, given)
    conclusion = conclusion_of(opened, policy, evaluation.decision, [])
    concluded = ConcludeInput(
        opened=opened, results=evaluation.results, step="screened-1", now=at, screened_at=at
    )
    return entry_of(concluded, evaluation.decision, conclusion, given.customers)


def _facts(bundle: Bundle, policy: Policy, kind: int, at: datetime) -> GatheredFacts:
    """Every tenth order comes from a carrier of its own, without a PIN, with a wrong one, or with another name."""
    order = OrderFacts(
        id="like",
        status="pending",
        phone_numbers=["+12125550100"],
        carrier_name="Elsewhere Telecom" if kind == 1 else "Onvoy",
        spid="7777" if kind == 1 else "073H",
        authorized_name="Mary Major" if kind == 4 else "Jane Doe",
        foc_date=at + timedelta(days=3),
        inserted_at=at,
    )
    return GatheredFacts(
        order=order,
        now=at,
        zone=policy.zone,
        customers=[CustomerFacts(name="Jane Doe", authorized_names=["Jane Doe", "John Doe"])],
        lists=bundle.lists_of(policy),
        number_statuses=["active"],
        pins=[ClearPin(_PIN)],
        attempted_pin=None if kind == 2 else _OTHER_PIN if kind == 3 else _PIN,
    )


def _opened(bundle: Bundle, policy: Policy, given: GatheredFacts) -> Opened:
    return Opened(
        order=given.order,
        round=1,
        run_id="run",
        policy=policy.policy,
        policy_digest=bundle.digest,
        mode=policy.mode,
        rules=[],
        limit=given.now + policy.respond.within,
        respond_by=given.now + policy.respond.within - policy.respond.margin,
    )


def _candidate(home: Path) -> Path:
    """The shipped rules with one more carrier to block."""
    folder = home / "candidate"
    shutil.copytree(PROJECT / "rules", folder)
    blocked = folder / "lists" / "blocked-carriers.yaml"
    entry = '  - value: "7777"\n    why: To see what that would do.\n    added_by: bench@example.com\n'
    blocked.write_text(f"{blocked.read_text().rstrip()}\n{entry}")
    return folder


def _replay(home: Path, candidate: Path, since: str) -> tuple[float, int]:
    """Run the command. Returns seconds, and KB of the largest of its processes."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PORTOUT_", "TELNYX_"))}
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "commands.main",
            "rules",
            "replay",
            str(candidate),
            "--since",
            since,
            "--json",
        ],
        env={**ours, "PORTOUT_HOME": str(home), "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError("the replay failed")
    return seconds, used.ru_maxrss

"""What rules cost: decisions per second, beside another rule engine, and the check of a large bundle.

`zen-engine` (a decision engine in Rust, called from Python) runs the nearest equivalent of the shipped policy in the same
run, turn by turn. What is not alike:

- It compares names by equality. Ours reads them as names (accents, legal forms, word order, initials, nicknames) and tells
  how alike they are.
- Its lists are constants of an expression. Ours have entries with other names and days on which they count.
- It gets the facts as a dict and gives a dict with the outcome, the score and each rule's result. Ours gives the decision
  that goes to the ledger: findings with the facts they saw, notes, the rendered reason.
- It knows the policy's outcome and score, and nothing of evidence that an approval needs or of missing facts, but for what
  the expressions here spell out.

Both are asked from Python, one order at a time, on one core. Ours starts from gathered facts as the worker has them, new
for each decision, and no decision is kept: what lasts from one to the next is what lasts in a worker too (the policy as it
was read, what each result of a rule does, the index of a list, how a name that came before is read). Gathering is not
measured on either side: both get facts that lie ready. A second is one of processor time, since what else runs on the
machine is no part of a decision.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

import zen

from benchmarks.measures import Figure
from screening.evaluation import evaluate
from screening.gathered import GatheredFacts
from screening.reading.given import gathered_from
from screening.reading.loading import load_bundle
from settings import PROJECT

TURNS = 5
DECISIONS = 4_000
RULES = 500
ENTRIES = 50_000

Order = TypeVar("Order")

_WRONG = {
    "portout.attempted_pin": "9999",
    "portout.spid": "ZZZZ",
    "portout.carrier_name": "Unheard-of Telecom",
}


async def decisions_per_second(_address: str, _home: Path) -> list[Figure]:
    """Decide one order again and again, with the shipped policy and with its nearest equivalent."""
    bundle = load_bundle(PROJECT / "rules")
    policy = bundle.policies["us-standard"]
    facts = {**bundle.fixtures["fixtures/typical.yaml"].facts, "portout.authorized_name": "Jane Doe"}
    lists = bundle.lists_of(policy)
    good = gathered_from(facts, zone=policy.zone, lists=lists)
    bad = gathered_from({**facts, **_WRONG}, zone=policy.zone, lists=lists)
    decision = zen.ZenEngine().create_decision(json.dumps(_equivalent()))
    context = {name.replace(".", "_"): value for name, value in facts.items()}

    def equivalent(order: dict[str, Any]) -> str:
        return str(decision.evaluate(order)["result"]["outcome"])

    wrong = context | {name.replace(".", "_"): value for name, value in _WRONG.items()}
    outcomes = (evaluate(policy, good).decision.outcome.value, evaluate(policy, bad).decision.outcome.value)
    assert outcomes == (equivalent(context), equivalent(wrong)), "both decide alike"
    rates: dict[str, list[float]] = {"approved": [], "denied": [], "zen approved": [], "zen denied": []}
    for _ in range(TURNS):
        rates["approved"].append(_per_second(lambda facts: evaluate(policy, facts), _new(good)))
        rates["zen approved"].append(_per_second(equivalent, repeat(context, DECISIONS)))
        rates["denied"].append(_per_second(lambda facts: evaluate(policy, facts), _new(bad)))
        rates["zen denied"].append(_per_second(equivalent, repeat(wrong, DECISIONS)))
    best = {name: max(found) for name, found in rates.items()}
    return [
        Figure("decisions of the shipped policy, an approval", best["approved"], "per s", "at least 20,000"),
        Figure("decisions of the shipped policy, a denial", best["denied"], "per s"),
        Figure("zen-engine, nearest equivalent, an approval", best["zen approved"], "per s"),
        Figure("zen-engine, nearest equivalent, a denial", best["zen denied"], "per s"),
    ]


async def check_of_a_large_bundle(_address: str, home: Path) -> list[Figure]:
    """`portout rules check` as an author runs it, on many rules and a long list."""
    rules = home / "rules"
    write_large_bundle(rules)
    seconds, memory = [], []
    for _ in range(TURNS):
        took, peak = await asyncio.to_thread(_check, rules)
        seconds.append(took)
        memory.append(peak)
    what = f"rules check, {RULES} rules and a list of {ENTRIES:,} entries"
    return [
        Figure(what, statistics.median(seconds), "s", "below 2"),
        Figure(f"{what}, peak memory", max(memory), "MB", "below 300"),
    ]


def _check(rules: Path) -> tuple[float, float]:
    """Return the seconds that a check takes, and the most memory that it has, in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "commands.main", "rules", "check", str(rules)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the bundle is fine"
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def write_large_bundle(rules: Path) -> None:
    """Write a bundle of many rules and a long list, in the style in which rule files are written."""
    (rules / "lists").mkdir(parents=True)
    head = (PROJECT / "rules" / "us-standard.yaml").read_text(encoding="utf-8").split("\nlists:\n")[0]
    asked = [_rule(number) for number in range(RULES)]
    (rules / "us-standard.yaml").write_text(
        f"{head}\nlists: {{known: lists/known.yaml}}\nrejections: {{other: {{prefer_code: 1001}}}}\n"
        "defaults: {missing: review, error: review}\nrules:\n"
        + "".join(asked)
        + "decide: {otherwise: review}\n",
        encoding="utf-8",
    )
    entries = "".join(
        f"  - value: S{number:05}\n    also:\n      - Carrier {number}, LLC\n    why: Ported to before.\n"
        for number in range(ENTRIES)
    )
    (rules / "lists" / "known.yaml").write_text(f"title: Known\nentries:\n{entries}", encoding="utf-8")


def _rule(number: int) -> str:
    return (
        f"  - id: rule-{number}\n    title: Rule {number}\n    why: To have many.\n"
        f"    when:\n      all:\n        - portout.number_count: {{at_least: {number + 1}}}\n"
        "        - not: {portout.spid: {in_list: known}}\n"
        "    then: {holds: {score: 1}, does_not_hold: skip}\n"
    )


def _new(facts: GatheredFacts) -> list[GatheredFacts]:
    """The same facts as often as they are decided on, so that nothing that was made of them is used twice."""
    return [replace(facts) for _ in range(DECISIONS)]


def _per_second(decide: Callable[[Order], object], orders: Iterable[Order]) -> float:
    began = time.process_time()
    for order in orders:
        decide(order)
    return DECISIONS / (time.process_time() - began)


def _equivalent() -> dict[str, Any]:
    """The shipped policy as far as expressions and a table can say it."""
    expressions = {
        "pin": "customer_pin == null ? 'not_set' : portout_attempted_pin == null ? 'missing' "
        ": portout_attempted_pin == customer_pin ? 'match' : 'mismatch'",
        "spid": "portout_spid == null ? 'missing' : upper(portout_spid) in ['073H'] ? 'listed' : 'unlisted'",
        "name": "portout_authorized_name == null ? 'missing' : "
        "lower(portout_authorized_name) in map(customer_authorized_names, lower(#)) ? 'match' : 'mismatch'",
        "carrier": "portout_spid == null ? 'missing' : upper(portout_spid) in ['888X'] ? 'blocked' : 'allowed'",
        "score": "($.spid == 'unlisted' ? 15 : 0) + ($.name == 'mismatch' ? 40 : 0) "
        "+ ($.carrier == 'blocked' ? 30 : 0)",
        "outcome": "$.pin == 'mismatch' ? 'deny' : $.score >= 40 or $.name == 'mismatch' "
        "or $.carrier == 'blocked' or $.pin != 'match' ? 'review' : 'approve'",
    }
    written = [{"id": key, "key": key, "value": value} for key, value in expressions.items()]
    return {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "rules", "name": "rules", "type": "expressionNode", "content": {"expressions": written}},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }


ALL = (decisions_per_second, check_of_a_large_bundle)

"""A policy put to the facts of one order: what rule tests, explanations and benchmarks run, and the worker rule by rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from screening.checks import CHECKS
from screening.decision import decide
from screening.gathered import GatheredFacts
from screening.policy import Policy, Rule
from screening.results import CheckResult, Decision, RuleResult


@dataclass(frozen=True)
class Evaluation:
    """What each rule found, and what the policy makes of it."""

    results: list[RuleResult]
    decision: Decision


def ask(rule: Rule, gathered: GatheredFacts) -> CheckResult:
    """Put a rule's question to its check."""
    return CHECKS[rule.check.kind].ask(rule.check.params, gathered)


def evaluate(policy: Policy, gathered: GatheredFacts, *, review_because: Sequence[str] = ()) -> Evaluation:
    """Ask every rule of a policy and decide.

    Args:
        gathered: with the lists of this policy and its time zone.
        review_because: as in `decision.decide`.
    """
    results = [RuleResult(rule_id=rule.id, check=ask(rule, gathered)) for rule in policy.rules]
    return Evaluation(
        results, decide(policy, results, review_because=review_because, facts=gathered.as_facts())
    )

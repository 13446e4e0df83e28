"""A policy put to the facts of one order: what rule tests, explanations and benchmarks run, and the worker rule by rule."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from screening.checks.kind import ERROR
from screening.decision import decide_on
from screening.gathered import GatheredFacts
from screening.policy import Policy, Rule
from screening.results import CheckResult, Decision, RuleResult

_FAILED = CheckResult(result=ERROR)


class Evaluation(NamedTuple):
    """What each rule found, and what the policy makes of it.

    Attributes:
        answers: what the check of each rule answered, in the order of the file.
    """

    policy: Policy
    answers: Sequence[CheckResult]
    decision: Decision

    @property
    def results(self) -> list[RuleResult]:
        """The answers by the ids of their rules."""
        answered = zip(self.policy.rules, self.answers, strict=True)
        return [RuleResult(rule_id=rule.id, check=answer) for rule, answer in answered]


def ask(rule: Rule, gathered: GatheredFacts) -> CheckResult:
    """Put a rule's question to its check."""
    return rule.check.ask(gathered)


def evaluate(
    policy: Policy,
    gathered: GatheredFacts,
    *,
    review_because: Sequence[str] = (),
    failing: Collection[str] = (),
) -> Evaluation:
    """Ask every rule of a policy and decide.

    Args:
        gathered: with the lists of this policy and its time zone.
        review_because: as in `decision.decide`.
        failing: ids of rules whose check cannot be carried out, and answers `error`.
    """
    answers = [_FAILED if rule.id in failing else ask(rule, gathered) for rule in policy.rules]
    decision = decide_on(policy, answers, review_because=review_because, facts=gathered.as_facts)
    return Evaluation(policy, answers, decision)

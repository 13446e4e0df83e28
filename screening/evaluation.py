"""A policy put to the facts of one order: what rule tests, explanations and benchmarks run, and the worker rule by rule."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from screening.checks import CHECKS
from screening.checks.kind import ERROR
from screening.decision import decide_on
from screening.gathered import GatheredFacts
from screening.policy import Policy, Rule
from screening.results import CheckResult, Decision, RuleResult

_FAILED = CheckResult(result=ERROR)


@dataclass(frozen=True)
class Evaluation:
    """What each rule found, and what the policy makes of it.

    Attributes:
        answers: each rule with the answer of its check, in the order of the file.
    """

    answers: Sequence[tuple[Rule, CheckResult]]
    decision: Decision

    @property
    def results(self) -> list[RuleResult]:
        """The answers by the ids of their rules."""
        return [RuleResult(rule_id=rule.id, check=answer) for rule, answer in self.answers]


def ask(rule: Rule, gathered: GatheredFacts) -> CheckResult:
    """Put a rule's question to its check."""
    kind = CHECKS[rule.check.kind]
    return kind.run(rule.check.read_params(kind.params), gathered)


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
    answers = [(rule, _FAILED if rule.id in failing else ask(rule, gathered)) for rule in policy.rules]
    return Evaluation(
        answers, decide_on(policy, answers, review_because=review_because, facts=gathered.as_facts())
    )

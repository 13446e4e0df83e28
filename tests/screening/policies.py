"""Small policies for tests, built from what each test varies."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from screening.effects import Band, DeadlineLine, Effect
from screening.policy import Approve, Check, Decide, Mode, Needs, Policy, Rejection, Respond, Review, Rule
from screening.results import CheckResult, RuleResult


def rule(rule_id: str, then: Mapping[str, Any], kind: str = "pin", *, shadow: bool = False) -> Rule:
    """A rule asking one check; effects as an author writes them."""
    return Rule(
        id=rule_id,
        title=f"Rule {rule_id}",
        shadow=shadow,
        check=Check.model_validate({kind: {}}),
        then={result: Effect.model_validate(effect) for result, effect in then.items()},
    )


def policy(
    *rules: Rule,
    defaults: Mapping[str, Any] | None = None,
    needs: object = None,
    bands: Sequence[Mapping[str, Any]] = (),
    at_deadline: Sequence[object] = ("leave",),
    two_people_from_score: int | None = None,
    approve: Approve | None = None,
) -> Policy:
    """A policy of these rules."""
    return Policy(
        format=1,
        policy="test",
        default=True,
        title="Test",
        mode=Mode.ENFORCE,
        respond=Respond(
            within=timedelta(hours=24),
            margin=timedelta(hours=2),
            again_within=timedelta(hours=4),
            at_deadline=[DeadlineLine.model_validate(line) for line in at_deadline],
        ),
        review=Review(two_people_from_score=two_people_from_score),
        approve=approve or Approve(),
        rejections={"other": Rejection(prefer_code=1001)},
        defaults={result: Effect.model_validate(effect) for result, effect in (defaults or {}).items()},
        rules=list(rules),
        decide=Decide(
            score=[Band.model_validate(band) for band in bands],
            approve_needs=None if needs is None else Needs.model_validate(needs),
        ),
    )


def answers(**results: str | CheckResult) -> list[RuleResult]:
    """Results by rule id."""
    return [
        RuleResult(rule_id=rule_id, check=CheckResult(result=found) if isinstance(found, str) else found)
        for rule_id, found in results.items()
    ]

"""Check `condition`: what a rule asks that has `when:` in place of `check:`."""

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.conditions import USABLE_FACTS, Condition, facts_of, read_condition
from screening.operators import Circumstances
from screening.policy_values import RuleModel
from screening.possible_answers import possible_answers
from screening.results import CheckResult

HOLDS = "holds"
DOES_NOT_HOLD = "does_not_hold"

_RESULTS = {True: HOLDS, False: DOES_NOT_HOLD, None: MISSING}


class ConditionParams(RuleModel):
    """The condition, which a rule writes by itself under `when:`."""

    when: Annotated[Condition, PlainValidator(read_condition), WithJsonSchema({"title": "condition"})] = (
        Field(description="One of all, any and not, over further conditions; or one fact with one operator.")
    )


def check(params: ConditionParams, gathered: GatheredFacts) -> CheckResult:
    """Say whether the condition holds, with every fact that it reads.

    Returns:
        `holds` or `does_not_hold`; `missing` when facts that are not known decide between the two.
    """
    facts = gathered.as_facts()
    found = params.when.holds(facts, Circumstances(gathered.now, gathered.zone, gathered.lists))
    return CheckResult(
        result=_RESULTS[found], facts={name: facts.get(name) for name in facts_of(params.when)}
    )


def _gives(params: ConditionParams) -> set[str]:
    return {ERROR} | {_RESULTS[answer] for answer in possible_answers(params.when)}


KIND = CheckKind(
    name="condition",
    sentence="Whether a condition over facts holds; written `when:` in place of `check:`.",
    params=ConditionParams,
    run=check,
    example=Example(
        params={"when": {"portout.number_count": {"at_least": 10}}},
        given={"portout.number_count": 12},
        expect=HOLDS,
    ),
    results={
        HOLDS: "The condition holds.",
        DOES_NOT_HOLD: "The condition does not hold.",
        MISSING: "Facts that are not known decide whether the condition holds.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({HOLDS, DOES_NOT_HOLD}),
    facts=tuple(USABLE_FACTS),
    reads=lambda params: facts_of(params.when),
    gives=_gives,
)

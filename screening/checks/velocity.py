"""Check `velocity`: did the same number, customer, SPID or carrier have more of something lately than the author allows?

A burst of orders to one provider or from one account, of denials, or of wrong PINs is a sign, and no ground on which a
port may be refused (47 CFR 52.36). This order does not count itself.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, MIXED, CheckKind, Example, GatheredFacts
from screening.facts import COUNTED, COUNTED_PER, history_fact
from screening.policy_values import PositiveDuration, RuleModel, WholeNumber
from screening.results import CheckResult, FactValue

WITHIN_LIMIT = "within_limit"
OVER_LIMIT = "over_limit"

_CUSTOMER = "customer"
_CUSTOMER_COUNT = "customer.count"


class VelocityParams(RuleModel):
    """What is counted, for whom, since when, and how many are still allowed."""

    count: Literal["orders", "denials", "pin_failures"] = Field(
        description="What is counted: other orders, denials of other orders, or wrong PINs on other orders."
    )
    per: Literal["number", "customer", "spid", "carrier"] = Field(
        description="Whose are counted. Of several numbers the one with the most counts."
    )
    within: PositiveDuration = Field(
        default=timedelta(hours=24), description="How far back is counted, from the moment of the screening."
    )
    at_most: Annotated[WholeNumber, Field(ge=0)] = Field(description="More than this is over the limit.")

    @property
    def fact(self) -> str:
        """The fact that holds the count."""
        return history_fact(self.count, self.per)


def check(params: VelocityParams, gathered: GatheredFacts) -> CheckResult:
    """Hold the count against the limit.

    Returns:
        `within_limit` or `over_limit`, with `count` and `limit`; `mixed` when counting per customer and the numbers
        belong to several; `missing` when the order lacks what is counted by (no SPID, no customer on file), or nobody
        looked.
    """
    count = gathered.counts.get(params.fact)
    facts: dict[str, FactValue] = {params.fact: count}
    if params.per == _CUSTOMER:
        facts[_CUSTOMER_COUNT] = len(gathered.customers)
        if len(gathered.customers) > 1:
            return CheckResult(result=MIXED, facts=facts)
    if count is None:
        return CheckResult(result=MISSING, facts=facts)
    return CheckResult(
        result=OVER_LIMIT if count > params.at_most else WITHIN_LIMIT,
        facts=facts,
        values={"count": count, "limit": params.at_most},
    )


def _reads(params: VelocityParams) -> Collection[str]:
    return (params.fact, _CUSTOMER_COUNT) if params.per == _CUSTOMER else (params.fact,)


def _gives(params: VelocityParams) -> set[str]:
    always = {WITHIN_LIMIT, OVER_LIMIT, MISSING, ERROR}
    return always | {MIXED} if params.per == _CUSTOMER else always


KIND = CheckKind(
    name="velocity",
    sentence="Whether a number, customer, SPID or carrier had too many orders, denials or wrong PINs lately.",
    params=VelocityParams,
    run=check,
    example=Example(
        params={"count": "orders", "per": "spid", "within": "24h", "at_most": 5},
        given={"history.orders_per_spid": 6},
        expect=OVER_LIMIT,
    ),
    results={
        WITHIN_LIMIT: "There were no more than the limit allows.",
        OVER_LIMIT: "There were more than the limit allows.",
        MISSING: "The request lacks what is counted by, or it could not be counted.",
        MIXED: COMMON_SENTENCES[MIXED],
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({WITHIN_LIMIT}),
    facts=(_CUSTOMER_COUNT, *(history_fact(what, key) for what in COUNTED for key in COUNTED_PER)),
    reads=_reads,
    gives=_gives,
    placeholders={
        "count": "How many there were; this order does not count itself.",
        "limit": "How many the rule allows.",
    },
)

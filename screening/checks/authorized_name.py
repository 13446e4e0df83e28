"""Check `authorized_name`: does the name on the request fit a name that we have for the account?

An authorized name is not among the fields that may hold a simple port back (47 CFR 52.36): a mismatch is for
people to look at and is no permitted ground to refuse.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, MIXED, CheckKind, Example
from screening.checks.names import SAME, Comparison, Likeness, compare
from screening.facts import CustomerFacts, OrderFacts
from screening.policy_values import Flag, NumberWithin, RuleModel
from screening.results import CheckResult, FactValue

MATCH = "match"
CLOSE = "close"
MISMATCH = "mismatch"

_RESULTS = {Likeness.MATCH: MATCH, Likeness.CLOSE: CLOSE, Likeness.MISMATCH: MISMATCH}

GivenFact = Literal["portout.authorized_name", "portout.end_user_name"]
AgainstFact = Literal["customer.name", "customer.business_name", "customer.authorized_names"]

_GIVEN: tuple[GivenFact, ...] = ("portout.authorized_name", "portout.end_user_name")
_AGAINST: tuple[AgainstFact, ...] = (
    "customer.name",
    "customer.business_name",
    "customer.authorized_names",
)


class Bands(RuleModel):
    """Similarities from 0 to 100 from which names match, and from which they are close.

    Attributes:
        match: names this similar match.
        close: names this similar are close; below they differ.
    """

    match: NumberWithin = Field(default=92, ge=0, le=100)
    close: NumberWithin = Field(default=80, ge=0, le=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.close > self.match:
            raise PydanticCustomError("bands_order", "needs `close` at or below `match`")
        return self


class AuthorizedNameParams(RuleModel):
    """Which name of the request is compared with which of ours, and how strictly.

    Attributes:
        given: the name of the request.
        against: our names, of which the best one counts.
        bands: how similar names must be.
        initials: whether an initial may stand for a given name.
        nicknames: whether a listed nickname may stand for a given name.
    """

    given: GivenFact = "portout.authorized_name"
    against: list[AgainstFact] = Field(default_factory=lambda: list(_AGAINST), min_length=1)
    bands: Bands = Bands()
    initials: Flag = True
    nicknames: Flag = True


def check(params: AuthorizedNameParams, order: OrderFacts, customers: Sequence[CustomerFacts]) -> CheckResult:
    """Compare the name on the request with the names on our side; the best one counts.

    Args:
        customers: the different customers who hold the numbers of the order.

    Returns:
        `match`, `close` or `mismatch` with `similarity` (0-100); `mixed` when there are several customers;
        `missing` when the request or we have no name to compare.
    """
    given = getattr(order, params.given.removeprefix("portout."))
    facts: dict[str, FactValue] = {params.given: given}
    if len(customers) > 1:
        return CheckResult(result=MIXED, facts=facts)
    if customers:
        facts |= {name: getattr(customers[0], name.removeprefix("customer.")) for name in params.against}
    best = _best(params, given or "", _texts(facts.get(name) for name in params.against))
    if best is None:
        return CheckResult(result=MISSING, facts=facts)
    return CheckResult(result=_RESULTS[best.likeness], facts=facts, values={"similarity": best.similarity})


def _best(params: AuthorizedNameParams, given: str, candidates: Iterable[str]) -> Comparison | None:
    best: Comparison | None = None
    for candidate in candidates:
        found = compare(
            given,
            candidate,
            match=params.bands.match,
            close=params.bands.close,
            initials=params.initials,
            nicknames=params.nicknames,
        )
        if found == SAME:
            return found
        if found and (best is None or found > best):
            best = found
    return best


def _texts(values: Iterable[FactValue]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, str):
            yield value


KIND = CheckKind(
    name="authorized_name",
    sentence="Whether the name on the request fits a name that we have for the account.",
    params=AuthorizedNameParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.customers),
    example=Example(
        given={"portout.authorized_name": "J. Smith", "customer.name": "John Smith"}, expect=MATCH
    ),
    results={
        MATCH: "The name on the request is one that we have for the account.",
        CLOSE: "The name on the request is like one that we have, but not the same.",
        MISMATCH: "The name on the request is like none that we have for the account.",
        MISSING: "The request names nobody, or we have no name for the account.",
        MIXED: COMMON_SENTENCES[MIXED],
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({MATCH}),
    facts=("customer.count",),
    fact_params={"given": _GIVEN, "against": _AGAINST},
    placeholders={"similarity": "How alike the names are, from 0 to 100; of several the best."},
)

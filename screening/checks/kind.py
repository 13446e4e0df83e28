"""How a kind of check declares itself: once, for validation, documentation and running alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from screening.gathered import GatheredFacts
from screening.policy_values import RuleModel
from screening.results import CheckResult, FactValue

__all__ = ["COMMON_SENTENCES", "ERROR", "MISSING", "MIXED", "CheckKind", "Example", "GatheredFacts"]

ERROR = "error"
MISSING = "missing"
MIXED = "mixed"

COMMON_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        ERROR: "The check could not be carried out.",
        MIXED: "The numbers of the order belong to several of our customers.",
    }
)

Params = TypeVar("Params", bound=RuleModel)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A rule as an author might begin it, and its first test.

    Attributes:
        params: parameters as an author writes them.
        given: facts of the test.
        expect: the result that they give.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, FactValue]
    expect: str


@dataclass(frozen=True, kw_only=True)
class CheckKind(Generic[Params]):
    """The declaration of one kind of check.

    Attributes:
        name: how rules call it.
        sentence: what it finds out, in one line.
        params: model of its parameters; closed, with a default for whatever an author may leave out.
        run: the pure check itself.
        results: every result that it can give, with the sentence that explains it to people.
        evidence: the results that `approve_needs` may name. Missing, unknown, partial and failed evidence is
            none.
        grounds: the results on which 47 CFR 52.36 lets a carrier refuse a port; denying on another one takes
            `override: legal`.
        facts: names of the facts that it may read besides those that parameters name.
        reads: for a kind whose parameters decide which facts it reads: their names. None: it reads all of `facts`.
        gives: for a kind whose parameters decide which results it can give: their names. None: all of `results`.
        fact_params: parameters that name facts, each with the facts that may stand there.
        list_params: parameters that name a list of the policy.
        placeholders: what its notes may name besides facts, each with a sentence. All are internal.
        example: how a rule with it begins.
    """

    name: str
    sentence: str
    params: type[Params]
    run: Callable[[Params, GatheredFacts], CheckResult]
    example: Example
    results: Mapping[str, str]
    evidence: frozenset[str]
    grounds: frozenset[str] = frozenset()
    facts: tuple[str, ...] = ()
    reads: Callable[[Params], Collection[str]] | None = None
    gives: Callable[[Params], Collection[str]] | None = None
    fact_params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    list_params: tuple[str, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)

    def ask(self, params: Mapping[str, Any], gathered: GatheredFacts) -> CheckResult:
        """Run the check with parameters as a policy file holds them.

        Raises:
            pydantic.ValidationError: the parameters are not those of this kind; the loader refuses such a
            file.
        """
        return self.run(self.params.model_validate(params), gathered)

    def results_given(self, params: Mapping[str, Any]) -> list[str]:
        """The results that the check can give with parameters as a policy file holds them, in the declared order.

        Raises:
            pydantic.ValidationError: as `ask`.
        """
        given = self.results if self.gives is None else self.gives(self.params.model_validate(params))
        return [result for result in self.results if result in given]

    def facts_read(self, params: Mapping[str, Any]) -> frozenset[str]:
        """The names of the facts that the check reads with parameters as a policy file holds them.

        Raises:
            pydantic.ValidationError: as `ask`.
        """
        known = self.params.model_validate(params)
        if self.reads is not None:
            return frozenset(self.reads(known))
        named = (getattr(known, param) for param in self.fact_params)
        return frozenset(self.facts).union(*([name] if isinstance(name, str) else name for name in named))

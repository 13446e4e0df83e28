"""How a kind of check declares itself: once, for validation, documentation and running alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from screening.gathered import GatheredFacts
from screening.policy_values import RuleModel
from screening.results import CheckResult

__all__ = ["COMMON_SENTENCES", "ERROR", "MISSING", "MIXED", "CheckKind", "GatheredFacts"]

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
        facts: names of the facts that it reads whatever its parameters say.
        fact_params: parameters that name facts, each with the facts that may stand there.
        list_params: parameters that name a list of the policy.
        placeholders: what its notes may name besides facts, each with a sentence. All are internal.
    """

    name: str
    sentence: str
    params: type[Params]
    run: Callable[[Params, GatheredFacts], CheckResult]
    results: Mapping[str, str]
    evidence: frozenset[str]
    grounds: frozenset[str] = frozenset()
    facts: tuple[str, ...] = ()
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

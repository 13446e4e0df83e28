"""What there is to write: every kind of check and every fact, as their declarations tell it."""

from dataclasses import dataclass
from typing import Any

from screening.authoring.schema import CONDITION
from screening.authoring.schema_types import Definitions, Schema, default_of, meaning_of
from screening.checks import CHECKS, CheckKind
from screening.conditions import USABLE_FACTS
from screening.facts import CATALOGUE, FactType
from screening.operators import OPERATORS, Operand
from screening.policy_values import RuleModel
from screening.results import FactClass


@dataclass(frozen=True)
class ParameterEntry:
    """One parameter of a check.

    Attributes:
        name: as it is written; of one inside another, both with a dot between.
        type: what it needs, in words.
        needed: whether it must be written.
        default: what counts without it, as an author would write it; None where that is nothing.
        meaning: what it is for.
    """

    name: str
    type: str
    needed: bool
    default: Any
    meaning: str


@dataclass(frozen=True)
class ResultEntry:
    """One result of a check.

    Attributes:
        name: as `then` writes it.
        sentence: when it comes.
        is_evidence: whether `approve_needs` may name it.
        is_ground: whether 47 CFR 52.36 lets a port be refused on it.
    """

    name: str
    sentence: str
    is_evidence: bool
    is_ground: bool


@dataclass(frozen=True)
class FactEntry:
    """One fact of the catalogue, and the checks that may read it."""

    name: str
    type: FactType
    fact_class: FactClass
    sentence: str
    read_by: tuple[str, ...]


@dataclass(frozen=True)
class OperatorEntry:
    """One operator of conditions: what stands behind it, by the type of the fact, and when it holds."""

    name: str
    needs: dict[FactType, Operand]
    sentence: str


@dataclass(frozen=True)
class CheckEntry:
    """One kind of check. `facts` holds those that it may read, whatever its parameters say; `operators` is for
    conditions only.
    """

    name: str
    sentence: str
    parameters: tuple[ParameterEntry, ...]
    results: tuple[ResultEntry, ...]
    facts: tuple[FactEntry, ...]
    placeholders: dict[str, str]
    operators: tuple[OperatorEntry, ...]


def check_entry(kind: CheckKind[Any]) -> CheckEntry:
    """Describe one kind of check."""
    return CheckEntry(
        name=kind.name,
        sentence=kind.sentence,
        parameters=tuple(_parameters(kind.params, "")),
        results=tuple(
            ResultEntry(name, sentence, name in kind.evidence, name in kind.grounds)
            for name, sentence in kind.results.items()
        ),
        facts=tuple(fact_entry(name) for name in facts_of(kind)),
        placeholders=dict(kind.placeholders),
        operators=_operators() if kind.name == CONDITION else (),
    )


def fact_entry(name: str) -> FactEntry:
    """Describe one fact.

    Raises:
        KeyError: there is no such fact.
    """
    fact = CATALOGUE[name]
    read_by = tuple(kind.name for kind in CHECKS.values() if name in facts_of(kind))
    return FactEntry(fact.name, fact.type, fact.fact_class, fact.sentence, read_by)


def facts_of(kind: CheckKind[Any]) -> list[str]:
    """Return the facts that a check may read, whatever its parameters say, in the order of the catalogue."""
    if kind.name == CONDITION:
        return list(USABLE_FACTS)
    named = {*kind.facts, *(fact for facts in kind.fact_params.values() for fact in facts)}
    return [name for name in CATALOGUE if name in named]


def _operators() -> tuple[OperatorEntry, ...]:
    return tuple(
        OperatorEntry(operator.name, dict(operator.needs), operator.sentence)
        for operator in OPERATORS.values()
    )


def _parameters(params: type[RuleModel], within: str) -> list[ParameterEntry]:
    definitions = Definitions({}, {})
    found: list[ParameterEntry] = []
    for name, field in params.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, RuleModel):
            found += _parameters(field.annotation, f"{within}{name}.")
            continue
        schema = definitions.of_field(params, name, field)
        found.append(
            ParameterEntry(
                name=f"{within}{name}",
                type=_in_words(schema),
                needed=field.is_required(),
                default=default_of(field),
                meaning=meaning_of(params, name),
            )
        )
    return found


def _in_words(schema: Schema) -> str:
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if "items" in schema:
        return f"list of {_in_words(schema['items'])}"
    return str(schema.get("title", ""))

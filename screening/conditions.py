"""Conditions: `all`, `any` and `not` over comparisons of facts, as rules write them under `when:`.

A fact that is not known makes its comparison unknown, and unknown goes up as Kleene's logic has it: `any` of something
that holds and something unknown holds, `all` of them is unknown. So what nobody looked up never decides anything
unless the author asks for just that, with `is_missing`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import PydanticCustomError

from screening.facts import CATALOGUE, COUNTED, COUNTED_PER, Fact, FactType, history_fact
from screening.named_lists import Key
from screening.operators import OPERATORS, Circumstances, Operand, Operator, key_for
from screening.results import FactClass, FactValue

DEEPEST = 8
"""How many conditions may stand inside each other."""

GROUPS = ("all", "any")
NOT = "not"

COUNTED_FACTS = frozenset(history_fact(what, key) for what in COUNTED for key in COUNTED_PER)
"""Facts that count within a window, which only a check has; no condition can ask for them."""

USABLE_FACTS: Mapping[str, Fact] = {
    name: fact
    for name, fact in CATALOGUE.items()
    if fact.fact_class is not FactClass.SECRET and name not in COUNTED_FACTS
}
"""The facts that conditions may read."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One fact, one operator, and what stands behind it; texts in `operand` are keys already."""

    fact: Fact
    operator: Operator
    operand: Any
    key: Key

    def holds(self, facts: Mapping[str, FactValue], given: Circumstances) -> bool | None:
        """Say whether it holds; None if the fact is not known."""
        value = _known(self.fact, facts.get(self.fact.name), self.key)
        if self.operator.asks_presence:
            return self.operator.holds(value is not None, self.operand, given, self.key)
        if value is None:
            return None
        try:
            return self.operator.holds(value, self.operand, given, self.key)
        except OverflowError:  # a moment at the edge of the calendar, in a time zone beyond it
            return None

    def comparisons(self) -> Iterator["Comparison"]:
        yield self


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of some conditions."""

    word: str
    parts: tuple["Condition", ...]

    def holds(self, facts: Mapping[str, FactValue], given: Circumstances) -> bool | None:
        """Say whether it holds; None if what is not known decides that."""
        decides = self.word == "any"
        is_unknown = False
        for part in self.parts:
            found = part.holds(facts, given)
            if found is decides:
                return decides
            is_unknown |= found is None
        return None if is_unknown else not decides

    def comparisons(self) -> Iterator[Comparison]:
        for part in self.parts:
            yield from part.comparisons()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: "Condition"

    def holds(self, facts: Mapping[str, FactValue], given: Circumstances) -> bool | None:
        """Say whether it holds; None if what is not known decides that."""
        found = self.part.holds(facts, given)
        return None if found is None else not found

    def comparisons(self) -> Iterator[Comparison]:
        yield from self.part.comparisons()


Condition = Comparison | Group | Not


def read_condition(tree: object, depth: int = 1) -> Condition:
    """Read a condition as it is written, in dicts, lists and texts.

    Raises:
        ValueError: it is none. Rule files were checked before, fault by fault, by `condition_faults`.
    """
    if not isinstance(tree, dict) or len(tree) != 1 or depth > DEEPEST:
        raise _no_condition()
    [(name, inside)] = tree.items()
    if name == NOT:
        return Not(read_condition(inside, depth + 1))
    if name in GROUPS:
        if not isinstance(inside, list) or not inside:
            raise _no_condition()
        return Group(name, tuple(read_condition(part, depth + 1) for part in inside))
    return read_comparison(name, inside)


def read_comparison(name: object, inside: object) -> Comparison:
    """Read one comparison: the name of a fact, and the map of one operator to its operand.

    Raises:
        ValueError: it is none.
    """
    fact = USABLE_FACTS.get(name) if isinstance(name, str) else None
    if fact is None or not isinstance(inside, dict) or len(inside) != 1:
        raise _no_condition()
    [(word, written)] = inside.items()
    operator = OPERATORS.get(word) if isinstance(word, str) else None
    if operator is None or fact.type not in operator.needs:
        raise _no_condition()
    key = key_for(fact.name)
    operand = operator.read(written, fact.type)
    needs = operator.needs[fact.type]
    if needs is Operand.TEXT:
        operand = key(operand)
    elif needs is Operand.TEXTS:
        operand = tuple(key(text) for text in operand)
    return Comparison(fact, operator, operand, key)


def facts_read(tree: object) -> tuple[str, ...]:
    """Return the names of the facts that a condition reads, each once, in the order of the file.

    Args:
        tree: the condition as it is written.

    Raises:
        ValueError: it is no condition.
    """
    return facts_of(read_condition(tree))


def facts_of(condition: Condition) -> tuple[str, ...]:
    """Return the names of the facts that a condition reads, each once, in the order of the file."""
    return tuple(dict.fromkeys(comparison.fact.name for comparison in condition.comparisons()))


def lists_read(tree: object) -> tuple[str, ...]:
    """Return the lists that a condition names, each once, in the order of the file.

    Raises:
        ValueError: it is no condition.
    """
    comparisons = read_condition(tree).comparisons()
    return tuple(
        dict.fromkeys(
            comparison.operand
            for comparison in comparisons
            if comparison.operator.needs[comparison.fact.type] is Operand.LIST
        )
    )


def _known(fact: Fact, value: FactValue, key: Key) -> Any:
    """Return a fact as it is compared; None if it is not known, blank, or nothing that its type can be."""
    if isinstance(value, str):
        if fact.type is FactType.TEXT:
            return key(value) or None
        return _moment(value) if fact.type is FactType.MOMENT else None
    if isinstance(value, list):
        return [key(text) for text in value] if fact.type is FactType.TEXTS else None
    if isinstance(value, bool):
        return value if fact.type is FactType.FLAG else None
    return value if fact.type is FactType.NUMBER else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _no_condition() -> PydanticCustomError:
    return PydanticCustomError(
        "condition", "needs a condition: one of all, any and not, or one fact with one operator"
    )

"""What a condition can answer at all: one that reads only what is always known is never `missing`."""

from collections.abc import Iterable
from itertools import combinations

from screening.conditions import Comparison, Condition, Group, Not, facts_of

ALWAYS_KNOWN = frozenset(
    {"portout.id", "portout.phone_numbers", "portout.countries", "portout.number_count", "customer.count"}
)
"""Facts that every order has."""

_MOST_FACTS = 10
"""Conditions on more facts are taken to be able to answer everything: their number of cases doubles with each."""

_ANYTHING = frozenset({True, False, None})


def possible_answers(condition: Condition) -> frozenset[bool | None]:
    """Return whether a condition can hold (True), not hold (False), and be undecided for lack of facts (None).

    Comparisons count as independent of each other: two that contradict each other are not seen through.
    """
    may_lack = [name for name in facts_of(condition) if name not in ALWAYS_KNOWN]
    if len(may_lack) > _MOST_FACTS:
        return _ANYTHING
    found: set[bool | None] = set()
    for count in range(len(may_lack) + 1):
        for lacking in combinations(may_lack, count):
            found |= _answers(condition, frozenset(lacking))
    return frozenset(found)


def _answers(condition: Condition, lacking: frozenset[str]) -> frozenset[bool | None]:
    """What it can answer when just these facts are not known."""
    if isinstance(condition, Comparison):
        return _of_comparison(condition, is_known=condition.fact.name not in lacking)
    if isinstance(condition, Not):
        return frozenset(None if found is None else not found for found in _answers(condition.part, lacking))
    return _of_group(condition, [_answers(part, lacking) for part in condition.parts])


def _of_comparison(comparison: Comparison, *, is_known: bool) -> frozenset[bool | None]:
    operator = comparison.operator
    if operator.asks_presence:
        return frozenset({(is_known is comparison.operand) is (operator.name == "is_present")})
    return frozenset({True, False}) if is_known else frozenset({None})


def _of_group(group: Group, parts: Iterable[frozenset[bool | None]]) -> frozenset[bool | None]:
    decides = group.word == "any"
    # What one part after the other can leave open: nothing unknown yet, something unknown, or decided.
    states: frozenset[bool | None] = frozenset({not decides})
    for answers in parts:
        states = frozenset(_joined(state, answer, decides=decides) for state in states for answer in answers)
    return states


def _joined(state: bool | None, answer: bool | None, *, decides: bool) -> bool | None:
    if decides in (state, answer):
        return decides
    return None if None in (state, answer) else not decides

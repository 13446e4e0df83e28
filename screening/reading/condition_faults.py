"""Faults of `when:` conditions, each at its place: what they ask of which fact, and conditions that make no sense."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from screening.conditions import (
    COUNTED_FACTS,
    DEEPEST,
    GROUPS,
    NOT,
    USABLE_FACTS,
    Comparison,
    Condition,
    Group,
    Not,
    read_comparison,
)
from screening.facts import Fact, FactType
from screening.operators import OPERATORS, Operand
from screening.policy_values import AS_WRITTEN
from screening.reading.diagnostics import Code, did_you_mean, known_here, quoted
from screening.reading.fact_faults import is_known_fact
from screening.reading.shape import Faults, report_wrong_value
from screening.reading.vocabularies import check_words
from screening.reading.yaml_tree import ListNode, MapNode, Node, Scalar, child, entries, items, word, words

_WORDS = (*GROUPS, NOT)
_PAIRS = (
    ("equals", "not_equals"),
    ("one_of", "none_of"),
    ("in_list", "not_in_list"),
    ("at_least", "less_than"),
    ("at_most", "more_than"),
)
_OPPOSITES = dict(_PAIRS) | {other: one for one, other in _PAIRS}
_ONE = "a condition is one of all, any and not, or one fact with one operator"


def check_condition(node: Node, lists: Collection[str], faults: Faults) -> None:
    """Report every fault of a condition; what it reports none of, `conditions.read_condition` can read.

    Args:
        node: what stands behind `when`.
        lists: the names under `lists`.
    """
    _check(node, lists, faults, depth=1)


def asks_presence(node: Node | None) -> bool:
    """Whether a condition asks if a fact is known: then its answers tell nothing good about the order."""
    return any(
        (key.text in OPERATORS and OPERATORS[key.text].asks_presence) or asks_presence(inside)
        for key, inside in entries(node)
    ) or any(asks_presence(item) for item in items(node))


def _check(node: Node, lists: Collection[str], faults: Faults, depth: int) -> Condition | None:
    """Return the condition, unless something in it cannot be read."""
    if depth > DEEPEST:
        faults.error(node, Code.UNREADABLE, f"more than {DEEPEST} conditions inside each other")
        return None
    written = entries(node)
    if not written:
        found = "found a list" if isinstance(node, ListNode) else f"found {quoted(word(node) or '')}"
        found = "found nothing" if isinstance(node, MapNode) else found
        faults.error(node, Code.ONE_CONDITION, f"{_ONE}, {found}")
        return None
    if len(written) > 1:
        names = " and ".join(quoted(key.text) for key, _ in written[:2])
        faults.error(written[1][0], Code.ONE_CONDITION, f"{_ONE}, found {names}", "put them under all or any")
    conditions = [_check_one(key, inside, lists, faults, depth) for key, inside in written]
    return conditions[0] if len(conditions) == 1 else None


def _check_one(
    key: Scalar, inside: Node, lists: Collection[str], faults: Faults, depth: int
) -> Condition | None:
    if key.text == NOT:
        part = _check(inside, lists, faults, depth + 1)
        return Not(part) if part is not None else None
    if key.text not in GROUPS:
        return _check_comparison(key, inside, lists, faults)
    if not isinstance(inside, ListNode):
        faults.error(inside, Code.WRONG_VALUE, f"{key.text} needs a list of conditions")
        return None
    if not inside.items:
        faults.error(inside, Code.WRONG_VALUE, f"{key.text} needs at least one condition")
        return None
    parts = [(item, _check(item, lists, faults, depth + 1)) for item in items(inside)]
    readable = [(item, part) for item, part in parts if part is not None]
    _report_repeated(key.text, readable, faults)
    _report_foregone(key.text, readable, faults)
    complete = tuple(part for _, part in readable)
    return Group(key.text, complete) if len(complete) == len(parts) else None


def _check_comparison(
    name: Scalar, inside: Node, lists: Collection[str], faults: Faults
) -> Comparison | None:
    fact = _usable_fact(name, faults)
    written = entries(inside)
    if not written and fact:
        hint = f"write {{{_fitting(fact.type)[0]}: …}}"
        faults.error(inside, Code.ONE_CONDITION, f"{quoted(name.text)} needs one operator", hint)
        return None
    if len(written) > 1:
        sentence = f"{quoted(name.text)} needs one operator, found {_listed(key.text for key, _ in written)}"
        faults.error(written[1][0], Code.ONE_CONDITION, sentence, "put each into its own line under all")
    for word_, operand in written:
        _check_operator(word_, operand, fact, lists, faults)
    try:
        return read_comparison(name.text, inside.plain())
    except ValueError:
        return None


def _usable_fact(name: Scalar, faults: Faults) -> Fact | None:
    if name.text in USABLE_FACTS:
        return USABLE_FACTS[name.text]
    if hint := did_you_mean(name.text, _WORDS) if "." not in name.text else "":
        faults.error(name, Code.UNKNOWN_FACT, f"unknown fact {quoted(name.text)}", hint)
    elif is_known_fact(name, faults):
        if name.text in COUNTED_FACTS:
            sentence = f"{name.text} counts within a window, which a condition has not"
            faults.error(name, Code.FACT_NOT_ALLOWED, sentence, "ask the check velocity")
        else:
            sentence = f"{name.text} is secret and belongs to its own check"
            faults.error(name, Code.FACT_NOT_ALLOWED, sentence)
    return None


def _check_operator(
    name: Scalar, operand: Node, fact: Fact | None, lists: Collection[str], faults: Faults
) -> None:
    operator = OPERATORS.get(name.text)
    if operator is None:
        fitting = _fitting(fact.type) if fact else list(OPERATORS)
        hint = did_you_mean(name.text, fitting) or (f"{fact.name} knows {_listed(fitting)}" if fact else "")
        faults.error(name, Code.UNKNOWN_OPERATOR, f"unknown operator {quoted(name.text)}", hint)
        return
    if fact is None:
        return
    if fact.type not in operator.needs:
        fitting = _fitting(fact.type)
        sentence = f"{name.text} does not fit {fact.name}, which is a {fact.type}"
        faults.error(name, Code.OPERATOR_MISFIT, sentence, f"it knows {_listed(fitting)}")
        return
    try:
        operator.read(operand.plain(), fact.type, AS_WRITTEN)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_input=False):
            report_wrong_value(child(operand, *details["loc"]) or operand, details, faults)
        return
    if operator.needs[fact.type] in (Operand.TEXT, Operand.TEXTS):
        check_words(fact.name, words(operand), faults)
    if (
        operator.needs[fact.type] is Operand.LIST
        and (text := word(operand)) is not None
        and text not in lists
    ):
        hint = known_here(text, lists, "name it under lists")
        faults.error(operand, Code.UNKNOWN_LIST, f"unknown list {quoted(text)}", hint)


def _fitting(type_: FactType) -> list[str]:
    """The operators that fit a type of facts, those of that type alone first."""
    names = [name for name, operator in OPERATORS.items() if type_ in operator.needs]
    return sorted(names, key=lambda name: len(OPERATORS[name].needs) == len(FactType))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _report_repeated(group: str, parts: list[tuple[Node, Condition]], faults: Faults) -> None:
    for number, (node, part) in enumerate(parts):
        earlier = next((before for before, other in parts[:number] if other == part), None)
        if earlier is not None:
            place = f"first one at {earlier.line}:{earlier.column}"
            sentence = f"the same condition twice under {group}"
            faults.warning(_named(node), Code.REPEATED_CONDITION, sentence, place)


def _report_foregone(group: str, parts: list[tuple[Node, Condition]], faults: Faults) -> None:
    """Report the first part that cannot hold together with an earlier one; under any, that must where that one does not."""
    for number, (node, part) in enumerate(parts):
        for earlier, other in parts[:number]:
            line = f"line {earlier.line}"
            if group == "all" and _exclude_each_other(part, other):
                sentence = f"this cannot hold together with {line}, so nothing can meet all"
                faults.warning(_named(node), Code.CONTRADICTION, sentence, "perhaps any is meant")
                return
            if group == "any" and _exclude_each_other(_negated(part), _negated(other)):
                sentence = f"this holds wherever {line} does not, so whatever is known meets any"
                faults.warning(_named(node), Code.CONTRADICTION, sentence, "perhaps all is meant")
                return


def _negated(condition: Condition) -> Condition:
    """The opposite of a condition where what it reads is known."""
    if isinstance(condition, Not):
        return condition.part
    if isinstance(condition, Group):
        opposite = "any" if condition.word == "all" else "all"
        return Group(opposite, tuple(_negated(part) for part in condition.parts))
    if isinstance(condition.operand, bool):
        return replace(condition, operand=not condition.operand)
    if word_ := _OPPOSITES.get(condition.operator.name):
        return replace(condition, operator=OPERATORS[word_])
    return Not(condition)


def _exclude_each_other(one: Condition, other: Condition) -> bool:
    return _excludes(one, other) or _excludes(other, one)


def _excludes(one: Condition, other: Condition) -> bool:
    """Whether two conditions can never hold together, as far as their form shows."""
    if isinstance(one, Not):
        return one.part == other
    if isinstance(one, Group):
        return one.word == "all" and any(_exclude_each_other(part, other) for part in one.parts)
    if not isinstance(other, Comparison) or one.fact != other.fact:
        return False
    if one.operator.asks_presence:
        wants_missing = (one.operator.name == "is_missing") is one.operand
        if other.operator.asks_presence:
            return wants_missing is not ((other.operator.name == "is_missing") is other.operand)
        return wants_missing
    return any(_disjoint(kind(one), kind(other)) for kind in (_numbers, _ages)) or _exclude_values(one, other)


Span = tuple[float, float]


def _disjoint(one: Span | None, other: Span | None) -> bool:
    return one is not None and other is not None and max(one[0], other[0]) > min(one[1], other[1])


def _numbers(comparison: Comparison) -> Span | None:
    """The whole numbers, or moments, for which a comparison holds; None if it is no question of an interval."""
    number = comparison.operand
    if isinstance(number, datetime):
        number = number.timestamp()
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    spans = {
        "equals": (number, number),
        "at_least": (number, float("inf")),
        "more_than": (number + 1, float("inf")),
        "after": (number, float("inf")),
        "at_most": (float("-inf"), number),
        "less_than": (float("-inf"), number - 1),
        "before": (float("-inf"), number),
    }
    return spans.get(comparison.operator.name)


def _ages(comparison: Comparison) -> Span | None:
    """The seconds before now at which a comparison of moments holds."""
    if not isinstance(comparison.operand, timedelta):
        return None
    seconds = comparison.operand.total_seconds()
    spans = {
        "within_last": (0.0, seconds),
        "older_than": (seconds + 1, float("inf")),
        "within_next": (-seconds, -1.0),
    }
    return spans.get(comparison.operator.name)


def _exclude_values(one: Comparison, other: Comparison) -> bool:
    """Whether the values that one allows are all ruled out by the other."""
    if (one.operator.name, other.operator.name) == ("in_list", "not_in_list"):
        return bool(one.operand == other.operand)
    allowed, also_allowed = _allowed(one), _allowed(other)
    if allowed is None:
        return False
    return allowed.isdisjoint(also_allowed) if also_allowed is not None else allowed <= _forbidden(other)


def _allowed(comparison: Comparison) -> frozenset[object] | None:
    if comparison.operator.name in ("equals", "is", "on_weekend", "is_empty"):
        return frozenset({comparison.operand})
    return frozenset(comparison.operand) if comparison.operator.name == "one_of" else None


def _forbidden(comparison: Comparison) -> frozenset[object]:
    if comparison.operator.name == "not_equals":
        return frozenset({comparison.operand})
    return frozenset(comparison.operand) if comparison.operator.name == "none_of" else frozenset()


def _named(node: Node) -> Node:
    """Return what a warning about a condition points at: its first word."""
    keys: Iterable[tuple[Scalar, Node]] = entries(node)
    return next((key for key, _ in keys), node)

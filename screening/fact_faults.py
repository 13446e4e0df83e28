"""Faults of facts that tests and fixtures give: unknown ones, and values that are not of the fact's type."""

import re
from collections.abc import Collection
from datetime import datetime

from screening.diagnostics import Code, did_you_mean, quoted
from screening.facts import CATALOGUE, FactType
from screening.shape import Faults
from screening.yaml_tree import ListNode, Node, Scalar, entries, word, words

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def check_given_facts(given: Node | None, faults: Faults) -> None:
    """Report facts that do not exist, and values that do not fit them."""
    for key, value in entries(given):
        if is_known_fact(key, faults) and (needed := _misfit(CATALOGUE[key.text].type, value)):
            faults.error(value, Code.WRONG_VALUE, f"{key.text} needs {needed}")


def check_unset_facts(unset: Node | None, given: Collection[str], faults: Faults) -> None:
    """Report facts that do not exist, and those that the same test gives."""
    for name in words(unset):
        if is_known_fact(name, faults) and name.text in given:
            faults.error(name, Code.WRONG_VALUE, f"{name.text} is given and unset in the same test")


def is_known_fact(name: Scalar, faults: Faults) -> bool:
    """Report a fact that the catalogue does not know."""
    if name.text in CATALOGUE:
        return True
    hint = did_you_mean(name.text, CATALOGUE)
    faults.error(name, Code.UNKNOWN_FACT, f"unknown fact {quoted(name.text)}", hint)
    return False


def _misfit(kind: FactType, value: Node) -> str | None:
    """Return what the type needs, if the value is not that."""
    if kind is FactType.TEXTS:
        return None if isinstance(value, ListNode) else "a list"
    text = word(value)
    if text is None:
        return "one value" if isinstance(value, ListNode) else None
    if kind is FactType.NUMBER and not _WHOLE_NUMBER.fullmatch(text):
        return f"a whole number, found {quoted(text)}"
    if kind is FactType.MOMENT and not _is_moment(text):
        return f"a date and time with its offset, such as 2026-03-31T22:30:00Z, found {quoted(text)}"
    return None


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False

"""Faults of facts that tests and fixtures give: unknown ones, and values that are not of the fact's type."""

from collections.abc import Collection

from screening.facts import CATALOGUE, FactType
from screening.policy_values import has_leading_zero
from screening.reading.diagnostics import Code, did_you_mean, quoted
from screening.reading.given import GivenFactError, fact_value
from screening.reading.shape import Faults
from screening.reading.vocabularies import check_words
from screening.reading.yaml_tree import Node, Scalar, entries, word, words


def check_given_facts(given: Node | None, faults: Faults) -> None:
    """Report facts that do not exist, and values that do not fit them or that they never have."""
    for key, value in entries(given):
        if not is_known_fact(key, faults):
            continue
        sentence = _misfit(key.text, value)
        if CATALOGUE[key.text].type is FactType.NUMBER and has_leading_zero(word(value) or ""):
            sentence = f"{key.text} needs a whole number without a zero before it"
        if sentence:
            faults.error(value, Code.WRONG_VALUE, sentence)
        else:
            check_words(key.text, words(value), faults)


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


def _misfit(name: str, value: Node) -> str | None:
    """Return what is wrong with a value; None too for one that is no fact at all, which the shape reports."""
    given = value.plain()
    texts = given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in texts):
        return None
    try:
        fact_value(name, given if isinstance(given, str) else [str(text) for text in texts])
    except GivenFactError as misfit:
        return str(misfit)
    return None

"""Texts of a policy that name facts, as in `SPID <portout.spid> is not in the known list.`

Where a text goes decides what it may name: `reason` and `message` leave the company and name public facts
only; `note` stays inside and names internal facts, the placeholders that the check declares, and `<score>`
too. Secrets have no place. The loader refuses a text that names more; rendering never fills it in either.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from screening.facts import CATALOGUE
from screening.results import FactClass, FactValue

LONGEST_TEXT = 500
"""Characters of a rendered text."""

UNKNOWN = "(unknown)"
"""What stands for a fact that is absent."""

SCORE = "score"
"""The sum of the points of all findings; internal, since it tells a carrier how close it came."""

_LONGEST_VALUE = 200
_PLACEHOLDER = re.compile(r"<\s*([A-Za-z][A-Za-z0-9_.\-]*)\s*>")


class Place(StrEnum):
    """Where in a policy a text stands, by the word of the policy."""

    REASON = "reason"
    MESSAGE = "message"
    NOTE = "note"


ALLOWED_CLASSES: Mapping[Place, frozenset[FactClass]] = {
    Place.REASON: frozenset({FactClass.PUBLIC}),
    Place.MESSAGE: frozenset({FactClass.PUBLIC}),
    Place.NOTE: frozenset({FactClass.PUBLIC, FactClass.INTERNAL}),
}


_ALLOWED_FACTS: Mapping[Place, frozenset[str]] = {
    place: frozenset(fact.name for fact in CATALOGUE.values() if fact.fact_class in classes)
    for place, classes in ALLOWED_CLASSES.items()
}


@dataclass(frozen=True)
class Placeholder:
    """A placeholder in a text: its name, and where it stands from `<` to behind `>`."""

    name: str
    start: int
    end: int


def find(text: str) -> list[Placeholder]:
    """Return the placeholders of a text in order, whether or not such names exist."""
    return [Placeholder(found[1], *found.span()) for found in _PLACEHOLDER.finditer(text)]


def allowed_names(place: Place, declared: Iterable[str] = ()) -> frozenset[str]:
    """Return what a text in this place may name.

    Args:
        declared: the placeholders of the check whose result the text is about; none for bands and
            `at_deadline`.
    """
    by_class = _ALLOWED_FACTS[place]
    return (
        by_class if FactClass.INTERNAL not in ALLOWED_CLASSES[place] else by_class.union((SCORE,), declared)
    )


def render(
    text: str,
    place: Place,
    facts: Mapping[str, FactValue],
    *,
    values: Mapping[str, FactValue] | None = None,
    score: int | None = None,
) -> str:
    """Fill in a text, on one line and at most 500 characters long.

    Args:
        facts: facts by catalogue name. Those that the place does not allow are not used.
        values: values of the placeholders that the check declares.
        score: the sum of all points.

    Returns:
        The text; what is absent or not allowed there reads `(unknown)`.
    """
    if not names_something(text):
        return _plain(text)
    known = {**facts, **(values or {}), SCORE: score}
    allowed = allowed_names(place, values or ())
    text = _PLACEHOLDER.sub(
        lambda found: _show(known.get(found[1])) if found[1] in allowed else UNKNOWN, text
    )
    return _shorten(_one_line(text), LONGEST_TEXT)


def names_something(text: str) -> bool:
    """Whether a text may hold placeholders; without any it reads the same for every order."""
    return "<" in text


@lru_cache(maxsize=1_024)
def _plain(text: str) -> str:
    return _shorten(_one_line(text), LONGEST_TEXT)


def _show(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    shown = _one_line(", ".join(value) if isinstance(value, list) else "" if value is None else str(value))
    return _shorten(shown, _LONGEST_VALUE) or UNKNOWN


def _one_line(text: str) -> str:
    # Facts come from outside: control characters and line breaks could forge lines in a log or a mail.
    if text.isprintable():
        return " ".join(text.split())
    visible = (" " if unicodedata.category(char)[0] == "C" else char for char in text)
    return " ".join("".join(visible).split())


def _shorten(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"

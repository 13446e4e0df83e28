"""How names of people and companies are made comparable, and how alike two of them are.

Similarity alone is not enough: token-set gives "Smith" against "John Smith" 100, Jaro-Winkler gives John
against Joan Smith 94.7, token-sort gives Robert against Roberta Chen 95.7. So the token-sort similarity is
joined by a second question: is it the same given name? Word order is free, therefore the given name is not
always where it should be; whatever is unclear counts as another one.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from screening.spelling import LONGEST_NAME, without_legal_form, words

_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_NOT_A_NAME = frozenset(
    {"na", "n a", "none", "null", "nil", "unknown", "not available", "not applicable", "tbd"}
)
_DOING_BUSINESS_AS = re.compile(r"\b(?:d/b/a|d\.b\.a\.?|dba|doing business as|trading as)\b\.?:?")

_OTHER_PEOPLE = frozenset(
    frozenset(pair)
    for pair in (
        ("aaron", "erin"),
        ("alexander", "alexandria"),
        ("amelia", "emily"),
        ("andrea", "andrew"),
        ("bill", "robert"),
        ("billy", "robert"),
        ("earnest", "ernestine"),
        ("emil", "emily"),
        ("frederica", "frederick"),
        ("hannah", "joanna"),
        ("hannah", "susan"),
        ("jane", "virginia"),
        ("johannes", "jonathan"),
        ("laurinda", "lawrence"),
        ("lois", "louise"),
        ("louis", "louise"),
        ("marsha", "mary"),
        ("robert", "rupert"),
        ("william", "wilma"),
    )
)
"""Pairs in the `nicknames` library that are two given names: a brother and sister, or a couple, may bear them."""


class Likeness(IntEnum):
    """How far two names agree; higher is better."""

    MISMATCH = 0
    CLOSE = 1
    MATCH = 2


@dataclass(frozen=True)
class PersonName:
    """A name made comparable.

    Attributes:
        tokens: its words, in lower case and without accents, in the order written.
        given: the word that stands where a given name stands: the first one, or the first after a comma.
        surnames: the words that stand where a surname stands: the last one, or all before a comma.
    """

    tokens: tuple[str, ...]
    given: str
    surnames: frozenset[str]

    @cached_property
    def letters(self) -> str:
        """All words as one."""
        return "".join(self.tokens)


class Comparison(NamedTuple):
    """How alike two names are: the verdict, and the similarity from 0 to 100 with one decimal. The better is the greater."""

    likeness: Likeness
    similarity: float


SAME = Comparison(Likeness.MATCH, 100.0)
"""No two names are more alike."""


@lru_cache(maxsize=1_024)
def readings(text: str) -> tuple[PersonName, ...]:
    """Return the names that a text may stand for: none, one, or several with a "doing business as"."""
    parts = _DOING_BUSINESS_AS.split(unicodedata.normalize("NFKC", text[:LONGEST_NAME]).casefold())
    return tuple(name for part in parts if (name := _reading(part)) is not None)


def compare(
    one: str, other: str, *, match: int, close: int, initials: bool, nicknames: bool
) -> Comparison | None:
    """Compare two names; the order of the two does not matter.

    Args:
        match: similarity from which names match if the given names agree, 0-100.
        close: similarity from which names are close, 0-100.
        initials: whether an initial may stand for a given or middle name.
        nicknames: whether a listed nickname may stand for a given or middle name.

    Returns:
        The best comparison among what the two may stand for, or None if one of them holds no name at all.
    """
    comparisons = [
        _compare(mine, theirs, match=match, close=close, initials=initials, nicknames=nicknames)
        for mine in readings(one)
        for theirs in readings(other)
    ]
    return max(comparisons, default=None)


def _reading(part: str) -> PersonName | None:
    before, _, after = part.partition(",")
    family = words(before).split()
    tokens = without_legal_form(family + words(after).split())
    if not tokens or " ".join(tokens) in _NOT_A_NAME:
        return None
    plain = [token for token in tokens if token not in _GENERATIONS] or list(tokens)
    after_comma = [token for token in tokens[len(family) :] if token not in _GENERATIONS]
    if family and after_comma:
        return PersonName(tokens, after_comma[0], frozenset(family))
    return PersonName(tokens, plain[0], frozenset({plain[-1]}))


def _compare(
    mine: PersonName, theirs: PersonName, *, match: int, close: int, initials: bool, nicknames: bool
) -> Comparison:
    if mine.letters == theirs.letters:
        return SAME
    my_rest, their_rest = _differences(mine.tokens, theirs.tokens)
    my_words, their_words = list(mine.tokens), list(theirs.tokens)
    pairs = [
        (word, other)
        for word in my_rest
        for other in their_rest
        if (initials and _is_initial(word, other, mine, theirs))
        or (nicknames and _is_nickname(word, other, mine, theirs))
    ]
    # Given names first, then by spelling: which pairs are made must not depend on who is `mine`.
    pairs.sort(key=lambda pair: (-(pair[0] == mine.given) - (pair[1] == theirs.given), sorted(pair)))
    for word, other in pairs:
        if word in my_rest and other in their_rest:
            my_rest.remove(word)
            their_rest.remove(other)
            fuller = max(word, other, key=lambda spelling: (len(spelling), spelling))
            my_words[my_words.index(word)] = their_words[their_words.index(other)] = fuller
    similarity = round(fuzz.token_sort_ratio(" ".join(my_words), " ".join(their_words)), 1)
    if similarity < close:
        return Comparison(Likeness.MISMATCH, similarity)
    is_other_given_name = (
        mine.given in my_rest
        or theirs.given in their_rest
        # In "Chen Robert" and "Chen Roberta" it stands where a surname would.
        or not (_given_names().isdisjoint(my_rest) or _given_names().isdisjoint(their_rest))
    )
    is_other_generation = not _GENERATIONS.isdisjoint(my_rest + their_rest)
    is_match = similarity >= match and not is_other_given_name and not is_other_generation
    return Comparison(Likeness.MATCH if is_match else Likeness.CLOSE, similarity)


def _differences(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[list[str], list[str]]:
    ours, others = Counter(mine), Counter(theirs)
    return sorted((ours - others).elements()), sorted((others - ours).elements())


def _is_initial(word: str, other: str, mine: PersonName, theirs: PersonName) -> bool:
    # "John S" is not John Smith: an initial stands for given and middle names only.
    if len(word) == 1 and len(other) > 1:
        return other.startswith(word) and other not in theirs.surnames
    return len(other) == 1 and len(word) > 1 and word.startswith(other) and word not in mine.surnames


def _is_nickname(word: str, other: str, mine: PersonName, theirs: PersonName) -> bool:
    if (word in mine.surnames and other in theirs.surnames) or frozenset({word, other}) in _OTHER_PEOPLE:
        return False
    return other in _nicknames().get(word, ()) or word in _nicknames().get(other, ())


@cache
def _nicknames() -> dict[str, set[str]]:
    # Imported and read once, when two names first differ: it takes a seventh of a second.
    from nicknames import NickNamer

    lookup: dict[str, set[str]] = NickNamer().nickname_lookup
    return lookup


@cache
def _given_names() -> frozenset[str]:
    return frozenset(_nicknames()).union(*_nicknames().values())

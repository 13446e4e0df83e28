"""How spellings of one thing are made comparable: words, names of companies, SPIDs and other values."""

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 200
"""Characters of a name that are looked at."""

_LEGAL_SUFFIXES = frozenset(
    {"llc", "llp", "lllp", "lp", "pllc", "plc", "pc", "pa", "inc", "incorporated", "corp", "corporation"}
    | {"co", "company", "ltd", "limited", "gmbh", "ulc"}
)
_LETTERS_WITHOUT_DECOMPOSITION = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def words(text: str) -> str:
    """Return text in lower case, without accents and punctuation, `&` as `and`, words apart by one blank."""
    text = text[:LONGEST_NAME]
    if text.isascii():
        plain = text.lower().replace("'", "").replace("`", "").replace("&", " and ")
        return _NO_WORD.sub(" ", plain).strip()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    # Only Latin, Greek and Cyrillic accents: in other scripts such marks are vowels and tell names apart.
    letters = "".join(
        char for char in decomposed if not "\u0300" <= char <= "\u036f" and unicodedata.category(char) != "Cf"
    )
    letters = _APOSTROPHES.sub("", letters.translate(_LETTERS_WITHOUT_DECOMPOSITION)).replace("&", " and ")
    kept = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in letters)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=4_096)
def company_key(text: str) -> str:
    """Return what spellings of one company name have in common: its letters without legal form and blanks."""
    return "".join(without_legal_form(words(text).split()))


def plain_key(text: str) -> str:
    """Return a text in one letter case and without blanks around it, as values such as SPIDs are compared."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFKC", text).strip().casefold()


def without_legal_form(tokens: list[str]) -> tuple[str, ...]:
    """Drop legal forms from the end, `l l c` as well as `llc`, but never everything."""
    rest = list(tokens)
    while len(rest) > 1 and (length := _legal_form_at_end(rest)):
        del rest[-length:]
    return tuple(rest)


def _legal_form_at_end(tokens: list[str]) -> int:
    if tokens[-1] in _LEGAL_SUFFIXES:
        return 1
    for length in (4, 3, 2):
        spelled = tokens[-length:]
        # "Smith, P. A." is a person with initials, "Acme Partners, L. P." is a company.
        is_enough_left = len(tokens) - length >= (2 if length == 2 else 1)
        is_spelled = all(len(token) == 1 for token in spelled) and "".join(spelled) in _LEGAL_SUFFIXES
        if is_enough_left and is_spelled:
            return length
    return 0

"""Facts whose values come from a fixed set of words: a misspelt one compares to nothing, and nobody would hear of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import phonenumbers

from screening.checks.number import UNKNOWN
from screening.checks.repeat_request import COMPARED
from screening.countries import UNKNOWN_COUNTRY
from screening.effects import DocumentType
from screening.reading.diagnostics import Code, did_you_mean, one_of, quoted
from screening.reading.shape import Faults
from screening.reading.yaml_tree import Scalar
from screening.spelling import plain_key

_OFTEN_WRITTEN = {"UK": "GB", "USA": "US", "CAN": "CA", "MEX": "MX"}


@dataclass(frozen=True)
class _Vocabulary:
    """The values that a fact can have.

    Attributes:
        what: what they are, in one word.
        words: all of them, as far as we know.
        ours: whether it is for us to say which there are. Of the carrier's a further one may come.
    """

    what: str
    words: tuple[str, ...]
    ours: bool


_DOCUMENTS = _Vocabulary("type of document", tuple(DocumentType), ours=False)
_VOCABULARIES: Mapping[str, _Vocabulary] = {
    "portout.countries": _Vocabulary(
        "country", (*sorted(phonenumbers.SUPPORTED_REGIONS), "001", UNKNOWN_COUNTRY), ours=True
    ),
    # As the carrier's API lists them, and our own word for a number that it does not know.
    "number.statuses": _Vocabulary(
        "status",
        (
            "active",
            "port-out-pending",
            "ported-out",
            "port-pending",
            "port-failed",
            "purchase-pending",
            "purchase-failed",
            "emergency-only",
            "deleted",
            UNKNOWN,
        ),
        ours=False,
    ),
    "documents.types": _DOCUMENTS,
    "documents.infected": _DOCUMENTS,
    "documents.unscanned": _DOCUMENTS,
    "history.changed": _Vocabulary("change", COMPARED, ours=True),
}


def check_words(fact: str, written: Iterable[Scalar], faults: Faults) -> None:
    """Report values that a fact never has, whatever their capitals; where the carrier may add some, as a warning."""
    known = _VOCABULARIES.get(fact)
    if known is None:
        return
    by_key = {plain_key(word): word for word in known.words}
    for node in written:
        if plain_key(node.text) in by_key:
            continue
        hint = country_hint(node.text) if known.what == "country" else did_you_mean(node.text, known.words)
        hint = hint or f"known here: {one_of(known.words)}"
        if known.ours:
            faults.error(node, Code.WRONG_VALUE, f"unknown {known.what} {quoted(node.text)}", hint)
        else:
            sentence = f"the carrier's API lists no {known.what} {quoted(node.text)}"
            faults.warning(node, Code.UNKNOWN_WORD, sentence, hint)


def country_hint(written: str) -> str:
    """What to do about a country that does not exist. Two letters are too few to guess by their looks."""
    meant = _OFTEN_WRITTEN.get(written.upper())
    return f"did you mean {quoted(meant)}?" if meant else "use the two letters of ISO 3166"

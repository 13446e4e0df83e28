"""Picking the rejection code: from the policy's name for a ground to a code that the carrier lists.

The list differs per order and country, so that no code is ever taken from here: a policy names what it
prefers, and what is not in the live list is not used (Telnyx guide on port-out rejections).
"""

import re
from collections.abc import Collection, Mapping, Sequence

from screening.policy import Rejection
from screening.results import Tolerant

UNREADABLE = (
    "The carrier refused a rejection of this order, and its reason was erased or cannot be unsealed here: name another "
    "code, or reject the order in the carrier's portal."
)


class EligibleCode(Tolerant):
    """A code that the carrier accepts for one order."""

    code: int
    description: str | None = None
    reason_required: bool = False


class Barred(Tolerant):
    """What the carrier refused in an earlier round.

    Attributes:
        code: None when the rejection went without one.
        reason: None when it was erased, or cannot be unsealed: it may have been any.
    """

    code: int | None
    reason: str | None


def pick(
    rejections: Mapping[str, Rejection],
    name: str,
    eligible: Sequence[EligibleCode],
    *,
    reason: str | None = None,
    barred: Collection[Barred] = (),
) -> EligibleCode | None:
    """Pick the code for a denial.

    Tried in turn: the preferred code, the lowest code whose description contains the wanted words, and then
    the same for the name under `otherwise`, and so on.

    Args:
        rejections: the names that the policy defines.
        name: the name that the denial uses.
        eligible: the carrier's live list for this order.
        reason: the text that is to be sent. A code that requires one is no use with a blank one. None while
            the text is not known; then every code that was ever refused counts as barred.
        barred: what the carrier refused in earlier rounds, see `is_barred`.

    Returns:
        One of `eligible`, or None if none is usable.
    """
    usable = sorted(
        (code for code in eligible if _is_usable(code, reason, barred)), key=lambda code: code.code
    )
    tried: set[str] = set()
    following: str | None = name
    while following is not None and following not in tried and following in rejections:
        tried.add(following)
        rejection = rejections[following]
        wanted = [code for code in usable if code.code == rejection.prefer_code]
        described = [code for code in usable if _is_described(code, rejection.description_contains)]
        if wanted or described:
            return (wanted or described)[0]
        following = rejection.otherwise
    return None


def is_barred(code: int, reason: str | None, barred: Collection[Barred]) -> bool:
    """Say whether the carrier refused this before: the same reason with the same code, or without any.

    Capitals and blanks make no other reason of it. With reason None any reason that was refused counts, and a refused
    reason that cannot be read any more is taken for this one.
    """
    return any(
        refused.code in (None, code)
        and (reason is None or refused.reason is None or _plain(refused.reason) == _plain(reason))
        for refused in barred
    )


def _is_usable(code: EligibleCode, reason: str | None, barred: Collection[Barred]) -> bool:
    lacks_reason = code.reason_required and reason is not None and not reason.strip()
    return not lacks_reason and not is_barred(code.code, reason, barred)


def _is_described(code: EligibleCode, wanted: str | None) -> bool:
    if wanted is None or code.description is None:
        return False
    # Whole words: "pin" is not in "shipping address".
    return re.search(rf"(?<!\w){re.escape(_plain(wanted))}(?!\w)", _plain(code.description)) is not None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())

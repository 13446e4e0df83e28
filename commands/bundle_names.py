"""Finding the bundle that somebody means: a rules folder, a digest or its beginning, or `live`."""

import re
from pathlib import Path

from commands.output import Failed
from records.policies import Activation
from records.store import Records
from screening.bundle import REVIEW_EVERYTHING, Bundle, UnreadableBundleError
from screening.reading.diagnostics import PolicyErrors
from screening.reading.loading import load_bundle

USAGE = 2
INVALID = 3
LIVE = "live"
SHOWN = 12
"""Hex digits of a digest that people see."""

_BEGINNING = re.compile(r"[0-9a-f]{6,64}", re.ASCII)


def looks_like_digest(name: str) -> bool:
    """Whether it may be the beginning of a digest: at least six hex digits."""
    return _BEGINNING.fullmatch(name.lower()) is not None


def live_of(records: Records) -> Activation | None:
    """The activation that judges new orders; None while nothing that people or files made live does."""
    live = records.policies.live()
    return None if live is None or live.digest == REVIEW_EVERYTHING.digest else live


def stored_bundle(records: Records, digest: str) -> Bundle:
    """A stored bundle by its whole digest.

    Raises:
        Failed: it is not stored, or cannot be read.
    """
    stored = records.policies.load(digest)
    if stored is None:
        raise Failed(f"No bundle with the digest {digest} is stored.")
    try:
        return Bundle.from_canonical(stored)
    except UnreadableBundleError as error:
        raise Failed(str(error)) from None


def stored_digest(records: Records, beginning: str) -> str | None:
    """The digest of the stored bundle that begins so; None if there is none.

    Raises:
        Failed: several begin so.
    """
    found = records.policies.matching(beginning.lower())
    if len(found) > 1:
        raise Failed(f"Several stored bundles begin with {beginning}: give more of the digest.", USAGE)
    return found[0] if found else None


def bundle_in(folder: Path) -> Bundle:
    """The bundle of a rules folder.

    Raises:
        Failed: its files cannot be used; with every fault, and exit code 3.
    """
    try:
        return load_bundle(folder)
    except PolicyErrors as refused:
        raise Failed(f"{refused}\nThe rules in {folder} cannot be used.", INVALID) from None

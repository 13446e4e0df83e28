"""The one way to write a JSON value as bytes, so that a hash over them means something."""

import json
from typing import Any

from records.errors import NotRecordable

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: dict[str, Any]) -> bytes:
    """Sorted keys, no spaces, ASCII only (so that any text from a carrier has a form, lone surrogates too).

    Parsing the bytes gives a value that is equal, and writing that gives the same bytes again.

    Raises:
        NotRecordable: the value is not plain JSON: a datetime, a tuple, NaN, a key that is no string.
    """
    try:
        text = _ENCODER.encode(value)
        same = json.loads(text) == value
    except (TypeError, ValueError, RecursionError):
        same = False
    if not same:
        raise NotRecordable(
            "The value is not plain JSON: use strings, numbers, lists and dicts with string keys."
        )
    return text.encode("ascii")


def written(parsed: dict[str, Any]) -> bytes:
    """The same for what was parsed from JSON, which needs no proof that it is plain.

    Raises:
        ValueError: there is a NaN or an infinity in it.
    """
    return _ENCODER.encode(parsed).encode("ascii")

"""Words for the edits between two bundles."""

from datetime import date, timedelta

from pydantic import BaseModel

from screening.policy_values import format_duration

Edit = tuple[str, bool]
"""What was edited, and whether it opens the gate."""

_LONGEST = 120
"""Characters of one value; a longer one is cut."""


def shown(value: object) -> str:
    """A value of a policy as its author would write it."""
    text = _written(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, str | int | float | date):
        return str(value)
    if isinstance(value, BaseModel) and type(value).__str__ is BaseModel.__str__:
        return _written(value.model_dump(mode="json", by_alias=True, exclude_none=True))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, dict):
        given = {name: item for name, item in value.items() if item not in ([], {})}
        return "{" + ", ".join(f"{name}: {_written(item)}" for name, item in given.items()) + "}"
    return str(value)

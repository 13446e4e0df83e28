"""What a value in a rule file may look like, and what it becomes.

Rule files are read as text, so `0123`, `NO` and `22:30` stay what the author wrote. The types here turn such
text into typed values: each accepts what an author writes ("24h", "50%", "15", "true") and, so that a stored policy
can be read back, what its own canonical form holds. Sentences of the errors say what was needed; the loader adds
where.
"""

import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

LONGEST_DURATION = timedelta(days=366)
HIGHEST_NUMBER = 999_999_999
AS_WRITTEN: Mapping[str, bool] = {"as_written": True}
"""The context in which files are validated. What was stored is read without it: it may hold what is refused since."""

_DURATION = re.compile(r"(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,4000}", re.ASCII)
_LEADING_ZERO = re.compile(r"-?0[0-9]+", re.ASCII)
_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)\s?%", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class RuleModel(BaseModel):
    """Base of all that a rule file says: strict, closed, unchangeable, and silent about what it was given."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    def __copy__(self) -> Self:
        """Copy what the file says without what was made ready from it: `model_copy` may change what that came from."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def parse_duration(text: str) -> timedelta | None:
    """Return what `24h`, `15m`, `30s`, `1d` or `1h30m` means; None if it is no such text or above 366 days."""
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    return timedelta(seconds=total) if total <= LONGEST_DURATION.total_seconds() else None


def format_duration(value: timedelta) -> str:
    """Return a duration of whole seconds as an author would write it: hours, minutes, seconds: `26h30m`."""
    seconds = int(value.total_seconds())
    parts = ((seconds // 3_600, "h"), (seconds % 3_600 // 60, "m"), (seconds % 60, "s"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount) or "0s"


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    parsed = parse_duration(value) if isinstance(value, str) else None
    if parsed is None:
        raise PydanticCustomError("duration", "needs a duration such as 24h, 15m, 30s or 1h30m, at most 366d")
    return parsed


def _positive_duration(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise PydanticCustomError("duration_above_zero", "needs a duration above zero")
    return value


def _percentage(value: object) -> object:
    found = _PERCENTAGE.fullmatch(value) if isinstance(value, str) else None
    share = float(found[1]) / 100 if found else value
    if not isinstance(share, float) or not 0 <= share <= 1:
        raise PydanticCustomError("percentage", "needs a percentage from 0% to 100%, such as 50%")
    return share


def has_leading_zero(text: str) -> bool:
    """Say whether a text is a number such as 040, which is 40 to some YAML programs and 32 to others."""
    return _LEADING_ZERO.fullmatch(text) is not None


def _whole_number(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        if info.context == AS_WRITTEN and has_leading_zero(value):
            raise PydanticCustomError("leading_zero", "needs a whole number without a zero before it")
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise PydanticCustomError("whole_number", "needs a whole number")


def _not_too_high(value: int) -> int:
    if abs(value) > HIGHEST_NUMBER:
        raise PydanticCustomError("too_high", f"needs a number of at most {HIGHEST_NUMBER}")
    return value


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("flag", "needs true or false")


def _text(value: object) -> object:
    if isinstance(value, str) and value.strip():
        return value
    raise PydanticCustomError("text", "needs a text")


def _name(value: object) -> object:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise PydanticCustomError(
        "name", "needs a name of letters, digits, '-' and '_' that starts with a letter, at most 64 long"
    )


def _country(value: object) -> object:
    if isinstance(value, str) and _COUNTRY.fullmatch(value):
        return value
    raise PydanticCustomError("country", "needs a country as two capital letters, such as US")


def _timezone(value: object) -> object:
    try:
        if isinstance(value, str) and zoneinfo.ZoneInfo(value):
            return value
    except (KeyError, ValueError, OSError):  # an unknown zone, a path out of the database, a directory in it
        pass
    raise PydanticCustomError("timezone", "needs a time zone such as America/New_York or UTC")


def _day(value: object) -> object:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticCustomError("day", "needs a date such as 2026-03-31")


def is_name(text: str | None) -> bool:
    """Say whether a text is what a rule, policy, list or rejection may be called."""
    return text is not None and _NAME.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Say whether a text is a day, written `2026-03-31`."""
    try:
        return isinstance(_day(text), date)
    except PydanticCustomError:
        return False


def _moment(value: object) -> object:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment
    raise PydanticCustomError("moment", "needs a date and time with its offset, such as 2026-03-31T22:30:00Z")


def _fact_text(value: object) -> object:
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    raise PydanticCustomError("fact_text", "needs a text or a list of texts")


def written_as(title: str, pattern: str) -> WithJsonSchema:
    """What editors are told of a text with a form of its own."""
    return WithJsonSchema({"title": title, "type": "string", "pattern": f"^(?:{pattern})$"})


# Editors read YAML with its numbers and booleans, where this program reads text only.
_SCALAR = WithJsonSchema({"title": "text", "type": ["string", "number", "boolean"]})
_NUMBER = WithJsonSchema(
    {
        "title": "whole number",
        "anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]{1,9}$"}],
    }
)
_BOOLEAN = WithJsonSchema(
    {
        "title": "true or false",
        "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^(?:true|false)$"}],
    }
)

Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, when_used="json"),
    written_as("duration such as 24h", "(?=.)(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?"),
]
"""Whole seconds up to 366 days, written `1d`, `24h`, `15m`, `30s` or combined `1h30m`."""

PositiveDuration = Annotated[Duration, AfterValidator(_positive_duration)]

Share = Annotated[
    float,
    BeforeValidator(_percentage),
    PlainSerializer(lambda share: f"{share * 100:.6g}%", when_used="json"),
    written_as("percentage such as 50%", r"[0-9]{1,3}(?:\.[0-9]{1,4})? ?%"),
]
"""A part of the whole, 0.0 to 1.0, written as a percentage: `50%`."""

NumberWithin = Annotated[int, BeforeValidator(_whole_number), _NUMBER]
"""A whole number of which a `Field` says how high it may be."""
WholeNumber = Annotated[NumberWithin, AfterValidator(_not_too_high)]
Flag = Annotated[bool, BeforeValidator(_flag), _BOOLEAN]
Text = Annotated[str, BeforeValidator(_text), _SCALAR]
Name = Annotated[str, BeforeValidator(_name), written_as("name", _NAME.pattern)]
"""What rules, policies, lists and rejections are called."""

Country = Annotated[str, BeforeValidator(_country), written_as("country such as US", _COUNTRY.pattern)]
Timezone = Annotated[
    str,
    BeforeValidator(_timezone),
    WithJsonSchema({"title": "time zone such as America/New_York", "type": "string"}),
]
Day = Annotated[date, BeforeValidator(_day), written_as("date such as 2026-03-31", _DAY.pattern)]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"title": "date and time with its offset, such as 2026-03-31T22:30:00Z", "type": "string"}
    ),
]
FactText = Annotated[str | list[str], BeforeValidator(_fact_text)]
"""A fact in a test, still as the author wrote it; the catalogue says what type it becomes."""

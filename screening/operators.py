"""The operators of `when:` conditions, each declared once: validation, documentation, schema and evaluation read this.

Texts are compared without regard to letter case and blanks around them; the name of a carrier also without its
legal form and punctuation, as the check `carrier` does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from screening.facts import FactType
from screening.named_lists import Key, NamedList
from screening.policy_values import Flag, Moment, Name, PositiveDuration, Text, WholeNumber
from screening.spelling import company_key, plain_key

READ_LATER = timedelta(hours=1)
"""How far behind `now` a moment may lie and still be `within_last`: facts are read after the screening began, and what
changed in between is as recent as can be."""

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_SATURDAY = 5


class Operand(StrEnum):
    """What an operator needs behind it, as an author would say it."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    NUMBER = "a whole number"
    MOMENT = "a date and time with its offset"
    DURATION = "a duration"
    TIMES = "two times of day"
    FLAG = "true or false"
    LIST = "the name of a list"


def _time_of_day(value: object) -> object:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return time.fromisoformat(value)
    raise PydanticCustomError("time_of_day", "needs a time of day such as 22:30")


def _two_different(value: object) -> object:
    if isinstance(value, list) and len(value) == 2 and value[0] != value[1]:
        return value
    raise PydanticCustomError("times", "needs two different times of day such as [22:00, 06:00]")


_READERS: Mapping[Operand, TypeAdapter[Any]] = {
    Operand.TEXT: TypeAdapter(Text),
    Operand.TEXTS: TypeAdapter(Annotated[list[Text], Field(min_length=1)]),
    Operand.NUMBER: TypeAdapter(WholeNumber),
    Operand.MOMENT: TypeAdapter(Moment),
    Operand.DURATION: TypeAdapter(PositiveDuration),
    Operand.TIMES: TypeAdapter(
        Annotated[list[Annotated[time, BeforeValidator(_time_of_day)]], BeforeValidator(_two_different)]
    ),
    Operand.FLAG: TypeAdapter(Flag),
    Operand.LIST: TypeAdapter(Name),
}


@dataclass(frozen=True)
class Circumstances:
    """What comparisons read besides the fact itself.

    Attributes:
        now: the moment of the screening.
        zone: the time zone of the policy, for its days and nights.
        lists: the lists of the policy, by the policy's name for them.
    """

    now: datetime
    zone: tzinfo
    lists: Mapping[str, NamedList]

    @property
    def today(self) -> date:
        """The day by which list entries are in force."""
        return self.now.astimezone(self.zone).date()


def key_for(fact: str) -> Key:
    """Return how texts of a fact are compared."""
    return company_key if fact == "portout.carrier_name" else plain_key


Holds = Callable[[Any, Any, Circumstances, Key], bool]
"""Whether a comparison holds: value of the fact, operand, circumstances, and how texts of that fact are compared. Texts
on both sides come as their keys."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """The declaration of one operator.

    Attributes:
        name: the word in rule files.
        needs: what stands behind it, by the type of the fact. It fits no other type.
        sentence: when a comparison with it holds.
        holds: the comparison; not asked about a fact that is not known.
        asks_presence: its comparison is about whether the fact is known, not about its value.
    """

    name: str
    needs: Mapping[FactType, Operand]
    sentence: str
    holds: Holds
    asks_presence: bool = False

    def read(self, written: object, type_: FactType, context: Mapping[str, bool] | None = None) -> Any:
        """Return the operand as a value, for a fact of a type that the operator fits.

        Raises:
            pydantic.ValidationError: it is not what this operator needs.
        """
        return _READERS[self.needs[type_]].validate_python(written, strict=True, context=context)


def _in_list(text: str, name: str, given: Circumstances, key: Key) -> bool:
    return given.lists[name].find(text, given.today, key=key) is not None


def _between(moment: datetime, times: list[time], given: Circumstances, _: Key) -> bool:
    start, end = times
    at = moment.astimezone(given.zone).time()
    return start <= at < end if start < end else at >= start or at < end


_Needs = Mapping[FactType, Operand]

_TEXT: _Needs = {FactType.TEXT: Operand.TEXT}
_EITHER_TEXT: _Needs = {FactType.TEXT: Operand.TEXT, FactType.TEXTS: Operand.TEXT}
_VALUE: _Needs = {FactType.TEXT: Operand.TEXT, FactType.NUMBER: Operand.NUMBER}
_CHOICES: _Needs = {FactType.TEXT: Operand.TEXTS}
_LISTED: _Needs = {FactType.TEXT: Operand.LIST}
_MEMBERS: _Needs = {FactType.TEXTS: Operand.TEXTS}
_MEMBERS_LISTED: _Needs = {FactType.TEXTS: Operand.LIST}
_EMPTINESS: _Needs = {FactType.TEXTS: Operand.FLAG}
_NUMBER: _Needs = {FactType.NUMBER: Operand.NUMBER}
_MOMENT: _Needs = {FactType.MOMENT: Operand.MOMENT}
_DURATION: _Needs = {FactType.MOMENT: Operand.DURATION}
_WEEKEND: _Needs = {FactType.MOMENT: Operand.FLAG}
_TIMES: _Needs = {FactType.MOMENT: Operand.TIMES}
_FLAG: _Needs = {FactType.FLAG: Operand.FLAG}
_PRESENCE: _Needs = dict.fromkeys(FactType, Operand.FLAG)


def _declare(name: str, needs: _Needs, sentence: str, holds: Holds) -> Operator:
    return Operator(name=name, needs=needs, sentence=sentence, holds=holds, asks_presence=needs is _PRESENCE)


_OPERATORS = (
    _declare(
        "is_missing", _PRESENCE, "The fact is not known.", lambda known, operand, _, __: known is not operand
    ),
    _declare("is_present", _PRESENCE, "The fact is known.", lambda known, operand, _, __: known is operand),
    _declare(
        "equals",
        _VALUE,
        "The fact is this text, in whatever letter case, or this number.",
        lambda value, operand, _, __: bool(value == operand),
    ),
    _declare(
        "not_equals",
        _VALUE,
        "The fact is another text or number than this.",
        lambda value, operand, _, __: bool(value != operand),
    ),
    _declare(
        "one_of",
        _CHOICES,
        "The fact is one of these texts.",
        lambda value, operand, _, __: value in operand,
    ),
    _declare(
        "none_of",
        _CHOICES,
        "The fact is none of these texts.",
        lambda value, operand, _, __: value not in operand,
    ),
    _declare(
        "starts_with",
        _TEXT,
        "The fact begins with this text.",
        lambda value, operand, _, __: value.startswith(operand),
    ),
    _declare(
        "contains",
        _EITHER_TEXT,
        "This text occurs in the fact; in a list of texts, as one of them.",
        lambda value, operand, _, __: operand in value,
    ),
    _declare(
        "in_list",
        _LISTED,
        "The fact is a value, or another name, of an entry of this list that counts today.",
        _in_list,
    ),
    _declare(
        "not_in_list",
        _LISTED,
        "No entry of this list that counts today has the fact as its value or other name.",
        lambda value, name, given, key: not _in_list(value, name, given, key),
    ),
    _declare(
        "contains_any",
        _MEMBERS,
        "The fact holds at least one of these texts.",
        lambda value, operand, _, __: any(text in value for text in operand),
    ),
    _declare(
        "contains_all",
        _MEMBERS,
        "The fact holds all of these texts.",
        lambda value, operand, _, __: all(text in value for text in operand),
    ),
    _declare(
        "contains_none",
        _MEMBERS,
        "The fact holds none of these texts.",
        lambda value, operand, _, __: not any(text in value for text in operand),
    ),
    _declare(
        "contains_only",
        _MEMBERS,
        "The fact holds something, and nothing but these texts.",
        lambda value, operand, _, __: bool(value) and all(text in operand for text in value),
    ),
    _declare(
        "any_in_list",
        _MEMBERS_LISTED,
        "At least one text of the fact is in this list.",
        lambda value, name, given, key: any(_in_list(text, name, given, key) for text in value),
    ),
    _declare(
        "all_in_list",
        _MEMBERS_LISTED,
        "The fact holds something, and all of it is in this list.",
        lambda value, name, given, key: (
            bool(value) and all(_in_list(text, name, given, key) for text in value)
        ),
    ),
    _declare(
        "is_empty",
        _EMPTINESS,
        "The fact is known, and holds nothing.",
        lambda value, operand, _, __: bool(value) is not operand,
    ),
    _declare(
        "at_least",
        _NUMBER,
        "The fact is this number or a higher one.",
        lambda value, operand, _, __: bool(value >= operand),
    ),
    _declare(
        "at_most",
        _NUMBER,
        "The fact is this number or a lower one.",
        lambda value, operand, _, __: bool(value <= operand),
    ),
    _declare(
        "more_than",
        _NUMBER,
        "The fact is a higher number than this.",
        lambda value, operand, _, __: bool(value > operand),
    ),
    _declare(
        "less_than",
        _NUMBER,
        "The fact is a lower number than this.",
        lambda value, operand, _, __: bool(value < operand),
    ),
    _declare(
        "before",
        _MOMENT,
        "The fact lies before this moment.",
        lambda value, operand, _, __: bool(value < operand),
    ),
    _declare(
        "after",
        _MOMENT,
        "The fact lies after this moment.",
        lambda value, operand, _, __: bool(value > operand),
    ),
    _declare(
        "within_last",
        _DURATION,
        "The fact lies at most this long ago.",
        lambda value, operand, given, _: given.now - operand <= value <= given.now + READ_LATER,
    ),
    _declare(
        "within_next",
        _DURATION,
        "The fact lies ahead, by at most this long.",
        lambda value, operand, given, _: given.now <= value <= given.now + operand,
    ),
    _declare(
        "older_than",
        _DURATION,
        "The fact lies longer ago than this.",
        lambda value, operand, given, _: bool(value < given.now - operand),
    ),
    _declare(
        "on_weekend",
        _WEEKEND,
        "The fact lies on a Saturday or Sunday, in the policy's time zone.",
        lambda value, operand, given, _: (value.astimezone(given.zone).weekday() >= _SATURDAY) is operand,
    ),
    _declare(
        "between_times",
        _TIMES,
        "The fact lies at or after the first time of day and before the second, which may be on the next day, "
        "in the policy's time zone.",
        _between,
    ),
    _declare(
        "is",
        _FLAG,
        "The fact is this: true for yes, false for no.",
        lambda value, operand, _, __: value is operand,
    ),
)

OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in _OPERATORS}
"""Every operator by its word."""

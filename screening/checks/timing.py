"""Check `timing`: is the port set for a moment at which nobody is there to notice, or too soon to find out?

Victims are hit on Saturday night. Of several signs the first of these is the result: too_soon, night, holiday,
weekend; the placeholder `signs` names them all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.policy_values import Day, Flag, Name, PositiveDuration, RuleModel, written_as
from screening.results import CheckResult, FactValue

ORDINARY = "ordinary"
TOO_SOON = "too_soon"
NIGHT = "night"
HOLIDAY = "holiday"
WEEKEND = "weekend"

_FACTS = ("portout.foc_date", "portout.requested_foc_date", "portout.inserted_at")
_SATURDAY = 5
_DAY: TypeAdapter[date] = TypeAdapter(Day)
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True)
class Hours:
    """A part of the day by the clock on the wall, the begin included and the end not; it may span midnight."""

    begin: time
    end: time

    def hold(self, moment: time) -> bool:
        """Whether a time of day lies within."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


def _hours(value: object) -> object:
    if isinstance(value, Hours):
        return value
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None or found.group(1, 2) == found.group(3, 4):
        raise PydanticCustomError("hours", "needs two different times of day such as 22:00-06:00")
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    return Hours(begin, end)


_WRITTEN = written_as("hours such as 22:00-06:00", _HOURS.pattern)


class TimingParams(RuleModel):
    """Which moments are unusual. Days and nights are those of the policy's time zone."""

    soonest: PositiveDuration | None = Field(
        default=None, description="A port set for less than this after the request arrived is too soon."
    )
    night: Annotated[Hours, BeforeValidator(_hours), _WRITTEN] | None = Field(
        default=None, description="Hours by the clock on the wall; the end is not night."
    )
    weekend: Flag = Field(default=False, description="Whether Saturday and Sunday are unusual.")
    holidays: Name | None = Field(
        default=None,
        description="The policy's name for a list of days, such as 2026-12-25, that are unusual.",
    )

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.soonest or self.night or self.weekend or self.holidays):
            raise PydanticCustomError(
                "asks_nothing", "needs at least one of soonest, night, weekend and holidays"
            )
        return self


def check(
    params: TimingParams,
    order: OrderFacts,
    lists: Mapping[str, NamedList],
    now: datetime,
    zone: tzinfo,
) -> CheckResult:
    """Look at the moment for which the port is set: the FOC date, else the one that was asked for.

    Args:
        lists: the lists of the policy by its names for them.
        now: stands for the arrival of the request when the carrier does not say when that was.
        zone: of nights, weekends and holidays.

    Returns:
        `too_soon`, `night`, `holiday` or `weekend`, the first that holds; else `ordinary`; `missing` without any FOC
        date; `error` when the list of holidays holds something that is no day, or the date is out of all bounds. Always
        with `signs`.
    """
    known = order.as_facts()
    facts: dict[str, FactValue] = {name: known[name] for name in _FACTS}
    port_at = order.port_at
    if port_at is None:
        return CheckResult(result=MISSING, facts=facts, values={"signs": []})
    try:
        # Moments of one zone subtract by the clock on the wall, which jumps twice a year.
        ahead = port_at.astimezone(UTC) - (order.inserted_at or now).astimezone(UTC)
        local = port_at.astimezone(zone)
        is_holiday = local.date() in _days(params, lists, now, zone)
    except (ValidationError, OverflowError):
        return CheckResult(result=ERROR, facts=facts, values={"signs": []})
    signs = {
        TOO_SOON: params.soonest is not None and ahead < params.soonest,
        NIGHT: params.night is not None and params.night.hold(local.time()),
        HOLIDAY: is_holiday,
        WEEKEND: params.weekend and local.weekday() >= _SATURDAY,
    }
    held: list[str] = [sign for sign, holds in signs.items() if holds]
    words = [sign.replace("_", " ") for sign in held]
    return CheckResult(result=held[0] if held else ORDINARY, facts=facts, values={"signs": words})


def _days(
    params: TimingParams, lists: Mapping[str, NamedList], now: datetime, zone: tzinfo
) -> frozenset[date]:
    """The days of the list that counts.

    Raises:
        pydantic.ValidationError: an entry is no day. Leaving it out would let a holiday pass as an ordinary day.
    """
    if params.holidays is None:
        return frozenset()
    today = now.astimezone(zone).date()
    return frozenset(_DAY.validate_python(entry.value) for entry in lists[params.holidays].in_force(today))


def _gives(params: TimingParams) -> set[str]:
    asked = {
        TOO_SOON: params.soonest,
        NIGHT: params.night,
        HOLIDAY: params.holidays,
        WEEKEND: params.weekend or None,
    }
    return {ORDINARY, MISSING, ERROR} | {sign for sign, param in asked.items() if param is not None}


KIND = CheckKind(
    name="timing",
    sentence="Whether the port is set too soon, or for a night, weekend or holiday.",
    params=TimingParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.lists, gathered.now, gathered.zone),
    example=Example(
        params={"soonest": "3d", "night": "22:00-06:00"},
        given={
            "portout.inserted_at": "2026-03-02T15:00:00Z",
            "portout.foc_date": "2026-03-03T15:00:00Z",
        },
        expect=TOO_SOON,
    ),
    results={
        ORDINARY: "The port is set for an ordinary moment.",
        TOO_SOON: "The port is set too soon after the request arrived.",
        NIGHT: "The port is set for the night.",
        HOLIDAY: "The port is set for a holiday.",
        WEEKEND: "The port is set for a weekend.",
        MISSING: "The request names no FOC date.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({ORDINARY}),
    facts=_FACTS,
    gives=_gives,
    list_params=("holidays",),
    placeholders={"signs": "Everything unusual about the moment: too soon, night, holiday, weekend."},
)

"""The timing check: by the clock on the wall of the policy's time zone, whatever summer time does."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.timing import Hours, TimingParams
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.results import CheckResult

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
HOLIDAYS = NamedList.model_validate(
    {
        "entries": [
            {"value": "2026-12-25"},
            {"value": "2026-07-03", "until": "2026-03-01"},
            {"value": "2026-11-26", "from": "2026-03-02"},
        ]
    }
)
ALL = {"soonest": "3d", "night": "22:00-06:00", "weekend": "true", "holidays": "h"}


def at(text: str) -> datetime:
    """A moment by the clock on a wall in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def ask(params: dict[str, str], **order: Any) -> CheckResult:
    facts = GatheredFacts(
        order=OrderFacts(id="1", status="pending", **{"inserted_at": MONDAY, **order}),
        now=MONDAY + timedelta(hours=2),
        zone=NEW_YORK,
        lists={"h": HOLIDAYS},
    )
    return CHECKS["timing"].ask(params, facts)


@pytest.mark.parametrize(
    ("foc", "result", "signs"),
    [
        ("2026-03-10T11:00", "ordinary", []),
        ("2026-03-03T11:00", "too_soon", ["too soon"]),
        ("2026-03-10T22:00", "night", ["night"]),
        ("2026-03-10T21:59:59", "ordinary", []),
        ("2026-03-10T05:59:59", "night", ["night"]),
        ("2026-03-10T06:00", "ordinary", []),
        ("2026-03-14T11:00", "weekend", ["weekend"]),
        ("2026-03-15T11:00", "weekend", ["weekend"]),
        ("2026-03-14T23:00", "night", ["night", "weekend"]),
        ("2026-03-13T23:59:59", "night", ["night"]),
        ("2026-03-03T02:00", "too_soon", ["too soon", "night"]),
        ("2026-12-25T11:00", "holiday", ["holiday"]),
        ("2026-12-25T23:00", "night", ["night", "holiday"]),
        ("2026-12-24T23:59", "night", ["night"]),
        ("2026-07-03T11:00", "ordinary", []),
        ("2026-11-26T11:00", "holiday", ["holiday"]),
        ("2026-02-01T11:00", "too_soon", ["too soon", "weekend"]),
    ],
)
def test_the_first_sign_is_the_result_and_all_are_named(foc: str, result: str, signs: list[str]) -> None:
    found = ask(ALL, foc_date=at(foc))
    assert (found.result, found.values) == (result, {"signs": signs})


@pytest.mark.parametrize(
    ("params", "foc"),
    [
        ({"night": "22:00-06:00"}, "2026-03-03T11:00"),
        ({"soonest": "1h"}, "2026-03-07T23:00"),
        ({"weekend": "true"}, "2026-12-25T23:00"),
        ({"holidays": "h"}, "2026-03-07T23:00"),
        ({"weekend": "false", "soonest": "1h"}, "2026-03-07T12:00"),
    ],
)
def test_only_what_is_asked_is_looked_at(params: dict[str, str], foc: str) -> None:
    assert ask(params, foc_date=at(foc)).result == "ordinary"


def test_the_foc_date_counts_before_the_one_that_was_asked_for() -> None:
    ordinary, night = at("2026-03-10T11:00"), at("2026-03-10T23:00")
    assert ask(ALL, foc_date=ordinary, requested_foc_date=night).result == "ordinary"
    assert ask(ALL, foc_date=None, requested_foc_date=night).result == "night"


def test_without_a_foc_date_nothing_is_known() -> None:
    found = ask(ALL)
    assert (found.result, found.values) == ("missing", {"signs": []})
    assert found.facts == {
        "portout.foc_date": None,
        "portout.requested_foc_date": None,
        "portout.inserted_at": "2026-03-02T15:00:00+00:00",
    }


def test_too_soon_counts_from_the_arrival_and_without_one_from_now() -> None:
    for arrived, earliest in ((MONDAY, MONDAY), (None, MONDAY + timedelta(hours=2))):
        foc = earliest + timedelta(days=3)
        assert ask({"soonest": "3d"}, inserted_at=arrived, foc_date=foc).result == "ordinary"
        foc -= timedelta(seconds=1)
        assert ask({"soonest": "3d"}, inserted_at=arrived, foc_date=foc).result == "too_soon"


def test_too_soon_is_elapsed_time_although_the_clock_jumps() -> None:
    arrived = at("2026-03-07T12:00")  # the night after, one hour is left out
    assert ask({"soonest": "24h"}, inserted_at=arrived, foc_date=at("2026-03-08T12:00")).result == "too_soon"
    assert ask({"soonest": "24h"}, inserted_at=arrived, foc_date=at("2026-03-08T13:00")).result == "ordinary"


@pytest.mark.parametrize(
    ("utc", "result"),
    [
        ("2026-03-08T02:59", "ordinary"),  # 21:59 in winter
        ("2026-03-08T03:00", "night"),
        ("2026-03-08T09:59", "night"),  # 05:59 in summer
        ("2026-03-08T10:00", "ordinary"),
        ("2026-11-01T01:59", "ordinary"),
        ("2026-11-01T02:00", "night"),
        ("2026-11-01T10:59", "night"),
        ("2026-11-01T11:00", "ordinary"),
    ],
)
def test_the_night_follows_the_clock_on_the_wall_when_summer_time_begins_and_ends(
    utc: str, result: str
) -> None:
    foc = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert ask({"night": "22:00-06:00"}, foc_date=foc).result == result


def test_a_list_with_something_that_is_no_day_is_an_error_and_no_ordinary_day() -> None:
    faulty = NamedList.model_validate({"entries": [{"value": "2026-13-25"}]})
    facts = GatheredFacts(
        order=OrderFacts(id="1", status="pending", foc_date=MONDAY), now=MONDAY, lists={"h": faulty}
    )
    assert CHECKS["timing"].ask({"holidays": "h"}, facts).result == "error"


def test_a_date_out_of_all_bounds_is_an_error() -> None:
    assert ask(ALL, foc_date=datetime.min.replace(tzinfo=UTC)).result == "error"


_MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(
    _MOMENTS,
    st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]).map(ZoneInfo),
)
def test_the_same_moment_gives_the_same_answer_however_it_is_written(
    moment: datetime, zone: ZoneInfo
) -> None:
    def result(foc: datetime) -> CheckResult:
        order = OrderFacts(id="1", status="pending", foc_date=foc, inserted_at=MONDAY)
        facts = GatheredFacts(order=order, now=MONDAY, zone=NEW_YORK, lists={"h": HOLIDAYS})
        return CHECKS["timing"].ask(ALL, facts)

    here, there = result(moment), result(moment.astimezone(zone))
    assert (here.result, here.values) == (there.result, there.values)
    assert (here.result == "ordinary") == (here.values["signs"] == [])


_TIMES = st.times().map(lambda moment: moment.replace(tzinfo=None))


@given(_TIMES, _TIMES, _TIMES)
def test_hours_and_the_hours_that_are_left_divide_the_day(begin: time, end: time, moment: time) -> None:
    if begin != end:
        assert Hours(begin, end).hold(moment) != Hours(end, begin).hold(moment)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"weekend": "false"},
        {"night": "22:00"},
        {"night": "22:00-24:00"},
        {"night": "22:00-22:00"},
        {"night": "9:00-17:00"},
        {"soonest": "0d"},
        {"weekend": "yes"},
    ],
)
def test_parameters_that_ask_nothing_or_make_no_sense_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TimingParams.model_validate(params)

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from screening.policy_values import (
    Country,
    Day,
    Duration,
    Flag,
    Moment,
    Name,
    PositiveDuration,
    Share,
    Text,
    Timezone,
    WholeNumber,
    format_duration,
    parse_duration,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("24h", timedelta(hours=24)),
        ("2h", timedelta(hours=2)),
        ("15m", timedelta(minutes=15)),
        ("8s", timedelta(seconds=8)),
        ("1d", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("366d", timedelta(days=366)),
    ],
)
def test_a_duration_is_read_as_written(written: str, meant: timedelta) -> None:
    assert TypeAdapter(Duration).validate_python(written) == meant


@pytest.mark.parametrize(
    "written", ["", "24", "h", "24 h", "1.5h", "30m1h", "-1h", "367d", "9" * 30 + "d", "٣h", 24]
)
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match="needs a duration such as"):
        TypeAdapter(Duration).validate_python(written)


def test_a_time_to_respond_must_be_above_zero() -> None:
    with pytest.raises(ValidationError, match="above zero"):
        TypeAdapter(PositiveDuration).validate_python("0s")


@given(st.integers(0, 366 * 86_400))
def test_every_duration_reads_back_from_what_is_written(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("written", "meant"), [("50%", 0.5), ("0%", 0.0), ("100%", 1.0), ("12.5 %", 0.125)])
def test_a_percentage_is_a_part_of_the_whole(written: str, meant: float) -> None:
    assert TypeAdapter(Share).validate_python(written) == meant


@pytest.mark.parametrize("written", ["50", "101%", "-1%", "half", "", "1e1%", 50, 1.5])
def test_what_is_no_percentage_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match="percentage"):
        TypeAdapter(Share).validate_python(written)


@given(st.integers(0, 10_000))
def test_every_percentage_reads_back_from_what_is_written(hundredths: int) -> None:
    shares = TypeAdapter(Share)
    share = shares.validate_python(f"{hundredths / 100}%")
    assert shares.validate_json(shares.dump_json(share)) == share


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        (WholeNumber, "15", 15),
        (WholeNumber, "-1", -1),
        (WholeNumber, "040", 40),  # as a stored policy may say
        (Flag, "true", True),
        (Flag, "false", False),
        (Day, "2026-03-31", date(2026, 3, 31)),
        (Timezone, "America/New_York", "America/New_York"),
        (Country, "NO", "NO"),
        (Name, "authorized-name", "authorized-name"),
        (Text, "22:30", "22:30"),
    ],
)
def test_a_value_is_read_from_text(kind: Any, written: str, meant: object) -> None:
    assert TypeAdapter(kind).validate_python(written) == meant


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (WholeNumber, "five"),
        (WholeNumber, "1.0"),
        (WholeNumber, "1000000000"),
        (WholeNumber, "9" * 5_000),
        (WholeNumber, "１"),
        (WholeNumber, True),
        (Flag, "yes"),
        (Flag, "True"),
        (Flag, 1),
        (Day, "2026-02-30"),
        (Day, "31.03.2026"),
        (Moment, "2026-03-31T22:30:00"),
        (Moment, "tomorrow"),
        (Timezone, "America/NewYork"),
        (Timezone, "America"),
        (Timezone, "../UTC"),
        (Timezone, ""),
        (Timezone, "x" * 5_000),
        (Country, "us"),
        (Country, "USA"),
        (Name, "0pin"),
        (Name, "pin.match"),
        (Name, "a" * 65),
        (Text, "  "),
        (Text, []),
    ],
)
def test_what_does_not_fit_is_refused_in_words(kind: Any, written: object) -> None:
    with pytest.raises(ValidationError, match="needs "):
        TypeAdapter(kind).validate_python(written)

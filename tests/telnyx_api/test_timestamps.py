"""Every ISO shape becomes the same moment in UTC; garbage becomes None."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telnyx_api import InvalidArgument, read_timestamp
from telnyx_api.timestamps import write_timestamp

MOMENTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1))
OFFSETS = st.integers(-14 * 60, 14 * 60)

SHAPES = [
    ("2018-02-02T22:25:27.521Z", datetime(2018, 2, 2, 22, 25, 27, 521000, UTC)),
    ("2021-03-19T10:07:15.527000Z", datetime(2021, 3, 19, 10, 7, 15, 527000, UTC)),
    ("2024-09-04T00:00:00Z", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04t00:00:00z", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04T00:00:00+00:00", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04T00:00:00+0000", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04T00:00:00-05:00", datetime(2024, 9, 4, 5, tzinfo=UTC)),
    ("2024-09-04T00:00:00.1234567Z", datetime(2024, 9, 4, 0, 0, 0, 123456, UTC)),
    ("2024-09-04T00:00:00.123", datetime(2024, 9, 4, 0, 0, 0, 123000, UTC)),
    ("2024-09-04T00:00:00", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04 00:00:00", datetime(2024, 9, 4, tzinfo=UTC)),
    ("2024-09-04 00:00:00.5+02:00", datetime(2024, 9, 3, 22, 0, 0, 500000, UTC)),
    ("2024-09-04T07:30Z", datetime(2024, 9, 4, 7, 30, tzinfo=UTC)),
    ("2024-09-04", datetime(2024, 9, 4, tzinfo=UTC)),
    (" 2024-09-04 ", datetime(2024, 9, 4, tzinfo=UTC)),
    (datetime(2024, 9, 4), datetime(2024, 9, 4, tzinfo=UTC)),
    (date(2024, 9, 4), datetime(2024, 9, 4, tzinfo=UTC)),
]

GARBAGE: list[object] = [
    None, "", " ", "soon", "null", "0000-00-00", "2024-13-01", "2024-02-30T00:00:00Z", "04/09/2024", "1725408000",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1725408000, 1.5, True, [], {}, "\ud800", "٢٠٢٤-٠٩-٠٤",
]  # fmt: skip


@pytest.mark.parametrize(("shape", "moment"), SHAPES)
def test_each_shape_is_read_as_its_moment_in_utc(shape: object, moment: datetime) -> None:
    read = read_timestamp(shape)
    assert read == moment
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_no_moment_and_no_error(garbage: object) -> None:
    assert read_timestamp(garbage) is None


@given(MOMENTS, OFFSETS, st.sampled_from("T "), st.sampled_from(["seconds", "milliseconds", "microseconds"]))
def test_a_moment_is_the_same_in_whatever_zone_and_precision_it_is_written(
    moment: datetime, offset: int, separator: str, precision: str
) -> None:
    keep = {"seconds": 1_000_000, "milliseconds": 1000, "microseconds": 1}[precision]
    moment = moment.replace(microsecond=moment.microsecond // keep * keep, tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(minutes=offset)))
    assert read_timestamp(there.isoformat(separator, precision)) == moment
    assert read_timestamp(moment.replace(tzinfo=None).isoformat(separator, precision)) == moment
    assert read_timestamp(moment.isoformat(separator, precision).replace("+00:00", "Z")) == moment


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.text()))
def test_nothing_that_can_be_sent_raises(value: object) -> None:
    read = read_timestamp(value)
    assert read is None or read.tzinfo is UTC


@given(MOMENTS, OFFSETS)
def test_what_is_written_is_read_back(moment: datetime, offset: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert read_timestamp(write_timestamp(aware)) == aware


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(InvalidArgument, match="time zone"):
        write_timestamp(datetime(2024, 9, 4))

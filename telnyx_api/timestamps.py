"""The carrier's timestamps: read in every ISO shape it is known to send, written in one."""

from datetime import UTC, date, datetime, time

from telnyx_api.errors import InvalidArgument


def read_timestamp(value: object) -> datetime | None:
    """A moment in UTC from any ISO 8601 shape, or None when there is none or it cannot be read.

    `Z`, a numeric offset, any number of fractional digits, a space instead of `T`, a date alone (its
    midnight) and a missing zone (UTC) are all read. Garbage is None and no error: one bad date must not
    hide the order that carries it. A reader to whom a moment matters treats None as unknown, never as now.
    """
    if isinstance(value, str):
        moment = _parse(value.strip())
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time.min)
    else:
        moment = None
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # year 1 or 9999, moved over the edge of the calendar by its offset
        return None


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def write_timestamp(moment: datetime) -> str:
    """A moment as the API's filters take it: `2024-09-04T00:00:00.000000Z`.

    Raises:
        InvalidArgument: the moment has no time zone, so nobody knows which one it is.
    """
    if moment.tzinfo is None:
        raise InvalidArgument("A time for the carrier needs a time zone: pass an aware datetime in UTC.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"

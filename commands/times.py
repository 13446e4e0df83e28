"""Moments and spans as people read them. The clock is an argument."""

from datetime import UTC, datetime

from commands.output import Failed

USAGE = 2


def now() -> datetime:
    return datetime.now(UTC)


def begin_of(since: str, at: datetime) -> datetime:
    """The moment that `--since 7d` means.

    Raises:
        Failed: the text is no duration, or too long a one.
    """
    from screening.policy_values import parse_duration

    duration = parse_duration(since)
    if duration is None:
        raise Failed(f"'{since}' is no time: write 90d, 12h or 30m, at most 366d.", USAGE)
    return at - duration


def moment(at: datetime) -> str:
    """`2026-01-31 09:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """`2 d 3 h`, `3 h 12 min`, `12 min` or `45 s`; never less than 0 s."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def time_left(respond_by: datetime | None, limit: datetime | None, at: datetime) -> str:
    """What is left until we act; after that, what is left until the carrier approves by silence."""
    if respond_by is None:
        return "unknown"
    if at < respond_by:
        return span((respond_by - at).total_seconds())
    if limit is not None and at < limit:
        return f"over, silence in {span((limit - at).total_seconds())}"
    return "over, and the limit too"

"""What can go wrong with the carrier: one class per kind, so that callers decide by type and never by text.

No message holds a URL, a request, a body or anything else the carrier wrote; a URL can hold a phone number
and a body a PIN. What the carrier said about its refusal is kept in `CarrierError.errors`, for code to see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from telnyx_api.lenient import lenient_json

DEFAULT_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds. A longer wait asked for is cut to this one: the carrier approves by silence while we wait."""

_EPOCH_FROM = 1e8  # seconds: nobody is told to wait three years, so a greater number is a moment


@dataclass(frozen=True, slots=True)
class CarrierErrorItem:
    """One entry of the carrier's `errors[]`. Its `code` is unreliable: decide by the error's class.

    Title and detail are free text of the carrier's and stay out of the repr, and so out of logs.
    """

    code: str | None = None
    title: str | None = field(default=None, repr=False)
    detail: str | None = field(default=None, repr=False)
    pointer: str | None = None
    """`source.pointer`, or `source.parameter` when the fault is in the query."""


class CarrierError(Exception):
    """Base of everything that the carrier client raises.

    Attributes:
        status: the HTTP status, None when there was no answer.
        errors: what the carrier wrote in `errors[]`, empty when it wrote none that can be read.
    """

    def __init__(
        self, message: str, *, status: int | None = None, errors: tuple[CarrierErrorItem, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors


class InvalidArgument(CarrierError, ValueError):
    """The caller asked for something that cannot be asked; nothing was sent."""


class CarrierUnreachable(CarrierError):
    """No answer: network or timeout.

    Attributes:
        sent: the request may have reached the carrier and may have been carried out. False only when no
            connection was made. After a PATCH with `sent`, read the order before anything is sent again.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Unauthorized(CarrierError):
    """401: the API key is wrong or was withdrawn."""


class Forbidden(CarrierError):
    """403: the API key lacks the right."""


class NotFound(CarrierError):
    """404."""


class Conflict(CarrierError):
    """409."""


class Unprocessable(CarrierError):
    """422: for a PATCH also an ineligible rejection code, or an order that is no longer pending."""


class TooManyRequests(CarrierError):
    """429; or without a `status`, nothing was sent since the carrier's rate limit leaves no room for now.

    Either way nothing was carried out.

    Attributes:
        retry_after: seconds to wait, from `Retry-After` or `x-ratelimit-reset`; 0 to `LONGEST_WAIT`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        errors: tuple[CarrierErrorItem, ...] = (),
        retry_after: float = DEFAULT_WAIT,
    ) -> None:
        super().__init__(message, status=status, errors=errors)
        self.retry_after = retry_after


class CarrierFault(CarrierError):
    """5xx. A PATCH may have been carried out all the same: read before sending it again."""


class UnexpectedAnswer(CarrierError):
    """Anything else: another status, or a success whose body is not what the API promises.

    After a PATCH with a `status` of 2xx the order was changed, and only the answer could not be read.
    """


_KINDS: dict[int, tuple[type[CarrierError], str]] = {
    401: (Unauthorized, "The carrier does not accept the API key: check TELNYX_API_KEY"),
    403: (Forbidden, "The API key lacks the right: grant it in the carrier's portal"),
    404: (NotFound, "The carrier knows no such thing: check the id"),
    409: (Conflict, "The carrier reports a conflict: read the order again before sending anything"),
    422: (Unprocessable, "The carrier calls the request invalid: read its errors and the order again"),
}


def refused(
    status: int, headers: Mapping[str, str], body: bytes, *, doing: str, now: datetime
) -> CarrierError:
    """The error that an answer other than 2xx stands for. `doing` says where: "listing port-outs"."""
    errors = read_errors(body)
    where = f"({doing}, HTTP {status})."
    if status == 429:
        wait = seconds_to_wait(headers, now)
        message = f"The carrier is asked too often: wait {wait:g} s {where}"
        return TooManyRequests(message, status=status, errors=errors, retry_after=wait)
    if status >= 500:
        return CarrierFault(f"The carrier failed: try again {where}", status=status, errors=errors)
    kind, sentence = _KINDS.get(
        status, (UnexpectedAnswer, "The carrier answered in a way that its API does not name")
    )
    return kind(f"{sentence} {where}", status=status, errors=errors)


def read_errors(body: bytes) -> tuple[CarrierErrorItem, ...]:
    """The carrier's `errors[]`; empty when the body is not JSON or has none. Never raises."""
    answer = lenient_json(body)
    listed = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(_item(entry) for entry in listed if isinstance(entry, dict))


def _item(entry: dict[str, object]) -> CarrierErrorItem:
    source = entry.get("source")
    place = source if isinstance(source, dict) else {}
    return CarrierErrorItem(
        code=_text(entry.get("code")),
        title=_text(entry.get("title")),
        detail=_text(entry.get("detail")),
        pointer=_text(place.get("pointer")) or _text(place.get("parameter")),
    )


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) else None


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that a 429 asks us to wait: `Retry-After` (seconds or an HTTP date), else `x-ratelimit-reset`
    (seconds, or a moment in seconds since 1970), else `DEFAULT_WAIT`; never less than 0 nor more than
    `LONGEST_WAIT`.

    Moments are measured against the answer's own `Date`, and against `now` only without one, so that a
    difference between the carrier's clock and ours adds nothing to the wait.
    """
    asked = _seconds(headers.get("retry-after"), _clock(headers, now))
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_WAIT)
    reset = seconds_to_reset(headers, now)
    return DEFAULT_WAIT if reset is None else reset


def seconds_to_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to `x-ratelimit-reset`, within the same bounds; None when there is none or it cannot be read."""
    reset = _seconds(headers.get("x-ratelimit-reset"), _clock(headers, now))
    return None if reset is None else min(max(reset, 0.0), LONGEST_WAIT)


def _clock(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date")) or now


def _seconds(value: str | None, clock: datetime) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        moment = _http_date(value)
        return None if moment is None else (moment - clock).total_seconds()
    if not isfinite(number):
        return None
    return number - clock.timestamp() if number >= _EPOCH_FROM else number


def _http_date(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

"""How often the carrier may still be asked, shared by all that one client sends.

The carrier tells it with each answer: `x-ratelimit-limit` requests in a window of time,
`x-ratelimit-remaining` of them left, `x-ratelimit-reset` seconds until the next window. Without these
headers there is no limit. A listing of many pages could use up a window in which an order must be answered;
silence approves. So each kind of request leaves some of the window to what is more urgent, and when it has
to wait, the more urgent goes first. A 429 stops everything for as long as the carrier says.

Waiting has an end: the one that the headers told. Only listings wait in place for so long; anything else
gets `TooManyRequests` with the time to wait, so that it holds no place that an answer may need.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import count
from math import ceil, inf

from telnyx_api.errors import DEFAULT_WAIT, TooManyRequests, seconds_to_reset, seconds_to_wait

_log = logging.getLogger(__name__)

SIGN_OF_LIFE = 5.0
"""Seconds. So often a request that waits calls back, for heartbeats."""

_ROUNDING = 1.0  # seconds: resets come in whole ones
_LATE = 0.001  # seconds: the event loop may ring a little before the time, and then it is not time yet


class Urgency(IntEnum):
    """Who goes first."""

    STATUS_UPDATE = 0
    """The answer to an order: may use the last request of a window."""
    ONE_THING = 1
    """One order, its events, a document: what an answer may depend on."""
    LISTING = 2
    """May come a little later without harm."""


_KEPT = {Urgency.STATUS_UPDATE: 0.0, Urgency.ONE_THING: 0.05, Urgency.LISTING: 0.2}
"""The share of a window that each leaves to what is more urgent."""

_PATIENCE = {Urgency.STATUS_UPDATE: 10.0, Urgency.ONE_THING: 2.0, Urgency.LISTING: inf}
"""Seconds that each may wait in place."""


@dataclass(slots=True)
class _Window:
    """A window as one or more answers told of it, in the event loop's time.

    Its end is known as far as rounding and the time that answers took allow: from `earliest` to `latest`.
    """

    limit: int
    left: int
    earliest: float
    latest: float
    length: float
    """Seconds; as far as was told."""
    over: bool = False
    """The next one has begun, and no answer has told of it yet."""

    def kept_from(self, urgency: Urgency) -> int:
        return min(ceil(self.limit * _KEPT[urgency]), self.limit - 1)


class RateBudget:
    """The requests that are left until the next window. All callers must be in one event loop."""

    def __init__(self) -> None:
        self._window: _Window | None = None
        self._closed_until = 0.0
        self._in_flight = 0
        self._waiting: dict[tuple[Urgency, int], asyncio.Future[None]] = {}  # by urgency, then by arrival
        self._arrivals = count()

    async def enter(
        self, urgency: Urgency, *, doing: str, on_wait: Callable[[], None] | None = None
    ) -> float:
        """Waits until a request may be sent. `leave` must follow, whatever becomes of it.

        Args:
            doing: what the request is for, in words: "listing port-outs".
            on_wait: called about every `SIGN_OF_LIFE` seconds of waiting.

        Returns:
            The event loop's time, for `leave`.

        Raises:
            TooManyRequests: it would have to wait for longer than its kind may, or has waited for the next
                window and would have to wait for one more. Nothing was sent.
        """
        loop = asyncio.get_running_loop()
        self._let_in(loop.time())
        if self._may(urgency, loop.time()):  # so nobody waits who is as urgent
            self._in_flight += 1
            return loop.time()
        wait, told = self._wait(urgency, loop.time())
        patience = _PATIENCE[urgency]
        if told and wait > patience:
            raise self._refusal(urgency, doing, loop.time())
        if urgency is Urgency.LISTING:
            _log.info("The carrier's rate limit is nearly used up: %s waits up to %.0f s.", doing, wait)
        place = (urgency, next(self._arrivals))
        turn = self._waiting[place] = loop.create_future()
        timer = loop.call_later(min(wait, patience) + _LATE, self._last_chance, turn)
        try:
            while not turn.done():
                done, _ = await asyncio.wait([turn], timeout=SIGN_OF_LIFE)
                if not done and on_wait is not None:
                    on_wait()
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._in_flight -= 1
                self._let_in(loop.time())
            raise
        finally:
            timer.cancel()
            self._waiting.pop(place, None)
        if turn.cancelled():
            raise self._refusal(urgency, doing, loop.time())
        return loop.time()

    def leave(self, entered: float, status: int | None, headers: Mapping[str, str]) -> None:
        """Takes note of a request that is over, and of what its answer tells.

        Args:
            entered: what `enter` returned.
            status: None without an answer; the request may have reached the carrier all the same.
        """
        now = asyncio.get_running_loop().time()
        self._in_flight -= 1
        self._turn_page(now)
        if status == 429:
            self._closed_until = max(self._closed_until, now + seconds_to_wait(headers, datetime.now(UTC)))
        told = _told(headers, entered, now)
        if told is not None:
            self._learn(told)
        elif self._window is not None:
            if not self._window.over:
                self._window.left -= 1
            elif status is not None:
                self._window = None  # the carrier tells no more, so there is no limit
        self._let_in(now)

    def _may(self, urgency: Urgency, now: float) -> bool:
        self._turn_page(now)
        if now < self._closed_until:
            return False
        return self._window is None or self._has_room(self._window, urgency)

    def _has_room(self, window: _Window, urgency: Urgency) -> bool:
        return window.left - self._in_flight > window.kept_from(urgency)

    def _turn_page(self, now: float) -> None:
        """A new window has all its requests; those in flight may fall into it."""
        window = self._window
        if window is not None and not window.over and now >= window.latest:
            window.left, window.over = window.limit, True

    def _learn(self, told: _Window) -> None:
        """Of two windows the later one counts, and in one window the smaller number: answers overtake each other."""
        window = self._window
        if window is None or window.over or told.earliest > window.latest:
            self._window = told
        elif told.latest >= window.earliest:
            window.left = min(window.left, told.left)
            window.latest = min(window.latest, told.latest)

    def _wait(self, urgency: Urgency, now: float) -> tuple[float, bool]:
        """Seconds until there is room at the latest, and whether the carrier told so."""
        closed = max(self._closed_until - now, 0.0)
        window = self._window
        if window is None or self._has_room(window, urgency):
            return closed, True
        if window.over:
            return (closed, True) if closed else (window.length, False)
        return max(closed, window.latest - now), True

    def _last_chance(self, turn: "asyncio.Future[None]") -> None:
        """What waited until the end that was told either goes now or is refused."""
        self._let_in(asyncio.get_running_loop().time())
        turn.cancel()

    def _let_in(self, now: float) -> None:
        for place in sorted(self._waiting):
            if not self._may(place[0], now):
                return
            turn = self._waiting.pop(place)
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)

    def _refusal(self, urgency: Urgency, doing: str, now: float) -> TooManyRequests:
        wait, told = self._wait(urgency, now)
        if not told:
            wait = DEFAULT_WAIT
        return TooManyRequests(
            f"The carrier's rate limit leaves no request for now: wait {wait:.1f} s ({doing}).",
            retry_after=wait,
        )


def _told(headers: Mapping[str, str], entered: float, now: float) -> _Window | None:
    """The window that an answer tells of; None when it tells of none, or not in numbers."""
    reset = seconds_to_reset(headers, datetime.now(UTC))
    left = _whole(headers.get("x-ratelimit-remaining"))
    if reset is None or left is None:
        return None
    limit = max(_whole(headers.get("x-ratelimit-limit")) or 0, left, 1)
    return _Window(limit, left, entered + reset - _ROUNDING, now + reset, reset)


def _whole(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

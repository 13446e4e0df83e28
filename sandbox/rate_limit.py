"""How many requests the carrier takes in a window of real time, and what it says about it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

LIMIT = 100_000
WINDOW = 60.0


class RateLimit:
    """A budget of requests for each window. Telnyx publishes no figures; the usual one is never used up.

    Args:
        real: Real time: clients wait in theirs, whatever the carrier's clock says.

    Attributes:
        limit: Requests answered in a window; those above it get 429.
        window: Seconds of real time.
    """

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self.set(LIMIT, WINDOW)

    def set(self, limit: int, window: float = WINDOW) -> None:
        """Begin a new window with another budget."""
        self.limit = limit
        self.window = window
        self._begin(self._real())

    def take(self) -> bool:
        """Count one request, and tell whether the budget allows it."""
        now = self._real()
        if now >= self._ends:
            self._begin(now)
        self._used += 1
        return self._used <= self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self._used)

    @property
    def reset(self) -> int:
        """Whole seconds until the window ends."""
        return max(0, ceil((self._ends - self._real()).total_seconds()))

    def _begin(self, now: datetime) -> None:
        self._used = 0
        self._ends = now + timedelta(seconds=self.window)

"""The carrier's time: real time until somebody speeds it up or moves it on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    return datetime.now(UTC)


def iso_ms(moment: datetime) -> str:
    """``2018-02-02T22:25:27.521Z``: how the carrier writes times in port-outs and numbers."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_us(moment: datetime) -> str:
    """``2021-03-19T10:07:15.527000Z``: how the carrier writes times in events."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class CarrierClock:
    """Carrier time, running ``scale`` times faster than ``real`` from the moment the scale is set.

    It never runs backwards and never jumps when the scale changes. With scale 1, never advanced, it is real
    time, which clients rely on who compare ``inserted_at`` with their own clock.

    Attributes:
        offset: Seconds by which the carrier's clock is wrong.
    """

    def __init__(self, real: Callable[[], datetime] = utc_now, scale: float = 1.0) -> None:
        self.real = real
        self._scale = _positive(scale)
        self._real_anchor = self._anchor = self._latest = real()
        self.offset = 0.0

    @property
    def scale(self) -> float:
        """Carrier seconds per real second."""
        return self._scale

    def now(self) -> datetime:
        moment = self._anchor + (self.real() - self._real_anchor) * self._scale
        # A machine's clock may be set back under us; the carrier's order of events must not follow it.
        self._latest = max(self._latest, moment)
        return self._latest

    def set_scale(self, scale: float) -> None:
        """Run ``scale`` times faster than real time from now on. Raises ValueError unless it is above 0."""
        scale = _positive(scale)
        self._anchor = self.now()
        self._real_anchor = self.real()
        self._scale = scale

    def advance(self, seconds: float) -> None:
        """Move carrier time on by so many seconds at once. Raises ValueError when negative."""
        if seconds < 0:
            raise ValueError("the carrier's clock only moves forward")
        self._anchor = self.now() + timedelta(seconds=seconds)
        self._real_anchor = self.real()

    def set_offset(self, seconds: float) -> None:
        """Let the carrier's clock be wrong by so many seconds, back too; what is dated already stays so."""
        self._anchor = self._latest = self.now() + timedelta(seconds=seconds - self.offset)
        self._real_anchor = self.real()
        self.offset = seconds


def _positive(scale: float) -> float:
    if not scale > 0:
        raise ValueError("the scale of the carrier's clock must be above 0")
    return scale

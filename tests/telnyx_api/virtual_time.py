"""An event loop in which time passes only when everybody waits, and then at once."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest

Got = TypeVar("Got")
_EARLY = 0.0002  # seconds: real clocks ring a little before the time too


class _Leaping(selectors.SelectSelector):
    """Lets the time pass for which the loop would sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("Everybody waits for something that will not happen.")
            self.time += max(timeout - _EARLY, 0.0)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)
        self._clock_resolution = 2 * _EARLY

    def time(self) -> float:
        return self._leaping.time


about = partial(pytest.approx, abs=0.01)
"""A time in seconds, give or take the little by which clocks ring early."""


def now() -> float:
    """Seconds since the loop began."""
    return asyncio.get_running_loop().time()


async def passing(seconds: float) -> None:
    """Let that much virtual time pass; nobody really waits."""
    await asyncio.sleep(seconds)


def in_virtual_time(main: Callable[[], Coroutine[Any, Any, Got]]) -> Got:
    """What `main` returns, run in a loop of its own that begins at 0 seconds."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main())

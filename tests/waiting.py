"""Waiting for what the service does by itself: never a sleep of a guessed length, always a condition and a limit."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.exceptions import TemporalError

T = TypeVar("T")


async def eventually(
    condition: Callable[[], Awaitable[T] | T], *, within: float = 20.0, every: float = 0.05
) -> T:
    """Ask until the condition gives something true, and return that.

    What Temporal answers with an error (a workflow that is not there yet) counts as not true yet.

    Args:
        within: seconds; generous, because it costs nothing while the promise is kept.
        every: seconds between two questions.

    Raises:
        AssertionError: it did not come true; the message holds the last answer.
    """
    give_up = time.monotonic() + within
    while True:
        answer: object
        try:
            found = condition()
            answer = found = await found if inspect.isawaitable(found) else found
            if found:
                return found
        except TemporalError as error:
            answer = error
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {within:g} s; the last answer was {answer!r}")
        await asyncio.sleep(every)

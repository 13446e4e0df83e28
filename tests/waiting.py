"""Waiting for what the service does by itself: never a sleep of a guessed length, always a condition and a limit."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from temporalio.exceptions import TemporalError

T = TypeVar("T")


@overload
async def eventually(
    condition: Callable[[], Coroutine[Any, Any, T]], *, within: float = ..., every: float = ...
) -> T: ...
@overload
async def eventually(condition: Callable[[], T], *, within: float = ..., every: float = ...) -> T: ...
async def eventually(condition: Callable[[], Any], *, within: float = 60.0, every: float = 0.05) -> Any:
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
        try:
            answer = condition()
            answer = await answer if inspect.isawaitable(answer) else answer
            if answer:
                return answer
        except TemporalError as error:
            answer = error
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {within:g} s; the last answer was {answer!r}")
        await asyncio.sleep(every)

"""Calls to the records that hold up neither an answer nor a page, whatever has become of the database."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from records.errors import DatabaseUnavailable

P = ParamSpec("P")
T = TypeVar("T")

HUNG_AFTER = 10.0
"""Seconds. A database that refuses says so sooner; one whose disk stands still never says anything."""


async def in_time(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call the records in a thread.

    Raises:
        DatabaseUnavailable: they do not answer. What was asked may still be done later, so it must bear that.
    """
    try:
        async with asyncio.timeout(HUNG_AFTER):
            return await asyncio.to_thread(call, *arguments, **named)
    except TimeoutError:
        raise DatabaseUnavailable(
            f"The records database has not answered for {HUNG_AFTER:g} s: workers try again by themselves; "
            "if this lasts, check its server and disk."
        ) from None

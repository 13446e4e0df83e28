"""What the budget learns from each answer: the room that is left, until when, and that a refusal stands.

In virtual time, in which an hour of waiting passes at once.
"""

import asyncio

import pytest

from telnyx_api import TooManyRequests
from telnyx_api.budget import RateBudget
from telnyx_api.errors import LONGEST_WAIT
from tests.telnyx_api.rate_limit import LISTING, ONE_THING, STATUS_UPDATE, told
from tests.telnyx_api.virtual_time import about, in_virtual_time, now, passing


async def ask(budget: RateBudget, status: int, headers: dict[str, str]) -> None:
    """A listing that is answered at once."""
    budget.leave(await budget.enter(LISTING, doing="asking"), status, headers)


def test_without_headers_there_is_no_limit() -> None:
    async def play() -> None:
        budget = RateBudget()
        for _ in range(5000):
            await ask(budget, 200, {})
        assert now() == 0.0

    in_virtual_time(play)


SENSELESS: list[dict[str, str]] = [
    told(remaining=0),
    told(reset=60),
    told(limit=0, remaining=-1, reset=60),
    told(limit=5, remaining="none", reset=60),
    told(limit=5, remaining=0, reset="never"),
    told(limit=5, remaining=0, reset="nan"),
    told(limit=5, remaining="²", reset=60),
    told(limit=5, remaining="9" * 5000, reset=60),
    told(limit=5, remaining=0, reset=-7),
]


@pytest.mark.parametrize("headers", SENSELESS)
def test_headers_that_make_no_sense_hold_nobody_back(headers: dict[str, str]) -> None:
    async def play() -> None:
        budget = RateBudget()
        for _ in range(3):
            await ask(budget, 200, headers)
        assert now() == 0.0

    in_virtual_time(play)


def test_a_limit_is_forgotten_when_the_carrier_tells_no_more_of_it() -> None:
    async def play() -> None:
        budget = RateBudget()
        none_left = told(limit=2, remaining=0, reset=5)
        await ask(budget, 200, none_left)
        await ask(budget, 200, {})
        for _ in range(100):
            await budget.enter(LISTING, doing="asking")
        assert now() == about(5.0)

    in_virtual_time(play)


def test_an_absurd_reset_holds_for_five_minutes_at_most() -> None:
    async def play() -> None:
        budget = RateBudget()
        none_left = told(limit=2, remaining=0, reset=86400)
        await ask(budget, 200, none_left)
        with pytest.raises(TooManyRequests) as refusal:
            await budget.enter(STATUS_UPDATE, doing="asking")
        assert refusal.value.retry_after == LONGEST_WAIT
        await budget.enter(LISTING, doing="asking")
        assert now() == about(LONGEST_WAIT)

    in_virtual_time(play)


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, told(reset=7)])
def test_after_a_429_nothing_is_sent_until_the_carrier_allows_it(headers: dict[str, str]) -> None:
    async def play() -> None:
        budget = RateBudget()
        late = await budget.enter(LISTING, doing="asking")
        await ask(budget, 429, headers)
        # One that was sent before speaks of room; the refusal stands all the same.
        room = told(limit=99, remaining=99, reset=60)
        budget.leave(late, 200, room)
        with pytest.raises(TooManyRequests) as refusal:
            await budget.enter(ONE_THING, doing="asking")
        assert refusal.value.retry_after == 7.0
        for urgency in (LISTING, STATUS_UPDATE):
            await budget.enter(urgency, doing="asking")
            assert now() == about(7.0)

    in_virtual_time(play)


def test_an_answer_that_was_overtaken_does_not_bring_back_what_is_used_up() -> None:
    async def play() -> None:
        budget = RateBudget()
        first = await budget.enter(LISTING, doing="asking")
        second = await budget.enter(LISTING, doing="asking")
        budget.leave(second, 200, told(limit=10, remaining=1, reset=60))
        budget.leave(first, 200, told(limit=10, remaining=9, reset=60))
        await budget.enter(LISTING, doing="asking")
        assert now() == about(60.0)

    in_virtual_time(play)


def test_an_answer_from_a_window_that_is_over_does_not_speak_for_the_new_one() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        new = told(limit=10, remaining=9, reset=60)
        await ask(budget, 200, new)
        budget.leave(slow, 200, told(limit=10, remaining=0, reset=2))
        await budget.enter(LISTING, doing="asking")
        assert now() == 0.0

    in_virtual_time(play)


def test_who_is_cancelled_in_the_moment_of_going_gives_the_place_back() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        none_left = told(limit=10, remaining=0, reset=60)
        await ask(budget, 200, none_left)
        waiting = asyncio.create_task(budget.enter(LISTING, doing="asking"))
        await passing(3)
        # Two are kept for others, so there is room for one, which is let in and does not go.
        budget.leave(slow, 200, none_left | told(remaining=3, reset=90))
        waiting.cancel()
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
        await budget.enter(LISTING, doing="asking")
        assert now() == about(3.0)

    in_virtual_time(play)


def test_room_that_an_answer_tells_of_is_used_at_once() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        none_left = told(limit=10, remaining=0, reset=60)
        await ask(budget, 200, none_left)
        waiting = asyncio.create_task(budget.enter(LISTING, doing="asking"))
        await passing(3)
        more = told(limit=10, remaining=9, reset=90)
        budget.leave(slow, 200, more)
        assert await waiting == about(3.0)

    in_virtual_time(play)


def test_the_end_of_a_window_is_known_better_with_each_answer() -> None:
    async def play() -> None:
        budget = RateBudget()
        none_left = told(limit=10, remaining=0)
        slow = await budget.enter(LISTING, doing="asking")
        quick = await budget.enter(LISTING, doing="asking")
        await passing(4)
        # Sixty seconds when it was answered, whenever that was: the window ends after 60 s at least, or 64 at most.
        budget.leave(slow, 200, none_left | told(reset=60))
        budget.leave(quick, 200, none_left | told(reset=57))
        await budget.enter(LISTING, doing="asking")
        assert now() == about(61.0)

    in_virtual_time(play)

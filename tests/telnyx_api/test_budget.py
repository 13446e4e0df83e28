"""The rate limit is kept to before the carrier has to refuse, and answering an order never waits for listings.

In virtual time, in which an hour of waiting passes at once, and at last at the sandbox.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.carrier import Carrier
from telnyx_api import TelnyxClient, TooManyRequests
from telnyx_api.budget import RateBudget, Urgency
from telnyx_api.errors import LONGEST_WAIT
from tests.sandbox.conftest import Hands
from tests.telnyx_api.virtual_time import in_virtual_time

STATUS_UPDATE, ONE_THING, LISTING = Urgency

about = partial(pytest.approx, abs=0.01)


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Sent:
    urgency: Urgency
    wanted: float
    went: float
    status: int


@dataclass
class LimitedCarrier:
    """A carrier that answers `limit` requests in each window and 429 to the others, and the budget before it."""

    limit: int
    window: float
    in_whole_seconds: bool = False
    budget: RateBudget = field(default_factory=RateBudget)
    sent: list[Sent] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)

    async def ask(self, urgency: Urgency, *, takes: float = 0.0) -> int:
        wanted = now()
        entered = await self.budget.enter(urgency, doing="asking")
        await asyncio.sleep(takes / 2)
        status, headers = self._answer()
        self.sent.append(Sent(urgency, wanted, entered, status))
        await asyncio.sleep(takes / 2)
        self.budget.leave(entered, status, headers)
        return status

    def _answer(self) -> tuple[int, Mapping[str, str]]:
        window = int(now() // self.window)
        self.used[window] = self.used.get(window, 0) + 1
        reset = (window + 1) * self.window - now()
        return 200 if self.used[window] <= self.limit else 429, {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.limit - self.used[window])),
            "x-ratelimit-reset": str(ceil(reset) if self.in_whole_seconds else reset),
        }

    def waits(self, urgency: Urgency) -> list[float]:
        return [sent.went - sent.wanted for sent in self.sent if sent.urgency is urgency]


def test_the_last_fifth_of_a_window_is_kept_from_listings_and_the_last_twentieth_from_single_reads() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=100, window=60)
        for _ in range(80):
            await carrier.ask(LISTING)
        assert carrier.waits(LISTING) == [0.0] * 80
        for _ in range(15):
            await carrier.ask(ONE_THING)
        with pytest.raises(TooManyRequests, match=r"wait 60\.0 s \(asking\)\.$") as refusal:
            await carrier.ask(ONE_THING)
        assert (refusal.value.status, refusal.value.retry_after) == (None, 60.0)
        for _ in range(5):
            await carrier.ask(STATUS_UPDATE)
        with pytest.raises(TooManyRequests):
            await carrier.ask(STATUS_UPDATE)
        assert len(carrier.sent) == 100
        assert await carrier.ask(LISTING) == 200
        assert carrier.waits(LISTING)[-1] == about(60)
        assert {sent.status for sent in carrier.sent} == {200}

    in_virtual_time(play)


def test_an_answer_goes_at_once_while_a_hundred_pages_wait() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=50, window=60)
        await carrier.ask(LISTING)
        pages = [asyncio.create_task(carrier.ask(LISTING, takes=0.2)) for _ in range(100)]
        await asyncio.sleep(10)
        for _ in range(10):
            await carrier.ask(STATUS_UPDATE)
        assert carrier.waits(STATUS_UPDATE) == [0.0] * 10
        ends = await asyncio.gather(*pages, return_exceptions=True)
        assert ends.count(200) == 39 + 40  # one window's share, and the next one's
        assert sum(isinstance(end, TooManyRequests) for end in ends) == 21
        assert {sent.status for sent in carrier.sent} == {200}

    in_virtual_time(play)


def test_when_the_window_opens_the_more_urgent_goes_first_and_then_who_came_first() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=4, window=2)
        await carrier.ask(STATUS_UPDATE)
        await asyncio.gather(*(carrier.ask(STATUS_UPDATE) for _ in range(3)))
        order: list[str] = []

        async def ask(name: str, urgency: Urgency) -> None:
            await carrier.ask(urgency)
            order.append(name)

        wanted = [
            ("page 1", LISTING),
            ("page 2", LISTING),
            ("read", ONE_THING),
            ("answer 1", STATUS_UPDATE),
            ("answer 2", STATUS_UPDATE),
        ]
        await asyncio.gather(*(ask(*one) for one in wanted), return_exceptions=True)
        assert order == ["answer 1", "answer 2", "read"]
        assert [sent.went for sent in carrier.sent[4:]] == [about(2.0)] * 3

    in_virtual_time(play)


KINDS = st.sampled_from(list(Urgency))
REQUESTS = st.lists(
    st.tuples(KINDS, st.floats(0, 40), st.floats(0, 1)), min_size=1, max_size=80
)  # kind, seconds until it is wanted, seconds that it takes


@settings(deadline=None, max_examples=150)
@given(REQUESTS, st.integers(1, 30), st.floats(5, 30), st.booleans())
def test_whoever_asks_for_what_and_when_nobody_is_refused_by_the_carrier_nor_waits_longer_than_it_said(
    requests: list[tuple[Urgency, float, float]], limit: int, window: float, in_whole_seconds: bool
) -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit, window, in_whole_seconds)
        await carrier.ask(LISTING)  # before the first answer nothing is known
        refused = 0

        async def one(urgency: Urgency, after: float, takes: float) -> None:
            nonlocal refused
            await asyncio.sleep(after)
            try:
                await carrier.ask(urgency, takes=takes)
            except TooManyRequests:
                refused += 1

        await asyncio.gather(*(one(*request) for request in requests))
        assert len(carrier.sent) + refused == len(requests) + 1
        assert {sent.status for sent in carrier.sent} == {200}
        for urgency, longest in ((STATUS_UPDATE, 10.0), (ONE_THING, 2.0), (LISTING, window + 2.0)):
            assert all(wait <= longest + 0.01 for wait in carrier.waits(urgency))
        for answer in carrier.sent:
            if answer.urgency is STATUS_UPDATE:
                waited = (answer.wanted, answer.went)
                assert not [s for s in carrier.sent if s.urgency > 0 and waited[0] < s.went < waited[1]]

    in_virtual_time(play)


def test_without_headers_there_is_no_limit() -> None:
    async def play() -> None:
        budget = RateBudget()
        for _ in range(5000):
            budget.leave(await budget.enter(LISTING, doing="asking"), 200, {})
        assert now() == 0.0

    in_virtual_time(play)


SENSELESS: list[dict[str, str]] = [
    {"x-ratelimit-remaining": "0"},
    {"x-ratelimit-reset": "60"},
    {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "-1", "x-ratelimit-reset": "60"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "none", "x-ratelimit-reset": "60"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "²", "x-ratelimit-reset": "60"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "9" * 5000, "x-ratelimit-reset": "60"},
    {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "-7"},
]


@pytest.mark.parametrize("headers", SENSELESS)
def test_headers_that_make_no_sense_hold_nobody_back(headers: dict[str, str]) -> None:
    async def play() -> None:
        budget = RateBudget()
        for _ in range(3):
            budget.leave(await budget.enter(LISTING, doing="asking"), 200, headers)
        assert now() == 0.0

    in_virtual_time(play)


def test_a_limit_is_forgotten_when_the_carrier_tells_no_more_of_it() -> None:
    async def play() -> None:
        budget = RateBudget()
        told = {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"}
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, told)
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, {})
        for _ in range(100):
            await budget.enter(LISTING, doing="asking")
        assert now() == about(5.0)

    in_virtual_time(play)


def test_an_absurd_reset_holds_for_five_minutes_at_most() -> None:
    async def play() -> None:
        budget = RateBudget()
        told = {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "86400"}
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, told)
        with pytest.raises(TooManyRequests) as refusal:
            await budget.enter(STATUS_UPDATE, doing="asking")
        assert refusal.value.retry_after == LONGEST_WAIT
        await budget.enter(LISTING, doing="asking")
        assert now() == about(LONGEST_WAIT)

    in_virtual_time(play)


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, {"x-ratelimit-reset": "7"}])
def test_after_a_429_nothing_is_sent_until_the_carrier_allows_it(headers: dict[str, str]) -> None:
    async def play() -> None:
        budget = RateBudget()
        late = await budget.enter(LISTING, doing="asking")
        budget.leave(await budget.enter(LISTING, doing="asking"), 429, headers)
        # One that was sent before speaks of room; the refusal stands all the same.
        room = {"x-ratelimit-limit": "99", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "60"}
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
        told = {"x-ratelimit-limit": "10", "x-ratelimit-reset": "60"}
        budget.leave(second, 200, told | {"x-ratelimit-remaining": "1"})
        budget.leave(first, 200, told | {"x-ratelimit-remaining": "9"})
        await budget.enter(LISTING, doing="asking")
        assert now() == about(60.0)

    in_virtual_time(play)


def test_an_answer_from_a_window_that_is_over_does_not_speak_for_the_new_one() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        limit = {"x-ratelimit-limit": "10"}
        new = limit | {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "60"}
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, new)
        budget.leave(slow, 200, limit | {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"})
        await budget.enter(LISTING, doing="asking")
        assert now() == 0.0

    in_virtual_time(play)


def test_requests_without_an_answer_count_as_sent_and_never_stop_the_others_for_good() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=5, window=60)
        await carrier.ask(LISTING)
        for _ in range(3):
            carrier.budget.leave(await carrier.budget.enter(LISTING, doing="asking"), None, {})
        for _ in range(20):
            carrier.budget.leave(await carrier.budget.enter(LISTING, doing="asking"), None, {})
        assert now() == about(60.0)

    in_virtual_time(play)


def test_who_gives_up_waiting_leaves_the_place_to_others() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=1, window=9)
        await carrier.ask(STATUS_UPDATE)
        asked = [asyncio.create_task(carrier.ask(urgency)) for urgency in (STATUS_UPDATE, LISTING)]
        await asyncio.sleep(1)
        asked[0].cancel()
        assert (await asyncio.gather(*asked, return_exceptions=True))[1] == 200
        assert now() == about(9.0)

    in_virtual_time(play)


def test_who_is_cancelled_in_the_moment_of_going_gives_the_place_back() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        told = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, told)
        waiting = asyncio.create_task(budget.enter(LISTING, doing="asking"))
        await asyncio.sleep(3)
        # Two are kept for others, so there is room for one, which is let in and does not go.
        budget.leave(slow, 200, told | {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "90"})
        waiting.cancel()
        assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
        await budget.enter(LISTING, doing="asking")
        assert now() == about(3.0)

    in_virtual_time(play)


def test_who_comes_when_the_window_opens_does_not_overtake_who_waits() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=1, window=9)
        await carrier.ask(STATUS_UPDATE)
        waiting = asyncio.create_task(carrier.ask(STATUS_UPDATE))
        await asyncio.sleep(9.0008)
        await asyncio.gather(waiting, carrier.ask(STATUS_UPDATE))
        assert [sent.wanted for sent in carrier.sent] == [0.0, 0.0, about(9.0)]
        assert [sent.went for sent in carrier.sent] == [0.0, about(9.0), about(18.0)]

    in_virtual_time(play)


def test_room_that_an_answer_tells_of_is_used_at_once() -> None:
    async def play() -> None:
        budget = RateBudget()
        slow = await budget.enter(LISTING, doing="asking")
        told = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}
        budget.leave(await budget.enter(LISTING, doing="asking"), 200, told)
        waiting = asyncio.create_task(budget.enter(LISTING, doing="asking"))
        await asyncio.sleep(3)
        more = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "90"}
        budget.leave(slow, 200, more)
        assert await waiting == about(3.0)

    in_virtual_time(play)


def test_the_end_of_a_window_is_known_better_with_each_answer() -> None:
    async def play() -> None:
        budget = RateBudget()
        told = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"}
        slow = await budget.enter(LISTING, doing="asking")
        quick = await budget.enter(LISTING, doing="asking")
        await asyncio.sleep(4)
        # Sixty seconds when it was answered, whenever that was: the window ends after 60 s at least, or 64 at most.
        budget.leave(slow, 200, told | {"x-ratelimit-reset": "60"})
        budget.leave(quick, 200, told | {"x-ratelimit-reset": "57"})
        await budget.enter(LISTING, doing="asking")
        assert now() == about(61.0)

    in_virtual_time(play)


def test_a_listing_that_waits_gives_signs_of_life() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=1, window=58)
        await carrier.ask(LISTING)
        signs: list[float] = []
        await carrier.budget.enter(LISTING, doing="asking", on_wait=lambda: signs.append(now()))
        assert signs == about(range(5, 58, 5))

    in_virtual_time(play)


# At the sandbox, by its headers


async def test_at_the_sandbox_the_client_stops_before_it_is_refused_and_an_answer_still_goes(
    ours: TelnyxClient, sandbox: Carrier
) -> None:
    order = sandbox.create_order()
    sandbox.rate_limit.set(10, window=58)
    refusal: TooManyRequests | None = None
    while refusal is None:
        try:
            await ours.portout(order)
        except TooManyRequests as error:
            refusal = error
    assert refusal.status is None
    assert 0 < refusal.retry_after <= 60
    page = asyncio.create_task(ours.portouts())
    answered = await ours.update_status(order, "authorized", reason="Verified.")
    assert answered.status == "authorized"
    assert not page.done()
    page.cancel()
    asked = [(entry["method"], entry["status"]) for entry in sandbox.log.since()]
    assert asked == [("GET", 200)] * 9 + [("PATCH", 200)]


async def test_at_the_sandbox_a_listing_goes_on_by_itself_in_the_next_window(
    ours: TelnyxClient, sandbox: Carrier, hands: Hands
) -> None:
    orders = {sandbox.create_order() for _ in range(251)}
    sandbox.rate_limit.set(10, window=1)
    pages: list[int] = []

    def turn_the_page(number: int) -> None:
        pages.append(number)
        if number % 8 == 0:  # then two are left for answers
            hands.turn(1)  # the sandbox's next window begins; ours a second later at most

    assert {order.id for order in await ours.portouts(on_page=turn_the_page)} == orders
    assert len(pages) > 8
    assert {entry["status"] for entry in sandbox.log.since()} == {200}

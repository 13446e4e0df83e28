"""The rate limit is kept to before the carrier has to refuse, and answering an order never waits for listings.

In virtual time, in which an hour of waiting passes at once, and at last at the sandbox.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.carrier import Carrier
from telnyx_api import TelnyxClient, TooManyRequests
from telnyx_api.budget import RateBudget, Urgency
from tests.sandbox.conftest import Hands
from tests.telnyx_api.rate_limit import LISTING, ONE_THING, STATUS_UPDATE, told
from tests.telnyx_api.virtual_time import about, in_virtual_time, now, passing


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
        await passing(takes / 2)
        status, headers = self._answer()
        self.sent.append(Sent(urgency, wanted, entered, status))
        await passing(takes / 2)
        self.budget.leave(entered, status, headers)
        return status

    def _answer(self) -> tuple[int, Mapping[str, str]]:
        window = int(now() // self.window)
        self.used[window] = self.used.get(window, 0) + 1
        reset = (window + 1) * self.window - now()
        return 200 if self.used[window] <= self.limit else 429, told(
            limit=self.limit,
            remaining=max(0, self.limit - self.used[window]),
            reset=ceil(reset) if self.in_whole_seconds else reset,
        )

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
        await passing(10)
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
            await passing(after)
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
        await passing(1)
        asked[0].cancel()
        assert (await asyncio.gather(*asked, return_exceptions=True))[1] == 200
        assert now() == about(9.0)

    in_virtual_time(play)


def test_who_comes_when_the_window_opens_does_not_overtake_who_waits() -> None:
    async def play() -> None:
        carrier = LimitedCarrier(limit=1, window=9)
        await carrier.ask(STATUS_UPDATE)
        waiting = asyncio.create_task(carrier.ask(STATUS_UPDATE))
        await passing(9.0008)
        await asyncio.gather(waiting, carrier.ask(STATUS_UPDATE))
        assert [sent.wanted for sent in carrier.sent] == [0.0, 0.0, about(9.0)]
        assert [sent.went for sent in carrier.sent] == [0.0, about(9.0), about(18.0)]

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

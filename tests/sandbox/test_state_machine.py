"""Whatever happens in whatever order, an order only moves as orders may, and its events tell exactly that."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from sandbox.carrier import Carrier
from sandbox.errors import ApiError
from sandbox.faults import Effect
from sandbox.orders import STATUSES
from sandbox.query import EventSearch, Query
from tests.sandbox.conftest import Hands

MOVES = {
    "pending": {"authorized", "rejected-pending", "canceled"},
    "authorized": {"ported"},
    "rejected-pending": {"rejected", "pending", "ported"},
    "rejected": set(),
    "canceled": set(),
    "ported": set(),
}
Deed = tuple[Callable[[Carrier, str], None], set[str]]
DEEDS: list[Deed] = [
    (Carrier.cancel, {"pending"}),
    (Carrier.authorize, {"pending"}),
    (lambda carrier, order_id: carrier.rule(order_id, "accept"), {"rejected-pending"}),
    (lambda carrier, order_id: carrier.rule(order_id, "bounce"), {"rejected-pending"}),
    (lambda carrier, order_id: carrier.rule(order_id, "port"), {"rejected-pending", "authorized"}),
]
ALL = Query(1, 10**6, {})
EVERY_EVENT = EventSearch(None, None, None, None)


class Orders(RuleBasedStateMachine):
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.carrier = Carrier(now=self.hands, silence_after=100)
        self.answered: dict[str, int] = {}

    @rule(target=orders, age=st.integers(0, 150), window=st.none() | st.integers(1, 200))
    def place(self, age: int, window: int | None) -> str:
        order_id = self.carrier.create_order(age_seconds=age, silence_after=window)
        self.answered[order_id] = 0
        return order_id

    @rule(
        order_id=orders,
        status=st.sampled_from(["authorized", "rejected-pending", "ported"]),
        body=st.fixed_dictionaries(
            {},
            optional={
                "reason": st.sampled_from(["No.", "", None]),
                "rejection_code": st.sampled_from([1001, 1002, 1003, None]),
            },
        ),
        stale=st.integers(0, 2),
    )
    def answer(self, order_id: str, status: str, body: dict[str, Any], stale: int) -> None:
        acceptable = (
            self.carrier.truth(order_id)["status"] == "pending"
            and status != "ported"
            and body.get("reason") == "No."
            and body.get("rejection_code")
            in ((None, 1001, 1002) if status == "rejected-pending" else (None,))
        )
        effect = Effect(stale_reads=stale, stale_events=stale == 2)
        if acceptable:
            assert self.carrier.update_status(order_id, status, body, effect)["status"] == status
            self.answered[order_id] += 1
        else:
            with pytest.raises(ApiError) as refused:
                self.carrier.update_status(order_id, status, body, effect)
            assert refused.value.status == 422

    @rule(order_id=orders, deed=st.sampled_from(DEEDS))
    def happen(self, order_id: str, deed: Deed) -> None:
        do, possible = deed
        before = self.carrier.truth(order_id)["status"]
        if before in possible:
            do(self.carrier, order_id)
            assert self.carrier.truth(order_id)["status"] != before
        else:
            with pytest.raises(ApiError):
                do(self.carrier, order_id)
            assert self.carrier.truth(order_id)["status"] == before

    @rule(seconds=st.floats(0, 120))
    def wait(self, seconds: float) -> None:
        self.hands.turn(seconds)

    @rule(seconds=st.integers(1, 300))
    def change_the_usual_window(self, seconds: int) -> None:
        self.carrier.set_silence(seconds)

    @rule(scale=st.sampled_from([0.5, 1.0, 10.0]))
    def change_the_scale(self, scale: float) -> None:
        self.carrier.clock.set_scale(scale)

    @rule(order_id=orders)
    def read(self, order_id: str) -> None:
        assert self.carrier.read_order(order_id)["id"] == order_id

    @invariant()
    def histories_hold_legal_moves_in_time(self) -> None:
        for truth in self.carrier.truths():
            history = truth["history"]
            assert history[0]["status"] == "pending"
            for one, next_one in pairwise(history):
                assert next_one["status"] in MOVES[one["status"]]
                assert one["at"] <= next_one["at"]
            assert truth["status"] == history[-1]["status"]
            by_patch = [entry for entry in history if entry["by"] == "patch"]
            assert len(by_patch) == truth["effective_patches"] == self.answered[truth["id"]]

    @invariant()
    def no_pending_order_has_outlived_its_window(self) -> None:
        now = self.carrier.clock.now()
        for truth in self.carrier.truths():
            assert (truth["silence_at"] is not None) == (truth["status"] == "pending")
            if truth["silence_at"]:
                assert truth["silence_at"] > now.isoformat()

    @rule()
    def list_events(self) -> None:
        events, total = self.carrier.list_events(EVERY_EVENT, ALL)
        assert len(events) == total
        times = [event["created_at"] for event in events]
        assert times == sorted(times, reverse=True)
        for truth in self.carrier.truths():
            told = [event["payload"]["status"] for event in events if event["portout_id"] == truth["id"]][
                ::-1
            ]
            # A read that lags behind may miss the end of the story, and never its beginning.
            assert told == [entry["status"] for entry in truth["history"]][: len(told)]
            assert told

    @rule()
    def list_orders(self) -> None:
        everything, total = self.carrier.list_orders(ALL)
        assert {row["id"] for row in everything} == set(self.answered)
        assert len(everything) == total

    def teardown(self) -> None:
        """When every read has caught up, each order stands under its status and each change has its event."""
        for order_id in self.answered:
            for _ in range(3):
                self.carrier.read_order(order_id)
        events, _ = self.carrier.list_events(EVERY_EVENT, ALL)
        for truth in self.carrier.truths():
            told = [event["payload"]["status"] for event in events if event["portout_id"] == truth["id"]]
            assert told[::-1] == [entry["status"] for entry in truth["history"]]
        listed = {
            row["id"]: status
            for status in STATUSES
            for row in self.carrier.list_orders(Query(1, 10**6, {"status": [status]}))[0]
        }
        assert listed == {truth["id"]: truth["status"] for truth in self.carrier.truths()}


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=60, stateful_step_count=30)

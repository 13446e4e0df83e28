"""The carrier's books: orders and events with their indexes, and reads that lag behind."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import TypeVar

from sandbox.errors import not_found
from sandbox.orders import STATUSES, Event, Order, Shown, Stale

_T = TypeVar("_T")
Place = tuple[datetime, int]
OrderTest = Callable[[Order, Shown], bool]
"""Whether an order belongs in a listing, given how it is shown to this read."""


def _place(item: Order | Event) -> Place:
    return item.place


def _time(item: Event) -> datetime:
    return item.place[0]


def _listed(shown: Shown, statuses: Collection[str] | None) -> bool:
    return statuses is None or shown["status"] in statuses


def _concerns(order: Order, statuses: Collection[str] | None, test: OrderTest | None) -> bool:
    """Whether a listing would hold the order, as it was shown before its PATCH or as it stands now."""
    views = (order.as_read, order.shown)
    return any(_listed(shown, statuses) and (test is None or test(order, shown)) for shown in views)


class OrderBook:
    """Orders by id and, oldest first, by status: a listing costs what it finds, not what there is."""

    def __init__(self) -> None:
        self._by_id: dict[str, Order] = {}
        self._all: list[Order] = []
        self._by_status: dict[str, list[Order]] = {status: [] for status in STATUSES}
        self._stale: dict[str, Order] = {}

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._by_id

    def __iter__(self) -> Iterator[Order]:
        """Oldest first."""
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, order: Order) -> None:
        self._by_id[order.id] = order
        insort(self._all, order, key=_place)
        insort(self._by_status[order.status], order, key=_place)

    def get(self, order_id: str) -> Order:
        """Raises ApiError 404."""
        order = self._by_id.get(order_id)
        if order is None:
            raise not_found("The port-out", order_id)
        return order

    def restate(self, order: Order, shown: Shown) -> None:
        """Show the order differently from now on, and file it under its new status."""
        bucket = self._by_status[order.status]
        del bucket[bisect_left(bucket, order.place, key=_place)]
        order.shown = shown
        insort(self._by_status[order.status], order, key=_place)

    def lag(self, order: Order, stale: Stale) -> None:
        """Let the next reads of the order see how it stood before."""
        order.stale = stale
        self._stale[order.id] = order

    def read(self, order_id: str) -> Shown:
        """The order as this read sees it. Raises ApiError 404."""
        order = self.get(order_id)
        shown = order.as_read
        self._spend([order])
        return shown

    def page(
        self, number: int, size: int, statuses: Collection[str] | None = None, test: OrderTest | None = None
    ) -> tuple[list[Shown], int]:
        """One page of the orders as this read sees them, newest first, and how many there are in all."""
        found = self._filed_under(statuses)
        lagging: list[Order] = []
        if self._stale:
            lagging = [order for order in self._stale.values() if _concerns(order, statuses, test)]
            seen = (order for order in {*found, *lagging} if _listed(order.as_read, statuses))
            found = sorted(seen, key=_place)
        if test is not None:
            found = [order for order in found if test(order, order.as_read)]
        rows = [order.as_read for order in newest_first(found, number, size)]
        self._spend(lagging)
        return rows, len(found)

    def events_hidden_by_lag(self) -> set[str]:
        """Ids of the events that this read of all of them does not see; counts as a read of their orders."""
        lagging = [order for order in self._stale.values() if order.hides_events]
        hidden = {event.id for order in lagging for event in order.events[len(order.events_as_read) :]}
        self._spend(lagging)
        return hidden

    def events_of(self, order_id: str) -> list[Event]:
        """The events of one order as this read sees them, oldest first; none of an unknown order."""
        order = self._by_id.get(order_id)
        if order is None:
            return []
        events = order.events_as_read
        if order.hides_events:
            self._spend([order])
        return events

    def _filed_under(self, statuses: Collection[str] | None) -> list[Order]:
        if statuses is None:
            return self._all
        buckets = [self._by_status[status] for status in statuses]
        return buckets[0] if len(buckets) == 1 else sorted(chain(*buckets), key=_place)

    def _spend(self, orders: Iterable[Order]) -> None:
        for order in orders:
            if order.stale is None:
                continue
            order.stale.reads_left -= 1
            if order.stale.reads_left <= 0:
                order.stale = None
                del self._stale[order.id]


class EventBook:
    """All events, oldest first, and by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Event] = {}
        self._all: list[Event] = []

    def __len__(self) -> int:
        return len(self._all)

    def add(self, event: Event) -> None:
        self._by_id[event.id] = event
        insort(self._all, event, key=_place)

    def get(self, event_id: str) -> Event:
        """Raises ApiError 404."""
        event = self._by_id.get(event_id)
        if event is None:
            raise not_found("The port-out event", event_id)
        return event

    def between(self, first: datetime | None, last: datetime | None) -> list[Event]:
        """Events made from ``first`` to ``last``, both included; None leaves that side open."""
        start = 0 if first is None else bisect_left(self._all, first, key=_time)
        end = len(self._all) if last is None else bisect_right(self._all, last, key=_time)
        return self._all[start:end]


def newest_first(found: list[_T], number: int, size: int) -> list[_T]:
    """Page ``number`` (from 1) of a list that is kept oldest first."""
    end = max(0, len(found) - (number - 1) * size)
    return found[max(0, end - size) : end][::-1]

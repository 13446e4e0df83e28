"""Query strings as the carrier reads them: pages, filters in deep-object style, what each filter means."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import phonenumbers

from sandbox.book import OrderTest
from sandbox.errors import unprocessable
from sandbox.orders import EVENT_TYPES, STATUSES, Event, Order, Shown

DEFAULT_SIZE = 20
LARGEST_SIZE = 250

# filter[name], filter[name][], filter[name][0], filter[name][gte] and filter[name][in][]
_FILTER = re.compile(r"filter\[([a-z_0-9]+)\](?:\[([a-z]+)\])?(?:\[[0-9]*\])?")

_T = TypeVar("_T")
Filters = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query string. Filters are named ``status`` or, with an operation, ``inserted_at.gte``."""

    number: int
    size: int
    filters: Filters

    def meta(self, total: int) -> dict[str, int]:
        return {
            "page_number": self.number,
            "page_size": self.size,
            "total_pages": max(1, -(-total // self.size)),
            "total_results": total,
        }


def parse(items: Iterable[tuple[str, str]], known: Collection[str]) -> Query:
    """Read the parameters. Unknown filters are refused, so that a client's misspelling shows; the rest is
    ignored.

    Raises:
        ApiError: 422 for a page outside its bounds or an unknown filter.
    """
    number, size = 1, DEFAULT_SIZE
    filters: Filters = {}
    for key, value in items:
        if key == "page[number]":
            number = _whole(key, value, 1, 10**9)
        elif key == "page[size]":
            size = _whole(key, value, 1, LARGEST_SIZE)
        elif key.startswith("filter"):
            match = _FILTER.fullmatch(key)
            name = ".".join(part for part in match.groups() if part) if match else key
            if name not in known:
                raise unprocessable(f"{key} is not a filter of this listing.", parameter=key)
            filters.setdefault(name, []).append(value)
    return Query(number, size, filters)


def sort_order(items: Iterable[tuple[str, str]]) -> list[str]:
    """The fields to sort by, as they came."""
    return [value for key, value in items if key in ("sort", "sort[]")]


def page_of(found: list[_T], query: Query) -> list[_T]:
    """The page asked for of what was found, in its order."""
    start = (query.number - 1) * query.size
    return found[start : start + query.size]


def _whole(key: str, value: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value) or not least <= int(value) <= most:
        raise unprocessable(f"{key} must be a whole number from {least} to {most}.", parameter=key)
    return int(value)


def several(values: list[str]) -> list[str]:
    """The items of a list filter, whether repeated or joined by commas."""
    return [item for value in values for item in value.split(",") if item]


def one_of(parameter: str, values: list[str], allowed: Collection[str]) -> list[str]:
    """The values. Raises ApiError 422 unless each is allowed."""
    for value in values:
        if value not in allowed:
            raise unprocessable(f"{value!r} is not one of {', '.join(allowed)}.", parameter=parameter)
    return values


def moment(name: str, values: list[str]) -> datetime:
    """The time that a filter gives; without an offset it is UTC. Raises ApiError 422."""
    try:
        given = datetime.fromisoformat(values[0])
    except ValueError:
        field, _, operation = name.partition(".")
        parameter = f"filter[{field}]" + (f"[{operation}]" if operation else "")
        raise unprocessable("An ISO 8601 date and time is required.", parameter=parameter) from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


# Port-outs


def _equals(field: str) -> Callable[[list[str]], OrderTest]:
    return lambda values: lambda _, shown: bool(shown[field] == values[0])


def _in_countries(values: list[str]) -> OrderTest:
    wanted = set(several(values))
    return lambda _, shown: any(_country(number) in wanted for number in shown["phone_numbers"] or ())


def _has_number(values: list[str]) -> OrderTest:
    return lambda _, shown: values[0] in (shown["phone_numbers"] or ())


def _same_date(values: list[str]) -> OrderTest:
    wanted = moment("foc_date", values).astimezone(UTC).date().isoformat()
    return lambda _, shown: bool(shown["foc_date"] and shown["foc_date"].startswith(wanted))


def _inserted(order: Order, _: Shown) -> datetime | None:
    return order.place[0]


def _ported_out(order: Order, _: Shown) -> datetime | None:
    return order.ported_out_at


def _since(name: str, read: Callable[[Order, Shown], datetime | None]) -> Callable[[list[str]], OrderTest]:
    def build(values: list[str]) -> OrderTest:
        first = moment(name, values)
        return lambda order, shown: (at := read(order, shown)) is not None and at >= first

    return build


def _until(name: str, read: Callable[[Order, Shown], datetime | None]) -> Callable[[list[str]], OrderTest]:
    def build(values: list[str]) -> OrderTest:
        last = moment(name, values)
        return lambda order, shown: (at := read(order, shown)) is not None and at <= last

    return build


_ORDER_TESTS: dict[str, Callable[[list[str]], OrderTest]] = {
    "carrier_name": _equals("carrier_name"),
    "country_code": _in_countries,
    "country_code_in": _in_countries,
    "foc_date": _same_date,
    "inserted_at.gte": _since("inserted_at.gte", _inserted),
    "inserted_at.lte": _until("inserted_at.lte", _inserted),
    "phone_number": _has_number,
    "pon": _equals("pon"),
    "ported_out_at.gte": _since("ported_out_at.gte", _ported_out),
    "ported_out_at.lte": _until("ported_out_at.lte", _ported_out),
    "spid": _equals("spid"),
    "support_key": _equals("support_key"),
}
ORDER_FILTERS = frozenset({"status", "status_in", *_ORDER_TESTS})


def order_filters(filters: Filters) -> tuple[set[str] | None, OrderTest | None]:
    """The statuses asked for (None: every one) and the test that an order must pass besides (None: none).

    Raises:
        ApiError: 422 for an unknown status or a bad time.
    """
    statuses: set[str] | None = None
    if "status" in filters:
        statuses = set(one_of("filter[status]", filters["status"], STATUSES))
    if "status_in" in filters:
        wanted = set(one_of("filter[status_in]", several(filters["status_in"]), STATUSES))
        statuses = wanted if statuses is None else statuses & wanted
    tests = [_ORDER_TESTS[name](values) for name, values in filters.items() if name in _ORDER_TESTS]
    if len(tests) <= 1:
        return statuses, tests[0] if tests else None
    return statuses, lambda order, shown: all(test(order, shown) for test in tests)


@cache
def _country(number: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


# Events and rejection codes

EVENT_FILTERS = frozenset({"event_type", "portout_id", "created_at.gte", "created_at.lte"})
CODE_FILTERS = frozenset({"code", "code.in"})


@dataclass(frozen=True, slots=True)
class EventSearch:
    """What is asked of the events; None means that it does not matter."""

    portout_id: str | None
    event_type: str | None
    first: datetime | None
    last: datetime | None

    def spans(self, event: Event) -> bool:
        """Whether the event was made in the time asked for, both ends included."""
        at = event.place[0]
        return (self.first is None or at >= self.first) and (self.last is None or at <= self.last)


def event_search(filters: Filters) -> EventSearch:
    """Raises ApiError 422 for an unknown event type or a bad time."""
    kinds = one_of("filter[event_type]", filters.get("event_type", []), EVENT_TYPES)
    bounds: dict[str, Any] = {
        side: moment(name, filters[name]) if name in filters else None
        for side, name in (("first", "created_at.gte"), ("last", "created_at.lte"))
    }
    order_ids = filters.get("portout_id", [])
    return EventSearch(order_ids[0] if order_ids else None, kinds[0] if kinds else None, **bounds)


def wanted_codes(filters: Filters) -> set[int] | None:
    """The rejection codes asked for; None: every one. Raises ApiError 422 unless they are numbers."""
    values = several([value for values in filters.values() for value in values])
    if not filters:
        return None
    return {_whole("filter[code]", value, 0, 10**9) for value in values}

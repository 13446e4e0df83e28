"""No entry that was there all the while is lost, whatever comes, leaves and moves between two answers."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response

from telnyx_api import PortOut, TelnyxClient, UnexpectedAnswer, Unprocessable, read_timestamp
from telnyx_api.answers import Meta, Page
from telnyx_api.paging import MAX_ANSWERS, MAX_PASSES, Reading, Window
from tests.telnyx_api.conftest import Asked, ScriptedCarrier

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS = Window(None, None)

Change = tuple[Literal["come", "leave", "move"], int, int]
"""What happens to the listing, at which place in it, and either to which place or at which time."""


@dataclass
class ModelCarrier:
    """A listing in some order, of which one page after the other is asked while it changes.

    `says` is what its answers tell of themselves, `filter` what its filter on time does.
    """

    entries: list[PortOut]
    changes: Sequence[Sequence[Change]] = ()
    page_size: int = 250
    says: Literal["all", "pages", "nothing"] = "all"
    clamps: bool = False
    filter: Literal["exact", "whole seconds", "ignored", "refused", "finds nothing"] = "exact"
    asked: list[Mapping[str, str]] = field(default_factory=list)
    stayed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.stayed = {entry.id for entry in self.entries}
        self._new = itertools.count(1)

    async def ask(self, query: Mapping[str, str]) -> Page[PortOut]:
        number, size = int(query["page[number]"]), min(self.page_size, int(query["page[size]"]))
        within = self._bounds(query)
        found = [entry for entry in self.entries if within.holds_exactly(entry.inserted_at)]
        pages = math.ceil(len(found) / size)
        if self.clamps:
            number = max(1, min(number, pages))
        meta = Meta(page_number=number, page_size=size, total_pages=pages, total_results=len(found))
        if self.says == "pages":
            meta.total_results = None
        self._change(len(self.asked))
        self.asked.append(query)
        return Page(found[(number - 1) * size : number * size], None if self.says == "nothing" else meta)

    def _bounds(self, query: Mapping[str, str]) -> "Exactly":
        ends = [read_timestamp(query.get(f"filter[inserted_at][{end}]")) for end in ("gte", "lte")]
        if self.filter == "refused" and any(ends):
            raise Unprocessable("No such filter.", status=422)
        if self.filter == "finds nothing" and any(ends):
            return Exactly(DAWN, DAWN - timedelta(days=1))
        if self.filter == "ignored":
            ends = [None, None]
        if self.filter == "whole seconds":
            ends = [end and end.replace(microsecond=0) for end in ends]
        return Exactly(*ends)

    def _change(self, answers: int) -> None:
        for what, place, other in self.changes[answers] if answers < len(self.changes) else ():
            place = place % (len(self.entries) + 1)
            if what == "come":
                new = order(f"new-{next(self._new)}", other + next(self._new) / 1e6)
                self.entries.insert(place, new)
            elif place < len(self.entries):
                entry = self.entries.pop(place)
                if what == "move":
                    self.entries.insert(other % (len(self.entries) + 1), entry)
                else:
                    self.stayed.discard(entry.id)


@dataclass
class Exactly:
    since: datetime | None
    until: datetime | None

    def holds_exactly(self, moment: datetime | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if moment is None:
            return False
        return (self.since is None or self.since <= moment) and (self.until is None or moment <= self.until)


def order(id_: str, seconds: float | None) -> PortOut:
    at = None if seconds is None else DAWN + timedelta(seconds=seconds)
    return PortOut(id=id_, status="pending", inserted_at=at)


def reading(carrier: ModelCarrier, on_answer: Callable[[int], None] | None = None) -> Reading[PortOut]:
    return Reading(
        carrier.ask,
        created="filter[inserted_at]",
        moment=lambda entry: entry.inserted_at,
        within=ALWAYS,
        on_answer=on_answer,
    )


PLACES = st.integers(0, 30)
SECONDS = st.integers(0, 4000)
WHAT: list[Literal["come", "leave", "move"]] = ["come", "leave", "move"]
ANYTHING = st.tuples(st.sampled_from(WHAT), PLACES, PLACES | SECONDS)
LEAVING = st.tuples(st.just(WHAT[1]), PLACES, PLACES)


def batches(change: st.SearchStrategy[Change], size: int) -> st.SearchStrategy[list[list[Change]]]:
    return st.lists(st.lists(change, max_size=3), max_size=size)


@settings(max_examples=300, deadline=None)
@given(
    times=st.lists(SECONDS, max_size=25, unique=True),
    changes=batches(ANYTHING, 40),
    page_size=st.integers(2, 6),
    says=st.sampled_from(["all", "pages", "nothing"]),
    clamps=st.booleans(),
    filter_=st.sampled_from(["exact", "whole seconds"]),
)
async def test_no_entry_that_stayed_is_lost_whatever_comes_leaves_and_moves(
    times: list[int],
    changes: list[list[Change]],
    page_size: int,
    says: Literal["all", "pages", "nothing"],
    clamps: bool,
    filter_: Literal["exact", "whole seconds"],
) -> None:
    entries = [order(f"old-{n}", seconds) for n, seconds in enumerate(times)]
    carrier = ModelCarrier(entries, changes, page_size, says, clamps, filter_)
    listing = await reading(carrier).read()
    ids = [entry.id for entry in listing]
    assert carrier.stayed <= set(ids)
    assert len(ids) == len(set(ids))
    assert listing.unreadable == 0


@settings(deadline=None)
@given(
    times=st.lists(st.sampled_from([0, 0.5, 1]), max_size=20),
    changes=batches(LEAVING, 6),
    page_size=st.integers(2, 6),
    says=st.sampled_from(["all", "pages", "nothing"]),
    clamps=st.booleans(),
    filter_=st.sampled_from(["exact", "ignored", "refused", "finds nothing"]),
)
async def test_no_entry_that_stayed_is_lost_by_others_leaving_where_time_does_not_tell_them_apart(
    times: list[float],
    changes: list[list[Change]],
    page_size: int,
    says: Literal["all", "pages", "nothing"],
    clamps: bool,
    filter_: Literal["exact", "ignored", "refused", "finds nothing"],
) -> None:
    entries = [order(f"old-{n}", seconds) for n, seconds in enumerate(times)]
    carrier = ModelCarrier(entries, changes, page_size, says, clamps, filter_)
    assert carrier.stayed <= {entry.id for entry in await reading(carrier).read()}


@pytest.mark.parametrize("clamps", [True, False])
async def test_a_listing_that_shrinks_to_fewer_pages_ends_where_it_ends(clamps: bool) -> None:
    shrinks: list[list[Change]] = [[("leave", 0, 0)]] * 2
    carrier = ModelCarrier([order(f"o-{n}", n) for n in range(7)], shrinks, page_size=2, clamps=clamps)
    assert {entry.id for entry in await reading(carrier).read()} >= {f"o-{n}" for n in range(2, 7)}


async def test_a_time_that_is_missing_makes_the_reading_go_by_passes() -> None:
    leaving: list[list[Change]] = [[], [("leave", 0, 0)]]
    carrier = ModelCarrier([order(f"o-{n}", n or None) for n in range(7)], leaving, page_size=2)
    assert {entry.id for entry in await reading(carrier).read()} == {f"o-{n}" for n in range(7)}
    assert not any("filter[inserted_at][gte]" in asked for asked in carrier.asked)


@pytest.mark.parametrize("spoils_at", range(5, 12))
async def test_a_filter_that_fails_half_way_makes_the_reading_go_by_passes(spoils_at: int) -> None:
    carrier = ModelCarrier([order(f"o-{n}", n) for n in range(8)], page_size=2)
    ask = carrier.ask

    async def spoiled(query: Mapping[str, str]) -> Page[PortOut]:
        page = await ask(query)
        if len(query) > 2 and len(carrier.asked) >= spoils_at:
            return Page([*page.items, order("without a time", None)], page.meta)
        return page

    carrier.ask = spoiled  # type: ignore[method-assign]
    ids = {entry.id for entry in await reading(carrier).read()}
    assert ids == {f"o-{n}" for n in range(8)} | {"without a time"}
    assert [len(asked) for asked in carrier.asked[-8:]] == [2] * 8


@pytest.mark.parametrize("size", [0, 1, 249, 250])
async def test_what_fits_in_one_answer_takes_one_request(size: int) -> None:
    carrier = ModelCarrier([order(f"o-{n}", n) for n in range(size)])
    assert len(await reading(carrier).read()) == size
    assert len(carrier.asked) == 1


async def test_a_thousand_orders_take_about_twice_their_pages() -> None:
    carrier = ModelCarrier([order(f"o-{n}", n) for n in range(1000)])
    counts: list[int] = []
    assert len(await reading(carrier, counts.append).read()) == 1000
    assert counts == list(range(1, len(carrier.asked) + 1))
    assert len(carrier.asked) == 4 + 5


async def test_a_thousand_orders_of_the_same_instant_are_read_while_they_leave() -> None:
    carrier = ModelCarrier([order(f"o-{n}", 0) for n in range(1000)], [[("leave", 0, 0)]] * 7)
    assert carrier.stayed <= {entry.id for entry in await reading(carrier).read()}
    assert len(carrier.asked) <= 4 * (MAX_PASSES + 1) + 2


async def test_a_steady_inflow_does_not_keep_a_reading_from_ending() -> None:
    inflow: list[list[Change]] = [[("come", 0, 100_000 + n)] for n in range(500)]
    carrier = ModelCarrier([order(f"o-{n}", 0) for n in range(20)], inflow, page_size=5, filter="ignored")
    assert {f"o-{n}" for n in range(20)} <= {entry.id for entry in await reading(carrier).read()}
    assert len(carrier.asked) < 40


async def test_the_latest_state_seen_is_returned() -> None:
    carrier = ModelCarrier([order(f"o-{n}", n) for n in range(5)], page_size=3)
    ask = carrier.ask

    async def changing(query: Mapping[str, str]) -> Page[PortOut]:
        page = await ask(query)
        return Page(
            [entry.model_copy(update={"pon": str(len(carrier.asked))}) for entry in page.items], page.meta
        )

    carrier.ask = changing  # type: ignore[method-assign]
    listing = await reading(carrier).read()
    assert len(carrier.asked) > 2
    assert min(int(entry.pon or 0) for entry in listing) > 2


# Carriers that lose count


def scripted(pages: Callable[[int], Page[PortOut]]) -> Reading[PortOut]:
    async def ask(query: Mapping[str, str]) -> Page[PortOut]:
        return pages(int(query["page[number]"]))

    return Reading(ask, created="filter[inserted_at]", moment=lambda e: e.inserted_at, within=ALWAYS)


@pytest.mark.parametrize("total_results", [None, 10**6])
async def test_a_listing_without_an_end_is_given_up(total_results: int | None) -> None:
    last = 0

    def pages(number: int) -> Page[PortOut]:
        nonlocal last
        last = max(last, number)
        meta = Meta(page_number=number, total_pages=number + 1, total_results=total_results)
        return Page([order(f"o-{number}", number)], meta)

    with pytest.raises(UnexpectedAnswer, match="does not end"):
        await scripted(pages).read()
    assert last == MAX_ANSWERS


async def test_entries_that_never_end_without_any_count_are_given_up() -> None:
    with pytest.raises(UnexpectedAnswer, match="does not end"):
        await scripted(lambda number: Page([order(f"o-{number}", number)])).read()


async def test_a_listing_that_shows_other_old_entries_each_time_is_given_up() -> None:
    ids = itertools.count()

    def pages(number: int) -> Page[PortOut]:
        meta = Meta(page_number=number, page_size=1, total_pages=2, total_results=2)
        return Page([order(f"o-{next(ids)}", 0)], meta)

    with pytest.raises(UnexpectedAnswer, match="other entries each time"):
        await scripted(pages).read()


async def test_another_page_than_the_one_asked_for_is_not_taken_for_the_rest() -> None:
    meta = Meta(page_number=1, page_size=1, total_pages=3, total_results=3)
    with pytest.raises(UnexpectedAnswer, match="another page"):
        await scripted(lambda _: Page([order("o-1", 0)], meta)).read()


@pytest.mark.parametrize(
    "meta",
    [
        Meta(page_number=0, page_size=0, total_pages=0, total_results=0),
        Meta(page_number=1, page_size=250, total_pages=0, total_results=0),
        Meta(page_number=1, page_size=250, total_pages=1, total_results=1),
        Meta(total_results=-1),
        Meta(),
        None,
    ],
)
async def test_counts_that_contradict_the_entries_or_are_absent_hide_nothing(meta: Meta | None) -> None:
    def pages(number: int) -> Page[PortOut]:
        shown = [order(f"o-{n}", n) for n in range(7)][(number - 1) * 3 : number * 3]
        return Page(shown, meta if number == 1 else None)

    assert len(await scripted(pages).read()) == 7


async def test_a_page_that_is_empty_before_the_last_one_does_not_end_the_reading() -> None:
    def pages(number: int) -> Page[PortOut]:
        meta = Meta(page_number=number, page_size=2, total_pages=3, total_results=6)
        return Page([order(f"o-{number}", number)] if number != 2 else [], meta)

    assert {entry.id for entry in await scripted(pages).read()} >= {"o-1", "o-3"}


async def test_entries_without_an_id_are_counted_once_though_read_several_times() -> None:
    def pages(number: int) -> Page[PortOut]:
        meta = Meta(page_number=number, page_size=2, total_pages=2, total_results=4)
        return Page([order(f"o-{number}", number)], meta, unreadable=1)

    assert (await scripted(pages).read()).unreadable == 2


# Over real HTTP


async def test_a_thousand_orders_are_read_over_http_while_orders_come_and_go(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    entries = [order(f"o-{n:04}", n) for n in range(1000)]
    stayed = {f"o-{n:04}" for n in range(300, 1000)}

    def answer(asked: Asked) -> Response:
        number, size = int(asked.query["page[number]"]), int(asked.query["page[size]"])
        gte, lte = (read_timestamp(asked.query.get(f"filter[inserted_at][{end}]")) for end in ("gte", "lte"))
        bounds = Exactly(gte, lte)
        found = [entry for entry in entries if bounds.holds_exactly(entry.inserted_at)]
        shown = found[(number - 1) * size : number * size]
        meta = {
            "page_number": number,
            "page_size": size,
            "total_pages": math.ceil(len(found) / size),
            "total_results": len(found),
        }
        del entries[:10]
        entries.append(order(f"new-{len(carrier.asked)}", 2000 + len(carrier.asked)))
        return JSONResponse({"data": [entry.model_dump(mode="json") for entry in shown], "meta": meta})

    carrier.answer = answer
    pages: list[int] = []
    orders = await client.portouts(status="pending", on_page=pages.append)
    ids = [entry.id for entry in orders]
    assert stayed <= set(ids)
    assert len(ids) == len(set(ids))
    assert pages == list(range(1, len(carrier.asked) + 1))
    assert all(asked.query["filter[status]"] == "pending" for asked in carrier.asked)


async def test_windows_stay_within_the_times_that_the_caller_asked_for(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    since, until = DAWN, DAWN + timedelta(days=1)

    def answer(asked: Asked) -> Response:
        number = int(asked.query["page[number]"])
        gte, lte = (read_timestamp(asked.query[f"filter[created_at][{end}]"]) for end in ("gte", "lte"))
        assert gte is not None
        assert lte is not None
        assert since <= gte <= lte <= until
        found = [n for n in range(300) if gte <= since + timedelta(minutes=n) <= lte]
        events = [{"id": f"e-{n}", "created_at": (since + timedelta(minutes=n)).isoformat()} for n in found]
        meta = {"page_number": number, "page_size": 250, "total_pages": math.ceil(len(found) / 250)}
        return JSONResponse({"data": events[(number - 1) * 250 : number * 250], "meta": meta})

    carrier.answer = answer
    events = await client.events(created_gte=since, created_lte=until)
    assert {event.id for event in events} == {f"e-{n}" for n in range(300)}


async def test_an_error_on_a_later_page_fails_the_whole_reading(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    def answer(asked: Asked) -> Response:
        if asked.query["page[number]"] == "2":
            return JSONResponse({"errors": [{"code": "1", "title": "no"}]}, 422)
        return JSONResponse({"data": [{"id": "o-1"}], "meta": {"page_number": 1, "total_pages": 2}})

    carrier.answer = answer
    with pytest.raises(Unprocessable):
        await client.portouts()

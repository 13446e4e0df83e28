"""Reading a listing to its end while its entries come and go.

The API cuts a listing into numbered pages and documents no order. An entry that leaves moves all behind it
one place forward, so the first of the next page slips onto a page already read and is never seen; with an
order by last change an entry may as well jump there by itself. Counting does not show it (one left, one
came), and neither do two passes that agree. But one answer is one moment, and the time at which an entry was
created never changes. So a listing that does not fit in one answer is read once to learn those times, and
then again in windows of time each of which does fit in one answer. Windows share their edges, both ends
inclusive, so they leave no gap however finely the carrier compares times. An entry that was there all the
while lies in one of the windows, and its answer shows it, whatever moved meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeVar

from telnyx_api.answers import Page
from telnyx_api.errors import CarrierError, UnexpectedAnswer
from telnyx_api.timestamps import write_timestamp

PAGE_SIZE = 250  # the most that the API gives
MAX_ANSWERS = 1000  # for one reading; a listing that asks for more never ends
MAX_PASSES = 10

_SLACK = timedelta(seconds=1)  # shown times may be cut to the second where stored ones are not


class Entry(Protocol):
    """What has an id can be listed."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Entry)


class Listing(list[Item]):
    """What a listing held, each entry once, in its latest state seen; some may have left it meanwhile.

    Attributes:
        unreadable: how many entries, at least, were no object or had no id. They could not be returned, and
            the others were not held back for them. Not 0 means that the listing is not complete: report it.
    """

    def __init__(self, items: list[Item], *, unreadable: int = 0) -> None:
        super().__init__(items)
        self.unreadable = unreadable


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, both ends inclusive; None is no end."""

    since: datetime | None
    until: datetime | None

    def holds(self, moment: datetime | None) -> bool:
        """Whether the carrier may have meant this moment when asked for this window."""
        if moment is None:
            return False
        late = self.until is not None and moment > self.until + _SLACK
        return not late and (self.since is None or moment >= self.since - _SLACK)

    def divides(self, moment: datetime) -> bool:
        """Whether the moment lies strictly inside, so that it cuts the window into two smaller ones."""
        after = self.since is None or moment > self.since
        return after and (self.until is None or moment < self.until)

    def at(self, moments: list[datetime]) -> list["Window"]:
        """The windows that result from cuts at these moments, which must divide it and ascend."""
        return [Window(since, until) for since, until in pairwise([self.since, *moments, self.until])]


def follows(page: Page[Any], asked: int) -> bool | None:
    """Whether a page follows this one, by what the answer says of itself; None when it does not say.

    `total_pages` and `total_results` may differ from answer to answer; each answer is right for its moment.
    Numbers that contradict the entries beside them count as not said.

    Args:
        asked: the page number that was asked for.

    Raises:
        UnexpectedAnswer: it is another page than the one asked for, so the rest cannot be reached.
    """
    meta = page.meta
    if meta is None:
        return None
    if meta.page_number and meta.page_number != asked:
        # Past the end some pagination libraries answer with the last page; the listing shrank under us.
        if meta.page_number < asked and meta.page_number == max(1, meta.total_pages or 0):
            return False
        raise UnexpectedAnswer("The carrier sent another page than the one asked for: try again (listing).")
    size = meta.page_size or PAGE_SIZE
    if meta.total_results is None:
        return None if meta.total_pages is None else asked < meta.total_pages
    if page.count > max(0, meta.total_results - (asked - 1) * size):
        return None
    return asked < (meta.total_pages or 0) or asked * size < meta.total_results


class Reading(Generic[Item]):
    """One reading of one listing.

    Args:
        ask: asks the carrier for one page, with these query parameters beside the caller's filters.
        created: the filter on an entry's time of creation, such as `filter[inserted_at]`; None without one.
        moment: that time of an entry; it must never change while the entry exists.
        within: the caller's own bounds on that time.
        on_answer: called after each answer with the number of answers so far.
    """

    def __init__(
        self,
        ask: Callable[[Mapping[str, str]], Awaitable[Page[Item]]],
        *,
        created: str | None,
        moment: Callable[[Item], datetime | None],
        within: Window,
        on_answer: Callable[[int], None] | None = None,
    ) -> None:
        self._ask = ask
        self._created = created
        self._moment = moment
        self._within = within
        self._on_answer = on_answer
        self._answers = 0
        self._fullest = 1  # most entries on one page: what the carrier puts on a page at most
        self._seen: dict[str, Item] = {}
        self._unreadable = 0

    async def read(self) -> Listing[Item]:
        """All entries that were in the listing during the whole reading, and perhaps some that were not.

        That holds for entries with a time of creation, if the filter on it works as documented. Where it
        does not, where an entry has no such time, or where more entries than fit on a page were created at
        the same instant, passes are repeated until two agree (at most `MAX_PASSES`), which makes a loss
        improbable, not impossible.

        Raises:
            CarrierError: as `ask`; the reading is then worth nothing.
            UnexpectedAnswer: the listing has no end, or shows something else each time.
        """
        in_one_answer = await self._pass(self._within, set())
        if not in_one_answer and (self._created is None or not await self._read_windows()):
            await self._settle(self._within)
        return Listing(list(self._seen.values()), unreadable=self._unreadable)

    async def _read_windows(self) -> bool:
        """Reads again by windows; False when the carrier's times or filter do not allow it."""
        moments = sorted(filter(None, map(self._moment, self._seen.values())))
        if len(moments) < len(self._seen):
            return False
        known = set(self._seen)
        step = max(1, self._fullest * 4 // 5)  # leaves room on each page for those that come meanwhile
        cuts = sorted({moment for moment in moments[step::step] if self._within.divides(moment)})
        shown: set[str] = set()
        for window in self._within.at(cuts):
            if not await self._read_window(window, shown):
                return False
        return not known.isdisjoint(shown)  # a filter that finds none of them does not work

    async def _read_window(self, window: Window, shown: set[str]) -> bool:
        try:
            page = await self._page(window, 1)
        except CarrierError as fault:
            if fault.status in (400, 422):  # the same without the window was fine: the filter is not
                return False
            raise
        shown.update(item.id for item in page.items)
        if not all(window.holds(self._moment(item)) for item in page.items):
            return False
        following = follows(page, 1)
        if following is None:
            following = page.count >= self._fullest
        if not following:
            return True
        inside = sorted(
            m for m in map(self._moment, self._seen.values()) if m is not None and window.divides(m)
        )
        if not inside:
            await self._settle(window)
            return True
        for half in window.at([inside[len(inside) // 2]]):
            if not await self._read_window(half, shown):
                return False
        return True

    async def _settle(self, window: Window) -> None:
        """Passes until two in a row show the same entries.

        Entries newer than all that were seen before do not count: they were not there all the while, and
        with a steady inflow no two passes would ever agree.
        """
        newest = max(filter(None, map(self._moment, self._seen.values())), default=None)
        before: set[str] | None = None
        unheard_of = False
        for _ in range(MAX_PASSES):
            known = set(self._seen)
            shown: set[str] = set()
            await self._pass(window, shown)
            old = {id_ for id_ in shown if not self._is_newer(self._seen[id_], newest)}
            if old == before:
                return
            before = old
            unheard_of = not old <= known
        # Passes that differ only by entries that left are no reason to fail: to be lost, an entry would
        # have to be skipped by each of them. Passes that still bring up old entries show a listing at random.
        if unheard_of:
            raise UnexpectedAnswer(
                "The carrier's listing shows other entries each time: try again (listing)."
            )

    def _is_newer(self, item: Item, newest: datetime | None) -> bool:
        moment = self._moment(item)
        return moment is not None and newest is not None and moment > newest

    async def _pass(self, window: Window, shown: set[str]) -> bool:
        """Reads page after page to the end and adds the ids of their entries to `shown`.

        Returns:
            Whether the first answer held all that there was at its moment.
        """
        number = unreadable = 0
        following: bool | None = True
        while following:
            number += 1
            page = await self._page(window, number)
            following = follows(page, number)
            if number == 1:
                in_one_answer = following is False or (following is None and not page.count)
            ids = {item.id for item in page.items}
            if following is None:  # then the end is an empty page, or one that has come before
                following = not ids <= shown
            shown |= ids
            unreadable += page.unreadable
        self._unreadable = max(self._unreadable, unreadable)
        return in_one_answer

    async def _page(self, window: Window, number: int) -> Page[Item]:
        if self._answers == MAX_ANSWERS:
            raise UnexpectedAnswer("The carrier's listing does not end: narrow the filters (listing).")
        bounds = {"gte": window.since, "lte": window.until}
        page = await self._ask(
            {"page[number]": str(number), "page[size]": str(PAGE_SIZE)}
            | {f"{self._created}[{end}]": write_timestamp(at) for end, at in bounds.items() if at is not None}
        )
        self._answers += 1
        if self._on_answer is not None:
            self._on_answer(self._answers)
        self._seen.update((item.id, item) for item in page.items)
        self._fullest = max(self._fullest, page.count)
        self._unreadable = max(self._unreadable, page.unreadable)
        return page

"""What the topics of the client share: asking for one thing, for a short list, and for a listing of pages."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from telnyx_api.answers import Page, Reader
from telnyx_api.budget import Urgency
from telnyx_api.errors import UnexpectedAnswer
from telnyx_api.models import Identified
from telnyx_api.paging import Listing, Reading, Window, follows
from telnyx_api.transport import Transport, understood

_log = logging.getLogger(__name__)

_Item = TypeVar("_Item", bound=Identified)

ALWAYS = Window(None, None)


class Operations:
    """Base of the client's topics: each adds its operations, and `TelnyxClient` is all of them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def _one(
        self,
        reader: Reader[_Item],
        doing: str,
        method: str,
        path: str,
        change: Mapping[str, object] | None = None,
        urgency: Urgency = Urgency.ONE_THING,
    ) -> _Item:
        response = await self._transport.send(doing, method, path, change=change, urgency=urgency)
        return understood(reader.one(response.content), doing, response)

    async def _short_list(self, reader: Reader[_Item], doing: str, path: str) -> Listing[_Item]:
        """A list that belongs to one order. Its operation documents no pages and is asked for none, unless
        the answer says that there are more. Entries are added and never leave, so none slips through.

        Raises:
            UnexpectedAnswer: there are more entries than the carrier lets us read.
        """
        found: dict[str, _Item] = {}
        number = unreadable = 0
        following: bool | None = True
        while following:
            number += 1
            query = None if number == 1 else {"page[number]": str(number)}
            response = await self._transport.send(doing, "GET", path, query=query)
            page = understood(reader.page(response.content), doing, response)
            following = follows(page, number)
            if (following or number > 1) and all(item.id in found for item in page.items):
                raise UnexpectedAnswer(f"The carrier's list cannot be read in full: try again ({doing}).")
            found.update((item.id, item) for item in page.items)
            unreadable += page.unreadable
        return _reported(Listing(list(found.values()), unreadable=unreadable), doing)

    async def _listing(
        self,
        path: str,
        reader: Reader[_Item],
        filters: Mapping[str, str | None],
        *,
        created: str | None,
        moment: Callable[[_Item], datetime | None],
        within: Window,
        on_page: Callable[[int], None] | None,
        doing: str,
        urgency: Urgency = Urgency.LISTING,
    ) -> Listing[_Item]:
        query = {name: value for name, value in filters.items() if value is not None}
        answers = 0

        def note(number: int) -> None:
            nonlocal answers
            answers = number
            if on_page is not None:
                on_page(answers)

        async def ask(more: Mapping[str, str]) -> Page[_Item]:
            response = await self._transport.send(
                doing,
                "GET",
                path,
                query={**query, **more},
                urgency=urgency,
                on_wait=lambda: note(answers),
            )
            return understood(reader.page(response.content), doing, response)

        reading = Reading(ask, created=created, moment=moment, within=within, on_answer=note)
        return _reported(await reading.read(), doing)


def _reported(listing: Listing[_Item], doing: str) -> Listing[_Item]:
    if listing.unreadable:
        _log.error(
            "Entries without an id came while %s, at least %d: what they stand for is not handled, look at "
            "the carrier's portal.",
            doing,
            listing.unreadable,
        )
    return listing

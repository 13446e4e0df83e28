"""The port-out operations of the Telnyx API, version 2."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self, TypeVar, get_args

import httpx
from pydantic import SecretStr

from telnyx_api import arguments
from telnyx_api.answers import Listed, Page, Reader, Single
from telnyx_api.errors import InvalidArgument, UnexpectedAnswer
from telnyx_api.models import PhoneNumber, PortOut, PortOutEvent, RejectionCode
from telnyx_api.paging import PAGE_SIZE, Listing, Reading, Window, follows
from telnyx_api.timestamps import write_timestamp
from telnyx_api.transport import Transport, understood

Answer = Literal["authorized", "rejected-pending"]

_log = logging.getLogger(__name__)

_Entry = TypeVar("_Entry", PortOut, PortOutEvent)

_PORTOUTS = Reader(PortOut, Listed[PortOut], Single[PortOut])
_EVENTS = Reader(PortOutEvent, Listed[PortOutEvent], Single[PortOutEvent])
_CODES = Reader(RejectionCode, Listed[RejectionCode], Single[RejectionCode])
_NUMBERS = Reader(PhoneNumber, Listed[PhoneNumber], Single[PhoneNumber])

_OURS = ("active", "port-out-pending")


class TelnyxClient:
    """Speaks with the carrier. Make one and share it: it keeps its connections, and many tasks may use it.

    Nothing is retried here, since only callers know what a retry may cost. Any 2xx is success. Whatever goes
    wrong is a `CarrierError`, one class per kind.

    Args:
        api_key: sent as bearer token, shown nowhere.
        base_url: with the version, such as `https://api.telnyx.com/v2`.
        timeout: seconds for each of: connecting, writing, waiting for the answer, a free connection.
        http: used instead of a client of its own, and then not closed by this one.

    Raises:
        InvalidArgument: the key is empty or holds characters that no key has, or the URL is no http(s) URL.
    """

    def __init__(
        self,
        api_key: SecretStr,
        base_url: str = "https://api.telnyx.com/v2",
        *,
        timeout: float = 10.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._transport = Transport(api_key, base_url, timeout=timeout, http=http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections, unless they belong to a client that was passed in."""
        await self._transport.aclose()

    async def portouts(
        self,
        *,
        status: str | None = None,
        status_in: Sequence[str] | None = None,
        carrier_name: str | None = None,
        country_code: str | None = None,
        country_code_in: Sequence[str] | None = None,
        foc_date: datetime | None = None,
        inserted_gte: datetime | None = None,
        inserted_lte: datetime | None = None,
        phone_number: str | None = None,
        pon: str | None = None,
        ported_out_gte: datetime | None = None,
        ported_out_lte: datetime | None = None,
        spid: str | None = None,
        support_key: str | None = None,
        on_page: Callable[[int], None] | None = None,
    ) -> Listing[PortOut]:
        """The port-outs that fit all filters (`GET /portouts`), read to the end.

        No order that fits during the whole call is missing, although orders come and go between pages; how
        is told in `telnyx_api.paging`. One that came or left meanwhile may be there or not, so read an
        order again before acting on it. Up to 250 orders cost one request, more about twice the pages.

        An entry without an id is no order that could be returned. It is counted in `Listing.unreadable`
        and logged as an error, and the other orders are returned all the same.

        Args:
            status_in, country_code_in: any of these; not empty.
            foc_date: orders with that FOC date, by its day.
            on_page: called after each answer with the number of answers so far, for heartbeats.
        """
        return await self._listing(
            "/portouts",
            _PORTOUTS,
            {
                "filter[status]": status,
                "filter[status_in]": arguments.joined(status_in),
                "filter[carrier_name]": carrier_name,
                "filter[country_code]": country_code,
                "filter[country_code_in]": arguments.joined(country_code_in),
                "filter[foc_date]": _moment(foc_date),
                "filter[phone_number]": phone_number,
                "filter[pon]": pon,
                "filter[ported_out_at][gte]": _moment(ported_out_gte),
                "filter[ported_out_at][lte]": _moment(ported_out_lte),
                "filter[spid]": spid,
                "filter[support_key]": support_key,
            },
            created="filter[inserted_at]",
            moment=lambda order: order.inserted_at,
            within=Window(inserted_gte, inserted_lte),
            on_page=on_page,
            doing="listing port-outs",
        )

    async def portout(self, portout_id: str) -> PortOut:
        """One port-out (`GET /portouts/{id}`)."""
        doing = "reading a port-out"
        response = await self._transport.send(doing, "GET", f"/portouts/{arguments.path_segment(portout_id)}")
        return understood(_PORTOUTS.one(response.content), doing, response)

    async def events(
        self,
        *,
        portout_id: str | None = None,
        event_type: str | None = None,
        created_gte: datetime | None = None,
        created_lte: datetime | None = None,
        on_page: Callable[[int], None] | None = None,
    ) -> Listing[PortOutEvent]:
        """The events that fit all filters (`GET /portouts/events`), read to the end as `portouts` does.

        In no particular order: sort by `created_at` where the order matters.
        """
        return await self._listing(
            "/portouts/events",
            _EVENTS,
            {"filter[portout_id]": portout_id, "filter[event_type]": event_type},
            created="filter[created_at]",
            moment=lambda event: event.created_at,
            within=Window(created_gte, created_lte),
            on_page=on_page,
            doing="listing port-out events",
        )

    async def rejection_codes(self, portout_id: str) -> list[RejectionCode]:
        """The codes with which this order may be rejected (`GET /portouts/rejections/{portout_id}`).

        An entry without a code is left out: it could not be sent.
        """
        doing = "reading rejection codes"
        response = await self._transport.send(
            doing, "GET", f"/portouts/rejections/{arguments.path_segment(portout_id)}"
        )
        return understood(_CODES.page(response.content), doing, response).items

    async def update_status(
        self,
        portout_id: str,
        status: Answer,
        *,
        reason: str,
        rejection_code: int | None = None,
        host_messaging: bool | None = None,
    ) -> PortOut:
        """Answers a port-out (`PATCH /portouts/{id}/{status}`); returns the order as it stands then.

        Compare `status` and `rejection_code` of what is returned with what was sent: the code is documented
        in prose only, and the carrier may ignore it. After `CarrierUnreachable` with `sent`, `CarrierFault`
        or `UnexpectedAnswer` the order may have been changed: read it before sending anything again.

        Args:
            reason: goes to the carrier's staff, and perhaps to the gaining carrier.
            host_messaging: whether messaging stays with Telnyx; left to the carrier's default (no) when None.
        """
        if status not in get_args(Answer):
            raise InvalidArgument(
                "A port-out is answered with authorized or rejected-pending: pass one of these."
            )
        change: dict[str, object] = {"reason": reason}
        if rejection_code is not None:
            change["rejection_code"] = rejection_code
        if host_messaging is not None:
            change["host_messaging"] = host_messaging
        doing = "answering a port-out"
        response = await self._transport.send(
            doing, "PATCH", f"/portouts/{arguments.path_segment(portout_id)}/{status}", change=change
        )
        return understood(_PORTOUTS.one(response.content), doing, response)

    async def phone_number(self, e164: str) -> PhoneNumber | None:
        """The number as the carrier has it for us (`GET /phone_numbers`), or None when it is not listed.

        The API's filter takes digits only and finds parts of numbers, so only an exact match counts. Of
        several entries (a number that left and came back) one that is ours now wins, then the latest.

        Raises:
            InvalidArgument: fewer than three digits, which the API refuses.
            UnexpectedAnswer: the number was not among what could be read, but not everything could be.
                None would say that the number is not ours.
        """
        doing = "looking up a phone number"
        digits = arguments.digits(e164)
        response = await self._transport.send(
            doing,
            "GET",
            "/phone_numbers",
            # Without the last one, trouble with messaging profiles, which nobody reads here, is a 503.
            query={
                "page[number]": "1",
                "page[size]": str(PAGE_SIZE),
                "filter[phone_number]": digits,
                "handle_messaging_profile_error": "true",
            },
        )
        page = understood(_NUMBERS.page(response.content), doing, response)
        found = [number for number in page.items if number.phone_number.removeprefix("+") == digits]
        if found:
            return max(found, key=_how_much_ours)
        more = follows(page, 1)
        if page.unreadable or more or (more is None and page.count >= PAGE_SIZE):
            raise UnexpectedAnswer(
                f"The carrier's list of numbers cannot be read in full: try again ({doing})."
            )
        return None

    async def _listing(
        self,
        path: str,
        reader: Reader[_Entry],
        filters: Mapping[str, str | None],
        *,
        created: str,
        moment: Callable[[_Entry], datetime | None],
        within: Window,
        on_page: Callable[[int], None] | None,
        doing: str,
    ) -> Listing[_Entry]:
        query = {name: value for name, value in filters.items() if value is not None}

        async def ask(more: Mapping[str, str]) -> Page[_Entry]:
            response = await self._transport.send(doing, "GET", path, query={**query, **more})
            return understood(reader.page(response.content), doing, response)

        reading = Reading(ask, created=created, moment=moment, within=within, on_answer=on_page)
        listing = await reading.read()
        if listing.unreadable:
            _log.error(
                "Entries without an id came while %s, at least %d: what they stand for is not handled, "
                "look at the carrier's portal.",
                doing,
                listing.unreadable,
            )
        return listing


def _moment(value: datetime | None) -> str | None:
    return None if value is None else write_timestamp(value)


def _how_much_ours(number: PhoneNumber) -> tuple[bool, datetime]:
    return number.status in _OURS, number.purchased_at or datetime.min.replace(tzinfo=UTC)

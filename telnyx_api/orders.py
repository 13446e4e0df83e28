"""Port-outs: listing, reading, the codes with which one may be rejected, and answering."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, get_args

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.budget import Urgency
from telnyx_api.errors import InvalidArgument
from telnyx_api.models import PortOut, RejectionCode
from telnyx_api.operations import Operations
from telnyx_api.paging import Listing, Window
from telnyx_api.transport import understood

Answer = Literal["authorized", "rejected-pending"]

_PORTOUTS = Reader(PortOut, Listed[PortOut], Single[PortOut])
_CODES = Reader(RejectionCode, Listed[RejectionCode], Single[RejectionCode])


class Orders(Operations):
    """The operations on port-outs themselves."""

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
            on_page: called with the number of answers so far after each of them, and every few seconds while the
                carrier's rate limit lets the next page wait, for heartbeats.
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
                "filter[foc_date]": arguments.moment(foc_date),
                "filter[phone_number]": phone_number,
                "filter[pon]": pon,
                "filter[ported_out_at][gte]": arguments.moment(ported_out_gte),
                "filter[ported_out_at][lte]": arguments.moment(ported_out_lte),
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
        path = f"/portouts/{arguments.path_segment(portout_id)}"
        return await self._one(_PORTOUTS, "reading a port-out", "GET", path)

    async def rejection_codes(
        self, portout_id: str, *, code_in: Sequence[int] | None = None
    ) -> list[RejectionCode]:
        """The codes with which this order may be rejected (`GET /portouts/rejections/{portout_id}`).

        An entry without a code is left out: it could not be sent.

        Args:
            code_in: any of these only; not empty.
        """
        path = f"/portouts/rejections/{arguments.path_segment(portout_id)}"
        wanted = arguments.joined(None if code_in is None else [str(code) for code in code_in])
        query = None if wanted is None else {"filter[code]": wanted}
        doing = "reading rejection codes"
        response = await self._transport.send(doing, "GET", path, query=query)
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
        path = f"/portouts/{arguments.path_segment(portout_id)}/{status}"
        return await self._one(
            _PORTOUTS, "answering a port-out", "PATCH", path, change, Urgency.STATUS_UPDATE
        )

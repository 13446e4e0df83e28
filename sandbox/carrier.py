"""The carrier: its orders and what may happen to them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

from sandbox.book import EventBook, OrderBook, newest_first
from sandbox.clock import CarrierClock, iso_ms, utc_now
from sandbox.documents import DocumentBook
from sandbox.errors import unprocessable
from sandbox.faults import Effect, Faults
from sandbox.log import RequestLog
from sandbox.models import NewNumber, NewOrder, PaperType, Ruling, ScanStatus
from sandbox.orders import (
    AUTHORIZED,
    CANCELED,
    PENDING,
    PORTED,
    REJECTED_PENDING,
    RULINGS,
    Decider,
    Event,
    Order,
    Shown,
    Stale,
    comment_event,
    foc_event,
    place_order,
    status_event,
)
from sandbox.papers import comment_on, paper_of
from sandbox.phone_numbers import NumberBook
from sandbox.query import EventSearch, Query, order_filters
from sandbox.rate_limit import RateLimit
from sandbox.reports import ReportBook, report_params, report_test
from sandbox.uploads import Upload
from sandbox.webhooks import Webhooks

DAY = 86_400.0
"""Seconds of silence after which Telnyx approves, at the earliest (24 to 48 h, Telnyx port-out guide)."""


class Carrier:
    """A carrier in memory. Not thread safe: use it in the event loop that serves it.

    Silence is not watched by a timer: whoever looks first finds the orders whose window is over authorized,
    at the very moment at which it ended.

    Args:
        now: Real time; tests pass their own.
        scale: Carrier seconds per real second.
        silence_after: Seconds of carrier time from when an order became pending until silence approves it.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        scale: float = 1.0,
        silence_after: float = DAY,
    ) -> None:
        self.clock = CarrierClock(now, scale)
        self.rate_limit = RateLimit(now)
        self.faults = Faults()
        self.log = RequestLog()
        self.documents = DocumentBook(self.clock)
        self.reports = ReportBook(self.clock, self.documents)
        self.webhooks = Webhooks(self.clock, self._settle)
        self.silence_after = silence_after
        self._orders = OrderBook()
        self._events = EventBook()
        self._numbers = NumberBook()
        self._silences: list[tuple[datetime, int, Order]] = []
        self._silence_numbers = count()

    # What a test, a demo or `/sandbox` does

    def create_order(self, order: NewOrder | None = None, /, **fields: Any) -> str:
        """Place an order, given whole or by the fields of `NewOrder`, and return its id.

        Raises:
            pydantic.ValidationError: A field is wrong.
            ApiError: 422 when there is an order with that id.
        """
        now = self._settle()
        new = order or NewOrder(**fields)
        if new.id is not None and new.id in self._orders:
            raise unprocessable(f"There is a port-out {new.id} already.", pointer="/id")
        inserted_at = new.inserted_at or now - timedelta(seconds=new.age_seconds or 0)
        # The API shows milliseconds; counting from anything finer would end the window at a time nobody can
        # compute.
        inserted_at = inserted_at.replace(microsecond=inserted_at.microsecond // 1000 * 1000)
        placed = place_order(new, inserted_at, len(self._orders))
        self._orders.add(placed)
        placed.remember(inserted_at, None)
        completed = new.event_payload_status == "completed"
        self._tell(placed, status_event(placed, inserted_at, len(self._events), completed=completed))
        self._await_silence(placed, earliest=inserted_at)
        return placed.id

    def add_number(self, number: NewNumber | None = None, /, **fields: Any) -> None:
        """Put a number on our account, or change what is known about it.

        Raises:
            pydantic.ValidationError: A field is wrong.
        """
        self._numbers.put(number or NewNumber(**fields), self._settle())

    def cancel(self, order_id: str) -> None:
        """The gaining carrier withdraws a pending order. Raises ApiError 404, or 422 if it is not pending."""
        now = self._settle()
        self._change(self._expect(order_id, PENDING), CANCELED, now, "withdrawn")

    def authorize(self, order_id: str, reason: str | None = None) -> None:
        """Somebody authorizes an order in the portal. Raises ApiError 404, or 422 if it is not pending."""
        now = self._settle()
        self._change(self._expect(order_id, PENDING), AUTHORIZED, now, "portal", reason=reason)

    def move_foc(self, order_id: str, foc_date: datetime) -> None:
        """Set another FOC date. Raises ApiError 404, or 422 when the order has come to its end."""
        now = self._settle()
        order = self._expect(order_id, PENDING, AUTHORIZED, REJECTED_PENDING)
        self._orders.restate(order, {**order.shown, "foc_date": iso_ms(foc_date), "updated_at": iso_ms(now)})
        self._tell(order, foc_event(order, now, len(self._events)))

    def rule(
        self,
        order_id: str,
        ruling: Ruling,
        *,
        comment: str | None = None,
        silence_after: float | None = None,
    ) -> None:
        """The carrier's staff judge a rejection: accept it, bounce it back to pending, or port all the same.

        An authorized order can be ported too. With ``comment`` the staff say why, before they rule. A bounced
        order waits for its whole window again, or for ``silence_after`` seconds from now; how long Telnyx then
        waits is not documented.

        Raises:
            ApiError: 404, or 422 when there is nothing to rule on.
        """
        now = self._settle()
        allowed = (REJECTED_PENDING, AUTHORIZED) if ruling == "port" else (REJECTED_PENDING,)
        order = self._expect(order_id, *allowed)
        if comment is not None:
            self.comment(order_id, comment, by_staff=True)
        if ruling == "bounce":
            order.window = silence_after if silence_after is not None else order.window
            self._change(order, PENDING, now, "carrier", reason=None, rejection_code=None)
        else:
            self._change(order, RULINGS[ruling], now, "carrier")

    def supply_pin(self, order_id: str, pin: str | None = None) -> None:
        """The attempted PIN arrives late: it completes the event of ``pending``, or comes in another one.

        Without ``pin`` the event is completed with the PIN that the order was made with.

        Raises:
            ApiError: 404, or 422 when the order is not pending.
        """
        now = self._settle()
        order = self._expect(order_id, PENDING)
        order.attempted_pin = pin if pin is not None else order.attempted_pin
        waiting = next((event for event in reversed(order.events) if event.awaits_pin), None)
        if waiting is not None:
            waiting.complete(order.attempted_pin, now)
            self.webhooks.publish(waiting.shown)
        else:
            self._tell(order, status_event(order, now, len(self._events)))

    def hand_in(self, order_id: str, kind: PaperType, upload: Upload, scan: ScanStatus = "scanned") -> Shown:
        """The gaining side adds a document to an order. Raises ApiError 404."""
        self._orders.get(order_id)
        document = self.documents.add(upload, scan=scan)
        return self.attach(order_id, [(document["id"], kind)])[0]

    def set_silence(self, seconds: float) -> None:
        """Change the window of every order that has none of its own, pending ones included, from now on."""
        now = self._settle()
        self.silence_after = seconds
        for order in self._orders:
            if order.status == PENDING and order.window is None:
                self._await_silence(order, earliest=now)

    def truth(self, order_id: str) -> dict[str, Any]:
        """Where an order really stands; see `Order.truth`. Raises ApiError 404."""
        self._settle()
        return self._orders.get(order_id).truth()

    def truths(self) -> list[dict[str, Any]]:
        """The truth of every order, oldest first."""
        self._settle()
        return [order.truth() for order in self._orders]

    # What the API does

    def read_order(self, order_id: str) -> Shown:
        """Raises ApiError 404."""
        self._settle()
        return self._orders.read(order_id)

    def list_orders(self, query: Query) -> tuple[list[Shown], int]:
        """A page, newest first, and the number of results. Raises ApiError 422 for a bad filter."""
        self._settle()
        statuses, test = order_filters(query.filters)
        return self._orders.page(query.number, query.size, statuses, test)

    def read_event(self, event_id: str) -> Shown:
        """Raises ApiError 404."""
        self._settle()
        return self._events.get(event_id).shown

    def republish(self, event_id: str) -> None:
        """Send the webhook of an event again. Raises ApiError 404."""
        self._settle()
        self.webhooks.publish(self._events.get(event_id).shown)

    def list_events(self, search: EventSearch, query: Query) -> tuple[list[Shown], int]:
        """A page, newest first, and the number of results."""
        self._settle()
        if search.portout_id is not None:
            found = [event for event in self._orders.events_of(search.portout_id) if search.spans(event)]
        else:
            found = self._events.between(search.first, search.last)
            if hidden := self._orders.events_hidden_by_lag():
                found = [event for event in found if event.id not in hidden]
        if search.event_type is not None:
            found = [event for event in found if event.shown["event_type"] == search.event_type]
        return [event.shown for event in newest_first(found, query.number, query.size)], len(found)

    def rejection_codes(self, order_id: str, wanted: set[int] | None) -> list[dict[str, Any]]:
        """The codes eligible for an order. Raises ApiError 404."""
        self._settle()
        codes = self._orders.get(order_id).eligible
        return [code.model_dump() for code in codes if wanted is None or code.code in wanted]

    def list_numbers(self, query: Query) -> tuple[list[Shown], int]:
        """A page, newest first, and the number of results. Raises ApiError 422 for too short a number."""
        found = self._numbers.find(query.filters)
        return newest_first(found, query.number, query.size), len(found)

    def comments(self, order_id: str) -> list[Shown]:
        """What was said about an order, oldest first. Raises ApiError 404."""
        return self._orders.get(order_id).comments

    def comment(self, order_id: str, body: str, *, by_staff: bool = False) -> Shown:
        """Say something about an order, as its owner or as the carrier's staff. Raises ApiError 404."""
        now = self._settle()
        order = self._orders.get(order_id)
        comment = comment_on(order, body, now, by_staff=by_staff)
        order.comments.append(comment)
        self._tell(order, comment_event(order, comment, now, len(self._events)))
        return comment

    def supporting_documents(self, order_id: str) -> list[Shown]:
        """What was handed in about an order, oldest first. Raises ApiError 404."""
        return self._orders.get(order_id).papers

    def attach(self, order_id: str, wanted: list[tuple[str, PaperType]]) -> list[Shown]:
        """Link documents to an order, all or none. Raises ApiError 404, or 422 for an unknown document."""
        now = self._settle()
        order = self._orders.get(order_id)
        for index, (document_id, _) in enumerate(wanted):
            if document_id not in self.documents:
                pointer = f"/documents/{index}/document_id"
                raise unprocessable(f"There is no document {document_id}.", pointer=pointer)
        linked = []
        for document_id, kind in wanted:
            self.documents.link(document_id)
            linked.append(paper_of(order, document_id, kind, now))
            order.papers.append(linked[-1])
        return linked

    def create_report(self, body: Any) -> Shown:
        """Begin the report that the body of a request asks for. Raises ApiError 422."""
        self._settle()
        params = report_params(body)
        belongs = report_test(params["filters"], self._customers)
        return self.reports.add(params, [order for order in self._orders if belongs(order)])

    def update_status(self, order_id: str, status: str, body: Any, effect: Effect | None = None) -> Shown:
        """What PATCH does: answer a pending order.

        Args:
            status: ``authorized`` or ``rejected-pending``.
            body: The request's decoded JSON.
            effect: Faults in force.

        Raises:
            ApiError: 404; 422 for a status, reason, code or flag that is not acceptable, or an order not
            pending.
        """
        now = self._settle()
        effect = effect or Effect()
        order = self._orders.get(order_id)
        order.patches += 1
        answer = _answer(order, status, body, effect)
        self._expect(order_id, PENDING)
        before, events_before = order.shown, len(order.events)
        order.effective_patches += 1
        self._change(order, status, now, "patch", **answer)
        if effect.stale_reads:
            seen = events_before if effect.stale_events else None
            self._orders.lag(order, Stale(before, effect.stale_reads, seen))
        return order.shown

    # Inside

    def _settle(self) -> datetime:
        """Let silence approve what it has approved by now, and return the time."""
        now = self.clock.now()
        while self._silences and self._silences[0][0] <= now:
            at, _, order = heappop(self._silences)
            # An entry that is out of date belongs to an order that was answered, or whose window was changed.
            if order.status == PENDING and order.silence_at == at:
                self._change(order, AUTHORIZED, at, "silence")
        return now

    def _await_silence(self, order: Order, earliest: datetime) -> None:
        window = order.window if order.window is not None else self.silence_after
        order.silence_at = max(earliest, order.pending_since + timedelta(seconds=window))
        heappush(self._silences, (order.silence_at, next(self._silence_numbers), order))

    def _expect(self, order_id: str, *statuses: str) -> Order:
        order = self._orders.get(order_id)
        if order.status not in statuses:
            expected = " or ".join(statuses)
            raise unprocessable(f"The port-out is {order.status}, not {expected}.", pointer="/status")
        return order

    def _change(self, order: Order, status: str, at: datetime, by: Decider, **fields: Any) -> None:
        ported = status == PORTED
        self._orders.restate(
            order,
            {**order.shown, **fields, "status": status, "already_ported": ported, "updated_at": iso_ms(at)},
        )
        order.remember(at, by)
        order.silence_at = None
        if ported:
            order.ported_out_at = at
            for number in order.shown["phone_numbers"] or ():
                self._numbers.port_out(number, at)
        self._tell(order, status_event(order, at, len(self._events)))
        if status == PENDING:
            order.pending_since = at
            self._await_silence(order, earliest=at)

    def _customers(self, order: Order) -> set[str]:
        references = map(self._numbers.customer_reference, order.shown["phone_numbers"] or ())
        return {reference for reference in references if reference is not None}

    def _tell(self, order: Order, event: Event) -> None:
        order.events.append(event)
        self._events.add(event)
        self.webhooks.publish(event.shown)


def _answer(order: Order, status: str, body: Any, effect: Effect) -> dict[str, Any]:
    """The fields that a PATCH sets. Raises ApiError 422."""
    if status not in (AUTHORIZED, REJECTED_PENDING):
        raise unprocessable(f"The status must be {AUTHORIZED} or {REJECTED_PENDING}.", pointer="/status")
    if not isinstance(body, dict):
        raise unprocessable("The body must be a JSON object.", pointer="/")
    host_messaging = body.get("host_messaging", False)
    if not isinstance(host_messaging, bool):
        raise unprocessable("host_messaging must be true or false.", pointer="/host_messaging")
    code = _rejection_code(order, status, body.get("rejection_code"), effect)
    reason = body.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        needed_by = f" by rejection code {code}" if code is not None else ""
        raise unprocessable(f"A reason is required{needed_by}.", pointer="/reason")
    return {"reason": reason, "rejection_code": code, "host_messaging": host_messaging}


def _rejection_code(order: Order, status: str, code: Any, effect: Effect) -> int | None:
    if code is None:
        return None
    pointer = "/rejection_code"
    if effect.rejection_code == "refuse":
        raise unprocessable("rejection_code is not a known field.", pointer=pointer)
    if effect.rejection_code == "ignore":
        return None
    if status != REJECTED_PENDING:
        raise unprocessable("A rejection code belongs to a rejection only.", pointer=pointer)
    if not isinstance(code, int) or isinstance(code, bool):
        raise unprocessable("rejection_code must be a whole number.", pointer=pointer)
    if order.code(code) is None:
        raise unprocessable(f"Rejection code {code} is not eligible for this port-out.", pointer=pointer)
    return code

"""Reports: a CSV of port-outs that is asked for, and ready a while later as a document."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sandbox.clock import CarrierClock, iso_us
from sandbox.documents import DocumentBook
from sandbox.errors import ApiError, not_found, unprocessable
from sandbox.orders import STATUSES, Order, Shown
from sandbox.query import Filters, moment, one_of
from sandbox.uploads import Upload

EXPORT_CSV = "export_portouts_csv"
REPORT_FILTERS = frozenset({"report_type", "status"})
_REPORT_STATUSES = ("pending", "completed")

REPORT_TAKES = 5.0
"""Seconds until a report is completed; Telnyx publishes no figure."""

COLUMNS = (
    *("id", "support_key", "status", "phone_numbers", "carrier_name", "spid", "authorized_name"),
    *("end_user_name", "pon", "foc_date", "requested_foc_date", "inserted_at", "updated_at", "reason"),
    *("rejection_code", "already_ported", "host_messaging"),
)
"""Of the CSV. Telnyx publishes none, so these are the fields of a port-out; several numbers are parted by
semicolons."""

_Customers = Callable[[Order], set[str]]


@dataclass(slots=True, eq=False)
class _Report:
    shown: Shown
    ready_at: datetime
    rows: list[Shown] = field(repr=False)


class ReportBook:
    """Reports by id, oldest first.

    Attributes:
        takes: Seconds of carrier time from when a report is asked for until it is completed.
    """

    def __init__(self, clock: CarrierClock, documents: DocumentBook) -> None:
        self._clock = clock
        self._documents = documents
        self._by_id: dict[str, _Report] = {}
        self.takes = REPORT_TAKES

    def add(self, params: dict[str, Any], rows: Iterable[Order]) -> Shown:
        """Begin a report of these orders as they stand now."""
        now = self._clock.now()
        stamp = iso_us(now)
        shown: Shown = {
            "created_at": stamp,
            "document_id": None,
            "id": str(uuid4()),
            "params": params,
            "record_type": "portout_report",
            "report_type": EXPORT_CSV,
            "status": "pending",
            "updated_at": stamp,
        }
        ready_at = now + timedelta(seconds=self.takes)
        self._by_id[shown["id"]] = _Report(shown, ready_at, [order.shown for order in rows])
        return shown

    def read(self, report_id: str) -> Shown:
        """Raises ApiError 404."""
        self._settle()
        report = self._by_id.get(report_id)
        if report is None:
            raise not_found("The report", report_id)
        return report.shown

    def find(self, filters: Filters) -> list[Shown]:
        """Reports that pass every filter, oldest first. Raises ApiError 422 for an unknown type or status."""
        one_of("filter[report_type]", filters.get("report_type", []), (EXPORT_CSV,))
        wanted = one_of("filter[status]", filters.get("status", []), _REPORT_STATUSES)
        self._settle()
        reports = [report.shown for report in self._by_id.values()]
        return [shown for shown in reports if not wanted or shown["status"] in wanted]

    def _settle(self) -> None:
        now = self._clock.now()
        for report in self._by_id.values():
            if report.shown["status"] == "pending" and report.ready_at <= now:
                file = Upload(f"portouts-{report.shown['id']}.csv", _as_csv(report.rows), "text/csv")
                document = self._documents.add(file, scan="scanned", linked=True)
                report.shown = {
                    **report.shown,
                    "document_id": document["id"],
                    "status": "completed",
                    "updated_at": iso_us(report.ready_at),
                }


def _as_csv(rows: list[Shown]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "phone_numbers": ";".join(row["phone_numbers"] or ())})
    return text.getvalue().encode()


# What is asked for


def report_params(body: Any) -> dict[str, Any]:
    """The parameters in the body of a request for a report. Raises ApiError 422."""
    if not isinstance(body, dict):
        raise unprocessable("The body must be a JSON object.", pointer="/")
    if body.get("report_type") != EXPORT_CSV:
        raise unprocessable(f"The report type must be {EXPORT_CSV}.", pointer="/report_type")
    params = body.get("params")
    if not isinstance(params, dict) or not isinstance(params.get("filters"), dict):
        raise unprocessable("Filters are required.", pointer="/params/filters")
    return params


def report_test(filters: dict[str, Any], customers: _Customers) -> Callable[[Order], bool]:
    """Whether an order belongs in the report.

    Args:
        filters: As they came.
        customers: The customer references of the numbers of an order.

    Raises:
        ApiError: 422 for an unknown filter or a bad value.
    """
    tests = []
    for name, wanted in filters.items():
        build = _TESTS.get(name)
        if build is None:
            raise unprocessable(f"{name} is not a filter of this report.", pointer=f"/params/filters/{name}")
        pointer = f"/params/filters/{name}"
        several = name.endswith(("__in", "__overlaps"))
        values = wanted if several else [wanted]
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            shape = "a list of strings" if several else "a string"
            raise unprocessable(f"{name} must be {shape}.", pointer=pointer)
        try:
            tests.append(build(values, customers))
        except ApiError as error:
            raise unprocessable(str(error), pointer=pointer) from None
    return lambda order: all(test(order) for test in tests)


_Build = Callable[[list[str], _Customers], Callable[[Order], bool]]


def _after(values: list[str], _: _Customers) -> Callable[[Order], bool]:
    first = moment("created_at__gt", values)
    return lambda order: order.place[0] > first


def _before(values: list[str], _: _Customers) -> Callable[[Order], bool]:
    last = moment("created_at__lt", values)
    return lambda order: order.place[0] < last


def _with_status(values: list[str], _: _Customers) -> Callable[[Order], bool]:
    wanted = one_of("status__in", values, STATUSES)
    return lambda order: order.status in wanted


_TESTS: dict[str, _Build] = {
    "created_at__gt": _after,
    "created_at__lt": _before,
    "customer_reference__in": lambda values, customers: lambda order: not customers(order).isdisjoint(values),
    "end_user_name": lambda values, _: lambda order: bool(order.shown["end_user_name"] == values[0]),
    "phone_numbers__overlaps": lambda values, _: (
        lambda order: not set(order.shown["phone_numbers"] or ()).isdisjoint(values)
    ),
    "status__in": _with_status,
}

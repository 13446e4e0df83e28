"""Reports on port-outs, which the carrier makes as CSV in its own time."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.errors import InvalidArgument
from telnyx_api.models import Report, ReportFilters
from telnyx_api.operations import ALWAYS, Operations
from telnyx_api.paging import Listing
from telnyx_api.timestamps import write_timestamp

EXPORT = "export_portouts_csv"
"""The only type of report that there is."""

_REPORTS = Reader(Report, Listed[Report], Single[Report])


class Reports(Operations):
    """The operations on reports."""

    async def reports(
        self,
        *,
        report_type: str | None = None,
        status: str | None = None,
        on_page: Callable[[int], None] | None = None,
    ) -> Listing[Report]:
        """The reports that fit all filters (`GET /portouts/reports`), read to the end, in no particular order.

        Args:
            status: `pending` or `completed`.
            on_page: as for `portouts`.
        """
        return await self._listing(
            "/portouts/reports",
            _REPORTS,
            {"filter[report_type]": report_type, "filter[status]": status},
            created=None,
            moment=lambda report: report.created_at,
            within=ALWAYS,
            on_page=on_page,
            doing="listing reports",
        )

    async def create_report(self, filters: ReportFilters) -> Report:
        """Asks for a report on the port-outs that fit all filters (`POST /portouts/reports`).

        Look at it with `report` until it is `completed`, and then download its document. A second call asks
        for a second report, which does no harm.
        """
        wanted: dict[str, object] = {}
        for field in fields(filters):
            value = getattr(filters, field.name)
            if value is not None:
                wanted[field.name] = _checked(value)
        change = {"report_type": EXPORT, "params": {"filters": wanted}}
        return await self._one(_REPORTS, "asking for a report", "POST", "/portouts/reports", change)

    async def report(self, report_id: str) -> Report:
        """One report (`GET /portouts/reports/{id}`)."""
        path = f"/portouts/reports/{arguments.path_segment(report_id, of='a report')}"
        return await self._one(_REPORTS, "reading a report", "GET", path)


def _checked(value: datetime | str | list[str]) -> object:
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, list) and not value:
        raise InvalidArgument(
            "A report's filter for any of several values needs at least one: leave it out for all."
        )
    return value

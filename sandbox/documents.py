"""The carrier's document service: uploads, their virus scan, and their end when nobody links them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sandbox.clock import CarrierClock, iso_ms
from sandbox.errors import not_found
from sandbox.models import ScanStatus
from sandbox.orders import Shown
from sandbox.query import Filters, moment, one_of, several
from sandbox.uploads import Upload
from sandbox.wire import File

UNLINKED_FOR = timedelta(minutes=30)
"""How long an upload is kept that is linked to nothing (Telnyx's document)."""

SCAN_TAKES = 2.0
"""Seconds until an upload is scanned; Telnyx publishes no figure."""

DOCUMENT_FILTERS = frozenset(
    {"filename.contains", "customer_reference.eq", "customer_reference.in", "created_at.gt", "created_at.lt"}
)
_SORTED_BY = {"filename", "created_at", "updated_at"}
_SORTS = tuple(sorted(_SORTED_BY | {f"-{name}" for name in _SORTED_BY}))


@dataclass(slots=True, eq=False)
class _Document:
    shown: Shown
    content: bytes = field(repr=False)
    created_at: datetime
    linked: bool
    scanned_at: datetime | None
    """When the scan that is under way ends; None: nothing is under way."""


class DocumentBook:
    """Documents by id, oldest first.

    Attributes:
        scan_takes: Seconds of carrier time from upload until ``pending_scan`` becomes ``scanned``.
    """

    def __init__(self, clock: CarrierClock) -> None:
        self._clock = clock
        self._by_id: dict[str, _Document] = {}
        self.scan_takes = SCAN_TAKES

    def add(self, upload: Upload, *, scan: ScanStatus = "pending_scan", linked: bool = False) -> Shown:
        """Keep a file. One that is not ``linked`` is deleted after 30 minutes unless it is linked by then."""
        now = self._clock.now()
        stamp = iso_ms(now)
        shown: Shown = {
            "av_scan_status": scan,
            "content_type": upload.content_type,
            "created_at": stamp,
            "customer_reference": upload.customer_reference,
            "filename": upload.filename,
            "id": str(uuid4()),
            "record_type": "document",
            "sha256": sha256(upload.content).hexdigest(),
            "size": {"amount": len(upload.content), "unit": "bytes"},
            "status": "pending",
            "updated_at": stamp,
        }
        scanned_at = now + timedelta(seconds=self.scan_takes) if scan == "pending_scan" else None
        self._by_id[shown["id"]] = _Document(shown, upload.content, now, linked, scanned_at)
        return self.read(shown["id"])

    def __contains__(self, document_id: str) -> bool:
        self._settle()
        return document_id in self._by_id

    def read(self, document_id: str) -> Shown:
        """Raises ApiError 404."""
        return self._get(document_id).shown

    def file(self, document_id: str) -> File:
        """Raises ApiError 404."""
        document = self._get(document_id)
        shown = document.shown
        return File(shown["filename"], shown["content_type"], document.content)

    def link(self, document_id: str) -> None:
        """Keep the document from being deleted. Raises ApiError 404."""
        self._get(document_id).linked = True

    def set_scan(self, document_id: str, status: ScanStatus) -> Shown:
        """What the scanner says from now on, whatever it said before. Raises ApiError 404."""
        document = self._get(document_id)
        document.scanned_at = None
        self._restate(document, status, self._clock.now())
        return document.shown

    def find(self, filters: Filters, sort: list[str]) -> list[Shown]:
        """The documents that pass every filter, in the order of ``sort`` or newest first.

        Raises:
            ApiError: 422 for a bad time or an unknown sort order.
        """
        self._settle()
        found = [document.shown for document in self._by_id.values() if _passes(document, filters)][::-1]
        for name in reversed(one_of("sort", several(sort), _SORTS)):
            found.sort(key=lambda shown: shown[name.removeprefix("-")], reverse=name.startswith("-"))
        return found

    def _get(self, document_id: str) -> _Document:
        self._settle()
        document = self._by_id.get(document_id)
        if document is None:
            raise not_found("The document", document_id)
        return document

    def _settle(self) -> None:
        """Delete what nobody linked in time, and end the scans that are over."""
        now = self._clock.now()
        for document in list(self._by_id.values()):
            if not document.linked and document.created_at + UNLINKED_FOR <= now:
                del self._by_id[document.shown["id"]]
            elif document.scanned_at is not None and document.scanned_at <= now:
                self._restate(document, "scanned", document.scanned_at)
                document.scanned_at = None

    def _restate(self, document: _Document, status: ScanStatus, at: datetime) -> None:
        document.shown = {**document.shown, "av_scan_status": status, "updated_at": iso_ms(at)}


def _passes(document: _Document, filters: Filters) -> bool:
    return all(_TESTS[name](document, values) for name, values in filters.items())


def _made(document: _Document, name: str, values: list[str]) -> float:
    """Seconds from the time asked for until the document was made."""
    return (document.created_at - moment(name, values)).total_seconds()


_TESTS: dict[str, Callable[[_Document, list[str]], Any]] = {
    "filename.contains": lambda document, values: values[0] in document.shown["filename"],
    "customer_reference.eq": lambda document, values: document.shown["customer_reference"] == values[0],
    "customer_reference.in": lambda document, values: document.shown["customer_reference"] in several(values),
    "created_at.gt": lambda document, values: _made(document, "created_at.gt", values) > 0,
    "created_at.lt": lambda document, values: _made(document, "created_at.lt", values) < 0,
}

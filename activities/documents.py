"""Reading the documents that are linked to an order, and what the carrier's virus scan says of them."""

import asyncio
from collections.abc import Iterable

from screening.gathered import LinkedDocument, Scan
from telnyx_api import NotFound, SupportingDocument, TelnyxClient

_SCANS = {"scanned": Scan.CLEAN, "infected": Scan.INFECTED}
_DENIED = "denied"


async def linked_documents(carrier: TelnyxClient, portout_id: str) -> list[LinkedDocument]:
    """The documents of an order.

    A link whose document is gone, or was denied by the carrier's own review, is no document. A clean one without a hash
    counts as unscanned: nobody could say later which document it was.

    Raises:
        CarrierError: they cannot all be read, so nothing is known.
    """
    links = await carrier.supporting_documents(portout_id)
    found = await asyncio.gather(
        *(_read(carrier, link) for link in links if link.portout_id in (portout_id, None))
    )
    return [document for document in found if document is not None]


def hashes_of(documents: Iterable[LinkedDocument]) -> list[str]:
    """Each clean document, as its type and the SHA-256 of its content."""
    return sorted(f"{one.type} {one.sha256}" for one in documents if one.scan is Scan.CLEAN)


async def _read(carrier: TelnyxClient, link: SupportingDocument) -> LinkedDocument | None:
    if link.document_id is None or link.type is None:
        return None
    try:
        document = await carrier.document(link.document_id)
    except NotFound:
        return None
    if document.status == _DENIED:
        return None
    scan = _SCANS.get(document.av_scan_status or "", Scan.UNSCANNED)
    if scan is Scan.CLEAN and not document.sha256:
        scan = Scan.UNSCANNED
    return LinkedDocument(link.type.strip().lower(), scan, document.sha256)

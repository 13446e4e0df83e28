"""A file that the customer sent, on its way to an order: uploaded, linked, looked at by the virus scan, and told."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from activities.asking_messages import DOCUMENTS_RECEIVED
from activities.contracts import screening_workflow_id
from commands.carrier_asking import progress_of, sentence_of
from commands.carrier_changing import Desk, desk, once, perhaps_sent
from commands.output import Failed
from commands.pins import refuse_pins
from commands.session import Place
from commands.times import moment, now
from settings import SettingsError
from telnyx_api import (
    CarrierError,
    CarrierFault,
    CarrierUnreachable,
    Document,
    DocumentToAttach,
    DocumentType,
    NotFound,
    TelnyxClient,
    UnexpectedAnswer,
    Unprocessable,
)
from temporal_client import TemporalUnreachable

KEPT_UNLINKED = timedelta(minutes=30)
"""How long the carrier keeps an upload that is linked to nothing (Telnyx, `POST /documents`)."""
SCANNED_WITHIN = 10.0
"""Seconds that the command waits for the virus scan; Telnyx says nothing about its length."""
UNSCANNED, INFECTED = "pending_scan", "infected"
TOLD_WITHIN = timedelta(seconds=3)


async def attach(place: Place, wanted: str, file: Path, kind: DocumentType, by: str | None) -> str:
    """Upload a file and link it to an order; one that was uploaded and not linked is linked now.

    Raises:
        Failed: it is not linked, and what to do.
        RecordsError: the records cannot be used; nothing was linked.
    """
    content = _content(file)
    digest = hashlib.sha256(content).hexdigest()
    async with desk(place, wanted, by) as at:
        await refuse_pins(at.carrier, at.records, at.order.id, file.name, what="The name of the file")
        mark = f"upload-{at.order.id}-{kind}-{digest}"
        upload = await _earlier(at.carrier, at.records.marks.get(mark))
        if upload is None:
            upload = Upload(await _uploaded(at.carrier, file.name, content), now())
            at.records.marks.set(mark, upload.mark)
        elif await _is_linked(at, upload.document):
            at.note("attach", upload.document.id, _kept(upload.document, kind, digest), file.name)
            return f"{file.name} is attached to {at.name} already (document {upload.document.id})."
        await _link(place, at, upload, kind, file.name)
        at.note("attach", upload.document.id, _kept(upload.document, kind, digest), file.name)
        scan = await _scan(at.carrier, upload.document)
        await _tell_screening(place, at.order.id)
    infected = " Ask the customer for another file." if scan == INFECTED else ""
    return (
        f"{file.name} is attached to {at.name} as {kind} by {at.who} (document {upload.document.id}, virus scan: "
        f"{scan}).{infected}"
    )


async def _scan(carrier: TelnyxClient, document: Document) -> str:
    """What the virus scan says of the document, as far as it is known within `SCANNED_WITHIN`."""
    with progress_of("Waiting for the virus scan"):
        try:
            async with asyncio.timeout(SCANNED_WITHIN):
                while document.av_scan_status == UNSCANNED:
                    await asyncio.sleep(0.5)
                    document = await carrier.document(document.id)
        except (CarrierError, TimeoutError):
            pass
    return document.av_scan_status or "not told"


async def _tell_screening(place: Place, portout_id: str) -> None:
    """Have the screening look at the documents now; untold, it looks when it would have anyway."""
    try:
        client = await place.temporal()
        screening = client.get_workflow_handle(screening_workflow_id(portout_id))
        await screening.signal(DOCUMENTS_RECEIVED, rpc_timeout=TOLD_WITHIN)
    except (TemporalUnreachable, RPCError, SettingsError):
        pass


@dataclass(frozen=True)
class Upload:
    """A file that the carrier has, linked or not."""

    document: Document
    at: datetime

    @property
    def mark(self) -> str:
        """What the records keep of it, so that a later try need not send the file again."""
        return f"{self.document.id} {self.at.isoformat()}"


async def _earlier(carrier: TelnyxClient, mark: str | None) -> Upload | None:
    """The upload that an earlier try left behind, if the carrier still has it."""
    if mark is None:
        return None
    document_id, _, at = mark.partition(" ")
    try:
        return Upload(await carrier.document(document_id), datetime.fromisoformat(at))
    except (NotFound, Unprocessable):
        return None


async def _uploaded(carrier: TelnyxClient, name: str, content: bytes) -> Document:
    try:
        document = await carrier.upload_document(name, content)
    except (CarrierUnreachable, CarrierFault, UnexpectedAnswer) as error:
        if not perhaps_sent(error):
            raise
        raise Failed(
            f"It is not known whether {name} arrived ({error}), and nothing is attached: run the same command again; the "
            "carrier deletes an upload that is linked to nothing."
        ) from None
    if document.av_scan_status == INFECTED:
        raise Failed(f"The carrier's virus scan calls {name} infected: it was not attached.")
    return document


async def _link(place: Place, at: Desk, upload: Upload, kind: DocumentType, name: str) -> None:
    async def linked() -> bool | None:
        return await _is_linked(at, upload.document) or None

    async def link() -> bool:
        await at.carrier.attach_documents(at.order.id, [DocumentToAttach(upload.document.id, kind)])
        return True

    try:
        await once(link, linked, f"look at `portout carrier documents {at.name}`")
    except (CarrierError, Failed) as error:
        why = sentence_of(error, place.settings) if isinstance(error, CarrierError) else str(error)
        raise Failed(
            f"{name} was uploaded (document {upload.document.id}) and is not linked to {at.name}: {why} Run the same "
            f"command again before {moment(upload.at + KEPT_UNLINKED)}: it links this upload; after that the carrier has "
            "deleted it and it is uploaded anew."
        ) from None


async def _is_linked(at: Desk, document: Document) -> bool:
    links = await at.carrier.supporting_documents(at.order.id)
    return any(link.document_id == document.id for link in links)


def _kept(document: Document, kind: DocumentType, digest: str) -> dict[str, Any]:
    return {"document_id": document.id, "type": kind, "sha256": digest}


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Failed(f"{file} cannot be read ({error.strerror}); nothing was sent.") from None
    if not content:
        raise Failed(f"{file} is empty; nothing was sent.")
    return content

"""What a person adds to an order at the carrier: checked, sent once, and kept in the ledger."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from commands.acting import Actor, actor
from commands.carrier_asking import carrier_of, sentence_of, the_order
from commands.output import Failed
from commands.pins import refuse_pins
from commands.session import Place
from commands.times import moment, now
from records.errors import RecordsError
from records.ledger import EntryKind, LedgerEntry
from records.store import Records
from telnyx_api import (
    CarrierError,
    CarrierFault,
    CarrierUnreachable,
    Comment,
    Document,
    DocumentToAttach,
    DocumentType,
    NotFound,
    PortOut,
    TelnyxClient,
    UnexpectedAnswer,
    Unprocessable,
)

KEPT_UNLINKED = timedelta(minutes=30)
"""How long the carrier keeps an upload that is linked to nothing (Telnyx, `POST /documents`)."""

Sent = TypeVar("Sent")


@dataclass(frozen=True)
class Desk:
    """A person at work on one order, with what they need for it."""

    carrier: TelnyxClient
    records: Records
    order: PortOut
    actor: Actor

    @property
    def name(self) -> str:
        """What people call the order."""
        return self.order.support_key or self.order.id

    @property
    def who(self) -> str:
        return self.actor.name

    def note(self, action: str, step: str, body: dict[str, Any], text: str) -> None:
        """Keep in the ledger who did it; once for a step.

        Raises:
            Failed: it was done, and could not be kept.
        """
        token = self.actor.token
        try:
            case = self.records.cases.get(self.order.id)
            entry = LedgerEntry(
                portout_id=self.order.id,
                kind=EntryKind.REVIEWED,
                step_key=f"carrier-{action}-{step}",
                at=now(),
                body={
                    "action": action,
                    "reviewer": self.who,
                    "channel": "command",
                    "verified": token is not None,
                    "role": token.role if token else None,
                    "token": token.token_id if token else None,
                    "round": case.round if case else 1,
                    **body,
                },
                personal={"reason": text},
            )
            self.records.ledger.append(entry)
        except RecordsError as error:
            raise Failed(f"The {action} reached the carrier, but not our ledger: {error}") from None


@asynccontextmanager
async def desk(place: Place, wanted: str, by: str | None) -> AsyncIterator[Desk]:
    """Sit down to an order.

    Raises:
        Failed: nothing may be sent, nobody acts who may, or the carrier knows no such order.
        RecordsError: the records cannot be read.
    """
    if not place.settings.sends:
        raise Failed(
            "Nothing was sent: without PORTOUT_SEND=yes nothing is changed at a real carrier; set it where you run this."
        )
    with place.records_as_they_are() as records:
        acting = actor(place.settings, records, by, now())
        async with carrier_of(place) as carrier:
            yield Desk(carrier, records, await the_order(carrier, wanted), acting)


async def send_comment(place: Place, wanted: str, text: str, by: str | None) -> str:
    """Write a comment, and tell what came of it.

    Raises:
        Failed: it was not sent, or nobody knows whether it was.
        RecordsError: the records cannot be read; nothing was sent.
    """
    async with desk(place, wanted, by) as at:
        await refuse_pins(at.carrier, at.records, at.order.id, text)
        before = {comment.id for comment in await at.carrier.comments(at.order.id)}

        async def found() -> Comment | None:
            for comment in await at.carrier.comments(at.order.id):
                if comment.id not in before and (comment.body or "").strip() == text:
                    return comment
            return None

        comment = await _once(
            lambda: at.carrier.create_comment(at.order.id, text),
            found,
            f"look at `portout carrier comments {at.name}` before you send it again",
        )
        at.note("comment", comment.id, {"comment_id": comment.id}, text)
        return f"The comment on {at.name} by {at.who} is with the carrier."


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
    scan = upload.document.av_scan_status or "not told"
    return f"{file.name} is attached to {at.name} as {kind} by {at.who} (document {upload.document.id}, virus scan: {scan})."


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
        if not _perhaps_sent(error):
            raise
        raise Failed(
            f"It is not known whether {name} arrived ({error}), and nothing is attached: run the same command again; the "
            "carrier deletes an upload that is linked to nothing."
        ) from None
    if document.av_scan_status == "infected":
        raise Failed(f"The carrier's virus scan calls {name} infected: it was not attached.")
    return document


async def _link(place: Place, at: Desk, upload: Upload, kind: DocumentType, name: str) -> None:
    async def linked() -> bool | None:
        return await _is_linked(at, upload.document) or None

    async def link() -> bool:
        await at.carrier.attach_documents(at.order.id, [DocumentToAttach(upload.document.id, kind)])
        return True

    try:
        await _once(link, linked, f"look at `portout carrier documents {at.name}`")
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


async def _once(
    send: Callable[[], Awaitable[Sent]], found: Callable[[], Awaitable[Sent | None]], look: str
) -> Sent:
    """Send what must not be sent twice; when the answer is lost, look whether it arrived all the same.

    Raises:
        CarrierError: it did not arrive.
        Failed: nobody knows.
    """
    try:
        return await send()
    except (CarrierUnreachable, CarrierFault, UnexpectedAnswer) as error:
        if not _perhaps_sent(error):
            raise
        lost = error
    try:
        arrived = await found()
    except CarrierError:
        raise Failed(f"It is not known whether it arrived ({lost}): {look}.") from None
    if arrived is None:
        raise lost
    return arrived


def _perhaps_sent(error: CarrierError) -> bool:
    return not isinstance(error, CarrierUnreachable) or error.sent


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

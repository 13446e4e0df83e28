"""Documents: uploading and downloading files, and linking them to a port-out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.errors import InvalidArgument
from telnyx_api.models import Document, SupportingDocument
from telnyx_api.operations import Operations
from telnyx_api.paging import Listing
from telnyx_api.transport import Upload, understood

DocumentType = Literal["loa", "invoice"]

_DOCUMENTS = Reader(Document, Listed[Document], Single[Document])
_LINKS = Reader(SupportingDocument, Listed[SupportingDocument], Single[SupportingDocument])

_MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class DocumentToAttach:
    """An uploaded document and what it is to the port-out."""

    document_id: str
    type: DocumentType


class Documents(Operations):
    """The operations on documents and on a port-out's supporting documents."""

    async def supporting_documents(self, portout_id: str) -> Listing[SupportingDocument]:
        """The documents linked to a port-out (`GET /portouts/{id}/supporting_documents`)."""
        return await self._short_list(_LINKS, "reading supporting documents", _path(portout_id))

    async def attach_documents(
        self, portout_id: str, documents: Sequence[DocumentToAttach]
    ) -> Listing[SupportingDocument]:
        """Links uploaded documents to a port-out (`POST /portouts/{id}/supporting_documents`).

        When an error leaves open whether it was carried out, look in `supporting_documents` before calling
        again.

        Args:
            documents: one to ten.

        Returns:
            The links as the carrier shows them.
        """
        if not 1 <= len(documents) <= _MOST_AT_ONCE:
            raise InvalidArgument(
                f"One to {_MOST_AT_ONCE} documents can be attached at once: split the list."
            )
        if any(document.type not in get_args(DocumentType) for document in documents):
            raise InvalidArgument("A document can be attached as loa or invoice only.")
        for document in documents:
            arguments.path_segment(document.document_id, of="a document")
        doing = "attaching documents"
        listed = [{"type": document.type, "document_id": document.document_id} for document in documents]
        response = await self._transport.send(doing, "POST", _path(portout_id), change={"documents": listed})
        page = understood(_LINKS.page(response.content), doing, response)
        return Listing(page.items, unreadable=page.unreadable)

    async def upload_document(self, file_name: str, content: bytes) -> Document:
        """Uploads a file (`POST /documents`, as multipart form).

        The carrier deletes it again unless it is linked to a port-out within 30 minutes, so upload right
        before `attach_documents`. A second call makes a second document; the first vanishes by itself.
        """
        upload = Upload(arguments.file_name(file_name), content)
        if not content:
            raise InvalidArgument("The file is empty: there is nothing to upload.")
        doing = "uploading a document"
        response = await self._transport.send(doing, "POST", "/documents", upload=upload)
        return understood(_DOCUMENTS.one(response.content), doing, response)

    async def document(self, document_id: str) -> Document:
        """What the carrier knows of a document (`GET /documents/{id}`)."""
        path = f"/documents/{arguments.path_segment(document_id, of='a document')}"
        return await self._one(_DOCUMENTS, "reading a document", "GET", path)

    async def download_document(self, document_id: str) -> bytes:
        """The content of a document (`GET /documents/{id}/download`), as it was uploaded."""
        path = f"/documents/{arguments.path_segment(document_id, of='a document')}/download"
        return (await self._transport.send("downloading a document", "GET", path, accept="*/*")).content


def _path(portout_id: str) -> str:
    return f"/portouts/{arguments.path_segment(portout_id)}/supporting_documents"

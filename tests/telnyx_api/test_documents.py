"""Documents: handed in with an order, uploaded, looked at and downloaded."""

import json
from email import message_from_bytes
from email.policy import HTTP

import pytest
from starlette.responses import Response

from telnyx_api import (
    Document,
    DocumentSize,
    DocumentToAttach,
    SupportingDocument,
    TelnyxClient,
)
from tests.telnyx_api.conftest import AT, AT_TEXT, ScriptedCarrier

LINK = {
    "id": "s-1", "portout_id": "o-1", "document_id": "d-1", "type": "loa", "created_at": AT_TEXT,
    "updated_at": AT_TEXT, "record_type": "supporting_document",
}  # fmt: skip


DOCUMENT = {
    "id": "d-1", "filename": "loa.pdf", "sha256": "08a9", "status": "pending", "av_scan_status": "scanned",
    "content_type": "application/pdf", "size": {"amount": 123456, "unit": "bytes"},
    "customer_reference": "MY REF 001", "created_at": AT_TEXT, "updated_at": AT_TEXT, "record_type": "document",
}  # fmt: skip


async def test_supporting_documents_are_read_although_the_answer_is_a_201(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": [LINK, LINK | {"id": "s-2", "type": "new_type"}]}, 201)
    link, new = await client.supporting_documents("o-1")
    (asked,) = carrier.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/v2/portouts/o-1/supporting_documents", {})
    assert link == SupportingDocument(
        id="s-1",
        portout_id="o-1",
        document_id="d-1",
        type="loa",
        created_at=AT,
        updated_at=AT,
        record_type="supporting_document",
    )
    assert set(LINK) == set(SupportingDocument.model_fields)
    assert new.type == "new_type"


async def test_documents_are_attached(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": [LINK]}, 201)
    (link,) = await client.attach_documents(
        "o-1", [DocumentToAttach("d-1", "loa"), DocumentToAttach("d-2", "invoice")]
    )
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("POST", "/v2/portouts/o-1/supporting_documents")
    assert json.loads(asked.body) == {
        "documents": [{"type": "loa", "document_id": "d-1"}, {"type": "invoice", "document_id": "d-2"}]
    }
    assert link.document_id == "d-1"


@pytest.mark.parametrize("name", ["loa.pdf", "Vollmacht Müller.pdf", 'a"b;c.pdf', "50%.pdf"])
async def test_a_file_is_uploaded_as_a_form_byte_by_byte(
    client: TelnyxClient, carrier: ScriptedCarrier, name: str
) -> None:
    content = bytes(range(256)) * 40 + b"\r\n--boundary--\r\n"
    carrier.answers({"data": DOCUMENT})
    document = await client.upload_document(name, content)
    (asked,) = carrier.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/v2/documents", {})
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    head, _, body = asked.body.partition(b"\r\n\r\n")
    assert b'name="file"' in head
    assert f'filename="{name.replace(chr(34), "%22")}"'.encode() in head
    assert b"Content-Type: application/pdf" in head
    assert body.startswith(content)
    form = message_from_bytes(
        b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body, policy=HTTP
    )
    assert len(form.get_payload()) == 1
    assert document.id == "d-1"


async def test_every_field_of_a_document_is_read(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": DOCUMENT})
    assert await client.document("d-1") == Document(
        id="d-1",
        filename="loa.pdf",
        sha256="08a9",
        status="pending",
        av_scan_status="scanned",
        content_type="application/pdf",
        size=DocumentSize(amount=123456, unit="bytes"),
        customer_reference="MY REF 001",
        created_at=AT,
        updated_at=AT,
        record_type="document",
    )
    assert (carrier.asked[0].method, carrier.asked[0].path) == ("GET", "/v2/documents/d-1")
    assert set(DOCUMENT) == set(Document.model_fields)


@pytest.mark.parametrize("fields", [{}, {"size": None}, {"size": 7}, {"size": {"amount": "much"}}])
async def test_a_document_of_which_little_is_known_is_not_scanned(
    client: TelnyxClient, carrier: ScriptedCarrier, fields: dict[str, object]
) -> None:
    carrier.answers({"data": {"id": "d-1", **fields}})
    document = await client.document("d-1")
    assert (document.av_scan_status, document.sha256, document.size.amount) == (None, None, None)


async def test_a_document_is_downloaded_byte_by_byte(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    content = b'{"data": "4821"}' + bytes(range(256))
    carrier.answer = lambda _: Response(content, media_type="application/pdf")
    assert await client.download_document("d-1") == content
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("GET", "/v2/documents/d-1/download")
    assert asked.headers["accept"] == "*/*"

"""What is uploaded to ``/documents``: a form with a file in it, or JSON with the file in base64."""

import binascii
import json
from base64 import b64decode
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from mimetypes import guess_type

from sandbox.errors import ApiError, unprocessable


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to the carrier."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str
    customer_reference: str | None = None


def read_upload(content_type: str, body: bytes) -> Upload:
    """Read the body of an upload by the request's ``Content-Type``.

    Raises:
        ApiError: 400 when the body is not what its type says, 422 when there is no file in it.
    """
    if content_type.lower().startswith("multipart/form-data"):
        return _from_form(content_type, body)
    return _from_json(body)


def content_type_of(filename: str) -> str:
    return guess_type(filename)[0] or "application/octet-stream"


def _from_form(content_type: str, body: bytes) -> Upload:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    # The line break before a boundary belongs to it; the first boundary has none.
    parts = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())[1:-1]
    if not boundary or not parts:
        raise ApiError(400)
    file: Upload | None = None
    reference: str | None = None
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = message_from_string(head.decode(errors="replace"))
        name = headers.get_param("name", header="content-disposition")
        if name == "customer_reference":
            reference = content.decode(errors="replace")
        elif name == "file":
            filename = headers.get_filename() or "document"
            file = Upload(filename, content, headers.get("content-type") or content_type_of(filename))
    if file is None or not file.content:
        raise unprocessable("A file is required.", pointer="/file")
    return Upload(file.filename, file.content, file.content_type, reference)


def _from_json(body: bytes) -> Upload:
    try:
        given = json.loads(body)
    except ValueError:
        raise ApiError(400) from None
    if not isinstance(given, dict):
        raise unprocessable("The body must be a JSON object.", pointer="/")
    if given.get("url") is not None:
        raise unprocessable("The sandbox fetches nothing from elsewhere; send the file.", pointer="/url")
    for name in ("filename", "customer_reference"):
        if not isinstance(given.get(name, ""), str):
            raise unprocessable(f"{name} must be a string.", pointer=f"/{name}")
    try:
        content = b64decode(given.get("file") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise unprocessable("The file must be in base64.", pointer="/file") from None
    if not content:
        raise unprocessable("A file is required.", pointer="/file")
    filename = given.get("filename") or "document"
    return Upload(filename, content, content_type_of(filename), given.get("customer_reference"))

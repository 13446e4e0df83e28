"""Answers on the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class File:
    """A file to download, as it was uploaded."""

    filename: str
    content_type: str
    content: bytes


def as_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer in the carrier's content type."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, media_type="application/json; charset=utf-8")


def as_download(file: File, headers: Mapping[str, str]) -> Response:
    """The bytes of a file under its name."""
    disposition = f"attachment; filename*=UTF-8''{quote(file.filename)}"
    headers = {**headers, "content-disposition": disposition, "content-type": file.content_type}
    return Response(file.content, 200, headers)

"""What is said and handed in about an order: comments and supporting documents."""

from datetime import datetime
from typing import Any, get_args
from uuid import UUID, uuid5

from sandbox.clock import iso_ms
from sandbox.errors import unprocessable
from sandbox.models import PaperType
from sandbox.orders import ACCOUNT, Order, Shown

MOST_AT_ONCE = 10
_TYPES = get_args(PaperType)


def comment_on(order: Order, body: str, at: datetime, *, by_staff: bool) -> Shown:
    """A comment of ours, or of the carrier's staff, whom the API gives no ``user_id``."""
    return {
        "body": body,
        "created_at": iso_ms(at),
        "id": _id(order, f"comment {len(order.comments)}"),
        "portout_id": order.id,
        "record_type": "portout",
        "user_id": None if by_staff else ACCOUNT,
    }


def paper_of(order: Order, document_id: str, kind: PaperType, at: datetime) -> Shown:
    """The link from an order to a document."""
    stamp = iso_ms(at)
    return {
        "created_at": stamp,
        "document_id": document_id,
        "id": _id(order, f"supporting document {len(order.papers)}"),
        "portout_id": order.id,
        "record_type": "supporting_document",
        "type": kind,
        "updated_at": stamp,
    }


def comment_body(content: Any) -> str:
    """The text in the body of a request. Raises ApiError 422."""
    body = content.get("body") if isinstance(content, dict) else None
    if not isinstance(body, str) or not body.strip():
        raise unprocessable("A comment needs a body.", pointer="/body")
    return body


def wanted_papers(content: Any) -> list[tuple[str, PaperType]]:
    """Document ids and types in the body of a request. Raises ApiError 422."""
    items = content.get("documents") if isinstance(content, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_AT_ONCE:
        raise unprocessable(f"Give 1 to {MOST_AT_ONCE} documents.", pointer="/documents")
    return [_wanted(item, f"/documents/{index}") for index, item in enumerate(items)]


def _wanted(item: Any, pointer: str) -> tuple[str, PaperType]:
    if not isinstance(item, dict):
        raise unprocessable("A document must be a JSON object.", pointer=pointer)
    if item.get("type") not in _TYPES:
        raise unprocessable(f"The type must be {' or '.join(_TYPES)}.", pointer=f"{pointer}/type")
    if not isinstance(item.get("document_id"), str):
        raise unprocessable("A document id is required.", pointer=f"{pointer}/document_id")
    return item["document_id"], item["type"]


def _id(order: Order, name: str) -> str:
    # From the order's id, as those of its events.
    return str(uuid5(UUID(order.id), name))

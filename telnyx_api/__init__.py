"""The carrier's port-out API: a typed client, what it returns and what it raises."""

from telnyx_api.client import TelnyxClient
from telnyx_api.documents import DocumentToAttach, DocumentType
from telnyx_api.errors import (
    CarrierError,
    CarrierErrorItem,
    CarrierFault,
    CarrierUnreachable,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotFound,
    TooManyRequests,
    Unauthorized,
    UnexpectedAnswer,
    Unprocessable,
)
from telnyx_api.models import (
    Comment,
    Document,
    DocumentSize,
    EventPayload,
    PhoneNumber,
    PortOut,
    PortOutEvent,
    RejectionCode,
    Report,
    ReportFilters,
    ReportParams,
    SupportingDocument,
)
from telnyx_api.orders import Answer
from telnyx_api.paging import Listing
from telnyx_api.timestamps import read_timestamp

__all__ = [
    "Answer",
    "CarrierError",
    "CarrierErrorItem",
    "CarrierFault",
    "CarrierUnreachable",
    "Comment",
    "Conflict",
    "Document",
    "DocumentSize",
    "DocumentToAttach",
    "DocumentType",
    "EventPayload",
    "Forbidden",
    "InvalidArgument",
    "Listing",
    "NotFound",
    "PhoneNumber",
    "PortOut",
    "PortOutEvent",
    "RejectionCode",
    "Report",
    "ReportFilters",
    "ReportParams",
    "SupportingDocument",
    "TelnyxClient",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unprocessable",
    "read_timestamp",
]

"""The carrier's port-out API: a typed client, what it returns and what it raises."""

from telnyx_api.client import Answer, TelnyxClient
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
from telnyx_api.models import EventPayload, PhoneNumber, PortOut, PortOutEvent, RejectionCode
from telnyx_api.paging import Listing
from telnyx_api.timestamps import read_timestamp

__all__ = [
    "Answer",
    "CarrierError",
    "CarrierErrorItem",
    "CarrierFault",
    "CarrierUnreachable",
    "Conflict",
    "EventPayload",
    "Forbidden",
    "InvalidArgument",
    "Listing",
    "NotFound",
    "PhoneNumber",
    "PortOut",
    "PortOutEvent",
    "RejectionCode",
    "TelnyxClient",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unprocessable",
    "read_timestamp",
]

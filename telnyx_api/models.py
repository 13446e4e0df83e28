"""What the carrier sends, as typed values. Unknown fields are dropped, unknown statuses kept as they are.

Every field but an entry's own id may be absent: real pending orders are mostly null. A field of the wrong
type counts as absent too (see `answers`), so that it is missing evidence and never hides the order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from telnyx_api.timestamps import read_timestamp

UNKNOWN = "unknown"
"""The status of an order whose status the carrier did not send, or not as text. Equal to no real status."""


def _read_pin(value: object) -> object:
    # Most of these reach us as "" or null, which means that the gaining carrier passed no PIN on.
    if isinstance(value, bool | float):
        raise ValueError("not a PIN")
    text = str(value) if isinstance(value, int) else value
    return None if isinstance(text, str) and not text.strip() else text


def _none_as_empty(value: object) -> object:
    return [] if value is None else value


Pin = Annotated[SecretStr | None, BeforeValidator(_read_pin)]
"""A PIN, exactly as sent (`"0123"` is not `123`); null, empty and blank are None. A number is text."""

Moment = Annotated[datetime | None, BeforeValidator(read_timestamp)]
"""Aware and in UTC, or None when absent or unreadable."""

Texts = Annotated[list[str], BeforeValidator(_none_as_empty)]
"""A list of text; null is the empty one. With one entry that is no text the whole list counts as absent:
a check over some of an order's numbers must not pass for a check over all of them."""

Id = Annotated[str, Field(min_length=1)]


class CarrierModel(BaseModel):
    """Base of all that the carrier sends. Validation errors show no input, for it may hold a PIN."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)


class Identified(CarrierModel):
    """Base of what cannot do without an id of its own."""

    id: Id


class PortOut(Identified):
    """A port-out order (`PortoutDetails` in the API)."""

    status: str = UNKNOWN
    inserted_at: Moment = None
    """When the carrier's clock for our answer began. None: the deadline is unknown, and may be near."""
    already_ported: bool | None = None
    authorized_name: str | None = None
    carrier_name: str | None = None
    city: str | None = None
    created_at: Moment = None
    current_carrier: str | None = None
    end_user_name: str | None = None
    foc_date: Moment = None
    host_messaging: bool | None = None
    lsr: Texts = []
    phone_numbers: Texts = []
    pon: str | None = None
    reason: str | None = None
    record_type: str | None = None
    rejection_code: int | None = None
    requested_foc_date: Moment = None
    service_address: str | None = None
    spid: str | None = None
    state: str | None = None
    support_key: str | None = None
    updated_at: Moment = None
    user_id: str | None = None
    vendor: str | None = None
    zip: str | None = None


class EventPayload(CarrierModel):
    """What an event tells; which fields it has depends on the event's type."""

    id: str | None = None
    """The port-out's id; in `portout.new_comment` the comment's."""
    portout_id: str | None = None
    status: str | None = None
    attempted_pin: Pin = None
    carrier_name: str | None = None
    comment: str | None = None
    foc_date: Moment = None
    phone_numbers: Texts = []
    rejection_reason: str | None = None
    spid: str | None = None
    subscriber_name: str | None = None
    user_id: str | None = None


class PortOutEvent(Identified):
    """An entry of `GET /portouts/events`, the only listing that carries the attempted PIN."""

    event_type: str | None = None
    portout_id: str | None = None
    """Taken from the payload when the event itself does not say it; None when neither does."""
    created_at: Moment = None
    updated_at: Moment = None
    payload_status: str | None = None
    """`created` may mean that the payload is not complete yet: read again."""
    payload: EventPayload = EventPayload()
    available_notification_methods: Texts = []
    record_type: str | None = None

    @model_validator(mode="after")
    def _say_which_order(self) -> Self:
        if not self.portout_id:
            about_comment = self.event_type == "portout.new_comment"
            self.portout_id = self.payload.portout_id or (None if about_comment else self.payload.id)
        return self


class RejectionCode(CarrierModel):
    """A code with which this order may be rejected. The list differs from order to order: never hard-code."""

    code: int
    description: str | None = None
    reason_required: bool = True
    """True when the carrier does not say: a reason too many does no harm."""


class Comment(Identified):
    """A comment on a port-out (`PortoutComment` in the API)."""

    portout_id: str | None = None
    user_id: str | None = None
    """None: written by the carrier's staff."""
    body: str | None = None
    created_at: Moment = None
    record_type: str | None = None


class SupportingDocument(Identified):
    """A document linked to a port-out (`PortOutSupportingDocument` in the API).

    `document_id` leads to the document itself, which tells what the virus scan found.
    """

    portout_id: str | None = None
    document_id: str | None = None
    type: str | None = None
    """`loa` or `invoice`."""
    created_at: Moment = None
    updated_at: Moment = None
    record_type: str | None = None


class DocumentSize(CarrierModel):
    """How large a document is."""

    amount: int | None = None
    unit: str | None = None
    """Documented as `bytes`."""


class Document(Identified):
    """An uploaded file (`DocServiceDocument` in the API)."""

    filename: str | None = None
    sha256: str | None = None
    status: str | None = None
    """The carrier's review: `pending`, `verified` or `denied`."""
    av_scan_status: str | None = None
    """`scanned` (nothing found), `infected`, `pending_scan` or `not_scanned`. None is as good as not scanned."""
    content_type: str | None = None
    size: DocumentSize = DocumentSize()
    customer_reference: str | None = None
    created_at: Moment = None
    updated_at: Moment = None
    record_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilters:
    """Which port-outs a report is about; None is no filter. Named as the API names them.

    To be read it may come in any shape; to be sent, its times need a time zone and its lists an entry.
    """

    __pydantic_config__ = CarrierModel.model_config

    created_at__gt: Moment = None
    created_at__lt: Moment = None
    customer_reference__in: list[str] | None = None
    end_user_name: str | None = None
    phone_numbers__overlaps: list[str] | None = None
    """Orders with at least one of these numbers, in E.164."""
    status__in: list[str] | None = None


class ReportParams(CarrierModel):
    """What a report was asked with."""

    filters: ReportFilters = ReportFilters()


class Report(Identified):
    """A report on port-outs, made by the carrier in its own time (`PortoutReport` in the API)."""

    report_type: str | None = None
    status: str = UNKNOWN
    """`pending`, then `completed`."""
    document_id: str | None = None
    """The document to download; there is none before the report is completed."""
    params: ReportParams = ReportParams()
    created_at: Moment = None
    updated_at: Moment = None
    record_type: str | None = None


class PhoneNumber(CarrierModel):
    """A number of ours as the carrier has it (`PhoneNumberDetailed` in the API)."""

    phone_number: Id
    id: str | None = None
    status: str = UNKNOWN
    external_pin: Pin = None
    """The PIN on file at the carrier."""
    activated_at: Moment = None
    country_iso_alpha2: str | None = None
    created_at: Moment = None
    customer_reference: str | None = None
    phone_number_type: str | None = None
    purchased_at: Moment = None
    tags: Texts = []
    updated_at: Moment = None

"""What the control side accepts: orders, numbers and faults to make. PINs are secrets from the first line."""

from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

# More than ten years would only hide a mistake in units.
Seconds = Annotated[float, Field(gt=0, le=3.2e8, allow_inf_nan=False)]
Wait = Annotated[float, Field(ge=0, le=3.2e8, allow_inf_nan=False)]
E164 = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Ruling = Literal["accept", "bounce", "port"]
CodeMode = Literal["accept", "ignore", "refuse"]
ScanStatus = Literal["scanned", "infected", "pending_scan", "not_scanned"]
PaperType = Literal["loa", "invoice"]

KNOWN_CODES: dict[int, tuple[str | None, bool]] = {
    1001: ("Other", True),
    1002: ("Invalid PIN", False),
}
"""Description and ``reason_required`` of the published codes, eligible unless an order says otherwise."""


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class EligibleCode(Input):
    code: int
    description: str | None = None
    reason_required: bool = False


def _as_code(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        description, reason_required = KNOWN_CODES.get(value, (None, False))
        return EligibleCode(code=value, description=description, reason_required=reason_required)
    return value


CodeOrNumber = Annotated[EligibleCode, BeforeValidator(_as_code)]


class NewOrder(Input):
    """An order that a gaining carrier places; what is left out is null in the API, as in most real ones.

    ``inserted_at`` may be given, or ``age_seconds`` before now (carrier time). ``silence_after``: seconds
    from ``inserted_at`` until silence approves, instead of the carrier's usual window. With
    ``event_payload_status`` ``created`` the event does not show the attempted PIN until it is completed.
    """

    id: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    support_key: str | None = None
    phone_numbers: tuple[E164, ...] | None = ()
    carrier_name: str | None = None
    spid: str | None = None
    authorized_name: str | None = None
    end_user_name: str | None = None
    pon: str | None = None
    foc_date: AwareDatetime | None = None
    requested_foc_date: AwareDatetime | None = None
    service_address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    vendor: str | None = None
    current_carrier: str | None = "Telnyx"
    host_messaging: bool = False
    lsr: tuple[str, ...] = ()
    inserted_at: AwareDatetime | None = None
    age_seconds: Wait | None = None
    attempted_pin: SecretStr | None = None
    event_payload_status: Literal["created", "completed"] = "completed"
    eligible_codes: tuple[CodeOrNumber, ...] = Field(default=tuple(KNOWN_CODES), validate_default=True)
    silence_after: Seconds | None = None

    @model_validator(mode="after")
    def _one_age(self) -> "NewOrder":
        if self.inserted_at is not None and self.age_seconds is not None:
            raise ValueError("give inserted_at or age_seconds, not both")
        return self


class NewNumber(Input):
    """A phone number of our account; ``external_pin`` is the PIN on file at the carrier."""

    phone_number: E164
    external_pin: SecretStr | None = None
    status: str = "active"
    phone_number_type: str = "local"
    country_iso_alpha2: str = Field(default="US", pattern="^[A-Z]{2}$")
    customer_reference: str | None = None
    tags: tuple[str, ...] = ()
    purchased_at: AwareDatetime | None = None


class NewFault(Input):
    """What goes wrong with the next ``count`` API requests of that method and path prefix.

    In the prefix ``*`` stands for any one part of a path, as in ``/portouts/*/comments``. Without ``count`` it
    goes on until it is cleared. ``status`` answers with that error, and ``retry_after`` or ``ratelimit_reset``
    (seconds) in its headers; ``drop`` closes the connection before anything is applied, ``drop_after_apply``
    after it, with no answer either way; that strikes PATCH unless another method is named. ``stale_reads``: the
    next so many reads of an order show the state before its PATCH; ``stale_events`` says that reads of events
    do too. ``rejection_code``: refuse it with 422, accept the PATCH but ignore the code, or accept it.
    """

    method: str | None = None
    path_prefix: str = ""
    count: int | None = Field(default=None, ge=1)
    status: int | None = Field(default=None, ge=400, le=599)
    retry_after: Wait | None = None
    ratelimit_reset: Wait | None = None
    delay: Wait = 0.0
    drop: bool = False
    drop_after_apply: bool = False
    stale_reads: int = Field(default=0, ge=0)
    stale_events: bool = False
    rejection_code: CodeMode | None = None

    @field_validator("method")
    @classmethod
    def _upper(cls, method: str | None) -> str | None:
        return method.upper() if method is not None else None

    @field_validator("path_prefix")
    @classmethod
    def _below_v2(cls, prefix: str) -> str:
        return prefix.removeprefix("/v2")

    @property
    def fails(self) -> bool:
        """Whether the request is never applied."""
        return self.drop or self.status is not None

    @property
    def only_for_patch(self) -> bool:
        """Whether it would mean nothing to another method, and so must not be used up by one."""
        return self.drop_after_apply or self.stale_reads > 0 or self.rejection_code is not None


class Mischief(Input):
    """What happens to webhooks on their way.

    Each is sent ``copies`` times; each copy is lost with the chance ``drop``, or else leaves at random within
    ``spread`` seconds of real time, so that copies and events overtake each other.
    """

    copies: int = Field(default=1, ge=1, le=1000)
    drop: float = Field(default=0.0, ge=0, le=1)
    spread: Wait = 0.0
    seed: int = 0

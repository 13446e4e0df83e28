"""One port-out order and its events, kept as the JSON objects that the API shows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4, uuid5

from sandbox.clock import iso_ms, iso_us
from sandbox.models import EligibleCode, NewOrder, Ruling

Shown = dict[str, Any]
Decider = Literal["patch", "silence", "portal", "withdrawn", "carrier"]

PENDING = "pending"
AUTHORIZED = "authorized"
REJECTED_PENDING = "rejected-pending"
REJECTED = "rejected"
CANCELED = "canceled"
PORTED = "ported"
STATUSES = (PENDING, AUTHORIZED, PORTED, REJECTED, REJECTED_PENDING, CANCELED)

RULINGS: dict[Ruling, str] = {"accept": REJECTED, "bounce": PENDING, "port": PORTED}

STATUS_CHANGED = "portout.status_changed"
FOC_DATE_CHANGED = "portout.foc_date_changed"
NEW_COMMENT = "portout.new_comment"
EVENT_TYPES = (STATUS_CHANGED, FOC_DATE_CHANGED, NEW_COMMENT)

ACCOUNT = "7865816a-ee85-4e50-b19e-52983dcc6d4a"
"""The ``user_id`` of everything: the sandbox has one account."""


@dataclass(slots=True, eq=False)
class Event:
    """An event of an order; ``place`` sorts events by time, then by when they were made."""

    place: tuple[datetime, int]
    shown: Shown = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.shown["id"])

    @property
    def awaits_pin(self) -> bool:
        return bool(self.shown["payload_status"] == "created")

    def complete(self, pin: str | None, at: datetime) -> None:
        payload = {**self.shown["payload"], "attempted_pin": pin}
        self.shown = {
            **self.shown,
            "payload": payload,
            "payload_status": "completed",
            "updated_at": iso_us(at),
        }


@dataclass(slots=True)
class Stale:
    """An order as it stood before a PATCH, for the reads that have not caught up."""

    shown: Shown = field(repr=False)
    reads_left: int
    events_seen: int | None
    """How many of the order's events such a read sees; None: all of them."""


@dataclass(slots=True, eq=False)
class Order:
    """An order. ``shown`` is replaced, never changed, so that a stale read can keep the old one."""

    place: tuple[datetime, int]
    shown: Shown = field(repr=False)
    eligible: tuple[EligibleCode, ...]
    pending_since: datetime
    window: float | None
    attempted_pin: str | None = field(repr=False)
    silence_at: datetime | None = None
    ported_out_at: datetime | None = None
    stale: Stale | None = None
    events: list[Event] = field(default_factory=list)
    comments: list[Shown] = field(default_factory=list, repr=False)
    papers: list[Shown] = field(default_factory=list)
    patches: int = 0
    effective_patches: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.shown["id"])

    @property
    def status(self) -> str:
        return str(self.shown["status"])

    @property
    def as_read(self) -> Shown:
        """What a read sees just now."""
        return self.stale.shown if self.stale else self.shown

    @property
    def events_as_read(self) -> list[Event]:
        return self.events[: self.stale.events_seen] if self.stale else self.events

    @property
    def hides_events(self) -> bool:
        """Whether reads of events lag behind too."""
        return self.stale is not None and self.stale.events_seen is not None

    def code(self, number: int) -> EligibleCode | None:
        return next((code for code in self.eligible if code.code == number), None)

    def remember(self, at: datetime, by: Decider | None) -> None:
        """Note in the history who brought the order where it now is."""
        answer = {name: self.shown[name] for name in ("status", "reason", "rejection_code")}
        self.history.append({"at": iso_us(at), "by": by, **answer})

    def truth(self) -> dict[str, Any]:
        """Where the order really stands, stale reads or not, and how it came there. No PIN."""
        return {
            **{name: self.shown[name] for name in _TOLD},
            "inserted_at": self.shown["inserted_at"],
            "silence_at": iso_us(self.silence_at) if self.silence_at else None,
            "decided_by": self.history[-1]["by"],
            "patches": self.patches,
            "effective_patches": self.effective_patches,
            "events": len(self.events),
            "comments": len(self.comments),
            "supporting_documents": len(self.papers),
            "eligible_codes": [code.model_dump() for code in self.eligible],
            "history": self.history,
        }


_TOLD = (
    "id",
    "support_key",
    "status",
    "reason",
    "rejection_code",
    "host_messaging",
    "phone_numbers",
    "foc_date",
)


def place_order(new: NewOrder, inserted_at: datetime, number: int) -> Order:
    """The pending order that ``new`` describes; ``number`` counts the orders of this sandbox."""
    stamp = iso_ms(inserted_at)
    shown: Shown = {
        "already_ported": False,
        "created_at": stamp,
        "foc_date": _stamp(new.foc_date),
        "id": new.id or str(uuid4()),
        "inserted_at": stamp,
        "lsr": list(new.lsr),
        "phone_numbers": None if new.phone_numbers is None else list(new.phone_numbers),
        "reason": None,
        "record_type": "portout",
        "rejection_code": None,
        "requested_foc_date": _stamp(new.requested_foc_date),
        "status": PENDING,
        "support_key": new.support_key or f"PO_{700_000 + number}",
        "updated_at": stamp,
        "user_id": ACCOUNT,
        **new.model_dump(include=_AS_GIVEN),
    }
    pin = new.attempted_pin.get_secret_value() if new.attempted_pin else None
    return Order(
        place=(inserted_at, number),
        shown=shown,
        eligible=new.eligible_codes,
        pending_since=inserted_at,
        window=new.silence_after,
        attempted_pin=pin,
    )


_AS_GIVEN = {
    *("authorized_name", "carrier_name", "city", "current_carrier", "end_user_name", "host_messaging", "pon"),
    *("service_address", "spid", "state", "vendor", "zip"),
}


def status_event(order: Order, at: datetime, number: int, *, completed: bool = True) -> Event:
    """The event of the status that the order now has. Only that of ``pending`` tells the attempted PIN."""
    shown = order.shown
    tells_pin = completed and order.status == PENDING
    payload = {
        "id": order.id,
        "status": order.status,
        "carrier_name": shown["carrier_name"],
        "spid": shown["spid"],
        "phone_numbers": shown["phone_numbers"],
        "subscriber_name": shown["end_user_name"],
        "attempted_pin": order.attempted_pin if tells_pin else None,
        "rejection_reason": shown["reason"] if order.status.startswith("rejected") else None,
        "user_id": ACCOUNT,
    }
    return _event(order, STATUS_CHANGED, payload, at, number, "completed" if completed else "created")


def foc_event(order: Order, at: datetime, number: int) -> Event:
    payload = {"id": order.id, "user_id": ACCOUNT, "foc_date": order.shown["foc_date"]}
    return _event(order, FOC_DATE_CHANGED, payload, at, number, "completed")


def comment_event(order: Order, comment: Shown, at: datetime, number: int) -> Event:
    payload = {
        "id": comment["id"],
        "comment": comment["body"],
        "portout_id": order.id,
        "user_id": comment["user_id"],
    }
    return _event(order, NEW_COMMENT, payload, at, number, "completed")


def _event(
    order: Order, kind: str, payload: dict[str, Any], at: datetime, number: int, payload_status: str
) -> Event:
    stamp = iso_us(at)
    shown = {
        "available_notification_methods": ["webhook"],
        "created_at": stamp,
        "event_type": kind,
        # From the order's id, so that sample orders have the same events on every machine.
        "id": str(uuid5(UUID(order.id), f"event {len(order.events)}")),
        "payload": payload,
        "payload_status": payload_status,
        "portout_id": order.id,
        "record_type": "portout_event",
        "updated_at": stamp,
    }
    return Event(place=(at, number), shown=shown)


def _stamp(moment: datetime | None) -> str | None:
    return iso_ms(moment) if moment else None

"""The phone numbers of our account at the carrier."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.clock import iso_ms
from sandbox.errors import unprocessable
from sandbox.models import NewNumber
from sandbox.orders import Shown

_FIRST_ID = 1_293_384_261_075_731_499
_AS_GIVEN = {"phone_number", "status", "phone_number_type", "country_iso_alpha2", "customer_reference"}

_FILTERS: dict[str, Callable[[Shown, str], bool]] = {
    "status": lambda shown, wanted: bool(shown["status"] == wanted),
    "tag": lambda shown, wanted: wanted in shown["tags"],
    "customer_reference": lambda shown, wanted: bool(shown["customer_reference"] == wanted),
    "country_iso_alpha2": lambda shown, wanted: bool(shown["country_iso_alpha2"] == wanted),
}
NUMBER_FILTERS = frozenset({"phone_number", *_FILTERS})


class NumberBook:
    """Numbers by their E.164 form, oldest first."""

    def __init__(self) -> None:
        self._by_number: dict[str, Shown] = {}

    def put(self, new: NewNumber, at: datetime) -> None:
        """Add a number, or replace what is known about it."""
        stamp = iso_ms(at)
        known = self._by_number.get(new.phone_number)
        purchased_at = iso_ms(new.purchased_at) if new.purchased_at else stamp
        self._by_number[new.phone_number] = {
            "activated_at": purchased_at,
            "billing_group_id": None,
            "call_forwarding_enabled": True,
            "call_recording_enabled": False,
            "caller_id_name_enabled": False,
            "cnam_listing_enabled": False,
            "connection_id": None,
            "connection_name": None,
            "created_at": known["created_at"] if known else stamp,
            "deletion_lock_enabled": False,
            "emergency_address_id": None,
            "emergency_enabled": False,
            "emergency_status": "disabled",
            "external_pin": new.external_pin.get_secret_value() if new.external_pin else None,
            "hd_voice_enabled": False,
            "id": known["id"] if known else str(_FIRST_ID + len(self._by_number)),
            "inbound_call_screening": "disabled",
            "messaging_profile_id": None,
            "messaging_profile_name": None,
            "purchased_at": purchased_at,
            "record_type": "phone_number",
            "source_type": "number_order",
            "t38_fax_gateway_enabled": False,
            "tags": list(new.tags),
            "updated_at": stamp,
            **new.model_dump(include=_AS_GIVEN),
        }

    def port_out(self, phone_number: str, at: datetime) -> None:
        """Mark a number as gone, if it was one of ours."""
        known = self._by_number.get(phone_number)
        if known is not None:
            self._by_number[phone_number] = {**known, "status": "ported-out", "updated_at": iso_ms(at)}

    def customer_reference(self, phone_number: str) -> str | None:
        """Whose number it is in our books; None of one that is not ours."""
        known = self._by_number.get(phone_number)
        return known["customer_reference"] if known else None

    def find(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        """Numbers that pass every filter, oldest first. Raises ApiError 422 for fewer than three digits."""
        found = self._containing(filters["phone_number"][0]) if "phone_number" in filters else self._all()
        for name, values in filters.items():
            test = _FILTERS.get(name)
            if test is not None:
                found = [shown for shown in found if any(test(shown, wanted) for wanted in values)]
        return found

    def _all(self) -> list[Shown]:
        return list(self._by_number.values())

    def _containing(self, digits: str) -> list[Shown]:
        # As documented: anything but digits finds nothing, the plus sign of E.164 included.
        if not (digits.isascii() and digits.isdigit()):
            return []
        if len(digits) < 3:
            raise unprocessable("At least three digits are required.", parameter="filter[phone_number]")
        return [shown for number, shown in self._by_number.items() if digits in number]

"""Keeping PINs where they are: off the screen, and out of every text that a person sends."""

from collections.abc import Sequence
from typing import Any

from activities.pins import attempted_pins, reveals_pin
from commands.output import HIDDEN_PIN, Failed
from records.errors import RecordsError
from records.store import Records
from telnyx_api import CarrierError, PortOutEvent, TelnyxClient


async def refuse_pins(
    carrier: TelnyxClient, records: Records, portout_id: str, text: str, *, what: str = "The text"
) -> None:
    """Let no text leave that contains a PIN of the order, attempted or on file.

    Raises:
        Failed: it does, or that cannot be found out.
    """
    try:
        order = await carrier.portout(portout_id)
        reveals = await reveals_pin(carrier, records, order.id, order.phone_numbers, text)
    except (CarrierError, RecordsError) as error:
        raise Failed(f"Nothing was sent, because the text could not be checked for PINs: {error}") from None
    if reveals:
        raise Failed(f"{what} contains a PIN of this order; nothing was sent. Say it without the PIN.")


class Pins:
    """Hides the PINs that were attempted on an order from texts about it.

    Args:
        carrier: asked once for each order.
    """

    def __init__(self, carrier: TelnyxClient) -> None:
        self._carrier = carrier
        self._attempted: dict[str, Sequence[str]] = {}

    async def hidden(self, text: str | None, portout_id: str | None) -> str | None:
        """The text with each PIN attempted on that order replaced."""
        if not text or not portout_id:
            return text
        if portout_id not in self._attempted:
            attempts = await attempted_pins(self._carrier, portout_id)
            pins = {attempt.pin.get_secret_value() for attempt in attempts}
            self._attempted[portout_id] = sorted(pins, key=len, reverse=True)
        for pin in self._attempted[portout_id]:
            text = text.replace(pin, HIDDEN_PIN)
        return text

    async def event(self, event: PortOutEvent) -> dict[str, Any]:
        """An event as JSON shows it."""
        shown = event.model_dump(mode="json")
        payload = shown["payload"]
        payload["attempted_pin"] = HIDDEN_PIN if event.payload.attempted_pin else None
        payload["comment"] = await self.hidden(event.payload.comment, event.portout_id)
        return shown

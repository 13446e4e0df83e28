"""Fetching PINs: those on file and those attempted. They live in memory for one activity and go nowhere else."""

import asyncio
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from records.attempts import Attempt
from records.customers import TELNYX
from records.errors import DirectoryFailed
from records.pins import unspelled, words_in
from records.store import Records
from screening.facts import ClearPin, PinOnFile
from telnyx_api import PortOutEvent, TelnyxClient

STATUS_CHANGED = "portout.status_changed"
LONGEST_TEXT = 4_000
"""Characters up to which a text is taken apart; the carrier sets no limit. In a longer one every digit may be a PIN."""
_COMPLETED = "completed"


@dataclass(frozen=True)
class AttemptedPin:
    """A PIN that came with a status event of the order."""

    event_id: str
    at: datetime | None
    pin: SecretStr


async def attempted_pins(carrier: TelnyxClient, portout_id: str) -> list[AttemptedPin]:
    """Every PIN attempted on the order, oldest first.

    The status events are the only place where the carrier shows it; an event whose payload is still being generated
    may get one later, so it counts as not there yet.

    Raises:
        CarrierError: the events cannot be read.
    """
    return attempts_in(await carrier.events(portout_id=portout_id, event_type=STATUS_CHANGED))


def attempts_in(events: Iterable[PortOutEvent]) -> list[AttemptedPin]:
    """The PINs that came with these events, oldest first."""
    attempts = [
        AttemptedPin(event.id, event.created_at, event.payload.attempted_pin)
        for event in events
        if event.event_type == STATUS_CHANGED and event.payload.attempted_pin and is_complete(event)
    ]
    return sorted(attempts, key=lambda attempt: (attempt.at is not None, attempt.at, attempt.event_id))


def attempt_rows(
    attempts: Sequence[AttemptedPin],
    portout_id: str,
    round_: int,
    numbers: Sequence[str],
    *,
    spid: str | None,
    now: datetime,
) -> list[Attempt]:
    """The attempts as the records count them: one for each number of the order, and never the PIN itself."""
    return [
        Attempt(portout_id, round_, attempt.event_id, number, spid, attempt.at or now)
        for attempt in attempts
        for number in numbers
    ]


def is_complete(event: PortOutEvent) -> bool:
    """Whether the event tells all that it ever will; an incomplete one may still get its PIN."""
    return event.payload_status in (None, _COMPLETED)


async def pins_on_file(
    carrier: TelnyxClient, records: Records, numbers: Sequence[str]
) -> list[PinOnFile | None]:
    """The PIN on file of each number: that of the first source that has one, else None.

    The carrier's belongs to the number. Another source's belongs to its customer, so it counts only if that is the
    customer who holds the number by the first source that knows it: a stale row must not open it to whoever held it.

    Raises:
        CarrierError: the number records cannot be read.
        DatabaseUnavailable, DirectoryFailed: the customers cannot be read.
    """
    found: dict[str, PinOnFile] = {}
    holders: dict[str, str] = {}
    for source in records.customers.sources:
        left = [number for number in numbers if number not in found]
        if source == TELNYX:
            found |= await _carriers_pins(carrier, left)
        else:
            known = await asyncio.to_thread(records.customers.find_in, source, left)
            for number, customer in known.items():
                if holders.setdefault(number, customer.id) == customer.id and customer.pin:
                    found[number] = customer.pin
    return [found.get(number) for number in numbers]


async def _carriers_pins(carrier: TelnyxClient, numbers: Sequence[str]) -> dict[str, PinOnFile]:
    listed = await asyncio.gather(*(carrier.phone_number(number) for number in numbers))
    pairs = zip(numbers, listed, strict=True)
    return {
        number: ClearPin(record.external_pin) for number, record in pairs if record and record.external_pin
    }


async def reveals_pin(
    carrier: TelnyxClient, records: Records, portout_id: str, numbers: Sequence[str], text: str
) -> bool:
    """Whether a free text contains a PIN of this order, attempted or on file.

    Raises:
        CarrierError, DatabaseUnavailable: it cannot be told, so the text must not be sent.
    """
    if len(text) > LONGEST_TEXT:
        return any(character.isdigit() for character in text)
    words = await asyncio.to_thread(words_in, text)
    if not words:
        return False
    attempts = await attempted_pins(carrier, portout_id)
    if any(attempt.pin.get_secret_value() in text or unspelled(attempt.pin) in words for attempt in attempts):
        return True
    try:
        on_file = [pin for pin in await pins_on_file(carrier, records, numbers) if pin]
    except DirectoryFailed:
        # A person must be able to deny while it is away: whatever may be a PIN is taken for one.
        return any(character.isdigit() for character in text)
    return await asyncio.to_thread(_any_is_among, dict.fromkeys(on_file), words)


def _any_is_among(on_file: Iterable[PinOnFile], words: Set[SecretStr]) -> bool:
    def is_among(pin: PinOnFile) -> bool:
        spelled = isinstance(pin, ClearPin) and unspelled(pin.pin) in words
        return spelled or any(map(pin.matches, words))

    return any(map(is_among, on_file))

"""What is on file about a customer, wherever it is kept."""

from dataclasses import dataclass, field
from datetime import datetime

from screening.facts import PinOnFile


@dataclass(frozen=True, slots=True)
class Lock:
    """The holder wants no number to leave."""

    since: datetime | None
    by: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """What is on file about a customer.

    Args:
        lock_known: False where nobody says whether there is a lock.
        pin: can only be asked whether another PIN is the same; None if there is none on file.
        pin_changed_at, email_changed_at, contact_changed_at, sim_changed_at: the last change that we know of.
    """

    id: str
    name: str | None = field(repr=False)
    business_name: str | None = field(repr=False)
    authorized_names: list[str] = field(repr=False)
    tags: list[str]
    country: str | None
    lock: Lock | None
    lock_known: bool
    pin: PinOnFile | None
    pin_changed_at: datetime | None
    email_changed_at: datetime | None
    contact_changed_at: datetime | None
    sim_changed_at: datetime | None

    @property
    def has_pin(self) -> bool:
        return self.pin is not None


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """A number, and the customer who holds it."""

    number: str
    customer: CustomerRecord | None

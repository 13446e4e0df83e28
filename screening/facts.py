"""The facts that checks read and that texts may name: their catalogue, and the models that carry them.

A fact has one name everywhere (`portout.spid`), a type, and a class that says who may see it. PINs are in the
catalogue, so that tests of a rule can give them, but no model here holds one where it could be printed or
stored.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field, SecretStr

from screening.countries import countries_of
from screening.results import FactClass, FactValue, Tolerant


class FactType(StrEnum):
    """What kind of value a fact has, as an author would say it."""

    TEXT = "text"
    TEXTS = "list of texts"
    NUMBER = "whole number"
    MOMENT = "date and time"
    FLAG = "yes or no"


@dataclass(frozen=True)
class Fact:
    """One entry of the catalogue."""

    name: str
    type: FactType
    fact_class: FactClass
    sentence: str


COUNTED: Mapping[str, str] = {
    "orders": "other orders",
    "denials": "other orders that were denied",
    "pin_failures": "wrong PINs",
}
"""What the history counts, with the words for it."""

COUNTED_PER = ("number", "customer", "spid", "carrier")


def history_fact(what: str, key: str) -> str:
    """The name of the fact that says how many of `what` the same `key` had."""
    return f"history.{what}_per_{key}"


_FACTS: tuple[Fact, ...] = (
    Fact("portout.id", FactType.TEXT, FactClass.PUBLIC, "The carrier's id of the port-out order."),
    Fact("portout.support_key", FactType.TEXT, FactClass.PUBLIC, "The short key used with carrier support."),
    Fact("portout.phone_numbers", FactType.TEXTS, FactClass.PUBLIC, "The numbers of the order, as +E.164."),
    Fact("portout.authorized_name", FactType.TEXT, FactClass.PUBLIC, "Who authorized the port, as claimed."),
    Fact("portout.end_user_name", FactType.TEXT, FactClass.PUBLIC, "The end user named on the request."),
    Fact("portout.carrier_name", FactType.TEXT, FactClass.PUBLIC, "Name of the gaining carrier."),
    Fact("portout.spid", FactType.TEXT, FactClass.PUBLIC, "Service provider id of the gaining carrier."),
    Fact(
        "portout.foc_date", FactType.MOMENT, FactClass.PUBLIC, "Firm order commitment: when the port is set."
    ),
    Fact("portout.requested_foc_date", FactType.MOMENT, FactClass.PUBLIC, "The FOC date that was asked for."),
    Fact("portout.pon", FactType.TEXT, FactClass.PUBLIC, "Purchase order number of the gaining carrier."),
    Fact("portout.zip", FactType.TEXT, FactClass.PUBLIC, "ZIP or postal code on the request."),
    Fact(
        "portout.countries", FactType.TEXTS, FactClass.PUBLIC, "Countries of the numbers, two letters each."
    ),
    Fact("portout.number_count", FactType.NUMBER, FactClass.PUBLIC, "How many numbers the order asks for."),
    Fact("portout.inserted_at", FactType.MOMENT, FactClass.PUBLIC, "When the request reached the carrier."),
    Fact("portout.attempted_pin", FactType.TEXT, FactClass.SECRET, "The port-out PIN sent with the request."),
    Fact("customer.name", FactType.TEXT, FactClass.INTERNAL, "Name of the account holder."),
    Fact("customer.business_name", FactType.TEXT, FactClass.INTERNAL, "Business name of the account."),
    Fact("customer.authorized_names", FactType.TEXTS, FactClass.INTERNAL, "The authorized contacts."),
    Fact("customer.tags", FactType.TEXTS, FactClass.INTERNAL, "Our tags of the account."),
    Fact("customer.locked", FactType.FLAG, FactClass.INTERNAL, "Whether the holder locked the account."),
    Fact("customer.lock_why", FactType.TEXT, FactClass.INTERNAL, "Why the holder locked the account."),
    Fact("customer.pin_changed_at", FactType.MOMENT, FactClass.INTERNAL, "When the PIN was last changed."),
    Fact(
        "customer.email_changed_at", FactType.MOMENT, FactClass.INTERNAL, "When the e-mail was last changed."
    ),
    Fact(
        "customer.contact_changed_at",
        FactType.MOMENT,
        FactClass.INTERNAL,
        "When an authorized contact was last changed.",
    ),
    Fact("customer.sim_changed_at", FactType.MOMENT, FactClass.INTERNAL, "When the SIM was last changed."),
    Fact("customer.pin", FactType.TEXT, FactClass.SECRET, "The port-out PIN on file."),
    Fact(
        "customer.count", FactType.NUMBER, FactClass.INTERNAL, "How many of our customers hold the numbers."
    ),
    Fact(
        "number.statuses",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "The carrier's status of each number; `unknown` for one that it does not know as ours.",
    ),
    Fact(
        "documents.types",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "Types of the documents that came and are clean: loa, invoice.",
    ),
    Fact(
        "documents.infected",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "Types of the documents in which the carrier's virus scan found something.",
    ),
    Fact(
        "documents.unscanned",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "Types of the documents that the carrier has not scanned yet.",
    ),
    Fact(
        "documents.sha256",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "Each clean document that came, as its type and the SHA-256 of its content.",
    ),
    *(
        Fact(
            history_fact(what, key),
            FactType.NUMBER,
            FactClass.INTERNAL,
            f"How many {words} the same {key} had within the rule's window; this order does not count.",
        )
        for what, words in COUNTED.items()
        for key in COUNTED_PER
    ),
    Fact(
        "history.rejected_at",
        FactType.MOMENT,
        FactClass.INTERNAL,
        "When we last rejected an order for the same numbers.",
    ),
    Fact(
        "history.changed",
        FactType.TEXTS,
        FactClass.INTERNAL,
        "What is not as it was in that order: names of facts, or `pin`.",
    ),
)

CATALOGUE: dict[str, Fact] = {fact.name: fact for fact in _FACTS}


class OrderFacts(Tolerant):
    """What the gaining carrier said about one order, as it crosses workflow history. It never holds a PIN.

    Real orders are mostly empty: None is an ordinary value of every optional field. Date-times carry their
    offset.
    """

    id: str
    status: str
    phone_numbers: list[str] = Field(default_factory=list)
    support_key: str | None = None
    authorized_name: str | None = None
    end_user_name: str | None = None
    carrier_name: str | None = None
    spid: str | None = None
    foc_date: datetime | None = None
    requested_foc_date: datetime | None = None
    pon: str | None = None
    zip: str | None = None
    inserted_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def port_at(self) -> datetime | None:
        """For when the port is set, or else wanted."""
        return self.foc_date or self.requested_foc_date

    def as_facts(self) -> dict[str, FactValue]:
        """The order's facts by catalogue name; date-times in ISO 8601."""
        return {
            "portout.id": self.id,
            "portout.support_key": self.support_key,
            "portout.phone_numbers": list(self.phone_numbers),
            "portout.authorized_name": self.authorized_name,
            "portout.end_user_name": self.end_user_name,
            "portout.carrier_name": self.carrier_name,
            "portout.spid": self.spid,
            "portout.foc_date": _iso(self.foc_date),
            "portout.requested_foc_date": _iso(self.requested_foc_date),
            "portout.pon": self.pon,
            "portout.zip": self.zip,
            "portout.countries": sorted(countries_of(self.phone_numbers)),
            "portout.number_count": len(self.phone_numbers),
            "portout.inserted_at": _iso(self.inserted_at),
        }


class CustomerFacts(Tolerant):
    """What we know about one customer who holds numbers of the order; never a PIN."""

    name: str | None = None
    business_name: str | None = None
    authorized_names: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    locked: bool | None = False
    """None where nobody says: that is never taken for unlocked."""
    lock_why: str | None = None
    pin_changed_at: datetime | None = None
    email_changed_at: datetime | None = None
    contact_changed_at: datetime | None = None
    sim_changed_at: datetime | None = None

    def as_facts(self) -> dict[str, FactValue]:
        """The customer's facts by catalogue name; date-times in ISO 8601."""
        return {
            "customer.name": self.name,
            "customer.business_name": self.business_name,
            "customer.authorized_names": list(self.authorized_names),
            "customer.tags": list(self.tags),
            "customer.locked": self.locked,
            "customer.lock_why": self.lock_why,
            "customer.pin_changed_at": _iso(self.pin_changed_at),
            "customer.email_changed_at": _iso(self.email_changed_at),
            "customer.contact_changed_at": _iso(self.contact_changed_at),
            "customer.sim_changed_at": _iso(self.sim_changed_at),
        }


class PinOnFile(Protocol):
    """The PIN that we hold for a number, in whatever form: all it tells is whether another one is it."""

    def matches(self, attempted: SecretStr) -> bool:
        """Compare in constant time. PINs are text: `0123` is not `123`."""
        ...


@dataclass(frozen=True)
class ClearPin:
    """A PIN on file that is known in clear, as the carrier's `external_pin` is."""

    pin: SecretStr

    def matches(self, attempted: SecretStr) -> bool:
        """Compare in constant time. PINs are text: `0123` is not `123`."""
        return hmac.compare_digest(_octets(self.pin), _octets(attempted))


def _octets(pin: SecretStr) -> bytes:
    # A lone surrogate (JSON allows it) would make a strict encoder raise an error that contains the PIN.
    return pin.get_secret_value().encode("utf-8", "surrogatepass")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

"""Sample port-outs: one for each thing that can come up, and a carrier to put them in.

Every order has numbers of its own, so that no sample's PIN attempt bears on another.
"""

import csv
import io
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from sandbox.carrier import Carrier
from sandbox.models import NewFault, NewNumber, NewOrder
from sandbox.sample_customers import CUSTOMERS

_SAMPLES = UUID("5b0f6f0e-3c1c-5d43-9d55-0c4f7f1d2a10")

_GOOD = {"carrier_name": "Onvoy", "spid": "073H"}
_GOOD_TOO = {"carrier_name": "T-Mobile", "spid": "6529"}
_PLAIN = {"carrier_name": "Pine Tree Wireless", "spid": "9206"}
_LEADING_ZERO = {"carrier_name": "Lakeside Telephone", "spid": "0123"}
_BLOCKED = {"carrier_name": "Fly-By-Night Telecom", "spid": "888X"}
_NOT_LISTED = {"carrier_name": "Newcomer Mobile", "spid": "ZZZZ"}


class Act(StrEnum):
    """What somebody outside the rules does about a sample order, for whoever plays the samples."""

    NOTHING = "nothing"
    """Nobody needs to: the rules decide."""
    APPROVE = "approve"
    DENY = "deny"
    APPROVE_BY_SIGNAL = "approve by signal"
    CANCEL = "cancel"
    """The gaining carrier withdraws the order while a person thinks."""
    LET_IT_LAPSE = "let it lapse"
    """A person is asked, and nobody answers."""


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """A sample: what it shows, the order to place, what somebody does about it, and what goes wrong."""

    key: str
    story: str
    order: NewOrder
    act: Act = Act.NOTHING
    fault: NewFault | None = None

    @property
    def id(self) -> str:
        return str(self.order.id)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A sample before it has an id; its fault strikes the first PATCH of its order."""

    key: str
    story: str
    order: dict[str, Any] = field(repr=False)
    act: Act = Act.NOTHING
    fault: dict[str, Any] | None = None


_PLANS = (
    _Plan(
        "pin-right",
        "The PIN is right, and little else came with the request.",
        {**_GOOD, "phone_numbers": ["+12125550101"], "attempted_pin": "48213957"},
    ),
    _Plan(
        "pin-wrong",
        "The PIN is wrong.",
        {**_GOOD, "phone_numbers": ["+13035550102"], "attempted_pin": "60917324"},
    ),
    _Plan(
        "pin-absent",
        "There is a PIN on file and none came; a person reaches the customer.",
        {**_GOOD_TOO, "phone_numbers": ["+14155550103"]},
        Act.APPROVE,
    ),
    _Plan(
        "no-pin-on-file",
        "The customer never set a PIN, so whatever came proves nothing; a person decides.",
        {**_GOOD, "phone_numbers": ["+15125550104"], "attempted_pin": "11223398"},
        Act.APPROVE,
    ),
    _Plan(
        "leading-zeros",
        "The PIN is 0042, and 0042 came.",
        {**_LEADING_ZERO, "phone_numbers": ["+16175550105"], "attempted_pin": "0042"},
    ),
    _Plan(
        "leading-zeros-lost",
        "The PIN begins with two zeros and came without them: that is another PIN.",
        {**_LEADING_ZERO, "phone_numbers": ["+13055550106"], "attempted_pin": "42917350"},
    ),
    _Plan(
        "unknown-spid",
        "The PIN is right, the gaining provider is new to us.",
        {**_NOT_LISTED, "phone_numbers": ["+12065550107"], "attempted_pin": "91540278"},
    ),
    _Plan(
        "blocked-carrier",
        "The PIN is right, the gaining carrier is on the block list; a person denies.",
        {**_BLOCKED, "phone_numbers": ["+14045550108"], "attempted_pin": "35072916"},
        Act.DENY,
    ),
    _Plan(
        "name-close",
        "The PIN is right, Robert is called Roberta.",
        {
            **_PLAIN,
            "phone_numbers": ["+17025550109"],
            "attempted_pin": "82469103",
            "authorized_name": "Roberta Chen",
        },
    ),
    _Plan(
        "name-wrong",
        "The PIN is right, the name is somebody else's; a person denies.",
        {
            **_GOOD_TOO,
            "phone_numbers": ["+13125550110"],
            "attempted_pin": "70638251",
            "authorized_name": "Gary Oldfield",
        },
        Act.DENY,
    ),
    _Plan(
        "several-numbers",
        "Three numbers of one customer, one PIN for all.",
        {
            **_GOOD,
            "phone_numbers": ["+15035550111", "+15035550112", "+15035550113"],
            "attempted_pin": "14790368",
            "authorized_name": "Ines Duarte",
            "end_user_name": "Harbor Coffee LLC",
            "pon": "HC-20931",
        },
    ),
    _Plan(
        "two-customers",
        "Numbers of two customers in one order; a person denies.",
        {**_GOOD, "phone_numbers": ["+16025550114", "+16025550115"], "attempted_pin": "53927160"},
        Act.DENY,
    ),
    _Plan(
        "all-null",
        "Nothing came but the number; a person decides.",
        {"phone_numbers": ["+17205550116"], "current_carrier": None},
        Act.DENY,
    ),
    _Plan(
        "canceled",
        "The gaining carrier withdraws the order while a person thinks about it.",
        {**_GOOD, "phone_numbers": ["+19195550117"]},
        Act.CANCEL,
    ),
    _Plan(
        "nobody-leave",
        "No PIN came and nobody answers; little speaks against it, so it is left to the carrier.",
        {**_PLAIN, "phone_numbers": ["+12125550118"]},
        Act.LET_IT_LAPSE,
    ),
    _Plan(
        "nobody-deny",
        "No PIN, a blocked carrier, somebody else's name, nobody answers: denied before silence approves.",
        {**_BLOCKED, "phone_numbers": ["+13035550119"], "authorized_name": "Trevor Blackwood"},
        Act.LET_IT_LAPSE,
    ),
    _Plan(
        "answer-lost",
        "The PIN is right; our answer is applied, the carrier's gets lost, and the next read is stale.",
        {**_GOOD_TOO, "phone_numbers": ["+14155550120"], "attempted_pin": "40719526"},
        fault={"drop_after_apply": True, "stale_reads": 1},
    ),
    _Plan(
        "carrier-busy",
        "The PIN is right, and the carrier is too busy to hear our first answer.",
        {**_GOOD, "phone_numbers": ["+15125550121"], "attempted_pin": "63850194"},
        fault={"status": 429, "retry_after": 1},
    ),
    _Plan(
        "by-signal",
        "No PIN came; a person approves by a signal, which needs no worker to be up.",
        {**_LEADING_ZERO, "phone_numbers": ["+16175550122"], "authorized_name": "Anika Nair"},
        Act.APPROVE_BY_SIGNAL,
    ),
    _Plan(
        "pin-incomplete",
        "The carrier never completes the event that would tell the PIN; a person denies.",
        {
            **_PLAIN,
            "phone_numbers": ["+13055550123"],
            "attempted_pin": "31682750",
            "event_payload_status": "created",
        },
        Act.DENY,
    ),
)


def sample_orders(*, silence_after: float | None = None, salt: str = "") -> list[SampleOrder]:
    """The sample orders, with the same ids whenever and wherever they are made.

    Args:
        silence_after: Seconds until silence approves each; left out, as long as the carrier usually waits.
        salt: Another salt gives other ids, to play the samples again before records that remember them.
    """
    return [_sample(plan, silence_after, str(uuid5(_SAMPLES, f"{salt}/{plan.key}"))) for plan in _PLANS]


def _sample(plan: _Plan, silence_after: float | None, order_id: str) -> SampleOrder:
    order = NewOrder.model_validate({"id": order_id, "silence_after": silence_after, **plan.order})
    fault = None
    if plan.fault is not None:
        only_once = {"method": "PATCH", "path_prefix": f"/portouts/{order_id}/", "count": 1}
        fault = NewFault.model_validate({**only_once, **plan.fault})
    return SampleOrder(plan.key, plan.story, order, plan.act, fault)


def sample_numbers() -> list[NewNumber]:
    """The numbers of the sample orders as the carrier has them, with the PINs that only it has."""
    return [
        NewNumber.model_validate({"phone_number": number, "external_pin": customer.external_pin})
        for customer in CUSTOMERS
        for number in customer.numbers
    ]


def sample_customers_csv() -> str:
    """The customers of the sample orders as a CSV file; several values in a cell are parted by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["customer_id", "name", "business_name", "authorized_names", "tags", "country", "numbers", "pin"]
    )
    for customer in CUSTOMERS:
        names, tags, numbers = (
            ";".join(values) for values in (customer.authorized_names, customer.tags, customer.numbers)
        )
        writer.writerow(
            [
                customer.id,
                customer.name,
                customer.business_name,
                names,
                tags,
                "US",
                numbers,
                customer.pin or "",
            ]
        )
    return text.getvalue()


def sample_pins() -> list[str]:
    """Every PIN in the samples, on file or attempted, for searching where none may be.

    All but 0042, which turns up in any long text.
    """
    on_file = {pin for customer in CUSTOMERS for pin in (customer.pin, customer.external_pin) if pin}
    attempted = {
        sample.order.attempted_pin.get_secret_value()
        for sample in sample_orders()
        if sample.order.attempted_pin
    }
    return sorted((on_file | attempted) - {"0042"})


def seed(carrier: Carrier, *, silence_after: float | None = None, salt: str = "") -> list[SampleOrder]:
    """Put the sample numbers, orders and their faults into a carrier, and return the orders."""
    for number in sample_numbers():
        carrier.add_number(number)
    samples = sample_orders(silence_after=silence_after, salt=salt)
    for sample in samples:
        carrier.create_order(sample.order)
        if sample.fault:
            carrier.faults.add(sample.fault)
    return samples

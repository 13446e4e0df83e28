"""Where the carrier and we do not agree about port-outs. Pure: `activities.reconciling` reads both sides."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from activities.carrier import SETTLED_AS
from activities.contracts import CarrierStatus, Message
from records.cases import Case, Stage
from records.ledger_standings import Standing
from screening.policy import Mode
from telnyx_api import PortOut

ON_ITS_WAY = timedelta(minutes=10)
"""What changed at the carrier so recently is not wrong yet: intake and the event tail are about to find it."""
TOLD_BY_THEN = timedelta(hours=2)
"""A watched order that ended is told to its run within the hour; after two it never was."""
_FINAL = (CarrierStatus.REJECTED, CarrierStatus.CANCELED, CarrierStatus.PORTED)


class Wrong(StrEnum):
    """What can be wrong with an order, worst first."""

    NEVER_SCREENED = "never screened"
    DECIDED_DIFFERENTLY = "decided differently"
    PAST_DEADLINE = "past its deadline"
    NOT_WATCHED = "not watched"
    DECIDED_ELSEWHERE = "decided elsewhere"
    GONE = "watched but gone"


class Difference(Message):
    """An order about which the carrier and we do not agree. No personal data."""

    wrong: Wrong
    portout_id: str
    support_key: str | None = None
    carrier_status: str | None = None
    """None when the carrier does not know the order."""
    text: str
    mendable: bool = False
    """Whether starting a screening settles it."""


@dataclass(frozen=True)
class BothSides:
    """What the carrier shows of orders, and what we know of them.

    Attributes:
        listed: the carrier's orders by id.
        unknown: orders that are open here and that the carrier does not know.
        cases: those that the queue knows, by id.
        standings: those that the ledger knows, by id.
        running: ids of the orders that have a running workflow.
        began: when the ledger began; orders decided before it are none of ours. None: it is empty.
    """

    listed: Mapping[str, PortOut]
    unknown: Collection[str]
    cases: Mapping[str, Case]
    standings: Mapping[str, Standing]
    running: Collection[str]
    began: datetime | None


def differences(sides: BothSides, now: datetime) -> list[Difference]:
    """Every order with which something is wrong, at most one line each, worst first."""
    found = [*_of_listed(sides, now), *_of_unknown(sides)]
    ranks = list(Wrong)
    return sorted(found, key=lambda one: (ranks.index(one.wrong), one.portout_id))


def _of_unknown(sides: BothSides) -> Iterator[Difference]:
    for portout_id in sides.unknown:
        case = sides.cases.get(portout_id)
        yield Difference(
            wrong=Wrong.GONE,
            portout_id=portout_id,
            support_key=case.support_key if case else None,
            text="It is open here and the carrier does not know it.",
        )


def _of_listed(sides: BothSides, now: datetime) -> Iterator[Difference]:
    for order in sides.listed.values():
        case, standing = sides.cases.get(order.id), sides.standings.get(order.id)
        wrong: tuple[Wrong, str] | None
        mendable = False
        if order.status == CarrierStatus.PENDING:
            wrong = _wrong_with_pending(order, case, standing, order.id in sides.running, now)
            mendable = order.id not in sides.running
        else:
            wrong = _wrong_with_decided(order, case, standing, sides.began, now)
        if wrong:
            yield Difference(
                wrong=wrong[0],
                portout_id=order.id,
                support_key=order.support_key,
                carrier_status=order.status,
                text=wrong[1],
                mendable=mendable,
            )


def _wrong_with_pending(
    order: PortOut, case: Case | None, standing: Standing | None, runs: bool, now: datetime
) -> tuple[Wrong, str] | None:
    if not runs:
        if _changed_within(order, ON_ITS_WAY, now):
            return None
        if case is None and standing is None:
            return Wrong.NEVER_SCREENED, "The carrier lists it as pending and it was never screened here."
        return Wrong.NOT_WATCHED, "The carrier lists it as pending and no workflow stands for it."
    if case is None or case.mode == Mode.SHADOW or case.respond_by is None:
        return None
    if now >= case.respond_by and not (standing and standing.left_on_purpose):
        return (
            Wrong.PAST_DEADLINE,
            f"It is pending still; we had to respond by {case.respond_by:%Y-%m-%d %H:%M} UTC.",
        )
    return None


def _wrong_with_decided(
    order: PortOut, case: Case | None, standing: Standing | None, began: datetime | None, now: datetime
) -> tuple[Wrong, str] | None:
    if standing is None and case is None:
        ours = began is not None and order.inserted_at is not None and order.inserted_at >= began
        if ours and order.status != CarrierStatus.CANCELED:
            return Wrong.NEVER_SCREENED, f"It became {order.status} and was never screened here."
        return None
    answered_as = standing.answered_as if standing else None
    if order.status != CarrierStatus.CANCELED:
        if answered_as is None:
            by_silence = order.status in (CarrierStatus.AUTHORIZED, CarrierStatus.PORTED)
            left = by_silence and standing is not None and standing.left_on_purpose
            if not left and not (case and case.mode == Mode.SHADOW):
                return Wrong.DECIDED_ELSEWHERE, f"It became {order.status} without an answer of ours."
        elif order.status not in SETTLED_AS.get(answered_as, ()):
            return (
                Wrong.DECIDED_DIFFERENTLY,
                f"We answered {answered_as} and the carrier shows {order.status}.",
            )
    open_here = case is not None and case.stage is not Stage.CLOSED
    if open_here and order.status in _FINAL and not _changed_within(order, TOLD_BY_THEN, now):
        return Wrong.GONE, f"It is open here and ended at the carrier: {order.status}."
    return None


def _changed_within(order: PortOut, span: timedelta, now: datetime) -> bool:
    changed = order.updated_at or order.inserted_at
    return changed is not None and now - changed < span

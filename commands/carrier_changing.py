"""What a person adds to an order at the carrier: checked, sent once, and kept in the ledger."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from activities.entries import header_from
from commands.acting import Actor, actor
from commands.carrier_asking import carrier_of, the_order
from commands.output import Failed
from commands.pins import refuse_pins
from commands.session import Place
from commands.times import now
from records.errors import RecordsError
from records.ledger_actor import LedgerActor
from records.ledger_entries import EntryKind, LedgerEntry
from records.store import Records
from telnyx_api import (
    CarrierError,
    CarrierFault,
    CarrierUnreachable,
    Comment,
    PortOut,
    TelnyxClient,
    UnexpectedAnswer,
)

KEPT_UNLINKED = timedelta(minutes=30)
"""How long the carrier keeps an upload that is linked to nothing (Telnyx, `POST /documents`)."""

Sent = TypeVar("Sent")


@dataclass(frozen=True)
class Desk:
    """A person at work on one order, with what they need for it."""

    carrier: TelnyxClient
    records: Records
    order: PortOut
    actor: Actor

    @property
    def name(self) -> str:
        """What people call the order."""
        return self.order.support_key or self.order.id

    @property
    def who(self) -> str:
        return self.actor.name

    def note(self, action: str, step: str, body: dict[str, Any], text: str) -> None:
        """Keep in the ledger who did it; once for a step.

        Raises:
            Failed: it was done, and could not be kept.
        """
        token = self.actor.token
        try:
            case = self.records.cases.get(self.order.id)
            entry = LedgerEntry(
                portout_id=self.order.id,
                kind=EntryKind.REVIEWED,
                step_key=f"carrier-{action}-{step}",
                at=now(),
                body=header_from(case, case.round if case else 1)
                | {
                    "action": action,
                    "reviewer": self.who,
                    "channel": "command",
                    "verified": token is not None,
                    "role": token.role if token else None,
                    "token": token.token_id if token else None,
                    **body,
                },
                personal={"reason": text},
                actor=LedgerActor.person(
                    self.who, token=token.token_id if token else None, role=token.role if token else None
                ),
            )
            self.records.ledger.append(entry)
        except RecordsError as error:
            raise Failed(f"The {action} reached the carrier, but not our ledger: {error}") from None


@asynccontextmanager
async def desk(place: Place, wanted: str, by: str | None) -> AsyncIterator[Desk]:
    """Sit down to an order.

    Raises:
        Failed: nothing may be sent or kept, nobody acts who may, or the carrier knows no such order.
        RecordsError: the records cannot be read.
    """
    if not place.settings.sends:
        raise Failed(
            "Nothing was sent: without PORTOUT_SEND=yes nothing is changed at a real carrier; set it where you run this."
        )
    with place.records_as_they_are() as records:
        acting = actor(place.settings, records, by, now())
        if not records.can_seal:
            raise Failed(
                "Nothing was sent, because our ledger could not keep it: set PORTOUT_RECORDS_KEY here as it is set for "
                "the worker."
            )
        async with carrier_of(place) as carrier:
            yield Desk(carrier, records, await the_order(carrier, wanted), acting)


async def send_comment(place: Place, wanted: str, text: str, by: str | None) -> str:
    """Write a comment, and tell what came of it.

    Raises:
        Failed: it was not sent, or nobody knows whether it was.
        RecordsError: the records cannot be read; nothing was sent.
    """
    async with desk(place, wanted, by) as at:
        await refuse_pins(at.carrier, at.records, at.order.id, text)
        before = {comment.id for comment in await at.carrier.comments(at.order.id)}

        async def found() -> Comment | None:
            for comment in await at.carrier.comments(at.order.id):
                if comment.id not in before and (comment.body or "").strip() == text:
                    return comment
            return None

        comment = await once(
            lambda: at.carrier.create_comment(at.order.id, text),
            found,
            f"look at `portout carrier comments {at.name}` before you send it again",
        )
        at.note("comment", comment.id, {"comment_id": comment.id}, text)
        return f"The comment on {at.name} by {at.who} is with the carrier."


async def once(
    send: Callable[[], Awaitable[Sent]], found: Callable[[], Awaitable[Sent | None]], look: str
) -> Sent:
    """Send what must not be sent twice; when the answer is lost, look whether it arrived all the same.

    Raises:
        CarrierError: it did not arrive.
        Failed: nobody knows.
    """
    try:
        return await send()
    except (CarrierUnreachable, CarrierFault, UnexpectedAnswer) as error:
        if not perhaps_sent(error):
            raise
        lost = error
    try:
        arrived = await found()
    except CarrierError:
        raise Failed(f"It is not known whether it arrived ({lost}): {look}.") from None
    if arrived is None:
        raise lost
    return arrived


def perhaps_sent(error: CarrierError) -> bool:
    """Whether what failed may have been carried out all the same."""
    return not isinstance(error, CarrierUnreachable) or error.sent

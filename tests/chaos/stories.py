"""What people and the carrier's side do about an order, story by story."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sandbox.carrier import Carrier
from sandbox.models import ScanStatus
from sandbox.uploads import Upload
from tests.chaos.people import Over, People
from tests.chaos.plan import Story
from tests.service import REVIEWER, SECOND_REVIEWER

LETTER = b"I authorize this port."
PIN_RESET = "The PIN was reset by us."
FOC = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


class Stories:
    """Attends to orders: each story is what happens to one of them."""

    def __init__(self, people: People, carrier: Carrier) -> None:
        self._people = people
        self._carrier = carrier
        self._of: dict[Story, Callable[[str], Awaitable[None]]] = {
            Story.REVIEWED: self._approved_by_a_person,
            Story.REFUSED: self._denied_by_a_person,
            Story.RACED: self._raced,
            Story.SIGNALLED: self._signalled,
            Story.CANCELED: self._canceled,
            Story.BOUNCED: self._bounced,
            Story.BOUNCED_THRICE: self._bounced_thrice,
            Story.RULED: lambda order: self._ruled(order, "rejected-pending"),
            Story.PORTED: lambda order: self._ruled(order, "authorized"),
            Story.PORTED_ANYWAY: self._ported_anyway,
            Story.FOC_MOVED: self._foc_moved,
            Story.FOC_MOVED_MEANWHILE: self._foc_moved_meanwhile,
            Story.LETTER: self._letter,
            Story.INFECTED: self._infected,
            Story.UNSENT: self._unsent,
            Story.ASKED_BY_HAND: self._asked_by_hand,
        }

    async def attend(self, order: str, story: Story) -> None:
        """Play a story to its end, or until it cannot go on."""
        if story in self._of:
            with contextlib.suppress(Over):
                await self._of[story](order)

    async def _approved_by_a_person(self, order: str) -> None:
        await self._people.until_it_waits(order)
        await self._people.review(order, "approve")

    async def _denied_by_a_person(self, order: str) -> None:
        await self._people.until_it_waits(order)
        await self._people.review(order, "deny")

    async def _raced(self, order: str) -> None:
        await self._people.until_it_waits(order)
        await asyncio.gather(
            self._people.review(order, "approve"),
            self._people.review(order, "deny", SECOND_REVIEWER),
        )

    async def _signalled(self, order: str) -> None:
        await self._people.until_it_waits(order)
        await self._people.approve_by_signal(order)

    async def _canceled(self, order: str) -> None:
        await self._people.until_it_waits(order)
        if self._carrier.truth(order)["status"] == "pending":
            self._carrier.cancel(order)

    async def _bounced(self, order: str) -> None:
        await self._people.until_at_the_carrier(order, "rejected-pending")
        self._carrier.rule(order, "bounce", comment="The end user changed the passcode.")
        await self._people.until_it_waits(order, round_=2)
        await self._people.review(order, "approve", override_reason=PIN_RESET)

    async def _bounced_thrice(self, order: str) -> None:
        for round_ in (1, 2, 3):
            await self._people.until_at_the_carrier(order, "rejected-pending")
            self._carrier.rule(order, "bounce")
            await self._people.until_it_waits(order, round_=round_ + 1)
            if round_ < 3:
                await self._people.review(
                    order, "deny", reason=f"Not authorized, the holder said again ({round_})."
                )
        await self._people.review(order, "approve", SECOND_REVIEWER, override_reason=PIN_RESET)

    async def _ruled(self, order: str, answered: str) -> None:
        await self._people.until_at_the_carrier(order, answered)
        self._carrier.rule(order, "accept" if answered == "rejected-pending" else "port")

    async def _ported_anyway(self, order: str) -> None:
        await self._people.until_at_the_carrier(order, "rejected-pending")
        self._carrier.rule(order, "port")

    async def _foc_moved(self, order: str) -> None:
        await self._people.until_at_the_carrier(order, "authorized")
        self._carrier.move_foc(order, FOC)

    async def _foc_moved_meanwhile(self, order: str) -> None:
        await self._people.until_it_waits(order)
        deciding = asyncio.create_task(self._people.review(order, "approve", REVIEWER))
        await asyncio.sleep(0)
        if self._carrier.truth(order)["status"] == "pending":
            self._carrier.move_foc(order, FOC)
        await deciding

    async def _letter(self, order: str) -> None:
        await self._people.until_asked(order)
        self._hand_in(order)

    async def _infected(self, order: str) -> None:
        await self._people.until_asked(order)
        self._hand_in(order, "infected")
        await self._people.until_found(order, "documents", "infected")
        self._hand_in(order)

    async def _unsent(self, order: str) -> None:
        await self._people.until_asked(order)
        await self._people.review(order, "deny")

    async def _asked_by_hand(self, order: str) -> None:
        await self._people.until_it_waits(order)
        await self._people.review(order, "ask", types=["loa"], reason="Please send the letter.")
        await self._people.until_asked(order)
        self._hand_in(order)
        await self._people.review(order, "approve")

    def _hand_in(self, order: str, scan: ScanStatus = "scanned") -> None:
        self._carrier.hand_in(order, "loa", Upload("loa.pdf", LETTER, "application/pdf"), scan)
        self._carrier.comment(order, "The letter is there.", by_staff=True)

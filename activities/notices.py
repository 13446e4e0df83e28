"""Notices to people, through Apprise: what waits, what is late, what went wrong. Never personal data."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog
from pydantic import SecretStr
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import Notice, NoticeKind
from activities.patience import in_time
from records.errors import RecordsError
from records.store import Records

_TAGS = {
    NoticeKind.REVIEW: "review",
    NoticeKind.REMINDER: "review",
    NoticeKind.ESCALATION: "escalation",
    NoticeKind.INCIDENT: "incident",
}
AT_ONCE = 4
"""Notices on their way to one address."""
WAIT_FOR_A_TURN = 2.0
"""Seconds. A notice that has no turn by then is tried again later: whoever waits here holds up other activities."""
log = structlog.get_logger(__name__)


class NotDelivered(Exception):
    """At least one address of a tag did not take a notice."""


class NoticeBoard:
    """Posts a notice once per cause to the addresses of its tag, and always to the log.

    "Once" holds as far as the world allows: a process that dies between sending and remembering sends again.
    """

    def __init__(self, records: Records, addresses: Sequence[tuple[str, SecretStr]]) -> None:
        self._records = records
        self._addresses = addresses
        self._under_way: set[str] = set()
        self._took: dict[str, set[SecretStr]] = {}
        # What the database could not take down, which is away perhaps: what it did not hear of is told once, too.
        self._unwritten: set[str] = set()
        # Threads of their own and turns for each address: one that hangs must keep neither records and decisions
        # waiting nor the notices to another.
        self._threads = ThreadPoolExecutor(AT_ONCE * max(1, len(addresses)), thread_name_prefix="notices")
        self._turns = {url: asyncio.Semaphore(AT_ONCE) for _, url in addresses}

    async def post(self, notice: Notice) -> None:
        """Post a notice; what cannot be delivered is logged and left.

        Activities use this for what they notice by the way: their own work must not depend on a pager.
        """
        if notice.cause in self._under_way:
            return  # Many notice the same thing at once, a refused key for one: the first of them tells it.
        try:
            await self.deliver(notice)
        except NotDelivered:
            log.error("notice not delivered", kind=notice.kind, cause=notice.cause)

    async def deliver(self, notice: Notice) -> None:
        """Post a notice.

        Raises:
            NotDelivered: an address did not take it, or others keep us waiting. A retry sends it again, to the
                addresses that did not take it.
        """
        if notice.cause in self._under_way:
            raise NotDelivered(notice.kind)  # An earlier try, given up for lost, still waits for its address.
        self._under_way.add(notice.cause)
        try:
            if await self._told(notice.cause):
                return
            log.warning("notice", kind=notice.kind, cause=notice.cause, text=notice.text)
            await self._send(notice)
            await self._remember(notice.cause)
        finally:
            self._under_way.discard(notice.cause)

    async def _send(self, notice: Notice) -> None:
        took = self._took.setdefault(notice.cause, set())
        urls = [url for tag, url in self._addresses if tag == _TAGS[notice.kind] and url not in took]
        delivered = await asyncio.gather(*(self._taken_by(url, notice) for url in urls))
        took.update(url for url, taken in zip(urls, delivered, strict=True) if taken)
        if not all(delivered):
            raise NotDelivered(notice.kind)
        del self._took[notice.cause]

    async def _taken_by(self, url: SecretStr, notice: Notice) -> bool:
        turns = self._turns[url]
        try:
            await asyncio.wait_for(turns.acquire(), WAIT_FOR_A_TURN)
        except TimeoutError:
            return False
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _deliver_to, url, notice)
        finally:
            turns.release()

    async def _told(self, cause: str) -> bool:
        if cause in self._unwritten:
            return True
        try:
            return await in_time(self._records.notices.told, cause)
        except RecordsError:
            # Twice is better than never: an incident about the database itself must get out.
            return False

    async def _remember(self, cause: str) -> None:
        try:
            await in_time(self._records.notices.tell, cause, datetime.now(UTC))
        except RecordsError:
            self._unwritten.add(cause)
            log.warning("notice not remembered", cause=cause)


class NoticeActivities:
    """The activity through which workflows tell people something."""

    def __init__(self, board: NoticeBoard) -> None:
        self._board = board

    @activity.defn
    async def notify(self, notice: Notice) -> None:
        try:
            await self._board.deliver(notice)
        except NotDelivered:
            raise ApplicationError(
                "An address of PORTOUT_NOTIFY did not take the notice.", type="NotDelivered"
            ) from None


def _deliver_to(url: SecretStr, notice: Notice) -> bool:
    # Here and not above: a worker without addresses starts without it.
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages carry addresses with keys in them
    sender = apprise.Apprise()
    try:
        known = sender.add(url.get_secret_value())
        return known and bool(sender.notify(title=f"Port-out: {notice.kind}", body=_body(notice)))
    except Exception as error:
        # The code of a hundred services runs here; whatever one of them raises, its notice was not delivered.
        log.warning("notice service failed", error=type(error).__name__)
        return False


def _body(notice: Notice) -> str:
    lines = [notice.text]
    if notice.portout_id:
        lines.append(f"Order {notice.support_key or notice.portout_id}")
    if notice.seconds_left is not None:
        lines.append(_time_left(notice.seconds_left))
    return "\n".join(lines)


def _time_left(seconds: float) -> str:
    if seconds <= 0:
        return "The carrier's limit has passed."
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes:02d} min until the carrier approves by silence."

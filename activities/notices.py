"""Notices to people, through Apprise: what waits, what is late, what went wrong. Never personal data."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from pydantic import SecretStr
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import Notice, NoticeKind
from records.errors import DatabaseUnavailable
from records.store import Records

_TAGS = {
    NoticeKind.REVIEW: "review",
    NoticeKind.REMINDER: "review",
    NoticeKind.ESCALATION: "escalation",
    NoticeKind.INCIDENT: "incident",
}
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

    async def post(self, notice: Notice) -> None:
        """Post a notice; what cannot be delivered is logged and left.

        Activities use this for what they notice by the way: their own work must not depend on a pager.
        """
        try:
            await self.deliver(notice)
        except NotDelivered:
            log.error("notice not delivered", kind=notice.kind, cause=notice.cause)

    async def deliver(self, notice: Notice) -> None:
        """Post a notice.

        Raises:
            NotDelivered: an address did not take it; nothing is remembered, so a retry sends it again.
        """
        if await self._told(notice.cause):
            return
        log.warning("notice", kind=notice.kind, cause=notice.cause, text=notice.text)
        urls = [url for tag, url in self._addresses if tag == _TAGS[notice.kind]]
        if urls and not await _send(urls, notice):
            raise NotDelivered(notice.kind)
        await self._remember(notice.cause)

    async def _told(self, cause: str) -> bool:
        try:
            return await asyncio.to_thread(self._records.notices.told, cause)
        except DatabaseUnavailable:
            # Twice is better than never: an incident about the database itself must get out.
            return False

    async def _remember(self, cause: str) -> None:
        try:
            await asyncio.to_thread(self._records.notices.tell, cause, datetime.now(UTC))
        except DatabaseUnavailable:
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


async def _send(urls: Sequence[SecretStr], notice: Notice) -> bool:
    # Apprise takes most of a second to import; a worker without addresses starts without it.
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages carry addresses with keys in them
    sender = apprise.Apprise()
    known = [sender.add(url.get_secret_value()) for url in urls]
    delivered = await sender.async_notify(title=f"Port-out: {notice.kind}", body=_body(notice))
    return all(known) and bool(delivered)


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

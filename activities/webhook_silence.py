"""Noticing that webhooks stay away although things happen at the carrier.

Nothing is missed by that: intake finds every event. But answers come a minute later, and somebody should mend it. So the
newest event that no webhook told is asked for once more; if that stays away too, people are told.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from activities.contracts import Notice, NoticeKind
from activities.notices import NoticeBoard
from records.store import Records
from telnyx_api import CarrierError, PortOutEvent, TelnyxClient

HEARD_UNTIL = "webhooks-heard-until"
"""The mark with the newest moment, by the carrier's clock, that a webhook told of."""
EXPECTED_SINCE = "webhooks-expected-since"
"""The mark with the moment of the first intake that expected webhooks: what happened before was told to nobody."""
ASKED_AGAIN = "webhooks-asked-again"
"""The mark with the moment of the last request to send one again, and that of the event it was about."""
TIME_TO_COME = timedelta(minutes=2)
"""How long a webhook may take before its event counts as untold."""
ALIKE = timedelta(seconds=30)
"""How far a webhook's moment may differ from its event's; the mark itself is a few seconds late."""
ASK_EVERY = timedelta(hours=1)
log = structlog.get_logger(__name__)


def note_heard(records: Records, until: datetime) -> None:
    """Note that a webhook came that told of something at this moment. Blocks.

    Raises:
        RecordsError: it could not be noted.
    """
    records.marks.set(HEARD_UNTIL, until.isoformat())


def heard_until(records: Records) -> datetime | None:
    """The newest moment that a webhook told of, by the carrier's clock; None when none ever came. Blocks."""
    noted = records.marks.get(HEARD_UNTIL)
    return datetime.fromisoformat(noted) if noted else None


def asked_again(records: Records) -> tuple[datetime, datetime] | None:
    """When a webhook was last asked for once more, and the moment of its event by the carrier's clock. Blocks."""
    noted = records.marks.get(ASKED_AGAIN)
    if not noted:
        return None
    at, of = noted.split()
    return datetime.fromisoformat(at), datetime.fromisoformat(of)


def is_untold(event_at: datetime, heard: datetime | None) -> bool:
    """Whether no webhook told of anything as late as this event."""
    return heard is None or event_at > heard + ALIKE


class WebhookSilence:
    """What an intake does about events that no webhook told.

    Args:
        expected: whether a public key is configured; without one no webhook could be believed, so none is missing.
    """

    def __init__(
        self, carrier: TelnyxClient, records: Records, board: NoticeBoard, *, expected: bool
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._expected = expected

    async def look(self, events: Iterable[PortOutEvent], now: datetime) -> None:
        """Ask for a webhook once more if none has come for a while, at most once an hour.

        Args:
            events: those that the intake read.

        Raises:
            RecordsError: the marks cannot be read or written.
        """
        if not self._expected:
            return
        since = await asyncio.to_thread(self._expected_since, now)
        told = [
            (at, event) for event in events if (at := event.created_at) and since < at <= now - TIME_TO_COME
        ]
        if not told:
            return
        newest_at, newest = max(told, key=lambda pair: pair[0])
        heard = await asyncio.to_thread(heard_until, self._records)
        if not is_untold(newest_at, heard):
            return
        asked = await asyncio.to_thread(asked_again, self._records)
        if asked and now - asked[0] < ASK_EVERY:
            return
        await asyncio.to_thread(
            self._records.marks.set, ASKED_AGAIN, f"{now.isoformat()} {newest_at.isoformat()}"
        )
        await self._ask_again(newest)
        if asked and is_untold(asked[1], heard):
            await self._tell(now)

    def _expected_since(self, now: datetime) -> datetime:
        marks = self._records.marks
        noted = marks.get(EXPECTED_SINCE) or marks.set_once(EXPECTED_SINCE, now.isoformat())
        return datetime.fromisoformat(noted)

    async def _ask_again(self, event: PortOutEvent) -> None:
        try:
            await self._carrier.republish_event(event.id)
        except CarrierError as error:
            log.warning("webhook not asked for again", event_id=event.id, error=str(error))
        else:
            log.warning("no webhook came for an event, asked for it again", event_id=event.id)

    async def _tell(self, now: datetime) -> None:
        await self._board.post(
            Notice(
                kind=NoticeKind.INCIDENT,
                cause=f"webhooks-silent:{now.date()}",
                text=(
                    "No webhook comes any more, not even one that was asked for again. Port-outs are found by polling, "
                    "a minute later; check the address in the carrier's portal, the public key, and the console's log."
                ),
            )
        )

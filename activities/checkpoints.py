"""Sealing the ledger: a signed checkpoint of what was written since the last one, kept outside the database."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import Field
from temporalio import activity

from activities.contracts import Message, Notice, NoticeKind
from activities.lateness import seconds_tried
from activities.notices import NoticeBoard
from records import checkpoint_file
from records.errors import RecordsError
from records.store import Records
from settings import Timing

CHECKPOINT_WORKFLOW = "PortOutCheckpoint"
log = structlog.get_logger(__name__)


class CheckpointInput(Message):
    """The argument of the scheduled run."""

    timing: Timing = Field(default_factory=Timing)


class CheckpointActivities:
    """The hourly run."""

    def __init__(self, records: Records, board: NoticeBoard, file: Path, *, evidence: float) -> None:
        self._records = records
        self._board = board
        self._file = file
        self._evidence = evidence

    @activity.defn
    async def seal(self, given: CheckpointInput) -> int:  # noqa: ARG002
        """Make what checkpoints there are to make, and write them down outside. Returns how many were written.

        A try that died between the two is made up for by the next one.
        """
        now = datetime.now(UTC)
        try:
            written = await asyncio.to_thread(
                checkpoint_file.seal, self._records.checkpoints, self._file, now
            )
        except RecordsError as error:
            if seconds_tried() > self._evidence:
                await self._board.post(
                    Notice(
                        kind=NoticeKind.INCIDENT,
                        cause=f"unsealed:{now.date()}",
                        text=f"The ledger gets no checkpoint, so nobody would notice that its end is gone. {error}",
                    )
                )
            raise
        log.info("ledger sealed", checkpoints=written)
        return written

"""Watching the rules folder while a worker runs: what is edited goes live, waits or is refused, and people are told."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import structlog

from activities.contracts import Notice, NoticeKind
from activities.notices import NoticeBoard
from activities.policies import Found, PolicyShelf
from records.errors import RecordsError
from records.policies import RuleReport
from records.store import Records

LOOKS_WHILE_QUIET = 4
"""How often the files are looked at within the time for which they must be quiet."""
REPORTED_EVERY = 15.0
"""Seconds between two reports of a worker that has nothing new to say."""
FORGOTTEN_AFTER = timedelta(days=1)
"""A worker that said nothing for so long is not coming back."""
log = structlog.get_logger(__name__)


class RuleWatch:
    """Watches the rules folder for one worker and reports what it runs."""

    def __init__(
        self,
        shelf: PolicyShelf,
        records: Records,
        *,
        quiet: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a watch, and take the first look at once.

        Args:
            quiet: seconds for which the files must be left alone before they are read: an editor or a checkout may
                be half way.
            clock: seconds that only go on.
        """
        self._shelf = shelf
        self._records = records
        self._quiet = quiet
        self._clock = clock
        self._worker = str(uuid4())
        self._seen = shelf.fingerprint()
        self._changing = self._seen
        self._changed_at = 0.0
        shelf.look()
        self._reported: tuple[str, Found | None] | None = None
        self._reported_at = 0.0
        self._told: tuple[str, date] | None = None

    @asynccontextmanager
    async def watching(self, board: NoticeBoard) -> AsyncIterator[None]:
        """Watch within the context."""
        over = asyncio.Event()
        task = asyncio.create_task(self._watch(board, over))
        try:
            yield
        finally:
            over.set()
            await task

    async def _watch(self, board: NoticeBoard, over: asyncio.Event) -> None:
        failure = None
        while not over.is_set():
            before = failure
            try:
                await asyncio.to_thread(self.tick)
                failure = None
            except Exception as error:
                # Records that are away, mostly. Whatever it is, the watch goes on.
                failure = f"{type(error).__name__}: {error}"
            if failure != before:  # not twice a second for as long as it lasts
                log.warning(
                    "rules not watched" if failure else "rules watched again", error=failure or before
                )
            await self._tell(board)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._quiet / LOOKS_WHILE_QUIET)
        with suppress(RecordsError):
            await asyncio.to_thread(self._records.policies.withdraw, self._worker)

    async def _tell(self, board: NoticeBoard) -> None:
        """Page a refused bundle, once a day for each cause."""
        refused, today = self._shelf.found and self._shelf.found.refused, datetime.now(UTC).date()
        if refused and (refused, today) != self._told:
            self._told = refused, today
            await board.post(Notice(kind=NoticeKind.INCIDENT, cause=f"rules:{today}:{refused}", text=refused))

    def tick(self) -> None:
        """Look once: read files that changed and have been quiet, and report.

        Raises:
            RecordsError: the records are away; the next tick tries again.
        """
        seen, now = self._shelf.fingerprint(), self._clock()
        if seen != self._changing:
            self._changing, self._changed_at = seen, now
        elif seen != self._seen and now - self._changed_at >= self._quiet:
            self._shelf.look()
            self._seen = seen
        self._report(now)

    def _report(self, now: float) -> None:
        """Say what this worker runs, when that is new or was said a while ago."""
        running = self._shelf.in_force().digest
        found = self._shelf.found
        if (running, found) == self._reported and now - self._reported_at < REPORTED_EVERY:
            return
        at = datetime.now(UTC)
        report = RuleReport(
            worker=self._worker,
            host=socket.gethostname(),
            pid=os.getpid(),
            at=at,
            running=running,
            found=found.digest if found else None,
            refused=found.refused if found else None,
        )
        self._records.policies.report(report, forget_before=at - FORGOTTEN_AFTER)
        self._reported, self._reported_at = (running, found), now

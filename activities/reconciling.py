"""Reconciling: the carrier's listing against queue, ledger and workflows. Reads only, unless it is asked to mend."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import Field
from temporalio import activity
from temporalio.client import Client

from activities.carrier_errors import retrying
from activities.contracts import CarrierStatus, Message, Notice, NoticeKind
from activities.differences import BothSides, Difference, differences
from activities.notices import NoticeBoard
from activities.pins import STATUS_CHANGED
from activities.starting import Starting
from activities.watched_orders import list_watched
from records.cases import Case
from records.ledger_standings import Standing
from records.store import Records
from settings import Timing
from telnyx_api import NotFound, PortOut, TelnyxClient

RECONCILE_WORKFLOW = "PortOutReconcile"
EVERY_DAY_BACK = timedelta(days=2)
"""How far back the daily run looks: a day that failed is covered by the next one."""
AT_ONCE = 8
log = structlog.get_logger(__name__)


class Reconciliation(Message):
    """What `portout reconcile --json` prints."""

    since: datetime
    compared: int
    """How many orders the carrier listed or we have open."""
    differences: list[Difference]
    mended: list[str] = Field(default_factory=list)
    """Orders whose screening was started."""


class ReconcileInput(Message):
    """The argument of the daily run."""

    timing: Timing = Field(default_factory=Timing)


class ReconcileReport(Message):
    """What the daily run found: how many orders, by what is wrong with them. No order is named in history."""

    compared: int
    wrong: dict[str, int]


class Reconciler:
    """Compares both sides, and starts what was never screened when it is asked to."""

    def __init__(self, carrier: TelnyxClient, records: Records, starting: Starting) -> None:
        self._carrier = carrier
        self._records = records
        self._starting = starting

    async def reconcile(
        self, since: datetime, now: datetime, *, on_step: Callable[[], None] = lambda: None
    ) -> Reconciliation:
        """Compare every order that came since then, and every one that is open here however old it is.

        Args:
            on_step: called after each request to the carrier.

        Raises:
            CarrierError: the carrier cannot be asked.
            DatabaseUnavailable: the records cannot be read.
        """
        # Both of ours first: what comes while the carrier is read is then no difference.
        running = await self._starting.running()
        open_here = {portout_id for portout_id, _ in await asyncio.to_thread(self._records.cases.open_ids)}
        found = await self._carrier.portouts(inserted_gte=since, on_page=lambda _: on_step())
        listed = {order.id: order for order in found}
        # Orders that were answered are many; they are listed together and not looked up one by one.
        watched = {one.portout_id: one for one in await asyncio.to_thread(self._records.cases.watched)}
        older = {portout_id: one for portout_id, one in watched.items() if portout_id not in listed}
        together = await list_watched(self._carrier, older.values(), on_page=lambda _: on_step())
        listed |= {portout_id: order for portout_id, order in together.items() if portout_id in older}
        unknown: set[str] = set()
        slots = asyncio.Semaphore(AT_ONCE)

        async def look_up(portout_id: str) -> None:
            async with slots:
                try:
                    listed[portout_id] = await self._carrier.portout(portout_id)
                except NotFound:
                    unknown.add(portout_id)
                on_step()

        await asyncio.gather(*(look_up(portout_id) for portout_id in open_here - listed.keys()))
        sides = await asyncio.to_thread(self._both_sides, listed, unknown, running)
        return Reconciliation(
            since=since, compared=len(listed) + len(unknown), differences=differences(sides, now)
        )

    def _both_sides(self, listed: dict[str, PortOut], unknown: set[str], running: set[str]) -> BothSides:
        ids = sorted({*listed, *unknown})
        cases: dict[str, Case] = {case.portout_id: case for case in self._records.cases.of(ids)}
        standings: dict[str, Standing] = self._records.standings.of(ids)
        return BothSides(listed, unknown, cases, standings, running, self._records.standings.began())

    async def mend(self, found: Iterable[Difference], timing: Timing, now: datetime) -> list[str]:
        """Start the screening of every order whose difference that settles; returns their ids.

        Raises:
            CarrierError, DatabaseUnavailable: some may have been started; the next run finds the others.
        """
        candidates = {one.portout_id for one in found if one.mendable}
        to_start = sorted(await self._starting.to_start(candidates))
        for portout_id in to_start:
            order = await self._carrier.portout(portout_id)
            if order.status == CarrierStatus.PENDING:
                events = await self._carrier.events(portout_id=portout_id, event_type=STATUS_CHANGED)
                await self._starting.count_attempts([order], events, now)
                await self._starting.start(portout_id, timing)
        return to_start


class ReconcileActivities:
    """The daily run."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        board: NoticeBoard,
        temporal: Client,
        *,
        refused_key: float,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._temporal = temporal
        self._refused_key = refused_key

    @activity.defn
    async def reconcile(self, given: ReconcileInput) -> ReconcileReport:
        """Compare, and page once a day when something is wrong. Orders that nobody watches are screened at once."""
        now = datetime.now(UTC)
        task_queue = activity.info().task_queue
        reconciler = Reconciler(
            self._carrier, self._records, Starting(self._carrier, self._records, self._temporal, task_queue)
        )
        async with retrying(self._board, refused_key=self._refused_key):
            found = await reconciler.reconcile(now - EVERY_DAY_BACK, now, on_step=activity.heartbeat)
            mended = await reconciler.mend(found.differences, given.timing, now)
        wrong = Counter(str(one.wrong) for one in found.differences)
        log.info("reconciled", compared=found.compared, wrong=dict(wrong), started=len(mended))
        if wrong:
            counted = ", ".join(f"{count} {what}" for what, count in wrong.items())
            await self._board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"reconcile:{now.date()}",
                    text=f"The carrier and we do not agree: {counted}. `portout reconcile` lists them.",
                )
            )
        return ReconcileReport(compared=found.compared, wrong=dict(wrong))

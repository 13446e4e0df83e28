"""Notices of a run, sent beside it: a page that cannot be delivered must never hold up a decision."""

import asyncio

from temporalio import workflow

from activities.contracts import Notice
from activities.notices import NoticeActivities
from workflows.steps import Steps


class Pager:
    """Sends notices as tasks of the workflow; one that stays undeliverable is given up.

    Args:
        patience: seconds that a notice is retried.
    """

    def __init__(self, steps: Steps, patience: float) -> None:
        self._steps = steps
        self._patience = patience
        self._tasks: list[asyncio.Task[None]] = []

    def tell(self, notice: Notice) -> None:
        task = asyncio.create_task(self._deliver(notice))
        self._tasks.append(task)
        task.add_done_callback(self._tasks.remove)

    async def finish(self, within: float | None = None) -> None:
        """Wait until every notice is delivered or given up, so that a run does not end in the middle of one.

        Args:
            within: seconds after which the run ends all the same; None waits for as long as notices are retried.
        """
        if self._tasks:
            await workflow.wait(self._tasks, timeout=within)

    async def _deliver(self, notice: Notice) -> None:
        await self._steps.attempt(NoticeActivities.notify, notice, within=self._patience, summary=notice.kind)

"""Notices of a run, sent beside it: a page that cannot be delivered must never hold up a decision."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
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
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, notice: Notice) -> None:
        task = asyncio.create_task(self._deliver(notice))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until every notice is delivered or given up, so that a run does not end in the middle of one."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _deliver(self, notice: Notice) -> None:
        await self._steps.attempt(NoticeActivities.notify, notice, within=self._patience, summary=notice.kind)

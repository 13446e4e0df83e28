"""People: they look at the queue, and try again until they are told that a decision stands or cannot."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from records.cases import Case, Stage
from tests.chaos.tally import unfinished
from tests.service import REVIEWER, Service
from workflows.messages import ReviewRequest

LOOKS_EVERY = 0.25
PATIENT = timedelta(seconds=5)


class Over(Exception):
    """What somebody waits for will not come: the run is over, or silence or somebody else decided the order."""


class People:
    """What people see and do, whatever breaks while they do it.

    Args:
        over: whether the run is over.
    """

    def __init__(self, service: Service, over: Callable[[], bool]) -> None:
        self._service = service
        self._over = over
        self._cases: dict[str, Case] = {}

    async def watch_the_queue(self) -> None:
        while not self._over():
            cases = await asyncio.to_thread(self._service.records.cases.all)
            self._cases = {case.portout_id: case for case in cases}
            await asyncio.sleep(LOOKS_EVERY)

    def sees_settled(self, portout_id: str) -> bool:
        """Whether the carrier waits no longer for an answer to an order, and the queue shows what came of it."""
        return unfinished(self._service.truth(portout_id), self._cases.get(portout_id)) is None

    async def until_it_waits(self, portout_id: str, *, round_: int = 1) -> None:
        await self._until(
            portout_id,
            lambda case: case.round >= round_ and case.stage in (Stage.AWAITING_REVIEW, Stage.CLOSED),
        )

    async def until_asked(self, portout_id: str) -> None:
        """Wait until documents were asked for."""
        await self._until(portout_id, lambda case: case.asked_at is not None)

    async def until_found(self, portout_id: str, rule: str, result: str) -> None:
        await self._until(portout_id, lambda case: case.rules.get(rule) == result)

    async def until_at_the_carrier(self, portout_id: str, status: str) -> None:
        await self._until(portout_id, lambda _: self._service.truth(portout_id)["status"] == status)

    async def _until(self, portout_id: str, condition: Callable[[Case], bool]) -> None:
        """Wait for something to be true of a case.

        Raises:
            Over: it will not be.
        """
        while not ((case := self._cases.get(portout_id)) and condition(case)):
            closed = case is not None and case.stage is Stage.CLOSED
            if self._over() or closed or self._service.truth(portout_id)["decided_by"] == "silence":
                raise Over
            await asyncio.sleep(LOOKS_EVERY)

    async def review(self, portout_id: str, action: str, by: str = REVIEWER, **more: Any) -> None:
        """Decide or ask, again and again until it stands, or cannot."""
        reason = f"{by} spoke with the account holder."
        request = ReviewRequest.model_validate({"action": action, "reviewer": by, "reason": reason, **more})
        tries = 1
        while not self._over():
            try:
                # While nothing is heard the same wish is sent again, and counts once.
                await self._service.screening(portout_id).execute_update(
                    "review", request, id=f"{action}-{by}-{tries}", rpc_timeout=PATIENT
                )
            except WorkflowUpdateFailedError as refused:
                if "try again" not in str(refused.cause):
                    return
                tries += 1
            except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
                pass
            else:
                return
            if self._service.truth(portout_id)["status"] != "pending":
                return
            await asyncio.sleep(LOOKS_EVERY)

    async def approve_by_signal(self, portout_id: str) -> None:
        while not self._over():
            try:
                await self._service.screening(portout_id).signal(
                    "approve", {"reviewer": REVIEWER, "reason": "Spoken with the account holder."}
                )
            except RPCError:
                await asyncio.sleep(LOOKS_EVERY)
            else:
                return

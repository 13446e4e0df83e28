"""What people and the carrier's staff do about an order, whatever breaks while they do it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from records.cases import Case, Stage
from tests.chaos.plan import Story
from tests.service import REVIEWER, SECOND_REVIEWER, Service
from workflows.messages import ReviewRequest

LOOKS_EVERY = 0.25
PATIENT = timedelta(seconds=5)
DECISIONS = {
    Story.REVIEWED: [("approve", REVIEWER)],
    Story.REFUSED: [("deny", REVIEWER)],
    Story.RACED: [("approve", REVIEWER), ("deny", SECOND_REVIEWER)],
}


class People:
    """They look at the queue, and try again until they are told that a decision stands or cannot."""

    def __init__(self, service: Service, over: Callable[[], bool]) -> None:
        self._service = service
        self._over = over
        self._cases: dict[str, Case] = {}

    async def watch_the_queue(self) -> None:
        while not self._over():
            cases = await asyncio.to_thread(self._service.records.cases.all)
            self._cases = {case.portout_id: case for case in cases}
            await asyncio.sleep(LOOKS_EVERY)

    def sees_settled(self, placed: tuple[str, Story]) -> bool:
        """Whether the carrier waits no longer for an answer to an order, and the queue shows what came of it."""
        portout_id, _ = placed
        case = self._cases.get(portout_id)
        answered = self._service.truth(portout_id)["status"] != "pending"
        return answered and case is not None and case.outcome is not None

    async def attend(self, portout_id: str, story: Story) -> None:
        if story in DECISIONS:
            await self._until_it_waits(portout_id)
            await asyncio.gather(*(self._decide(portout_id, action, by) for action, by in DECISIONS[story]))
        elif story is Story.SIGNALLED:
            await self._until_it_waits(portout_id)
            await self._signal(portout_id)
        elif story is Story.CANCELED:
            await self._until_it_waits(portout_id)
            if self._service.truth(portout_id)["status"] == "pending":
                self._service.carrier.carrier.cancel(portout_id)
        elif story is Story.RULED:
            await self._until_at_the_carrier(portout_id, "rejected-pending")
            self._service.carrier.carrier.rule(portout_id, "accept")
        elif story is Story.BOUNCED:
            await self._until_at_the_carrier(portout_id, "rejected-pending")
            self._service.carrier.carrier.rule(portout_id, "bounce")
            await self._until_it_waits(portout_id, round_=2)
            await self._decide(portout_id, "approve", REVIEWER, override_reason="The PIN was reset by us.")

    async def _until_it_waits(self, portout_id: str, *, round_: int = 1) -> None:
        while not self._over():
            case = self._cases.get(portout_id)
            if case and case.round >= round_ and case.stage in (Stage.AWAITING_REVIEW, Stage.CLOSED):
                return
            await asyncio.sleep(LOOKS_EVERY)

    async def _until_at_the_carrier(self, portout_id: str, status: str) -> None:
        while not self._over():
            if self._service.truth(portout_id)["status"] == status:
                return
            await asyncio.sleep(LOOKS_EVERY)

    async def _decide(self, portout_id: str, action: str, by: str, **more: str) -> None:
        request = ReviewRequest.model_validate(
            {"action": action, "reviewer": by, "reason": f"{by} spoke with the account holder.", **more}
        )
        while not self._over():
            try:
                await self._service.screening(portout_id).execute_update(
                    "review", request, id=f"{action}-{by}", rpc_timeout=PATIENT
                )
            except WorkflowUpdateFailedError as refused:
                if "try again" not in str(refused.cause):
                    return
            except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
                pass
            else:
                return
            if self._service.truth(portout_id)["status"] != "pending":
                return
            await asyncio.sleep(LOOKS_EVERY)

    async def _signal(self, portout_id: str) -> None:
        while not self._over():
            try:
                await self._service.screening(portout_id).signal(
                    "approve", {"reviewer": REVIEWER, "reason": "Spoken with the account holder."}
                )
            except RPCError:
                await asyncio.sleep(LOOKS_EVERY)
            else:
                return

"""Answers that the carrier keeps for a while before it takes them, so that something can happen meanwhile."""

from tests.service import Service
from tests.waiting import eventually


def hold_answer(service: Service, order: str, *, seconds: float) -> None:
    service.fault(method="PATCH", path_prefix=f"/portouts/{order}/", delay=seconds, count=1)


async def answer_is_under_way(service: Service, order: str) -> None:
    """Wait until the carrier has been sent the answer that it holds."""
    prefix = f"/portouts/{order}/"
    await eventually(
        lambda: all(fault.path_prefix != prefix for fault in service.carrier.carrier.faults.standing())
    )

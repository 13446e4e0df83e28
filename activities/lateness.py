"""Saying that something takes too long. Retries are silent and may go on for a day, so somebody must hear of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

from activities.contracts import Notice, NoticeKind
from activities.notices import NoticeBoard


def seconds_tried() -> float:
    """How long after the first try this one was scheduled."""
    info = activity.info()
    return (info.current_attempt_scheduled_time - info.scheduled_time).total_seconds()


@asynccontextmanager
async def paged_when_late(
    board: NoticeBoard, cause: str, text: str, *, portout_id: str, support_key: str | None, after: float
) -> AsyncIterator[None]:
    """Page once when a try fails more than `after` seconds after the first one; the failure goes on its way."""
    try:
        yield
    except Exception:
        info = activity.info()
        if seconds_tried() > after:
            await board.post(
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"{portout_id}:{info.workflow_run_id}:{cause}",
                    portout_id=portout_id,
                    support_key=support_key,
                    text=text,
                )
            )
        raise

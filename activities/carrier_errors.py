"""The carrier's errors as Temporal should see them: mapped once, here, at the border of the activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.contracts import Notice, NoticeKind
from activities.notices import NoticeBoard
from telnyx_api import (
    CarrierError,
    Forbidden,
    InvalidArgument,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
)

NOT_FOUND_TRIES = 5
"""A listing may run ahead of the single read, so an order is not called unknown at the first 404."""


@asynccontextmanager
async def retrying(board: NoticeBoard, *, refused_key: float) -> AsyncIterator[None]:
    """Turn what the carrier answers into a retry, or into the end of the activity.

    Network and 5xx: retried as the workflow's policy says. 429: after the seconds that the carrier asked for. 401 and
    403: an incident, paged once a day, and tried again every `refused_key` seconds until somebody mends the key. 404
    and 422: no retry would help.

    Raises:
        ApplicationError: without URL, body or cause, because all of those may carry what must not enter history.
    """
    try:
        yield
    except (Unauthorized, Forbidden) as error:
        await _page_refused_key(board, error)
        raise ApplicationError(
            str(error), type=type(error).__name__, next_retry_delay=timedelta(seconds=refused_key)
        ) from None
    except TooManyRequests as error:
        raise ApplicationError(
            str(error),
            type="TooManyRequests",
            next_retry_delay=timedelta(seconds=error.retry_after),
            category=ApplicationErrorCategory.BENIGN,
        ) from None
    except NotFound as error:
        last = activity.info().attempt >= NOT_FOUND_TRIES
        raise ApplicationError(str(error), type="NotFound", non_retryable=last) from None
    except (Unprocessable, InvalidArgument) as error:
        raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None
    except CarrierError as error:
        raise ApplicationError(str(error), type=type(error).__name__) from None


async def _page_refused_key(board: NoticeBoard, error: CarrierError) -> None:
    """Say once a day that the carrier refuses our key: until it is mended, silence approves every order."""
    today = activity.info().current_attempt_scheduled_time.date()
    await board.post(
        Notice(
            kind=NoticeKind.INCIDENT,
            cause=f"refused-key:{type(error).__name__}:{today}",
            text=f"The carrier refuses our API key ({error.status}); orders will be approved by silence until it is mended.",
        )
    )

"""Running activities the way every run does: one retry policy, a limit for each try, a limit for all tries."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

from settings import Timing

Given = TypeVar("Given")
Got = TypeVar("Got")


class Steps:
    """The activities of one run, under the timing that its start argument brought."""

    def __init__(self, timing: Timing) -> None:
        self._try = timedelta(seconds=timing.activity)
        self._retry = RetryPolicy(
            initial_interval=timedelta(seconds=timing.retry_first),
            maximum_interval=timedelta(seconds=timing.retry_longest),
        )

    async def must(
        self, activity: Callable[[Any, Given], Awaitable[Got]], given: Given, *, summary: str | None = None
    ) -> Got:
        """Run an activity for as long as it takes: without it the run cannot go on."""
        return await workflow.execute_activity_method(
            activity,
            given,
            start_to_close_timeout=self._try,
            retry_policy=self._retry,
            summary=summary,
        )

    async def attempt(
        self,
        activity: Callable[[Any, Given], Awaitable[Got]],
        given: Given,
        *,
        within: float,
        summary: str | None = None,
    ) -> Got | None:
        """Run an activity, retried for `within` seconds; None when it could not be done.

        Args:
            within: more than zero. The server takes zero for "no limit".
        """
        try:
            return await workflow.execute_activity_method(
                activity,
                given,
                start_to_close_timeout=self._try,
                schedule_to_close_timeout=timedelta(seconds=within),
                retry_policy=self._retry,
                summary=summary,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return None

    async def attempt_at_hand(
        self, activity: Callable[[Any, Given], Awaitable[Got]], given: Given, *, within: float
    ) -> Got | None:
        """Try an activity once in the worker that has this run, a local activity; when that fails, `attempt` it.

        It costs one event of history in place of six. Kept up for hours it would cost more than any other.
        """
        try:
            return await workflow.execute_local_activity_method(
                activity,
                given,
                start_to_close_timeout=self._try,
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except FailureError as error:
            # Any failure: one that took too long is an `ActivityError` at first, and a bare timeout in a replay.
            if is_cancelled_exception(error):
                raise
        return await self.attempt(activity, given, within=within)

    async def attempt_named(
        self, activity: str, given: object, result_type: type[Got], *, within: float, summary: str
    ) -> Got | None:
        """The same for an activity that is known by its name only."""
        try:
            found: Got = await workflow.execute_activity(
                activity,
                given,
                result_type=result_type,
                start_to_close_timeout=self._try,
                schedule_to_close_timeout=timedelta(seconds=within),
                retry_policy=self._retry,
                summary=summary,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return None
        return found

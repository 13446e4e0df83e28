"""The daily reconciliation: one activity, which reports by itself."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.reconciling import (
    RECONCILE_WORKFLOW,
    ReconcileActivities,
    ReconcileInput,
    ReconcileReport,
)

LONGEST = timedelta(hours=6)
"""How long a day's run is retried; the next day looks two days back."""


@workflow.defn(name=RECONCILE_WORKFLOW)
class PortOutReconcile:
    """One run of the daily schedule."""

    @workflow.run
    async def run(self, given: ReconcileInput) -> ReconcileReport:
        return await workflow.execute_activity_method(
            ReconcileActivities.reconcile,
            given,
            schedule_to_close_timeout=LONGEST,
            start_to_close_timeout=timedelta(seconds=given.timing.activity * 20),
            heartbeat_timeout=timedelta(seconds=given.timing.activity),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=given.timing.retry_first),
                maximum_interval=timedelta(seconds=given.timing.retry_longest),
            ),
        )

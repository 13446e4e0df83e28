"""The hourly checkpoint of the ledger: one activity, which reports by itself."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from activities.checkpoints import CHECKPOINT_WORKFLOW, CheckpointActivities, CheckpointInput

LONGEST = timedelta(minutes=50)
"""How long an hour's run is retried; the next hour's seals what it left."""


@workflow.defn(name=CHECKPOINT_WORKFLOW)
class PortOutCheckpoint:
    """One run of the hourly schedule."""

    @workflow.run
    async def run(self, given: CheckpointInput) -> int:
        return await workflow.execute_activity_method(
            CheckpointActivities.seal,
            given,
            schedule_to_close_timeout=LONGEST,
            start_to_close_timeout=timedelta(seconds=given.timing.activity * 20),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=given.timing.retry_first),
                maximum_interval=timedelta(seconds=given.timing.retry_longest),
            ),
        )

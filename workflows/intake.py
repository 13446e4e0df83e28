"""The scheduled intake: one activity, and a page when it has failed three times in a row."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.contracts import INTAKE_WORKFLOW, IntakeInput, IntakeReport, Notice, NoticeKind
from activities.intake import IntakeActivities
from activities.notices import NoticeActivities

FAILED_RUNS_BEFORE_A_PAGE = 3
TRIES_PER_RUN = 2
"""A run that fails is followed by the next one of the schedule, so it does not insist."""


@workflow.defn(name=INTAKE_WORKFLOW)
class PortOutIntake:
    """One run of the intake. It ends well even when it failed, so that the next run knows for how long."""

    @workflow.run
    async def run(self, given: IntakeInput) -> IntakeReport:
        try:
            return await workflow.execute_activity_method(
                IntakeActivities.take_in,
                given,
                start_to_close_timeout=timedelta(seconds=given.timing.activity * 10),
                heartbeat_timeout=timedelta(seconds=given.timing.activity),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=given.timing.retry_first),
                    maximum_attempts=TRIES_PER_RUN,
                ),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return await self._failed(given)

    async def _failed(self, given: IntakeInput) -> IntakeReport:
        last = workflow.get_last_completion_result(IntakeReport) or IntakeReport()
        report = IntakeReport(
            failed_runs=last.failed_runs + 1, failing_since=last.failing_since or workflow.now()
        )
        if report.failed_runs >= FAILED_RUNS_BEFORE_A_PAGE:
            await workflow.execute_activity_method(
                NoticeActivities.notify,
                Notice(
                    kind=NoticeKind.INCIDENT,
                    cause=f"intake:{report.failing_since}",
                    text=f"Intake has failed {report.failed_runs} times in a row; new port-outs are not seen.",
                ),
                start_to_close_timeout=timedelta(seconds=given.timing.activity),
                retry_policy=RetryPolicy(maximum_attempts=FAILED_RUNS_BEFORE_A_PAGE),
            )
        return report

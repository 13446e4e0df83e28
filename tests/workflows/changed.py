"""The screening as somebody might change it in good faith: a step left out, for the test that replaying would tell."""

from temporalio import workflow

from activities.contracts import SCREENING_WORKFLOW, Opened, RuleToRun, ScreeningResult, StartScreening
from screening.results import CheckResult, RuleResult
from workflows.screening import PortOutScreening


@workflow.defn(name=SCREENING_WORKFLOW)
class WithoutRules(PortOutScreening):
    """Asks no rule, so that its activities are missing from the steps."""

    @workflow.init
    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartScreening) -> ScreeningResult:
        return await super().run(start)

    async def _run_rule(self, opened: Opened, rule: RuleToRun) -> RuleResult:  # noqa: ARG002 (what a rule is given)
        return RuleResult(rule_id=rule.rule_id, check=CheckResult(result="match"))

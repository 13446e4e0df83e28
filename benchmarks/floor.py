"""The floor: a bare workflow with as many activities of the same shape as a screening, which do nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity, workflow

from activities.contracts import (
    AnswerKind,
    AnswerResult,
    Conclusion,
    Next,
    Opened,
    RuleToRun,
    StartScreening,
)
from screening.facts import OrderFacts
from screening.policy import Mode
from screening.results import CheckResult, Outcome

RULES = ("pin", "spid", "authorized_name", "carrier")
_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
_LIMIT = timedelta(seconds=30)
_OPENED = Opened(
    order=OrderFacts(
        id="0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
        status="pending",
        support_key="PO_000000",
        phone_numbers=["+12125550101"],
        carrier_name="Onvoy",
        spid="073H",
        inserted_at=_NOW,
        updated_at=_NOW,
    ),
    round=1,
    run_id="0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
    policy="us-standard",
    policy_digest="0" * 64,
    mode=Mode.ENFORCE,
    rules=[RuleToRun(rule_id=rule, check=rule) for rule in RULES],
    limit=_NOW,
    respond_by=_NOW,
)
_CONCLUSION = Conclusion(
    next=Next.ANSWER, outcome=Outcome.APPROVE, score=0, rules=dict.fromkeys(RULES, "match")
)


@activity.defn
async def bare_open(_: StartScreening) -> Opened:
    return _OPENED


@activity.defn
async def bare_check(_: Opened) -> CheckResult:
    return CheckResult(result="match", facts={"portout.spid": "073H"})


@activity.defn
async def bare_conclude(_: Opened) -> Conclusion:
    return _CONCLUSION


@activity.defn
async def bare_answer(_: Opened) -> AnswerResult:
    return AnswerResult(kind=AnswerKind.SENT, carrier_status="authorized", at=_NOW)


BARE_ACTIVITIES: list[Any] = [bare_open, bare_check, bare_conclude, bare_answer]


@workflow.defn
class BareScreening:
    """Open, the rules in parallel, conclude, answer: the steps of a screening without their content."""

    @workflow.run
    async def run(self, start: StartScreening) -> AnswerResult:
        opened = await workflow.execute_activity(bare_open, start, start_to_close_timeout=_LIMIT)
        await asyncio.gather(
            *(
                workflow.execute_activity(bare_check, opened, start_to_close_timeout=_LIMIT, summary=rule)
                for rule in RULES
            )
        )
        await workflow.execute_local_activity(bare_conclude, opened, start_to_close_timeout=_LIMIT)
        return await workflow.execute_activity(bare_answer, opened, start_to_close_timeout=_LIMIT)

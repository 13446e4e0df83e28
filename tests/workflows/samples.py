"""What the activities of these tests answer: orders as they are opened, conclusions, answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.exceptions import ApplicationError

from activities.asking_messages import Ask
from activities.contracts import (
    Answer,
    Conclusion,
    DeadlineConclusion,
    Next,
    Opened,
    OpenInput,
    RuleToRun,
)
from activities.review_messages import Admission
from screening.facts import OrderFacts
from screening.policy import Mode
from screening.rejection import EligibleCode
from screening.results import Outcome

AT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
WITHIN = timedelta(hours=24)
MARGIN = timedelta(hours=2)
OTHER = EligibleCode(code=1001, description="Other", reason_required=True)
INVALID_PIN = EligibleCode(code=1002, description="Invalid PIN")
RULES = [
    RuleToRun(rule_id="pin", check="pin"),
    RuleToRun(rule_id="spid", check="spid"),
    RuleToRun(rule_id="authorized-name", check="authorized_name"),
    RuleToRun(rule_id="carrier", check="carrier"),
]
FOUND = {"pin": "match", "spid": "listed", "authorized-name": "match", "carrier": "allowed"}

APPROVAL = Answer(status="authorized", reason="Verified against our records.")
DENIAL = Answer(
    status="rejected-pending",
    reason="The port-out PIN supplied does not match our records.",
    rejection_code=INVALID_PIN.code,
)
LATE_DENIAL = Answer(
    status="rejected-pending",
    reason="The request could not be verified in time.",
    rejection_code=OTHER.code,
)

ADMITTED_APPROVAL = Admission(answer=APPROVAL)
ADMITTED_DENIAL = Admission(answer=DENIAL)

APPROVED = Conclusion(next=Next.ANSWER, outcome=Outcome.APPROVE, score=0, rules=FOUND, answer=APPROVAL)
DENIED = Conclusion(
    next=Next.ANSWER,
    outcome=Outcome.DENY,
    score=0,
    rules={**FOUND, "pin": "mismatch"},
    reject_as="invalid_pin",
    reason=DENIAL.reason,
    answer=DENIAL,
    eligible=[OTHER, INVALID_PIN],
)
TO_REVIEW = Conclusion(
    next=Next.REVIEW,
    outcome=Outcome.REVIEW,
    score=40,
    rules={**FOUND, "authorized-name": "mismatch"},
    notes=["Risk score 40."],
    eligible=[OTHER, INVALID_PIN],
)
WITH_DOCUMENTS = [*RULES, RuleToRun(rule_id="loa", check="documents", reads_documents=True)]
WAIT, RECHECK = timedelta(hours=8), timedelta(minutes=15)


def question(**changes: Any) -> Ask:
    """What is asked for: a letter of authorization, awaited for eight hours."""
    usual = {"message": "Please send the LOA.", "types": ["loa"], "key": "policy-1"}
    waits = {"wait": WAIT.total_seconds(), "recheck": RECHECK.total_seconds()}
    return Ask.model_validate({**usual, **waits, **changes})


TO_ASK = TO_REVIEW.model_copy(
    update={"outcome": Outcome.ASK, "score": 0, "rules": {**FOUND, "loa": "missing"}, "ask": question()}
)
ADVISED = Conclusion(next=Next.REVIEW, outcome=Outcome.APPROVE, score=0, rules=FOUND)
TO_WATCH = Conclusion(next=Next.WATCH, outcome=Outcome.APPROVE, score=0, rules=FOUND)
NEEDS_TWO = TO_REVIEW.model_copy(update={"people": 2, "score": 80})

DENY_AT_DEADLINE = DeadlineConclusion(answer=LATE_DENIAL, why="the policy denies it at the deadline")
LEFT = DeadlineConclusion(answer=None, why="the policy leaves it at the deadline")


def opened(
    *, age: timedelta = timedelta(0), status: str = "pending", **changes: Any
) -> Callable[[OpenInput], Opened]:
    """An order of a 24-hour policy with a margin of 2 hours, read when the run asks for it.

    Args:
        age: how long ago the carrier took it in.
        changes: fields of `Opened`.
    """

    def read(given: OpenInput) -> Opened:
        limit = given.now - age + WITHIN
        carried = given.carried
        return Opened.model_validate(
            {
                "order": OrderFacts(id=given.portout_id, support_key="PO_12ab", status=status),
                "round": carried.round if carried else 1,
                "run_id": given.run_id,
                "policy": "us-standard",
                "policy_digest": "5f" * 32,
                "mode": Mode.ENFORCE,
                "rules": RULES,
                "limit": limit,
                "respond_by": limit - MARGIN,
                "remind_at": [0.5, 0.8],
                "escalate_at": 0.8,
                "refused": carried.refused if carried else [],
                **changes,
            }
        )

    return read


def fails(message: str = "Away.") -> ApplicationError:
    """A failure that no retry helps: the activity is over at its first try."""
    return ApplicationError(message, non_retryable=True)

"""What workflows and activities say to each other. All of it enters workflow history: never a PIN, never a key.

The models tolerate unknown fields, so that old and new workers can share a task queue while one is being deployed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from activities.asking_messages import Ask, Standing
from records.cases import DecidedBy
from records.ledger_entries import EntryKind
from screening.facts import OrderFacts
from screening.policy import Mode
from screening.rejection import Barred, EligibleCode
from screening.results import Outcome, RuleResult
from settings import Timing

SCREENING_WORKFLOW = "PortOutScreening"
INTAKE_WORKFLOW = "PortOutIntake"
CARRIER_EVENT = "carrier_event"
SENDING_IS_ON = "sending_is_on"
"""The type of the event that no carrier sends: the operator lets answers leave from now on."""
LEFT_LISTING = "left_listing"
FOC_DATE_CHANGED = "portout.foc_date_changed"
NEW_COMMENT = "portout.new_comment"


def screening_workflow_id(portout_id: str) -> str:
    """One workflow per port-out: its id is the order's."""
    return f"portout-{portout_id}"


class Message(BaseModel):
    """The base of everything that crosses between workflow and activity."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class CarrierStatus(StrEnum):
    """The statuses of a port-out that the service acts on. The carrier may show others."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    REJECTED_PENDING = "rejected-pending"
    REJECTED = "rejected"
    CANCELED = "canceled"
    PORTED = "ported"


AnswerStatus = Literal["authorized", "rejected-pending"]


class Carried(Message):
    """What a run hands to the next: when the carrier refused our rejection, or when the round is screened anew."""

    round: int
    refused: list[Barred] = []
    unrecorded: list["Ending"] = []
    """How earlier rounds ended, for the next one to write down: it must not wait for records that are away."""
    limit: datetime | None = None
    """Of a round that is screened anew: the carrier's limit, which stays. None in a round that begins."""
    attempts: list[str] = []
    """Who tried what in vain before, in sentences: of a round that is screened anew, or goes on being watched."""
    review_began: datetime | None = None
    """Of a round that is screened anew: when people were first asked, from which reminders are counted."""
    ask: Ask | None = None
    """Of a round that is screened anew: the documents that are still awaited."""
    watched: "Opened | None" = None
    """Of an order that was answered: it goes on being watched in another run, because this one has grown long."""


class StartScreening(Message):
    """The start argument of a screening: the order's id; `open` reads the rest."""

    portout_id: str
    timing: Timing = Field(default_factory=Timing)
    carried: Carried | None = None


class OpenInput(Message):
    portout_id: str
    run_id: str
    now: datetime
    carried: Carried | None = None


class RuleToRun(Message):
    """One rule of the policy: the activity is `check_<check>`."""

    rule_id: str
    check: str
    reads_documents: bool = False
    """Whether documents that come can change its result."""


class Opened(Message):
    """An order as it was read, and the policy that will judge it."""

    order: OrderFacts
    round: int
    run_id: str
    policy: str
    policy_digest: str
    mode: Mode
    sends: bool = True
    """Whether answers may leave. If not, the order is in shadow whatever its policy says."""
    rules: list[RuleToRun]
    limit: datetime
    """After this the carrier approves by silence."""
    respond_by: datetime
    """`limit` less the policy's margin: then we act."""
    remind_at: list[float] = []
    """Fractions of the time between the begin of the review and `respond_by`."""
    escalate_at: float = 1.0
    review_because: list[str] = []
    """Why the rules alone may give no answer, whatever they say."""
    may_be_denied: bool = True
    """Whether `at_deadline` may deny: not in a further round, nor an order older than the first sending."""
    refused: list[Barred] = []
    several_customers: bool = False
    reads_foc: bool = False
    """Whether a rule reads the FOC date, so that the rules must run again when it moves."""
    answered: "ScreeningResult | None" = None
    """How we answered the order, which is only watched since; None until then."""

    @property
    def pending(self) -> bool:
        return self.order.status == CarrierStatus.PENDING


class RuleInput(Message):
    """What a rule activity needs to gather its facts."""

    order: OrderFacts
    round: int
    policy: str
    policy_digest: str
    rule_id: str
    several_customers: bool
    now: datetime
    pin_wait: float
    """Seconds, from the first try, that an attempted PIN which is not there yet is waited for."""


class ConcludeInput(Message):
    opened: Opened
    results: list[RuleResult]
    step: str
    now: datetime
    screened_at: datetime | None = None
    """The moment that the rules took for now; a run that an older worker started does not say."""
    documents: Standing | None = None
    """Why only the rules that read documents were run again: all came, or one is infected."""
    document_hashes: list[str] = []
    """The clean documents that were there then, for the ledger: no rule need read documents."""
    asked: bool = False
    """Whether documents have been asked for already, so that the policy does not ask again."""


class Answer(Message):
    """Exactly what is sent to the carrier, fixed before the first try: a resend is identical."""

    status: AnswerStatus
    reason: str
    rejection_code: int | None = None
    host_messaging: bool = False


class Next(StrEnum):
    """What follows a screening."""

    ANSWER = "answer"
    REVIEW = "review"
    WATCH = "watch"


class Conclusion(Message):
    """What the policy makes of the rules' results. The full findings stand in the ledger."""

    next: Next
    outcome: Outcome
    score: int
    people: int = 1
    rules: dict[str, str] = {}
    denied_by: list[str] = []
    """The rules that say deny, whatever came of it: who approves all the same must say why."""
    notes: list[str] = []
    reject_as: str | None = None
    reason: str | None = None
    answer: Answer | None = None
    ask: Ask | None = None
    """The documents that the policy asks for, by itself."""
    eligible: list[EligibleCode] = []
    """The codes that the carrier listed when the review began; empty when it could not be asked."""
    possible: bool = True
    """False: the policy could not be applied, so nobody knows what it would ask for."""

    @classmethod
    def impossible(cls, why: str) -> "Conclusion":
        """The conclusion when there is none: evidence or records were away, so a person has to look."""
        return cls(next=Next.REVIEW, outcome=Outcome.REVIEW, score=0, notes=[why], possible=False)


class DeadlineInput(Message):
    opened: Opened
    conclusion: Conclusion
    now: datetime


class DeadlineConclusion(Message):
    """What `at_deadline` of the policy says: an answer, or none (the order is left to the carrier on purpose)."""

    answer: Answer | None = None
    why: str


class Verdict(Message):
    """A decision that will be answered: what, by whom, when, and the answer it fixes."""

    by: DecidedBy
    outcome: Outcome
    at: datetime
    answer: Answer
    reviewer: str | None = None
    first_reviewer: str | None = None
    """Who approved before, where two people must."""
    reason: str | None = None
    """The reviewer's own words; they stay here unless the answer carries them."""
    channel: str | None = None
    token: str | None = None
    """Id of the token by which the reviewer proved who they are; None if nothing proved it."""
    role: str | None = None

    @property
    def people(self) -> str | None:
        """Everybody who decided it, as words."""
        return " and ".join(filter(None, [self.first_reviewer, self.reviewer])) or None


class AnswerInput(Message):
    opened: Opened
    conclusion: Conclusion
    verdict: Verdict
    resend: bool = False
    """An earlier activity may have sent this answer already: read before sending."""


class AnswerKind(StrEnum):
    SENT = "sent"
    DECIDED_ELSEWHERE = "decided_elsewhere"
    REFUSED = "refused"
    """The order is still pending and the carrier will not take this answer."""


class AnswerResult(Message):
    kind: AnswerKind
    carrier_status: str
    rejection_code: int | None = None
    recorded: bool = True
    sent: Answer | None = None
    """What the carrier took, where that is not the answer as it was fixed: it refused its code."""
    at: datetime


class Ending(Message):
    """How a round ended, for the ledger and the queue."""

    opened: Opened
    conclusion: Conclusion | None
    verdict: Verdict | None
    kind: EntryKind
    outcome: Literal["approve", "deny", "leave", "none"]
    decided_by: DecidedBy
    carrier_status: str
    rejection_code: int | None = None
    sent: Answer | None = None
    """What was sent to the carrier, exactly."""
    note: str | None = None
    refused_attempts: list[str] = []
    at: datetime

    @classmethod
    def answered(
        cls, opened: Opened, conclusion: Conclusion, verdict: Verdict, result: AnswerResult
    ) -> "Ending":
        return cls(
            opened=opened,
            conclusion=conclusion,
            verdict=verdict,
            kind=EntryKind.ANSWERED,
            outcome="approve" if verdict.outcome is Outcome.APPROVE else "deny",
            decided_by=verdict.by,
            carrier_status=result.carrier_status,
            rejection_code=result.rejection_code,
            sent=result.sent or verdict.answer,
            at=result.at,
        )


class LookInput(Message):
    portout_id: str
    documents: list[str] = []
    """The types of documents that are awaited."""


class Look(Message):
    """The order as the carrier shows it now."""

    status: str
    unseen_pin: bool = False
    """A PIN was attempted that no screening of this order has compared yet."""
    documents: str | None = None
    """How the awaited documents stand, as a result of the check `documents`; None when that is not known."""
    document_hashes: list[str] = []
    """Each clean document, as its type and the SHA-256 of its content."""
    foc_date: datetime | None = None
    requested_foc_date: datetime | None = None


class NoticeKind(StrEnum):
    REVIEW = "review needed"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    INCIDENT = "incident"


class Notice(Message):
    """A message to people: support key and time left, no personal data."""

    kind: NoticeKind
    cause: str
    """Said once per cause, whatever is retried."""
    portout_id: str | None = None
    support_key: str | None = None
    text: str
    seconds_left: float | None = None


class ScreeningResult(Message):
    """What a screening came to: known once the carrier has the answer, and the workflow's result when all is over."""

    portout_id: str
    support_key: str | None = None
    outcome: Literal["approve", "deny", "leave", "none"]
    decided_by: DecidedBy
    reviewer: str | None = None
    reason: str | None = None
    rejection_code: int | None = None
    carrier_status: str
    score: int | None = None
    rules: dict[str, str] = {}
    round: int = 1
    policy_digest: str | None = None
    decided_at: datetime | None = None

    @classmethod
    def of(cls, ending: "Ending") -> "ScreeningResult":
        opened, conclusion, verdict = ending.opened, ending.conclusion, ending.verdict
        return cls(
            portout_id=opened.order.id,
            support_key=opened.order.support_key,
            outcome=ending.outcome,
            decided_by=ending.decided_by,
            reviewer=verdict.people if verdict else None,
            reason=verdict.answer.reason if verdict else ending.note,
            rejection_code=ending.rejection_code,
            carrier_status=ending.carrier_status,
            score=conclusion.score if conclusion else None,
            rules=conclusion.rules if conclusion else {},
            round=opened.round,
            policy_digest=opened.policy_digest,
            decided_at=verdict.at if verdict else ending.at,
        )


class IntakeInput(Message):
    """The argument of the scheduled intake."""

    timing: Timing = Field(default_factory=Timing)


class IntakeReport(Message):
    """What one intake found and did; the next run reads it, to know how long intake has been failing."""

    pending: int = 0
    started: int = 0
    signalled: int = 0
    failed_runs: int = 0
    failing_since: datetime | None = None


class CarrierEvent(Message):
    """What an event of the carrier says to a workflow: ids and type only."""

    event_id: str
    event_type: str

"""What checks, rules and decisions answer.

None of it ever holds a secret. What a check answers crosses workflow history; it ignores fields that it does not know,
so that a workflow started by a newer engine can be read by an older one. A decision is made and used in one place, which
writes of it to the ledger what is to be kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

FactValue = str | int | float | bool | list[str] | None


class FactClass(StrEnum):
    """Who may see a fact: PUBLIC came from the gaining carrier, INTERNAL is ours, SECRET (PINs) nobody."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SECRET = "secret"


class Outcome(StrEnum):
    """What becomes of an order. LEAVE (silence on purpose) comes only from `at_deadline`."""

    APPROVE = "approve"
    REVIEW = "review"
    ASK = "ask"
    DENY = "deny"
    LEAVE = "leave"

    @property
    def severity(self) -> int:
        """0 for approve up to 3 for deny.

        Raises:
            ValueError: for LEAVE, which no rule can ask for.
        """
        severity = _SEVERITIES.get(self)
        if severity is None:
            raise ValueError(f"`{self}` is no outcome of rules; it comes only from `at_deadline`.")
        return severity


_SEVERITIES = {Outcome.APPROVE: 0, Outcome.REVIEW: 1, Outcome.ASK: 2, Outcome.DENY: 3}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The most severe of them (deny > ask > review > approve); of none, APPROVE."""
    return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.APPROVE)


class Tolerant(BaseModel):
    """A model that crosses process borders: unknown fields are ignored, input is never echoed in errors."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class CheckResult(Tolerant):
    """What a check answers.

    Attributes:
        result: one of the results that its kind declares, for example `match`, or `missing`, or `error`.
        facts: the facts it saw, by catalogue name; never a secret one.
        values: values of the placeholders that its kind declares, for example `similarity` or `entry.why`.
        bars_approval: a sentence saying why this order must not be approved automatically although the result
            stands (a wrong PIN was tried on another order, for one); None when nothing bars it.
    """

    # What was seen was read at the edge. To look at each value once more takes longer than most checks.
    result: str
    facts: SkipValidation[dict[str, FactValue]] = Field(default_factory=dict)
    values: SkipValidation[dict[str, FactValue]] = Field(default_factory=dict)
    bars_approval: str | None = None


class RuleResult(Tolerant):
    """The answer of the check of one rule."""

    rule_id: str
    check: CheckResult


class Finding(NamedTuple):
    """A rule's result together with what the policy makes of it.

    Attributes:
        check: the kind of check, for example `pin`.
        effect: `pass`, `skip`, `score`, `review`, `ask` or `deny`.
        score: points that it adds, 0 or more.
        fired: whether the effect is neither `pass` nor `skip`.
        note: the rendered sentence for our own people; None when the policy has none.
        shadow: whether the rule is only watched. Its effect and points are what they would be; neither they nor
            the result count in the decision, and it never fires.
    """

    rule_id: str
    check: str
    result: str
    effect: str
    score: int
    fired: bool
    note: str | None
    facts: Mapping[str, FactValue]
    shadow: bool


class DocumentRequest(Tolerant):
    """Documents that are asked for.

    Attributes:
        message: the rendered text that goes to the carrier.
        types: the types of documents, in the order in which the policy names them; all of them are wanted.
    """

    message: str
    types: list[str]


class Denial(NamedTuple):
    """A denial that somebody asks for: the policy's name for its ground, and the rendered text for the carrier."""

    reject_as: str
    reason: str


class Decision(NamedTuple):
    """What the rules of a policy make of an order.

    Attributes:
        outcome: `approve`, `ask`, `review` or `deny`.
        score: sum of the points of the findings that count.
        people: how many people an approval needs, 1 or 2.
        findings: one per rule, in the order of the policy file.
        request: what is asked for; None unless the outcome is `ask`.
        reject_as: the policy's name for the ground of a denial; None unless the outcome is `deny`.
        reason: the rendered text that goes to the carrier with an automatic answer; None for `ask` and
            `review`.
        denials: all that are asked for: those of rules in the order of the file, then those of score bands. The
            first gives `reject_as` and `reason`; if the carrier lists no code for it, the next is tried (see
            `with_usable_denial`). Empty unless the outcome is `deny`.
        host_messaging: whether an automatic approval keeps messaging with us.
        notes: why, in sentences for our own people.
    """

    outcome: Outcome
    score: int
    people: int
    findings: Sequence[Finding] = ()
    request: DocumentRequest | None = None
    reject_as: str | None = None
    reason: str | None = None
    denials: Sequence[Denial] = ()
    host_messaging: bool = False
    notes: Sequence[str] = ()

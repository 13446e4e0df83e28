"""The policy: what one file under `rules/` says, as typed, unchangeable values.

These models hold the shape of the file and nothing else. That its parts fit each other (a rejection that exists,
a result that the check knows, a ground that the law permits) is judged by the loader, which reports every fault
with its place. The same models read a policy back from the canonical form of a bundle.
"""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ModelWrapValidatorHandler, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from screening.effects import Band, DeadlineLine, DocumentType, Effect, EffectOutcome, Score
from screening.policy_values import (
    Country,
    FactText,
    Flag,
    Moment,
    Name,
    PositiveDuration,
    RuleModel,
    Share,
    Text,
    Timezone,
    WholeNumber,
)

__all__ = [
    "FORMAT",
    "AppliesTo",
    "Approve",
    "Ask",
    "Band",
    "Check",
    "DeadlineLine",
    "Decide",
    "DocumentType",
    "Effect",
    "EffectOutcome",
    "Expectation",
    "Fixture",
    "Mode",
    "Needs",
    "Policy",
    "Rejection",
    "Respond",
    "Review",
    "Rule",
    "RuleTest",
    "Scenario",
]

FORMAT = 1
"""The newest format of policy files that this program reads."""


class Mode(StrEnum):
    """How far a policy acts by itself."""

    SHADOW = "shadow"  # nobody is asked, nothing is sent
    ADVISE = "advise"  # every order is reviewed, only a person's decision is sent
    ENFORCE = "enforce"  # the policy decides


class AppliesTo(RuleModel):
    """Which orders a policy is for. A customer's tag beats a country, a country beats the default policy."""

    countries: list[Country] = Field(default_factory=list)
    tags: list[Name] = Field(default_factory=list)


class Respond(RuleModel):
    """When the carrier would approve by silence, and what we do before."""

    within: PositiveDuration
    margin: PositiveDuration
    again_within: PositiveDuration
    at_deadline: list[DeadlineLine] = Field(min_length=1)


class Review(RuleModel):
    """Who is reminded when. Shares are of the time from the start of the order's clock to `respond_by`."""

    remind_at: list[Share] = Field(default_factory=lambda: [0.5, 0.8])
    escalate_at: Share = 0.8
    two_people_from_score: Score | None = None


class Approve(RuleModel):
    """What an automatic approval tells the carrier."""

    reason: Text = "Verified against our records."
    host_messaging: Flag = False


class Ask(RuleModel):
    """How long documents are awaited, and how often we look for them."""

    wait: PositiveDuration
    recheck: PositiveDuration = timedelta(minutes=15)


class Rejection(RuleModel):
    """One of our names for a rejection, and how it is picked from the codes that the carrier lists."""

    prefer_code: Annotated[WholeNumber, Field(ge=1)] | None = None
    description_contains: Text | None = None
    otherwise: Name | None = None


class Check(RuleModel):
    """Which check a rule asks, with its parameters as written.

    In the file, and for `model_validate`, it is a map of one key: `{kind: {parameters}}`.
    """

    kind: str
    params: dict[str, object] = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _one_kind(cls, value: object, handler: ModelWrapValidatorHandler["Check"]) -> "Check":
        if isinstance(value, cls):
            return value
        if isinstance(value, dict) and len(value) == 1:
            [(kind, params)] = value.items()
            return handler({"kind": kind, "params": {} if params is None else params})
        raise PydanticCustomError("one_check", "needs exactly one check")

    @model_serializer
    def _as_written(self) -> dict[str, object]:
        return {self.kind: self.params}


class RuleTest(RuleModel):
    """A test inside a rule: with these facts the check gives this result."""

    name: Text
    now: Moment | None = None
    given: dict[str, FactText] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list)
    expect: str
    known_gap: Flag = False


class Rule(RuleModel):
    """One question to one check, and what each of its answers does."""

    id: Name
    title: Text
    why: Text | None = None
    check: Check
    then: dict[str, Effect] = Field(default_factory=dict)
    tests: list[RuleTest] = Field(default_factory=list)


class Needs(RuleModel):
    """Evidence that an automatic approval needs: `rule.result`, or `all` or `any` of further ones."""

    result: str | None = None
    all: Annotated[list["Needs"], Field(min_length=1)] | None = None
    any: Annotated[list["Needs"], Field(min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _reference_or_group(cls, value: object) -> object:
        if isinstance(value, str):
            return {"result": value}
        is_one_of = isinstance(value, dict) and value.keys() in ({"result"}, {"all"}, {"any"})
        if is_one_of or isinstance(value, cls):
            return value
        raise PydanticCustomError(
            "needs", "needs a result such as pin.match, or one of `all` and `any` with a list"
        )

    @model_serializer
    def _as_written(self) -> object:
        if self.all is not None:
            return {"all": self.all}
        return self.result if self.any is None else {"any": self.any}

    def met_by(self, results: Collection[str]) -> bool:
        """Say whether these results, each written `rule.result`, are the evidence that is needed."""
        if self.all is not None:
            return all(need.met_by(results) for need in self.all)
        if self.any is not None:
            return any(need.met_by(results) for need in self.any)
        return self.result in results

    def __str__(self) -> str:
        if self.result is not None:
            return self.result
        word, needs = (" and ", self.all) if self.all is not None else (" or ", self.any or [])
        return word.join(str(need) if need.result is not None else f"({need})" for need in needs)


class Decide(RuleModel):
    """How the findings become one outcome.

    Without `approve_needs` nothing is approved automatically: an approval takes evidence that the policy
    names.
    """

    score: list[Band] = Field(default_factory=list)
    approve_needs: Needs | None = None
    otherwise: Literal["review"] = "review"


class Expectation(RuleModel):
    """What a scenario expects; what it does not name is not compared."""

    outcome: Literal["approve", "review", "ask", "deny"] | None = None
    reject_as: Name | None = None
    fired: list[Name] | None = None
    score: WholeNumber | None = None
    reason: Text | None = None


class Scenario(RuleModel):
    """A test of the whole policy: a fixture, some facts changed, and the decision that must come out."""

    name: Text
    now: Moment | None = None
    start_from: Text | None = None
    set: dict[str, FactText] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list)
    expect: Expectation
    known_gap: Flag = False


class Fixture(RuleModel):
    """A file under `rules/fixtures/`: the facts of an order from which scenarios start."""

    title: Text | None = None
    now: Moment | None = None
    facts: dict[str, FactText]


class Policy(RuleModel):
    """One policy file."""

    format: Annotated[WholeNumber, Field(ge=1)]
    policy: Name
    default: Flag = False
    title: Text
    owner: Text | None = None
    timezone: Timezone = "UTC"
    mode: Annotated[Mode, Field(strict=False)]
    applies_to: AppliesTo = AppliesTo()
    respond: Respond
    review: Review = Review()
    approve: Approve = Approve()
    ask: Ask | None = None
    lists: dict[Name, Text] = Field(default_factory=dict)
    rejections: dict[Name, Rejection] = Field(default_factory=dict)
    defaults: dict[str, Effect] = Field(default_factory=dict)
    rules: list[Rule]
    decide: Decide
    scenarios: list[Scenario] = Field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of dates, nights, weekends and `until` in this policy."""
        return ZoneInfo(self.timezone)

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule with this id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    def effect_for(self, rule: Rule, result: str) -> Effect:
        """Return what a result of a rule does: by its `then`, else by `defaults`.

        A result that neither covers (it can only come from a newer engine than the one that checked the file)
        goes to a person, because an unknown answer never counts as a pass.
        """
        return rule.then.get(result) or self.defaults.get(result) or Effect(outcome=EffectOutcome.REVIEW)

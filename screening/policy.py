"""The policy: what one file under `rules/` says, as typed, unchangeable values.

These models hold the shape of the file and nothing else. That its parts fit each other (a rejection that exists,
a result that the check knows, a ground that the law permits) is judged by the loader, which reports every fault
with its place. The same models read a policy back from the canonical form of a bundle.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from enum import StrEnum
from functools import cached_property, partial
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, ModelWrapValidatorHandler, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from screening.checks import CHECKS
from screening.effects import Band, DeadlineLine, DocumentType, Effect, EffectOutcome, Score
from screening.gathered import GatheredFacts
from screening.policy_tests import DeadlineExpectation, Expectation, Fixture, RuleTest, Scenario
from screening.policy_values import (
    Country,
    Flag,
    Name,
    PositiveDuration,
    RuleModel,
    Share,
    Text,
    Timezone,
    WholeNumber,
)
from screening.results import CheckResult
from screening.rulings import Rulings

__all__ = [
    "FORMAT",
    "AppliesTo",
    "Approve",
    "Ask",
    "Band",
    "Check",
    "DeadlineExpectation",
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
    "WrittenPolicy",
]

Params = TypeVar("Params", bound=RuleModel)

FORMAT = 1
"""The newest format of policy files that this program reads."""


class Mode(StrEnum):
    """How far a policy acts by itself."""

    SHADOW = "shadow"  # nobody is asked, nothing is sent
    ADVISE = "advise"  # every order is reviewed, only a person's decision is sent
    ENFORCE = "enforce"  # the policy decides


class AppliesTo(RuleModel):
    """Which orders a policy is for. A customer's tag beats a country, a country beats the default policy.

    Attributes:
        countries: countries of the numbers, as two capital letters.
        tags: our tags of the customer, one of which is enough.
    """

    countries: list[Country] = Field(default_factory=list)
    tags: list[Name] = Field(default_factory=list)


class Respond(RuleModel):
    """When the carrier would approve by silence, and what we do before.

    Attributes:
        within: how long after the arrival of the request the carrier approves by silence.
        margin: how much earlier than that we act.
        again_within: as `within`, after the carrier refused our rejection and the order is pending again.
        at_deadline: what is done when nobody has decided by then: the first line that holds.
    """

    within: PositiveDuration
    margin: PositiveDuration
    again_within: PositiveDuration
    at_deadline: list[DeadlineLine] = Field(min_length=1)


class Review(RuleModel):
    """Who is reminded when. Shares are of the time from the start of the order's clock to `respond_by`.

    Attributes:
        remind_at: when the reviewers are reminded.
        escalate_at: when the order is escalated.
        two_people_from_score: from how many points on two people must approve.
    """

    remind_at: list[Share] = Field(default_factory=lambda: [0.5, 0.8])
    escalate_at: Share = 0.8
    two_people_from_score: Score | None = None


class Approve(RuleModel):
    """What an automatic approval tells the carrier.

    Attributes:
        reason: the text for the carrier.
        host_messaging: whether messaging stays with us.
    """

    reason: Text = "Verified against our records."
    host_messaging: Flag = False


class Ask(RuleModel):
    """How long documents are awaited, and how often we look for them.

    Attributes:
        wait: how long they are awaited.
        recheck: how often we look.
    """

    wait: PositiveDuration
    recheck: PositiveDuration = timedelta(minutes=15)


class Rejection(RuleModel):
    """One of our names for a rejection, and how it is picked from the codes that the carrier lists.

    Attributes:
        prefer_code: the code to take if the carrier lists it.
        description_contains: else a code whose description contains this text.
        otherwise: else the rejection of this name.
    """

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

    def read_params(self, model: type[Params]) -> Params:
        """Return the parameters as the model of their kind. They are read once for each check of a policy.

        Raises:
            pydantic.ValidationError: they are not those of that kind; the loader refuses such a file.
        """
        known = self.__dict__.get("_read")
        if not isinstance(known, model):
            known = self.__dict__["_read"] = model.model_validate(self.params)
        return known

    @cached_property
    def ask(self) -> Callable[[GatheredFacts], CheckResult]:
        """Put the question about the facts of an order.

        Raises:
            pydantic.ValidationError: as `read_params`.
        """
        kind = CHECKS[self.kind]
        return partial(kind.run, self.read_params(kind.params))

    @model_serializer
    def _as_written(self) -> dict[str, object]:
        return {self.kind: self.params}


class Rule(RuleModel):
    """One question to one check, and what each of its answers does.

    A rule in shadow is asked and recorded like any other, and counts for nothing in the decision. In the file a rule
    may have `when` in place of `check`: the model holds that as the check `condition`, and `when` is None.

    Attributes:
        id: how findings, tests and `approve_needs` call the rule.
        title: what it looks at, in a few words.
        why: why there is such a rule.
        shadow: whether it is only recorded, and counts for nothing in the decision.
        check: the check that is asked, with its parameters.
        then: what each result does.
        tests: facts and the results that they must give.
    """

    id: Name
    title: Text
    why: Text | None = None
    shadow: Flag = False
    check: Check
    when: object = Field(default=None, exclude=True)
    then: dict[str, Effect] = Field(default_factory=dict)
    tests: list[RuleTest] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _one_question(cls, value: object) -> object:
        if not isinstance(value, dict) or (value.get("when") is None and "check" in value):
            return value
        checks = value.get("check", {})
        if "when" in value and isinstance(checks, dict):
            checks = {**checks, "condition": {"when": value["when"]}}
        return {**value, "check": checks, "when": None}


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

    Attributes:
        score: what the sum of all points does; every band that is reached counts.
        approve_needs: the evidence without which nothing is approved automatically.
        otherwise: what happens to an order that no rule objects to and that lacks the evidence.
    """

    score: list[Band] = Field(default_factory=list)
    approve_needs: Needs | None = None
    otherwise: Literal["review"] = "review"


class Policy(RuleModel):
    """One policy file.

    Attributes:
        format: the format of the file, 1.
        policy: the name of the policy.
        default: whether it decides about orders that no other policy covers; exactly one says so.
        title: what the policy is for, in a few words.
        owner: who answers for it.
        timezone: of dates, nights, weekends and `until`.
        mode: shadow only watches; advise lets people decide every order; enforce decides by the rules.
        applies_to: which orders it is for.
        respond: when the carrier would approve by silence, and what we do before.
        review: who is reminded when.
        approve: what an automatic approval tells the carrier.
        ask: how long documents are awaited.
        lists: the policy's names of the list files that its rules use.
        rejections: our names of rejections, picked from the codes that the carrier lists for an order.
        defaults: what a result does in every rule that does not say it.
        rules: the questions; all of them are always asked.
        decide: how the findings become one outcome.
        scenarios: tests of the whole policy.
    """

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

    @cached_property
    def rulings(self) -> tuple[Rulings, ...]:
        """For each rule, in the order of the file, what each of its results does."""
        return tuple(
            Rulings(rule.id, rule.check.kind, shadow=rule.shadow, effect_for=partial(self.effect_for, rule))
            for rule in self.rules
        )


class WrittenPolicy(Policy):
    """A policy file as its author writes it: it may take its rules from another policy of the same directory.

    The loader spells them out, so that every policy in a bundle has all its rules.

    Attributes:
        rules_from: the policy whose rules are taken, with the lists, rejections, defaults and `ask` that they
            need. An own rule of the same id changes what it names of the other one: its `then` result by result,
            the rest key by key.
        drop_rules: rules of that policy that are not taken.
    """

    rules_from: Name | None = None
    drop_rules: list[Name] = Field(default_factory=list)

    def spelled_out(self) -> Policy:
        """Return the policy as bundles hold it."""
        return Policy.model_construct(**{name: getattr(self, name) for name in Policy.model_fields})

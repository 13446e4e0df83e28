"""What tests of rule files say: facts that are given, and what must come out."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from screening.effects import DocumentType, People
from screening.policy_values import FactText, Flag, Moment, Name, RuleModel, Text, WholeNumber


class RuleTest(RuleModel):
    """A test inside a rule: with these facts the check gives this result.

    Attributes:
        name: what the test shows, in a few words.
        now: the moment of the screening.
        given: the facts that are known.
        unset: facts that are said not to be known.
        expect: the result that must come out.
        known_gap: the test is known to fail, and is reported once it no longer does.
    """

    name: Text
    now: Moment | None = None
    given: dict[str, FactText] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list)
    expect: str
    known_gap: Flag = False


class DeadlineExpectation(RuleModel):
    """What a scenario expects of `at_deadline` when nobody decides. Written as a word (`leave`) or as a map."""

    outcome: Literal["deny", "leave"]
    reject_as: Name | None = None
    reason: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"outcome": value} if isinstance(value, str) else value


class Expectation(RuleModel):
    """What a scenario expects; what it does not name is not compared.

    Attributes:
        outcome: what becomes of the order.
        reject_as: the name of the rejection.
        fired: the rules whose effect is neither pass nor skip, all of them.
        score: the sum of all points.
        people: how many people must approve.
        reason: the text for the carrier, filled in.
        message: the text that asks for documents, filled in.
        types: the documents that are asked for, all of them.
        at_deadline: what is done when nobody decides.
    """

    outcome: Literal["approve", "review", "ask", "deny"] | None = None
    reject_as: Name | None = None
    fired: list[Name] | None = None
    score: WholeNumber | None = None
    people: People | None = None
    reason: Text | None = None
    message: Text | None = None
    types: list[Annotated[DocumentType, Field(strict=False)]] | None = None
    at_deadline: DeadlineExpectation | None = None


class Scenario(RuleModel):
    """A test of the whole policy: a fixture, some facts changed, and the decision that must come out.

    Attributes:
        name: what the scenario shows, in a few words.
        now: the moment of the screening.
        start_from: the fixture whose facts are taken.
        set: facts that are added or changed.
        unset: facts that are not known.
        failing: rules whose checks answer `error`, as when they cannot be carried out.
        no_code_for: rejections for which the carrier lists no code that could be used.
        expect: the decision that must come out.
        known_gap: the scenario is known to fail, and is reported once it no longer does.
    """

    name: Text
    now: Moment | None = None
    start_from: Text | None = None
    set: dict[str, FactText] = Field(default_factory=dict)
    unset: list[str] = Field(default_factory=list)
    failing: list[Name] = Field(default_factory=list)
    no_code_for: list[Name] = Field(default_factory=list)
    expect: Expectation
    known_gap: Flag = False


class Fixture(RuleModel):
    """A file under `rules/fixtures/`: the facts of an order from which scenarios start.

    Attributes:
        title: what kind of order it is.
        now: the moment of the screening.
        facts: what is known of the order.
    """

    title: Text | None = None
    now: Moment | None = None
    facts: dict[str, FactText]

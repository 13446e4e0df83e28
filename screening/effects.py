"""What a result does: the effects of rules, score bands and the lines of `at_deadline`."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from screening.policy_values import NumberWithin, RuleModel, Text

Score = Annotated[NumberWithin, Field(ge=0, le=1000)]
"""Points of suspicion. Never negative: no rule can cancel what another one found."""

People = Annotated[NumberWithin, Field(ge=1, le=2)]
"""How many different people must approve."""


class EffectOutcome(StrEnum):
    """The word that says what an effect does."""

    PASS = "pass"  # checked and good; approves nothing by itself
    SKIP = "skip"  # does not apply
    SCORE = "score"  # only adds points
    REVIEW = "review"
    ASK = "ask"  # ask for documents; includes review
    DENY = "deny"


class DocumentType(StrEnum):
    """Documents that the carrier's API knows."""

    LOA = "loa"
    INVOICE = "invoice"


class _Consequence(RuleModel):
    """The words that every kind of effect shares.

    Attributes:
        people: how many people must approve.
        reject_as: the rejection of a denial, by its name under `rejections`.
        reason: the text of a denial for the carrier. It leaves the company and may name public facts only.
        note: a sentence for our own people; it may name internal facts too.
        message: the text that asks for documents. It leaves the company and may name public facts only.
        types: the types of documents that are asked for; all of them are awaited.
        override: counsel approved a denial on a ground that the law does not list; says why in `why`.
        why: who approved that, and on what ground.
    """

    people: People = 1
    reject_as: Text | None = None
    reason: Text | None = None
    note: Text | None = None
    message: Text | None = None
    types: list[Annotated[DocumentType, Field(strict=False)]] = Field(default_factory=list)
    override: Literal["legal"] | None = None
    why: Text | None = None


class Effect(_Consequence):
    """What a result of a rule does. Written as a word (`review`), as points (`{score: 15}`) or as a map.

    Attributes:
        outcome: pass: checked and good; skip: does not apply; score: adds points; or review, ask, deny.
        score: points that it adds.
    """

    outcome: Annotated[EffectOutcome, Field(strict=False)]
    score: Score = 0

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, str):
            return {"outcome": value}
        if isinstance(value, dict) and "score" in value and "outcome" not in value:
            return {**value, "outcome": EffectOutcome.SCORE.value}
        return value

    @property
    def fires(self) -> bool:
        """Whether the result counts among the fired findings: everything but `pass` and `skip`."""
        return self.outcome not in (EffectOutcome.PASS, EffectOutcome.SKIP)


class Band(_Consequence):
    """What the sum of all points does from `from` points on. Every band that is reached counts.

    Attributes:
        from_score: the points from which on it counts.
        outcome: what becomes of the order then.
    """

    from_score: Score = Field(alias="from")
    outcome: Literal["review", "ask", "deny"]


class DeadlineLine(_Consequence):
    """One line of `at_deadline`: holds from `from_score` points on (0: always).

    Attributes:
        from_score: the points from which on it holds.
        outcome: deny, or leave the order to silence on purpose: recorded and paged.
    """

    from_score: Score = 0
    outcome: Literal["deny", "leave"]

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"outcome": value} if isinstance(value, str) else value

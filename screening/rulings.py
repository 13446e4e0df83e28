"""What a result of a rule does under its policy: the same for every order, so it is made ready once."""

from collections.abc import Callable
from dataclasses import dataclass

from screening.checks import CHECKS
from screening.effects import Effect, EffectOutcome
from screening.results import Outcome

_ASKS_FOR = {
    EffectOutcome.REVIEW: Outcome.REVIEW,
    EffectOutcome.ASK: Outcome.ASK,
    EffectOutcome.DENY: Outcome.DENY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one result of one rule does.

    Attributes:
        rule_id, check, result, effect, score, fired, shadow: as in the finding.
        people: how many people an approval then needs.
        asks_for: the outcome that it asks for; None when an approval is fine with it.
        evidence: the result as `approve_needs` names it; None for one that proves nothing.
        note: the text for our own people, with its placeholders.
        written: the effect as the policy has it, with what it tells the carrier.
    """

    rule_id: str
    check: str
    result: str
    effect: str
    score: int
    fired: bool
    shadow: bool
    people: int
    asks_for: Outcome | None
    evidence: str | None
    note: str | None
    written: Effect


class Rulings(dict[str, Ruling]):
    """What each result of one rule does, by its name; made when the result first comes."""

    def __init__(
        self, rule_id: str, check: str, *, shadow: bool, effect_for: Callable[[str], Effect]
    ) -> None:
        super().__init__()
        self._rule_id = rule_id
        self._check = check
        self._shadow = shadow
        self._effect_for = effect_for

    def __missing__(self, result: str) -> Ruling:
        effect, kind = self._effect_for(result), CHECKS.get(self._check)
        ruling = self[result] = Ruling(
            rule_id=self._rule_id,
            check=self._check,
            result=result,
            effect=effect.outcome.value,
            score=effect.score,
            fired=effect.fires and not self._shadow,
            shadow=self._shadow,
            people=effect.people,
            asks_for=_ASKS_FOR.get(effect.outcome),
            evidence=f"{self._rule_id}.{result}" if kind and result in kind.evidence else None,
            note=effect.note,
            written=effect,
        )
        return ruling

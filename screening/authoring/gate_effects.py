"""Which changes of effects, score bands, deadline lines and evidence make a decision milder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from screening.authoring.gate_words import Edit
from screening.effects import Band, DeadlineLine, Effect, EffectOutcome
from screening.policy import Needs, Policy

_Consequences = Effect | Band | DeadlineLine
_TEXTS = {"reason", "note", "message", "override", "why"}
_WEIGHED = {"outcome", "score", "people", "reject_as", "types", "from_score"}
_SEVERITY = {"pass": 0, "skip": 0, "score": 0, "review": 1, "ask": 1, "deny": 2}
_ALTERNATIVES = 2000
"""Combinations of evidence beyond which two conditions are no longer compared."""


@dataclass(frozen=True)
class Context:
    """A policy before and after."""

    old: Policy
    new: Policy

    @cached_property
    def shared(self) -> frozenset[str]:
        """Ids of the rules that are in both."""
        return frozenset(rule.id for rule in self.old.rules) & {rule.id for rule in self.new.rules}

    def effects(self, rule_id: str, result: str) -> tuple[Effect, Effect]:
        """What a result of a rule did and what it does now."""
        old, new = self.old.rule(rule_id), self.new.rule(rule_id)
        assert old is not None
        assert new is not None
        return self.old.effect_for(old, result), self.new.effect_for(new, result)

    @cached_property
    def points_tighten(self) -> bool:
        """Whether more points never reach a milder line of `at_deadline`, before and after."""
        return all(_denies_more_with_points(policy.respond.at_deadline) for policy in (self.old, self.new))

    def deadline_denies_no_less(self) -> bool:
        """Whether `at_deadline` still tries each denial that it tried, at every score."""
        before, after = self.old.respond.at_deadline, self.new.respond.at_deadline
        return all(
            _denials(before, score) <= _denials(after, score) for score in _turning_points([*before, *after])
        )

    def is_evidence(self, rule_id: str, result: str) -> bool:
        """Whether an automatic approval may rest on this result of a rule, before or after."""
        return any(
            f"{rule_id}.{result}" in _named_in(policy.decide.approve_needs) for policy in (self.old, self.new)
        )


def softens(before: Effect | Band, after: Effect | Band, both: Context) -> bool:
    """Whether having the second instead of the first can make a decision milder."""
    if after.outcome == "ask" and (before.outcome, before.types) != ("ask", after.types):
        # What is asked for is screened when it comes, and may then be approved.
        return True
    if _SEVERITY[after.outcome] < _SEVERITY[before.outcome] or after.people < before.people:
        return True
    if before.outcome == after.outcome == "deny" and before.reject_as != after.reject_as:
        return True
    shared = type(before).model_fields.keys() & type(after).model_fields.keys()
    if any(getattr(before, name) != getattr(after, name) for name in shared - _WEIGHED - _TEXTS):
        return True
    points = _points(after) - _points(before)
    return points < 0 or (points > 0 and not both.points_tighten)


def reads_differently(before: _Consequences, after: _Consequences) -> bool:
    """Whether two effects, bands or deadline lines differ in their texts at most."""
    return all(
        getattr(before, name) == getattr(after, name) for name in type(before).model_fields.keys() - _TEXTS
    )


def effect_words(effect: Effect | Band | None) -> str:
    """What an effect does, without its texts: `deny as invalid_pin`, `review and 10 points`."""
    if effect is None:
        return "none"
    does = [] if effect.outcome == "score" else [str(effect.outcome)]
    if effect.reject_as:
        does[-1] += f" as {effect.reject_as}"
    if effect.types:
        does[-1] += f" for {', '.join(effect.types)}"
    if _points(effect) or not does:
        does.append("1 point" if _points(effect) == 1 else f"{_points(effect)} points")
    if effect.people > 1:
        does.append(f"{effect.people} people")
    return " and ".join(does)


def band_edits(both: Context) -> Iterator[Edit]:
    """Edits of the score bands. Every band that is reached counts, so their order does not matter."""
    before, after = list(both.old.decide.score), list(both.new.decide.score)
    if before == after:
        return
    silent = True
    for old, new in _pairs(before, after):
        if old is None:
            assert new is not None
            yield (
                f"score band from {new.from_score} added ({effect_words(new)})",
                softens(_NOTHING, new, both),
            )
        elif new is None:
            yield f"score band from {old.from_score} removed ({effect_words(old)})", True
        elif not reads_differently(old, new):
            changed = f"score band from {old.from_score}"
            changed += f" -> {new.from_score}" if new.from_score != old.from_score else ""
            changed += f" ({effect_words(old)}"
            changed += f" -> {effect_words(new)})" if effect_words(new) != effect_words(old) else ")"
            asks_more = "ask" in (old.outcome, new.outcome) and old.from_score != new.from_score
            yield changed, new.from_score > old.from_score or asks_more or softens(old, new, both)
        else:
            continue
        silent = False
    if silent:
        yield "texts or order of score bands changed", False


def needs_imply(needs: Needs | None, others: Needs | None) -> bool:
    """Whether all evidence that meets the first also meets the second; None is met by nothing."""
    if needs is None or others is None:
        return needs is None
    alternatives = _alternatives(needs)
    return alternatives is not None and all(others.met_by(results) for results in alternatives)


_NOTHING = Effect(outcome=EffectOutcome.SKIP)


def _points(effect: Effect | Band) -> int:
    return effect.score if isinstance(effect, Effect) else 0


def _pairs(before: list[Band], after: list[Band]) -> Iterator[tuple[Band | None, Band | None]]:
    """Bands before and after that belong together: the same, else of the same score, else of the same outcome."""
    alike: list[Callable[[Band], tuple[object, ...]]] = [
        lambda band: (band.model_dump_json(),),
        lambda band: (band.from_score, band.outcome),
        lambda band: (band.from_score,),
        lambda band: (band.outcome,),
    ]
    for key in alike:
        for old in sorted(before, key=lambda band: band.from_score):
            fitting = [band for band in after if key(band) == key(old)]
            if fitting:
                new = min(fitting, key=lambda band: band.from_score)
                before.remove(old)
                after.remove(new)
                yield old, new
    yield from ((band, None) for band in before)
    yield from ((None, band) for band in after)


def _turning_points(lines: Sequence[DeadlineLine]) -> list[int]:
    return sorted({0, *(line.from_score for line in lines)})


def _denials(lines: Sequence[DeadlineLine], score: int) -> set[str | None]:
    """The denials that are tried at this score, whichever of them the carrier's codes allow."""
    tried: set[str | None] = set()
    for line in lines:
        if score >= line.from_score:
            if line.outcome == "leave":
                break
            tried.add(line.reject_as)
    return tried


def _denies_more_with_points(lines: Sequence[DeadlineLine]) -> bool:
    return all(
        _denials(lines, low) <= _denials(lines, high) for low, high in pairwise(_turning_points(lines))
    )


def _named_in(needs: Needs | None) -> set[str]:
    if needs is None:
        return set()
    if needs.result is not None:
        return {needs.result}
    return set().union(*(_named_in(need) for need in [*(needs.all or []), *(needs.any or [])]))


def _alternatives(needs: Needs) -> set[frozenset[str]] | None:
    """The sets of results that just meet it; None if they are too many."""
    if needs.result is not None:
        return {frozenset({needs.result})}
    parts = [_alternatives(need) for need in needs.all or needs.any or []]
    found: set[frozenset[str]] = {frozenset()} if needs.all else set()
    for part in parts:
        if part is None or len(found) * len(part) > _ALTERNATIVES:
            return None
        found = {one | other for one, other in product(found, part)} if needs.all else found | part
    return found

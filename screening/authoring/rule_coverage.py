"""What no test of an author has reached: results of rules, score bands, ways to decide, lines of `at_deadline`.

An alternative of `approve_needs` is reached by a scenario that is approved, and would not be without that alternative;
`otherwise` by one to which nothing objects, and which goes to a person for want of evidence alone.

Only tests that pass count: a result that comes although another one is expected is not tested. A rule's `error`, which no
fact brings about, is reached by scenarios with that rule under `failing`; a line of `at_deadline` by scenarios that expect
something of it, where need be with `no_code_for`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from screening.authoring.gate_effects import needs_imply
from screening.authoring.rule_tests import effect_words
from screening.authoring.verdicts import Case, TestReport
from screening.bundle import Bundle
from screening.checks import CHECKS
from screening.effects import Effect, EffectOutcome
from screening.policy import Needs, Policy, Rule
from screening.reading.places import Places, Step
from screening.results import Decision, Outcome

_Key = tuple[Step, ...]

_OF_RULES = {EffectOutcome.ASK: Outcome.ASK, EffectOutcome.DENY: Outcome.DENY}
_ASKING = frozenset({EffectOutcome.REVIEW, EffectOutcome.ASK, EffectOutcome.DENY})


@dataclass(frozen=True)
class Point:
    """Something that a policy can do, and whether a test has reached it.

    Attributes:
        policy: id of the policy.
        part: `result`, `band`, `decide` or `at_deadline`.
        text: what it is, for example `pin: partly_set → review`.
        place: `file:line`; empty if the files are not at hand.
        reached: whether a test that passes has come there.
    """

    policy: str
    part: str
    text: str
    place: str
    reached: bool


@dataclass(frozen=True)
class Coverage:
    """All that the policies can do."""

    points: tuple[Point, ...]

    @property
    def missed(self) -> tuple[Point, ...]:
        """What no test has reached."""
        return tuple(point for point in self.points if not point.reached)

    @property
    def percent(self) -> float:
        """How much is reached, from 0 to 100, rounded down to one decimal: 100 is everything."""
        return (len(self.points) - len(self.missed)) * 1000 // len(self.points) / 10 if self.points else 0.0

    def of(self, policy: str) -> "Coverage":
        """What one policy can do."""
        return Coverage(tuple(point for point in self.points if point.policy == policy))


def coverage_of(
    bundle: Bundle,
    report: TestReport,
    *,
    places: Places | None = None,
    policies: Collection[str] | None = None,
) -> Coverage:
    """Say what the tests of a bundle have reached.

    Args:
        report: the run of its tests.
        places: where the policies stand; without it places are left out.
        policies: ids of the policies that are asked about; all when None.
    """
    at = places or Places()
    return Coverage(
        tuple(
            Point(policy.policy, part, text, at.of(policy.policy, *steps), key in reached)
            for policy in bundle.policies.values()
            if policies is None or policy.policy in policies
            for reached in [
                _reached(policy, [case for case in report.passed if case.policy == policy.policy])
            ]
            for key, part, text, steps in _points(policy)
        )
    )


def _points(policy: Policy) -> Iterator[tuple[_Key, str, str, tuple[Step, ...]]]:
    """Everything that a policy can do: a key, the part, its text, and where in the file it stands."""
    for rule in policy.rules:
        for result in _results(rule):
            text = f"{rule.id}: {result} → {effect_words(policy.effect_for(rule, result))}"
            # A result under `defaults` is missed in its rule, not there.
            steps = ("rules", rule.id, "then", result) if result in rule.then else ("rules", rule.id)
            yield ("result", rule.id, result), "result", text, steps
    for number, band in enumerate(policy.decide.score):
        text = f"score from {band.from_score} → {band.outcome}"
        yield ("band", number), "band", text, ("decide", "score", number)
    for outcome in _outcomes(policy):
        yield ("decide", outcome.value), "decide", f"the order is decided: {outcome.value}", ("decide",)
    needs = policy.decide.approve_needs
    if needs is not None:
        text = f"otherwise → {policy.decide.otherwise}, without {needs}"
        yield ("decide", "otherwise"), "decide", text, ("decide", "otherwise")
        for way, alternative in _alternatives(needs):
            text = f"approve_needs: met only by {alternative}"
            yield ("needs", *way), "decide", text, ("decide", "approve_needs", *way)
    for number, line in enumerate(policy.respond.at_deadline):
        condition = f"from score {line.from_score}" if line.from_score else "always"
        yield (
            ("at_deadline", number + 1),
            "at_deadline",
            f"at the deadline, {condition} → {line.outcome}",
            ("respond", "at_deadline", number),
        )


def _results(rule: Rule) -> list[str]:
    return CHECKS[rule.check.kind].results_given(rule.check.params)


def _outcomes(policy: Policy) -> list[Outcome]:
    """The outcomes that a policy can have, the mildest first."""
    found = {Outcome.REVIEW} | ({Outcome.APPROVE} if policy.decide.approve_needs is not None else set())
    effects: Iterable[Effect] = (
        policy.effect_for(rule, result)
        for rule in policy.rules
        if not rule.shadow
        for result in _results(rule)
    )
    found |= {_OF_RULES[effect.outcome] for effect in effects if effect.outcome in _OF_RULES}
    found |= {Outcome(band.outcome) for band in policy.decide.score}
    return sorted(found, key=lambda outcome: outcome.severity)


def _reached(policy: Policy, cases: Iterable[Case]) -> set[_Key]:
    found: set[_Key] = set()
    for case in cases:
        found |= {("result", rule, result) for rule, result in case.results.items()}
        if case.decision is not None:
            found |= _reached_by(policy, case.decision, case)
        if case.deadline is not None:
            found.add(("at_deadline", case.deadline.line))
    return found


def _reached_by(policy: Policy, decision: Decision, case: Case) -> set[_Key]:
    found: set[_Key] = {("decide", decision.outcome.value)}
    bands: set[_Key] = {
        ("band", number)
        for number, band in enumerate(policy.decide.score)
        if decision.score >= band.from_score
    }
    needs = policy.decide.approve_needs
    if needs is None:
        return found | bands
    watched = {rule.id for rule in policy.rules if rule.shadow}
    evidence = {f"{rule}.{result}" for rule, result in case.results.items() if rule not in watched}
    asked = bands or any(one.fired and one.effect in _ASKING for one in decision.findings)
    if not (asked or case.review_because or needs.met_by(evidence)):
        found.add(("decide", "otherwise"))
    if decision.outcome is Outcome.APPROVE:
        found |= {
            ("needs", *steps)
            for steps, alternative in _alternatives(needs)
            if not _met_without(alternative, needs, evidence)
        }
    return found | bands


def _alternatives(needs: Needs, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Needs]]:
    """What stands under each `any`, with the way there; not what is never needed beside the others."""
    for number, need in enumerate(needs.any or ()):
        others = [other for other in needs.any or () if other is not need]
        if not (others and needs_imply(need, Needs(any=others))):
            yield (*steps, "any", number), need
    for word, members in (("all", needs.all), ("any", needs.any)):
        for number, need in enumerate(members or ()):
            yield from _alternatives(need, (*steps, word, number))


def _met_without(left_out: Needs, needs: Needs, results: Collection[str]) -> bool:
    """Whether these results would be enough if that part were not written."""
    if needs is left_out:
        return False
    if needs.all is not None:
        return all(_met_without(left_out, need, results) for need in needs.all)
    if needs.any is not None:
        return any(_met_without(left_out, need, results) for need in needs.any)
    return needs.result in results

"""A decision told in sentences: what each rule found, what that did, and what stands against an approval."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel

from screening.authoring.recorded import (
    PIN,
    NotReplayable,
    Past,
    Questions,
    ReadyBundle,
    RecordedOrder,
    decision_on,
)
from screening.authoring.what_if import with_changes
from screening.bundle import ENGINE_VERSION, Bundle, Choice
from screening.checks import CHECKS
from screening.checks.kind import ERROR
from screening.countries import countries_of
from screening.decision import with_usable_denial
from screening.effects import Band, Effect
from screening.evaluation import Evaluation, evaluate
from screening.policy import Fixture, Mode, Needs, Policy
from screening.reading.given import DEFAULT_NOW, gathered_from
from screening.results import CheckResult, Decision, FactValue, Finding, Outcome, RuleResult

AS_RECORDED = "PINs are not kept, so this is the recorded answer."

Place = Callable[[str, str], str]
"""Where a rule of a policy stands, as `file:line`; empty if that is not known."""


class ExplainedRule(BaseModel):
    """What one rule found, and what came of it.

    Attributes:
        sentence: the result in words, as the check declares it.
        does: the effect in words, such as `denies as invalid_pin`.
        counts: whether it is among what fired; a rule in shadow never is.
        place: `file:line`; empty when the files on disk are not those that decided.
        facts: what the check read, without secrets.
        remark: what bars an approval all the same, or why the answer is the recorded one.
    """

    rule_id: str
    title: str
    check: str
    result: str
    sentence: str
    does: str
    score: int
    counts: bool
    shadow: bool
    place: str
    note: str | None
    facts: dict[str, FactValue]
    remark: str | None = None


class Explanation(BaseModel):
    """A decision and everything that led to it.

    Attributes:
        order: the support key or id; None for facts from a file.
        because: what made the outcome, in sentences: score bands, lacking evidence, orders that people must decide.
        evidence: what an automatic approval needs, and whether that is there.
        against_approval: everything that would have to be otherwise for an automatic approval.
        differences: what is not as it was recorded, or as it is without the facts that were changed.
    """

    order: str | None
    policy: str
    policy_title: str
    policy_digest: str
    mode: Mode
    engine: str
    outcome: Outcome
    score: int
    people: int
    reject_as: str | None
    reason: str | None
    rules: list[ExplainedRule]
    because: list[str]
    evidence: str
    against_approval: list[str]
    differences: list[str] = []


def explain(
    policy: Policy,
    results: Sequence[RuleResult],
    decision: Decision,
    *,
    digest: str,
    review_because: Sequence[str] = (),
    order: str | None = None,
    place: Place | None = None,
    remarks: Mapping[str, str] | None = None,
) -> Explanation:
    """Tell a decision.

    Args:
        results: from which `decision` was made under `policy`.
        review_because: as it was given to the decision.
        remarks: what else is to be said of a rule, by its id.
    """
    bars = {result.rule_id: result.check.bars_approval for result in results}
    rules = [
        _rule(policy, finding, place, (remarks or {}).get(finding.rule_id) or bars.get(finding.rule_id))
        for finding in decision.findings
    ]
    return Explanation(
        order=order,
        policy=policy.policy,
        policy_title=policy.title,
        policy_digest=digest,
        mode=policy.mode,
        engine=ENGINE_VERSION,
        outcome=decision.outcome,
        score=decision.score,
        people=decision.people,
        reject_as=decision.reject_as,
        reason=decision.reason,
        rules=rules,
        because=[*(_reached(band) for band in _bands(policy, decision)), *decision.notes],
        evidence=_evidence(policy, decision),
        against_approval=list(_against_approval(policy, decision, bars, review_because)),
    )


def _rule(policy: Policy, finding: Finding, place: Place | None, remark: str | None) -> ExplainedRule:
    rule = policy.rule(finding.rule_id)
    kind = CHECKS[finding.check]
    effect = policy.effect_for(rule, finding.result) if rule else None
    return ExplainedRule(
        rule_id=finding.rule_id,
        title=rule.title if rule else finding.rule_id,
        check=finding.check,
        result=finding.result,
        sentence=kind.results.get(finding.result, ""),
        does=_does(effect) if effect else finding.effect,
        score=finding.score,
        counts=finding.fired,
        shadow=finding.shadow,
        place=place(policy.policy, finding.rule_id) if place else "",
        note=finding.note,
        facts={name: value for name, value in finding.facts.items() if value not in (None, [])},
        remark=remark,
    )


_WORDS = {
    "pass": "is fine",
    "skip": "does not apply",
    "score": "only counts",
    "review": "asks for a person",
    "ask": "asks for documents",
}


def _does(effect: Effect) -> str:
    word = effect.outcome.value
    does = f"denies as {effect.reject_as}" if word == "deny" else _WORDS[word]
    points = f", {effect.score} points" if effect.score else ""
    people = ", two people" if effect.people > 1 else ""
    return f"{does}{points}{people}"


def _bands(policy: Policy, decision: Decision) -> list[Band]:
    return [band for band in policy.decide.score if decision.score >= band.from_score]


def _reached(band: Band) -> str:
    asks = {"review": "asks for a person", "ask": "asks for documents", "deny": f"denies as {band.reject_as}"}
    return f"The score reaches {band.from_score}, from which the policy {asks[band.outcome]}."


def _evidence(policy: Policy, decision: Decision) -> str:
    needs = policy.decide.approve_needs
    if needs is None:
        return "The policy names no evidence for an automatic approval."
    lacking = list(_lacking(needs, _found(decision)))
    return f"An automatic approval needs {needs}: " + (
        "that is there." if not lacking else "that is not there."
    )


def _found(decision: Decision) -> dict[str, Finding]:
    return {finding.rule_id: finding for finding in decision.findings if not finding.shadow}


def _lacking(needs: Needs, found: Mapping[str, Finding]) -> Iterator[str]:
    """What of the evidence is not there, one sentence for each result that is named; none if the need is met."""
    if needs.met_by([f"{rule_id}.{finding.result}" for rule_id, finding in found.items()]):
        return
    for need in needs.all or needs.any or ():
        yield from _lacking(need, found)
    if needs.result is not None:
        rule_id, _, result = needs.result.rpartition(".")
        finding = found.get(rule_id)
        says = f"{rule_id} says {finding.result}" if finding else f"no rule {rule_id} counts"
        yield f"The evidence {rule_id}.{result} is lacking: {says}."


def _against_approval(
    policy: Policy, decision: Decision, bars: Mapping[str, str | None], review_because: Sequence[str]
) -> Iterator[str]:
    if policy.mode is not Mode.ENFORCE:
        who = "a person decides every order" if policy.mode is Mode.ADVISE else "nothing is decided"
        yield f"The policy's mode is {policy.mode}: {who}."
    yield from review_because
    for finding in decision.findings:
        rule = policy.rule(finding.rule_id)
        if rule is None or finding.shadow:
            continue
        effect = policy.effect_for(rule, finding.result)
        if finding.effect in ("review", "ask", "deny"):
            sentence = CHECKS[finding.check].results.get(finding.result, "")
            yield f"The rule {finding.rule_id} {_does(effect)}: {finding.result}. {sentence}".rstrip()
        elif effect.people > 1:
            yield f"The rule {finding.rule_id} wants two people: {finding.result}."
    points = [
        f"{finding.rule_id} {finding.score}"
        for finding in decision.findings
        if finding.score and not finding.shadow
    ]
    for band in _bands(policy, decision):
        yield f"{_reached(band)} The score is {decision.score}: {', '.join(points) or 'no rule gives points'}."
    threshold = policy.review.two_people_from_score
    if threshold is not None and decision.score >= threshold:
        yield f"From a score of {threshold} on an approval needs two people; the score is {decision.score}."
    if policy.decide.approve_needs is None:
        yield "The policy names no evidence for an automatic approval."
    else:
        yield from _lacking(policy.decide.approve_needs, _found(decision))
    yield from dict.fromkeys(bar for bar in bars.values() if bar is not None)


def explain_given(
    bundle: Bundle, fixture: Fixture, changes: Mapping[str, FactValue], *, place: Place | None = None
) -> Explanation:
    """Put the facts of a file to the policy that a bundle has for them.

    Args:
        changes: facts to change first; None makes one unknown.

    Raises:
        GivenFactError: the facts contradict each other.
    """
    before = evaluate_given(bundle, fixture.facts, fixture.now)
    after = evaluate_given(bundle, {**fixture.facts, **changes}, fixture.now) if changes else before
    return explain(
        after.choice.policy,
        after.evaluation.results,
        after.evaluation.decision,
        digest=bundle.digest,
        review_because=after.because,
        place=place,
    ).model_copy(
        update={"differences": against_unchanged(before.evaluation.decision, after.evaluation.decision)}
    )


@dataclass(frozen=True)
class Evaluated:
    """The policy that a bundle has for given facts, why a person must decide all the same, and what it makes of them."""

    choice: Choice
    because: list[str]
    evaluation: Evaluation


def evaluate_given(bundle: Bundle, facts: Mapping[str, FactValue], now: datetime | None) -> Evaluated:
    """Put facts to the policy that a bundle has for them.

    Args:
        facts: by catalogue name, as `gathered_from` takes them.

    Raises:
        GivenFactError: a fact does not fit, or some contradict each other.
    """
    gathered = gathered_from(facts, now=now or DEFAULT_NOW)
    choice = bundle.choose(
        countries_of(gathered.order.phone_numbers),
        {tag for customer in gathered.customers for tag in customer.tags},
        len(gathered.customers) > 1,
    )
    because = [choice.review_because] if choice.review_because else []
    gathered = replace(gathered, zone=choice.policy.zone, lists=bundle.lists_of(choice.policy))
    return Evaluated(choice, because, evaluate(choice.policy, gathered, review_because=because))


def explain_recorded(
    recorded: RecordedOrder,
    deciding: ReadyBundle,
    changes: Mapping[str, FactValue],
    *,
    place: Place | None = None,
) -> Explanation:
    """Ask the policy that decided a recorded order once more, and say what is not as it was recorded.

    Args:
        deciding: the bundle that decided it.
        changes: facts to change first, see `what_if`; what that changes is said instead.

    Raises:
        NotReplayable: that bundle has no such policy.
        GivenFactError: such a fact cannot be changed.
    """
    questions, because = deciding.questions(recorded.policy), recorded.review_because
    asked = _ask_again(Past(recorded, deciding), questions, because)
    differences = against_recorded(recorded, asked.decision, engine=ENGINE_VERSION)
    if changes:
        unchanged, changed = asked.decision, with_changes(recorded, changes)
        choice = changed.choose(deciding.bundle)
        questions = deciding.questions(choice.policy.policy)
        because = recorded.review_under(choice, instead_of=recorded.choose(deciding.bundle))
        asked = _ask_again(Past(changed, deciding), questions, because)
        differences = against_unchanged(unchanged, asked.decision)
    if recorded.mode != questions.policy.mode:
        because = [f"Answers could not be sent then, so the order was in {recorded.mode}.", *because]
    return explain(
        questions.policy,
        asked.results,
        asked.decision,
        digest=recorded.policy_digest,
        review_because=because,
        order=recorded.order.support_key or recorded.order.id,
        place=place,
        remarks=asked.remarks,
    ).model_copy(update={"differences": differences})


@dataclass(frozen=True)
class _AskedAgain:
    """What a policy makes of a recorded order, with remarks on the rules that had to answer as recorded."""

    results: list[RuleResult]
    decision: Decision
    remarks: dict[str, str]


def _ask_again(past: Past, questions: Questions, review_because: Sequence[str]) -> _AskedAgain:
    gathered, remarks, results = past.gathered(questions), {}, []
    for question in questions.asked:
        rule_id = question.rule.id
        try:
            check = past.answer(question, gathered)
        except NotReplayable as why:
            check = past.recorded_answer(rule_id) or CheckResult(result=ERROR)
            remarks[rule_id] = f"Not asked again: {why}"
        if question.rule.check.kind == PIN:
            remarks.setdefault(rule_id, " ".join(filter(None, [check.bars_approval, AS_RECORDED])))
        results.append(RuleResult(rule_id=rule_id, check=check))
    decision = decision_on(past.recorded.order, questions.policy, results, review_because)
    # Which codes the carrier listed is not recorded; the ground that was taken is.
    taken = with_usable_denial(decision, lambda denial: denial.reject_as == past.recorded.reject_as)
    return _AskedAgain(results, taken or decision, remarks)


def against_recorded(recorded: RecordedOrder, decision: Decision, *, engine: str) -> list[str]:
    """What is not as it was recorded, in sentences: another engine, results, and the decision itself."""
    before = {finding.rule_id: finding for finding in recorded.findings}
    found = []
    if recorded.engine != engine:
        found.append(f"Version {recorded.engine} of the engine decided it; this is version {engine}.")
    for finding in decision.findings:
        then = before.get(finding.rule_id)
        if then is None:
            found.append(f"The rule {finding.rule_id} was not among what was recorded.")
        elif (then.result, then.effect, then.score) != (finding.result, finding.effect, finding.score):
            found.append(f"The rule {finding.rule_id} found {then.result} then, and {finding.result} now.")
    return found + _decided_otherwise(recorded, decision)


def against_unchanged(unchanged: Decision, decision: Decision) -> list[str]:
    """What changed facts change, in sentences."""
    before = {finding.rule_id: finding for finding in unchanged.findings}
    found = [
        f"The rule {finding.rule_id}: {before[finding.rule_id].result} → {finding.result}."
        for finding in decision.findings
        if finding.rule_id in before and before[finding.rule_id].result != finding.result
    ]
    return found + _decided_otherwise(unchanged, decision)


def _decided_otherwise(before: RecordedOrder | Decision, after: Decision) -> list[str]:
    pairs = {
        "outcome": (before.outcome, after.outcome),
        "score": (before.score, after.score),
        "people": (before.people, after.people),
        "rejection": (before.reject_as or "none", after.reject_as or "none"),
    }
    return [f"The {name}: {then} → {now}." for name, (then, now) in pairs.items() if then != now]

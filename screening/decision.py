"""From the results of the rules to one decision, and from a deadline to what is done then.

The outcome is the most severe thing that anybody asks for (deny > ask > review > approve). No finding can
cancel another, so the order of the rules does not matter and a worse result never makes a milder decision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from screening.checks.kind import ERROR
from screening.effects import Band, Effect, EffectOutcome
from screening.facts import CATALOGUE
from screening.placeholders import Place, names_something, render
from screening.policy import Policy
from screening.results import (
    CheckResult,
    Decision,
    Denial,
    DocumentRequest,
    FactClass,
    FactValue,
    Finding,
    Outcome,
    RuleResult,
    Tolerant,
    worst,
)
from screening.rulings import Ruling

_SECRETS = frozenset(fact.name for fact in CATALOGUE.values() if fact.fact_class is FactClass.SECRET)
_FAILED = CheckResult(result=ERROR)
_NOTHING = CheckResult(result="")

Facts = Callable[[], Mapping[str, FactValue]]
"""Gives the facts of an order by catalogue name. Few decisions have a text that names any: only those ask."""


class DeadlineAction(Tolerant):
    """What is done when the deadline comes and nobody has decided.

    Attributes:
        outcome: `deny` or `leave`.
        reject_as: the policy's name for the ground of the denial.
        reason: the rendered text for the carrier.
        line: which line of `at_deadline` it is, from 1; 0 when none held and the order is left by default.
    """

    outcome: Outcome
    reject_as: str | None = None
    reason: str | None = None
    line: int = 0


def decide(
    policy: Policy,
    results: Sequence[RuleResult],
    *,
    review_because: Sequence[str] = (),
    facts: Mapping[str, FactValue],
) -> Decision:
    """Decide an order.

    Rules in shadow are reported among the findings and count for nothing else.
    It is approved only if no finding and no score band asks for anything else, the results are the evidence
    that `approve_needs` names, no check bars approval, one person would be enough, and there is no
    `review_because`.

    Args:
        policy: the policy that the order is under.
        results: the answers of its rules, in any order. A rule without an answer, or with contradictory ones,
            counts as one whose check failed (`error`).
        review_because: why this order is not decided automatically whatever its rules say, in sentences: a
            further round, numbers of several customers. Whatever the rules ask for, a person reviews it.
        facts: the facts of the order by catalogue name, for the texts of the policy.
    """
    answers = _answer_per_rule(policy, results)
    return decide_on(policy, answers, review_because=review_because, facts=lambda: facts)


def decide_on(
    policy: Policy,
    answers: Sequence[CheckResult],
    *,
    review_because: Sequence[str] = (),
    facts: Facts,
) -> Decision:
    """Decide an order as `decide` does.

    Args:
        answers: what the check of each rule answered, in the order of the file.
    """
    judged = [
        (rulings[answer.result], answer) for rulings, answer in zip(policy.rulings, answers, strict=True)
    ]
    counting = [(ruling, answer) for ruling, answer in judged if not ruling.shadow]
    rulings = [ruling for ruling, _ in counting]
    score = sum([ruling.score for ruling in rulings])
    bands = [band for band in policy.decide.score if score >= band.from_score]
    people = _people(policy, score, rulings, bands)

    obstacles = _obstacles(policy, counting, people)
    asked_for = [ruling.asks_for for ruling in rulings if ruling.asks_for]
    asked_for += [Outcome(band.outcome) for band in bands]
    by_rules = worst([Outcome(policy.decide.otherwise) if obstacles else Outcome.APPROVE, *asked_for])
    outcome = by_rules
    notes = [_say(band.note, Place.NOTE, facts, score=score) for band in bands if band.note]
    if review_because:
        outcome = Outcome.REVIEW
        notes = [*review_because, *notes]
    denials = list(_denials(rulings, bands, facts)) if by_rules is Outcome.DENY else []
    if denials and outcome is not Outcome.DENY:
        notes.append(f"The rules alone would deny this order as {denials[0].reject_as}.")
        denials = []
    if outcome in (Outcome.REVIEW, Outcome.ASK):
        notes += obstacles

    reason, reject_as = None, None
    request = _request(rulings, bands, facts) if outcome is Outcome.ASK else None
    if outcome is Outcome.APPROVE:
        reason = _say(policy.approve.reason, Place.REASON, facts)
    elif denials:
        reject_as, reason = denials[0]
    return Decision(
        outcome=outcome,
        score=score,
        people=people,
        findings=[_finding(ruling, answer, facts, score) for ruling, answer in judged],
        request=request,
        reject_as=reject_as,
        reason=reason,
        denials=denials,
        host_messaging=outcome is Outcome.APPROVE and policy.approve.host_messaging,
        notes=list(dict.fromkeys(notes)),
    )


def with_usable_denial(decision: Decision, usable: Callable[[Denial], bool]) -> Decision | None:
    """Return a denial with the name and the reason of the first of its denials that can be sent; None if none can.

    So a further denial, or another order of the rules, never makes a review of a denial.

    Args:
        usable: whether the carrier takes a rejection of that name, with that reason, for this order.
    """
    for denial in decision.denials:
        if usable(denial):
            return decision._replace(reject_as=denial.reject_as, reason=denial.reason)
    return None


def denied_by(policy: Policy, decision: Decision) -> list[str]:
    """What says deny, by itself enough or not: rule ids in the order of the file, then `score` for a score band."""
    rules = [
        finding.rule_id
        for finding in decision.findings
        if finding.fired and finding.effect == EffectOutcome.DENY
    ]
    by_score = any(
        band.outcome == "deny" and decision.score >= band.from_score for band in policy.decide.score
    )
    return [*rules, "score"] if by_score else rules


def at_deadline(
    policy: Policy,
    decision: Decision,
    *,
    facts: Mapping[str, FactValue],
    usable: Callable[[str], bool],
    may_deny: bool,
) -> DeadlineAction:
    """Say what is done with an order that nobody decided: the first line of `at_deadline` that can be done.

    Args:
        decision: what the rules made of the order; its score says which lines hold.
        facts: the facts of the order by catalogue name, for the reason.
        usable: whether a rejection of that name can be sent for this order. If not, the next line is tried.
        may_deny: False for orders that are never denied automatically: further rounds, and orders that came
            before sending was first switched on. Then the order is left.
    """
    for number, line in enumerate(policy.respond.at_deadline, start=1):
        if decision.score < line.from_score:
            continue
        if line.outcome == "leave":
            return DeadlineAction(outcome=Outcome.LEAVE, line=number)
        if may_deny and line.reject_as is not None and line.reason is not None and usable(line.reject_as):
            return DeadlineAction(
                outcome=Outcome.DENY,
                reject_as=line.reject_as,
                reason=render(line.reason, Place.REASON, facts),
                line=number,
            )
    return DeadlineAction(outcome=Outcome.LEAVE)


def _answer_per_rule(policy: Policy, results: Sequence[RuleResult]) -> list[CheckResult]:
    given: dict[str, CheckResult] = {}
    for result in results:
        first = given.setdefault(result.rule_id, result.check)
        if first is not result.check and first != result.check:
            given[result.rule_id] = _FAILED
    return [given.get(rule.id, _FAILED) for rule in policy.rules]


def _people(policy: Policy, score: int, rulings: Sequence[Ruling], bands: Sequence[Band]) -> int:
    threshold = policy.review.two_people_from_score
    by_score = 2 if threshold is not None and score >= threshold else 1
    return max([by_score, *[ruling.people for ruling in rulings], *[band.people for band in bands]])


def _obstacles(policy: Policy, answered: Sequence[tuple[Ruling, CheckResult]], people: int) -> list[str]:
    """Why the order cannot be approved automatically even if no rule objects."""
    needs = policy.decide.approve_needs
    obstacles = [answer.bars_approval for _, answer in answered if answer.bars_approval is not None]
    if needs is None:
        obstacles.append("The policy names no evidence for an automatic approval.")
    elif not needs.met_by({ruling.evidence for ruling, _ in answered if ruling.evidence}):
        obstacles.append(f"Automatic approval needs {needs}.")
    if people > 1:
        obstacles.append("An approval needs two people.")
    return obstacles


def _denials(rulings: Sequence[Ruling], bands: Sequence[Band], facts: Facts) -> Iterator[Denial]:
    """What asks for a denial, in the order of the file; rules stand before score bands."""
    denying: list[Effect | Band] = [ruling.written for ruling in rulings if ruling.asks_for is Outcome.DENY]
    denying += [band for band in bands if band.outcome == "deny"]
    for effect in denying:
        yield Denial(effect.reject_as or "", _say(effect.reason or "", Place.REASON, facts))


def _request(rulings: Sequence[Ruling], bands: Sequence[Band], facts: Facts) -> DocumentRequest:
    """Everything that is asked for, in one message: whoever sends documents is not to be asked twice."""
    asking: list[Effect | Band] = [ruling.written for ruling in rulings if ruling.asks_for is Outcome.ASK]
    asking += [band for band in bands if band.outcome == "ask"]
    messages = [_say(effect.message or "", Place.MESSAGE, facts) for effect in asking]
    types = [str(wanted) for effect in asking for wanted in effect.types]
    return DocumentRequest(message=" ".join(dict.fromkeys(messages)), types=list(dict.fromkeys(types)))


def _say(
    text: str, place: Place, facts: Facts, answer: CheckResult = _NOTHING, score: int | None = None
) -> str:
    known = {**facts(), **answer.facts} if names_something(text) else {}
    return render(text, place, known, values=answer.values, score=score)


def _finding(ruling: Ruling, answer: CheckResult, facts: Facts, score: int) -> Finding:
    seen = answer.facts
    if not _SECRETS.isdisjoint(seen):
        seen = {name: value for name, value in seen.items() if name not in _SECRETS}
    note = _say(ruling.note, Place.NOTE, facts, answer, score) if ruling.note else None
    # By position: naming the fields would take half as long again as the rest of this function.
    return Finding(
        ruling.rule_id,
        ruling.check,
        ruling.result,
        ruling.effect,
        ruling.score,
        ruling.fired,
        note,
        seen,
        ruling.shadow,
    )

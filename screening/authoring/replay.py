"""Past orders under other rules: what becomes of each, why, and what that adds up to.

Everything here works on one order after the other and keeps sums only, so that any number of orders fits.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from screening.authoring.recorded import (
    NotReplayable,
    Past,
    Questions,
    ReadyBundle,
    RecordedFinding,
    RecordedOrder,
    decision_on,
)
from screening.bundle import Bundle
from screening.policy import Mode, Policy
from screening.results import Decision, FactValue, Finding, Outcome

EXAMPLES = 5
"""How many orders are named beside a reason for which orders cannot be replayed."""

OTHER_CAUSE = "no rule: the choice of the policy, its score bands, or what an approval needs"
"""Stands for all causes that are no rule when they are counted; their own words may be of one order only."""


class Cause(BaseModel):
    """A rule that does not say what it said then, or, with no rule, something else about the decision.

    Attributes:
        rule_id: None for what is not a rule: score bands, the evidence for an approval.
        before, after: result and effect as in `unlisted (score 15)`; None where there is no such rule.
        facts: what the rule saw. Personal; for people who may see the order itself.
    """

    rule_id: str | None
    before: str | None
    after: str | None
    facts: dict[str, FactValue] = {}

    def __str__(self) -> str:
        """The cause in words, without facts."""
        if self.rule_id is None:
            return self.after or ""
        return f"{self.rule_id}: {self.before or 'no such rule'} → {self.after or 'no such rule'}"


class Ended(BaseModel):
    """How an order ended apart from its rules.

    Attributes:
        people: `approve` or `deny` when a reviewer decided it and that was answered.
        outside: `approve` or `deny` when somebody decided it at the carrier, or silence did; withdrawn orders have none.
        denial_refused: whether the carrier did not accept a denial of ours.
    """

    people: Outcome | None = None
    outside: Outcome | None = None
    denial_refused: bool = False


class Replayed(BaseModel):
    """What other rules make of an order, beside what was made of it then.

    Attributes:
        refers_to: the support key, else the port-out id.
        ended: how people or the outside decided, see `Ended`.
        causes: why it is decided otherwise now; empty when it is not.
    """

    portout_id: str
    refers_to: str
    day: date
    policy_before: str
    policy_after: str
    before: Outcome
    after: Outcome
    score_before: int
    score_after: int
    for_people_before: bool
    for_people_after: bool
    ended: Ended
    causes: list[Cause] = []

    @property
    def changes(self) -> bool:
        """Whether another outcome comes out."""
        return self.before is not self.after


class Candidate:
    """The bundle that is tried."""

    def __init__(self, bundle: Bundle) -> None:
        self._ready = ReadyBundle(bundle)
        self._repeated: WeakKeyDictionary[Questions, dict[str, Mapping[str, str]]] = WeakKeyDictionary()

    def replay(self, past: Past, ended: Ended) -> Replayed:
        """Decide a recorded order under this bundle.

        Raises:
            NotReplayable: the record does not hold what the rules would need.
        """
        recorded = past.recorded
        questions, because = self._ready.chosen_for(past)
        answers = past.answers(questions, self._repeated_by(questions, past.decided_by))
        decision = decision_on(recorded.order, questions.policy, answers, because)
        policy = questions.policy
        replayed = Replayed(
            portout_id=recorded.order.id,
            refers_to=recorded.order.support_key or recorded.order.id,
            day=recorded.now.date(),
            policy_before=recorded.policy,
            policy_after=policy.policy,
            before=recorded.outcome,
            after=decision.outcome,
            score_before=recorded.score,
            score_after=decision.score,
            for_people_before=_for_people(past.decided_by.policy, recorded.outcome),
            for_people_after=_for_people(policy, decision.outcome),
            ended=ended,
        )
        if replayed.changes:
            replayed.causes = list(causes(recorded, decision))
        return replayed

    def _repeated_by(self, questions: Questions, earlier: Questions) -> Mapping[str, str]:
        known = self._repeated.setdefault(earlier, {})
        found = known.get(questions.policy.policy)
        if found is None:
            found = known[questions.policy.policy] = questions.repeated_from(earlier)
        return found


def _for_people(policy: Policy, outcome: Outcome) -> bool:
    """Whether the order stands in the queue; as if answers could be sent, so that both sides compare."""
    if policy.mode is Mode.SHADOW:
        return False
    return policy.mode is Mode.ADVISE or outcome in (Outcome.REVIEW, Outcome.ASK)


def causes(recorded: RecordedOrder, decision: Decision) -> Iterator[Cause]:
    """Which rules say something else than then; when none does, what else made the difference."""
    before = {finding.rule_id: finding for finding in recorded.findings}
    after = {finding.rule_id: finding for finding in decision.findings}
    found = False
    for rule_id in dict.fromkeys((*after, *before)):
        old, new = before.get(rule_id), after.get(rule_id)
        said, says = _said(old), _said(new)
        # A rule that came or went and has no effect decides nothing.
        if said != says and any(finding is not None and finding.effect != "skip" for finding in (old, new)):
            found = True
            seen = new or old
            yield Cause(rule_id=rule_id, before=said, after=says, facts=seen.facts if seen else {})
    if not found:
        why = " ".join(decision.notes) or f"It came to {recorded.outcome} then: {' '.join(recorded.notes)}"
        yield Cause(rule_id=None, before=None, after=why)


def _said(finding: Finding | RecordedFinding | None) -> str | None:
    if finding is None:
        return None
    points = f" {finding.score}" if finding.score else ""
    return f"{finding.result} ({finding.effect}{points})"


@dataclass
class Tally:
    """What many replayed orders add up to.

    Attributes:
        matrix: orders by outcome before and after.
        queue_before, queue_after: orders that people had to look at, by day.
        people, outside: what people, or the outside, decided, beside the outcomes before and after.
        denials_refused: outcomes after of orders of which the carrier refused our denial.
        not_replayed: reasons with how many orders they hold for.
        examples: a few orders for each reason.
        causes: how many orders each cause changes.
    """

    matrix: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    queue_before: Counter[date] = field(default_factory=Counter)
    queue_after: Counter[date] = field(default_factory=Counter)
    people: Counter[tuple[Outcome, Outcome, Outcome]] = field(default_factory=Counter)
    outside: Counter[tuple[Outcome, Outcome, Outcome]] = field(default_factory=Counter)
    denials_refused: Counter[Outcome] = field(default_factory=Counter)
    not_replayed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, replayed: Replayed) -> None:
        """Count an order."""
        self.matrix[replayed.before, replayed.after] += 1
        self.queue_before[replayed.day] += replayed.for_people_before
        self.queue_after[replayed.day] += replayed.for_people_after
        ended = replayed.ended
        if ended.people is not None:
            self.people[ended.people, replayed.before, replayed.after] += 1
        if ended.outside is not None:
            self.outside[ended.outside, replayed.before, replayed.after] += 1
        if ended.denial_refused:
            self.denials_refused[replayed.after] += 1
        for cause in replayed.causes:
            self.causes[str(cause) if cause.rule_id else OTHER_CAUSE] += 1

    def refuse(self, refers_to: str, why: NotReplayable) -> None:
        """Count an order that cannot be replayed."""
        self.not_replayed[str(why)] += 1
        examples = self.examples.setdefault(str(why), [])
        if len(examples) < EXAMPLES:
            examples.append(refers_to)

    def merge(self, other: "Tally") -> None:
        """Take in what was counted elsewhere."""
        for name, counter in vars(other).items():
            if isinstance(counter, Counter):
                getattr(self, name).update(counter)
        for why, examples in other.examples.items():
            mine = self.examples.setdefault(why, [])
            mine += examples[: EXAMPLES - len(mine)]

    @property
    def replayed(self) -> int:
        """How many orders were replayed."""
        return self.matrix.total()

    @property
    def changed(self) -> int:
        """How many of them are decided otherwise."""
        return sum(count for (before, after), count in self.matrix.items() if before is not after)

    def after(self, *outcomes: Outcome) -> int:
        """How many come to one of these outcomes now."""
        return sum(count for (_, after), count in self.matrix.items() if after in outcomes)

    def before(self, *outcomes: Outcome) -> int:
        """How many came to one of these outcomes then."""
        return sum(count for (before, _), count in self.matrix.items() if before in outcomes)

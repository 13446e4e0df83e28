"""A past order as the ledger holds it, and its facts put to rules once more: to those that decided it, or to others.

What was recorded is enough for every check but one: PINs are recorded nowhere, so a PIN rule answers what a PIN rule
answered then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from screening import evaluation
from screening.bundle import ENGINE_VERSION, Bundle, Choice
from screening.checks import CHECKS
from screening.checks.kind import ERROR, MISSING
from screening.conditions import COUNTED_FACTS, lists_read
from screening.countries import countries_of
from screening.decision import decide
from screening.facts import CustomerFacts, OrderFacts
from screening.gathered import EarlierRejection, GatheredFacts, documents_in
from screening.named_lists import NamedList
from screening.policy import Policy, Rule
from screening.results import CheckResult, Decision, FactValue, Outcome, RuleResult, Tolerant

PIN = "pin"
"""The kind of check that is never asked again."""

CONDITION = "condition"
REPEAT_REQUEST = "repeat_request"

_IN_EVERY_RECORD = ("portout.", "customer.")
_HISTORY = "history."
_REJECTED_AT = "history.rejected_at"
_ONLY_COMPARED = frozenset({"at_most"})
"""Parameters to which a count is compared; all others say what is counted."""


class NotReplayable(Exception):
    """The record does not hold what an answer would need: one sentence says what, without personal facts."""


class RecordedFinding(Tolerant):
    """What a rule found then (see `Finding`), with what barred an automatic approval although the result stood."""

    rule_id: str
    check: str
    result: str
    effect: str
    score: int
    facts: dict[str, FactValue] = Field(default_factory=dict)
    bars_approval: str | None = None


class RecordedOrder(Tolerant):
    """One screening of one order: what was known, what was found, and what came of it.

    Attributes:
        now: the moment that the rules took for now.
        customers: the different customers who held the numbers.
        several_customers: whether the numbers belonged to more than one holder; a number without a customer beside
            one with a customer counts as another holder.
        policy, policy_digest, engine: what decided.
        mode: how far the policy acted; `shadow` also when nothing could be sent.
        review_because: why a person had to decide whatever the rules said.
        findings: one per rule of that policy, in its order.
        other_facts: facts that were looked up and are neither the order's nor a customer's, by catalogue name.
    """

    now: datetime
    order: OrderFacts
    customers: list[CustomerFacts]
    several_customers: bool
    policy: str
    policy_digest: str
    engine: str
    mode: str
    round: int
    review_because: list[str]
    outcome: Outcome
    score: int
    people: int
    reject_as: str | None
    notes: list[str]
    findings: list[RecordedFinding]
    other_facts: dict[str, FactValue] = Field(default_factory=dict)

    @property
    def tags(self) -> set[str]:
        """The tags by which the policy was chosen."""
        return {tag for customer in self.customers for tag in customer.tags}

    def choose(self, bundle: Bundle) -> Choice:
        """The policy of a bundle for this order."""
        return bundle.choose(countries_of(self.order.phone_numbers), self.tags, self.several_customers)

    def review_under(self, choice: Choice, *, instead_of: Choice) -> list[str]:
        """Why a person must decide under another choice of a policy: what it says, and what no choice said."""
        because = [why for why in self.review_because if why != instead_of.review_because]
        return because if choice.review_because is None else [choice.review_because, *because]


def recorded_order(body: Mapping[str, Any], personal: Mapping[str, Any] | None) -> RecordedOrder:
    """Read a screening back from the ledger.

    Args:
        body, personal: of an entry that holds findings.

    Raises:
        NotReplayable: the personal facts are gone, or an older version recorded less.
    """
    if personal is None:
        raise NotReplayable("Its personal facts were erased, or cannot be unsealed here.")
    if "screened_at" not in body or "customers" not in personal:
        raise NotReplayable(
            "It was recorded by an older version, which kept less than this takes, or while nobody could "
            "say whose numbers it asks for."
        )
    seen = personal.get("findings", {})
    findings = [{**finding, **seen.get(finding.get("rule_id"), {})} for finding in body.get("findings", [])]
    other_facts = {
        name: value
        for finding in findings
        for name, value in finding.get("facts", {}).items()
        if not name.startswith(_IN_EVERY_RECORD)
    }
    try:
        return RecordedOrder.model_validate(
            {
                "notes": personal.get("notes", []),
                **body,
                "now": body["screened_at"],
                "order": personal.get("order"),
                "customers": personal["customers"],
                "findings": findings,
                "other_facts": other_facts,
            }
        )
    except ValidationError:
        raise NotReplayable("What was recorded of it cannot be read by this version.") from None


@dataclass(frozen=True)
class Question:
    """A rule, and what its check reads with the rule's parameters: names of facts, and lists as they are."""

    rule: Rule
    facts: tuple[str, ...]
    lists: Mapping[str, NamedList]

    @classmethod
    def of(cls, rule: Rule, lists: Mapping[str, NamedList]) -> "Question":
        """Look up what the rule's check reads among the lists of its policy."""
        kind, params = CHECKS[rule.check.kind], rule.check.params
        named = (
            lists_read(params["when"])
            if kind.name == CONDITION
            else [str(params[parameter]) for parameter in kind.list_params if params.get(parameter)]
        )
        return cls(rule, tuple(sorted(kind.facts_read(params))), {name: lists[name] for name in named})


class Questions:
    """The rules of one policy, ready to be put to many orders."""

    def __init__(self, bundle: Bundle, policy: Policy) -> None:
        self.policy = policy
        self.zone = policy.zone
        self.lists = bundle.lists_of(policy)
        self.asked = [Question.of(rule, self.lists) for rule in policy.rules]

    def repeated_from(self, earlier: "Questions") -> Mapping[str, str]:
        """The rules that ask just what a rule of another policy asks, with the id of that one."""
        if earlier.policy.timezone != self.policy.timezone:
            return {}
        return {
            question.rule.id: other.rule.id
            for question in self.asked
            for other in reversed(earlier.asked)
            if other.rule.check == question.rule.check and other.lists == question.lists
        }


class ReadyBundle:
    """A bundle with its policies ready to be asked about many orders."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.chooses_by = {
            name: (policy.applies_to, policy.default) for name, policy in bundle.policies.items()
        }
        self._questions: dict[str, Questions] = {}

    def questions(self, policy: str) -> Questions:
        """The rules of one of its policies.

        Raises:
            NotReplayable: the bundle has no policy of that name.
        """
        found = self._questions.get(policy)
        if found is None:
            if policy not in self.bundle.policies:
                raise NotReplayable(f"Its bundle has no policy {policy}.")
            found = self._questions[policy] = Questions(self.bundle, self.bundle.policies[policy])
        return found

    def chosen_for(self, past: "Past") -> tuple[Questions, list[str]]:
        """The policy that this bundle has for a recorded order, and why a person must decide whatever its rules say."""
        recorded, deciding = past.recorded, past.deciding
        if self.chooses_by == deciding.chooses_by and recorded.engine == ENGINE_VERSION:
            return self.questions(recorded.policy), recorded.review_because
        choice = recorded.choose(self.bundle)
        because = recorded.review_under(choice, instead_of=recorded.choose(deciding.bundle))
        return self.questions(choice.policy.policy), because


class Past:
    """A recorded order beside the bundle that decided it, ready to be asked anew.

    Raises:
        NotReplayable: that bundle has no policy of the recorded name.
    """

    def __init__(self, recorded: RecordedOrder, deciding: ReadyBundle) -> None:
        self.recorded = recorded
        self.deciding = deciding
        self.decided_by = deciding.questions(recorded.policy)
        self._found = {finding.rule_id: finding for finding in recorded.findings}

    def answers(self, questions: Questions, repeated: Mapping[str, str]) -> list[RuleResult]:
        """Put all questions of a policy to the order.

        Args:
            repeated: rules that ask what a rule asked then. Their answer is the recorded one, unless another version of
                the engine gave it.

        Raises:
            NotReplayable: one of them has no answer in what was recorded.
        """
        if self.recorded.engine != ENGINE_VERSION:
            repeated = {}
        gathered = self.gathered(questions)
        return [
            RuleResult(
                rule_id=question.rule.id,
                check=self.recorded_answer(repeated.get(question.rule.id)) or self.answer(question, gathered),
            )
            for question in questions.asked
        ]

    def recorded_answer(self, rule_id: str | None) -> CheckResult | None:
        """What a rule answered then, without the values of placeholders; None if it was not asked."""
        finding = None if rule_id is None else self._found.get(rule_id)
        if finding is None:
            return None
        return CheckResult(result=finding.result, facts=finding.facts, bars_approval=finding.bars_approval)

    def gathered(self, questions: Questions) -> GatheredFacts:
        """The recorded facts as checks read them, without the history, which depends on the rule that asks."""
        recorded = self.recorded
        statuses = recorded.other_facts.get("number.statuses")
        return GatheredFacts(
            order=recorded.order,
            now=recorded.now,
            zone=questions.zone,
            customers=recorded.customers,
            lists=questions.lists,
            number_statuses=statuses if isinstance(statuses, list) else None,
            documents=documents_in(recorded.other_facts),
        )

    def answer(self, question: Question, gathered: GatheredFacts) -> CheckResult:
        """Ask one check about the recorded facts.

        Args:
            gathered: as the method of that name gives it for the policy of the rule.

        Raises:
            NotReplayable: no PIN was compared then, or a fact that the check reads was not looked up.
        """
        rule = question.rule
        if rule.check.kind == PIN:
            return self._pin_result()
        if any(found.result == ERROR and asked.check == rule.check for found, asked in self._alike(rule)):
            return CheckResult(result=ERROR)
        if any(name.startswith(_HISTORY) for name in question.facts):
            gathered = self._with_history(rule, gathered)
        for name in question.facts:
            if not name.startswith((*_IN_EVERY_RECORD, _HISTORY)) and name not in self.recorded.other_facts:
                raise NotReplayable(f"The rule {rule.id} reads {name}, which was not looked up then.")
        return evaluation.ask(rule, gathered)

    def _pin_result(self) -> CheckResult:
        for finding in self.recorded.findings:
            if finding.check == PIN:
                return CheckResult(result=finding.result, bars_approval=finding.bars_approval)
        raise NotReplayable("No rule compared PINs then, and PINs are never recorded.")

    def _alike(self, rule: Rule) -> Iterator[tuple[RecordedFinding, Rule]]:
        """What rules with the same kind of check found then, each with the rule as it was."""
        for finding in self.recorded.findings:
            asked = self.decided_by.policy.rule(finding.rule_id) if finding.check == rule.check.kind else None
            if asked is not None:
                yield finding, asked

    def _with_history(self, rule: Rule, gathered: GatheredFacts) -> GatheredFacts:
        """Add what was found about earlier orders then, by a rule that looked just so."""
        for finding, asked in self._alike(rule):
            if _looked_as(asked, rule):
                return _given_history(finding.facts, gathered, was_known=finding.result != MISSING)
        known = self.recorded.other_facts
        if rule.check.kind == CONDITION and _REJECTED_AT in known:
            return _given_history(known, gathered, was_known=True)
        raise NotReplayable(
            f"The rule {rule.id} looks at earlier orders in a way in which no rule looked then."
        )


def decision_on(
    order: OrderFacts, policy: Policy, answers: Sequence[RuleResult], review_because: Sequence[str]
) -> Decision:
    """What a policy makes of these answers, as the worker decides."""
    facts: dict[str, FactValue] = dict(order.as_facts())
    for answer in answers:
        facts.update(answer.check.facts)
    return decide(policy, answers, review_because=review_because, facts=facts)


def _looked_as(asked: Rule, rule: Rule) -> bool:
    """Whether what one rule found about earlier orders answers another with the same kind of check."""
    if rule.check.kind == CONDITION:
        return asked.check == rule.check
    model = CHECKS[rule.check.kind].params
    then, now = (dict(each.check.read_params(model)) for each in (asked, rule))
    if rule.check.kind == REPEAT_REQUEST:
        # The last rejection within a longer time is also the last one within a shorter.
        return bool(now["within"] <= then["within"])
    return all(then[name] == now[name] for name in now.keys() - _ONLY_COMPARED)


def _given_history(
    facts: Mapping[str, FactValue], gathered: GatheredFacts, *, was_known: bool
) -> GatheredFacts:
    rejected_at, changed = facts.get(_REJECTED_AT), facts.get("history.changed")
    earlier = None
    if isinstance(rejected_at, str):
        earlier = EarlierRejection(
            at=datetime.fromisoformat(rejected_at), changed=changed if isinstance(changed, list) else []
        )
    counts = {
        name: value for name, value in facts.items() if name in COUNTED_FACTS and isinstance(value, int)
    }
    return replace(gathered, counts=counts, earlier=earlier, history_known=was_known)

"""Running the tests that authors write: `tests` inside rules, and `scenarios` of whole policies.

They run the code that the worker runs. A scenario also takes the way on which an order comes to its policy: facts that
another policy would decide are a failure, and what always goes to a person goes there in a scenario too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from screening.authoring.verdicts import Case, Line, TestReport, Verdict
from screening.bundle import Bundle
from screening.checks import CHECKS
from screening.countries import countries_of
from screening.decision import DeadlineAction, at_deadline, with_usable_denial
from screening.evaluation import ask, evaluate
from screening.facts import CATALOGUE
from screening.gathered import GatheredFacts
from screening.policy import Effect, EffectOutcome, Expectation, Policy, Rule, RuleTest, Scenario
from screening.reading.diagnostics import one_line
from screening.reading.given import DEFAULT_NOW, GivenFactError, gathered_from
from screening.reading.places import Places, Step
from screening.results import Decision, FactClass, FactValue, Outcome

__all__ = ["TestReport", "effect_words", "run_tests", "shown"]

UNKNOWN = "(unknown)"
"""What stands for a fact that nobody gave."""

SECRET = "[PIN]"
"""What stands for the value of a secret fact."""

_LONGEST_VALUE = 200


def run_tests(
    bundle: Bundle,
    name_filter: str | None = None,
    *,
    places: Places | None = None,
    policies: Collection[str] | None = None,
) -> TestReport:
    """Run the tests of a bundle. Raises nothing: what goes wrong is a failure of that test.

    Args:
        name_filter: run only the tests whose title (`us-standard / pin / leading zeros count`) holds this text,
            whatever its capitals.
        places: for the places of tests and of the lines that decided; without it they are left out.
        policies: ids of the policies whose tests are run; all when None.
    """
    wanted = (name_filter or "").casefold()
    ran = [
        _ran(case, run, known_gap=known_gap)
        for policy in bundle.policies.values()
        if policies is None or policy.policy in policies
        for case, run, known_gap in _tests_of(bundle, policy, places or Places())
        if wanted in case.title.casefold()
    ]
    return TestReport(tuple(ran), name_filter)


def effect_words(effect: Effect) -> str:
    """Return what an effect does in a few words: `deny`, `score 15`, `review, score 40`."""
    if effect.outcome is EffectOutcome.SCORE:
        return f"score {effect.score}"
    return f"{effect.outcome.value}, score {effect.score}" if effect.score else effect.outcome.value


def shown(value: FactValue) -> str:
    """Return a fact as it stands in a report, on one line."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = one_line(", ".join(value) if isinstance(value, list) else str(value))
    return text[:_LONGEST_VALUE] or ("(none)" if isinstance(value, list) else "(empty)")


_Test = tuple[Case, Callable[[Case], Case], bool]
"""A test before it ran, what runs it, and whether it is a known gap."""


def _tests_of(bundle: Bundle, policy: Policy, places: Places) -> Iterator[_Test]:
    def not_yet(rule: str | None, name: str, place: str) -> Case:
        return Case(policy.policy, rule, name, place, Verdict.PASSED)

    for rule in policy.rules:
        for test in rule.tests:
            place = places.of(policy.policy, "rules", rule.id, "tests", test.name)
            run = _RuleTestRun(bundle, policy, places, rule, test)
            yield not_yet(rule.id, test.name, place), run, test.known_gap
    for scenario in policy.scenarios:
        place = places.of(policy.policy, "scenarios", scenario.name)
        run_all = _ScenarioRun(bundle, policy, places, scenario)
        yield not_yet(None, scenario.name, place), run_all, scenario.known_gap


def _ran(case: Case, run: Callable[[Case], Case], *, known_gap: bool) -> Case:
    try:
        case = run(case)
    except (_NotRunError, GivenFactError) as error:
        return replace(case, verdict=Verdict.FAILED, why=(str(error),))
    except Exception as error:
        # What a check stumbles over must not keep the other tests from running. Its text may hold a PIN.
        return replace(case, verdict=Verdict.FAILED, why=(f"it could not be run ({type(error).__name__})",))
    if known_gap and not case.why:
        return replace(
            case, verdict=Verdict.FAILED, why=("it passes, so it is no known gap: remove known_gap",)
        )
    if not case.why:
        return replace(case, lines=())
    return replace(case, verdict=Verdict.KNOWN_GAP if known_gap else Verdict.FAILED)


class _NotRunError(Exception):
    """The test cannot be run as it stands: one sentence without full stop."""


@dataclass(frozen=True)
class _RuleTestRun:
    """A test of one rule: with these facts its check gives this result."""

    bundle: Bundle
    policy: Policy
    places: Places
    rule: Rule
    test: RuleTest

    def __call__(self, case: Case) -> Case:
        given: dict[str, FactValue] = {
            name: value for name, value in self.test.given.items() if name not in self.test.unset
        }
        gathered = _gathered(self.bundle, self.policy, given, self.test.now or DEFAULT_NOW)
        answer = ask(self.rule, gathered)
        line = _line_of(self.policy, self.places, self.rule, answer.result, answer.facts, given, gathered)
        expected = self.test.expect
        return replace(
            case,
            why=() if answer.result == expected else (f"expected {expected}, found {answer.result}",),
            lines=(line,),
            results={self.rule.id: answer.result},
        )


@dataclass(frozen=True)
class _ScenarioRun:
    """A scenario: with these facts the policy decides so."""

    bundle: Bundle
    policy: Policy
    places: Places
    scenario: Scenario

    def __call__(self, case: Case) -> Case:
        scenario = self.scenario
        fixture = self.bundle.fixtures[scenario.start_from] if scenario.start_from else None
        given: dict[str, FactValue] = {**(fixture.facts if fixture else {}), **scenario.set}
        given = {name: value for name, value in given.items() if name not in scenario.unset}
        now = scenario.now or (fixture.now if fixture else None) or DEFAULT_NOW
        gathered = _gathered(self.bundle, self.policy, given, now)
        because = self._review_because(gathered)
        evaluation = evaluate(self.policy, gathered, review_because=because, failing=scenario.failing)
        decision = self._as_answered(evaluation.decision)
        waits = decision.outcome in (Outcome.REVIEW, Outcome.ASK)
        deadline = self._at_deadline(decision, gathered) if waits and scenario.expect.at_deadline else None
        why = [
            *_differences(scenario.expect, decision),
            *_deadline_differences(scenario.expect, decision, deadline),
        ]
        if why and decision.notes:
            why.append(f"why {decision.outcome}: {' '.join(decision.notes)}")
        return replace(
            case,
            why=tuple(why),
            lines=tuple(self._lines(decision, deadline, given, gathered)),
            results={finding.rule_id: finding.result for finding in decision.findings},
            decision=decision,
            review_because=tuple(because),
            deadline=deadline,
        )

    def _review_because(self, gathered: GatheredFacts) -> list[str]:
        """Why these facts go to a person whatever the rules say.

        Raises:
            _NotRunError: another policy would decide them.
        """
        tags = {tag for customer in gathered.customers for tag in customer.tags}
        choice = self.bundle.choose(
            countries_of(gathered.order.phone_numbers), tags, len(gathered.customers) > 1
        )
        if choice.policy.policy != self.policy.policy:
            raise _NotRunError(
                f"an order with these facts comes under the policy {choice.policy.policy}, not under this one: "
                "look at its numbers, at customer.tags and at customer.count"
            )
        return [choice.review_because] if choice.review_because else []

    def _as_answered(self, decision: Decision) -> Decision:
        """The decision when the carrier lacks codes: the first denial that has one, else a person must find one."""
        if decision.outcome is not Outcome.DENY:
            return decision
        missing = self.scenario.no_code_for
        sent = with_usable_denial(decision, lambda denial: denial.reject_as not in missing)
        if sent is not None:
            return sent
        names = dict.fromkeys(denial.reject_as for denial in decision.denials)
        note = f"The carrier lists no code for {' or '.join(names)}."
        return decision._replace(
            outcome=Outcome.REVIEW, reject_as=None, reason=None, notes=[*decision.notes, note]
        )

    def _at_deadline(self, decision: Decision, gathered: GatheredFacts) -> DeadlineAction:
        return at_deadline(
            self.policy,
            decision,
            facts=gathered.order.as_facts(),
            usable=lambda name: name not in self.scenario.no_code_for,
            may_deny=True,
        )

    def _lines(
        self,
        decision: Decision,
        deadline: DeadlineAction | None,
        given: Mapping[str, FactValue],
        gathered: GatheredFacts,
    ) -> Iterator[Line]:
        """The lines that brought the outcome and the points, and those of rules that fired against expectation."""
        policy, places = self.policy, self.places
        fired = {finding.rule_id for finding in decision.findings if finding.fired}
        expected = fired if self.scenario.expect.fired is None else set(self.scenario.expect.fired)
        for rule, finding in zip(policy.rules, decision.findings, strict=True):
            # Behind an approval stands every rule: none of them objected.
            decided = finding.effect == decision.outcome or decision.outcome is Outcome.APPROVE
            if ((decided or finding.score) and not finding.shadow) or finding.rule_id in fired ^ expected:
                yield _line_of(policy, places, rule, finding.result, finding.facts, given, gathered)
        for number, band in enumerate(policy.decide.score):
            if decision.score >= band.from_score:
                place = places.of(policy.policy, "decide", "score", number)
                yield Line(place, f"score {decision.score} is at least {band.from_score} → {band.outcome}")
        needs = policy.decide.approve_needs
        if needs is not None and decision.outcome in (Outcome.APPROVE, Outcome.REVIEW):
            found = {finding.rule_id: finding.result for finding in decision.findings}
            yield Line(places.of(policy.policy, "decide", "approve_needs"), f"approval needs {needs}", found)
        if deadline is not None:
            steps: tuple[Step, ...] = ("respond", "at_deadline")
            if deadline.line:
                steps += (deadline.line - 1,)
            place = places.of(policy.policy, *steps)
            yield Line(place, f"at the deadline → {deadline.outcome}")


def _gathered(bundle: Bundle, policy: Policy, given: Mapping[str, FactValue], now: datetime) -> GatheredFacts:
    return gathered_from(given, now=now, zone=policy.zone, lists=bundle.lists_of(policy))


def _line_of(
    policy: Policy,
    places: Places,
    rule: Rule,
    result: str,
    seen: Mapping[str, FactValue],
    given: Mapping[str, FactValue],
    gathered: GatheredFacts,
) -> Line:
    """The line that handles a result, with the facts that its check read."""
    effect = policy.effect_for(rule, result)
    everything = gathered.as_facts()
    facts: dict[str, str] = {}
    for name in dict.fromkeys([*seen, *_facts_read(rule)]):
        if name in CATALOGUE and CATALOGUE[name].fact_class is FactClass.SECRET:
            facts[name] = UNKNOWN if given.get(name) is None else SECRET
        else:
            facts[name] = shown(seen[name] if name in seen else everything.get(name))
    is_own = result in rule.then
    steps = ("rules", rule.id, "then", result) if is_own else ("defaults", result)
    return Line(places.of(policy.policy, *steps), f"{rule.id}: {result} → {effect_words(effect)}", facts)


def _facts_read(rule: Rule) -> list[str]:
    read = CHECKS[rule.check.kind].facts_read(rule.check.params)
    return [name for name in CATALOGUE if name in read]


def _differences(expected: Expectation, decision: Decision) -> Iterator[str]:
    """What a decision is, and should not be; what is not expected is not compared."""
    fired = [finding.rule_id for finding in decision.findings if finding.fired]
    if expected.outcome is not None and expected.outcome != decision.outcome:
        yield _difference("outcome", expected.outcome, decision.outcome)
    if expected.reject_as is not None and expected.reject_as != decision.reject_as:
        yield _difference("reject_as", expected.reject_as, decision.reject_as)
    if expected.fired is not None and set(expected.fired) != set(fired):
        yield _difference("fired", _listed(expected.fired), _listed(fired))
    if expected.score is not None and expected.score != decision.score:
        yield _difference("score", expected.score, decision.score)
    if expected.people is not None and expected.people != decision.people:
        yield _difference("people", expected.people, decision.people)
    if expected.reason is not None and expected.reason != decision.reason:
        yield _difference("reason", expected.reason, decision.reason)
    message, types = (decision.request.message, decision.request.types) if decision.request else (None, [])
    if expected.message is not None and expected.message != message:
        yield _difference("message", expected.message, message)
    if expected.types is not None and set(expected.types) != set(types):
        yield _difference("types", _listed(expected.types), _listed(types))


def _deadline_differences(
    expected: Expectation, decision: Decision, found: DeadlineAction | None
) -> Iterator[str]:
    wanted = expected.at_deadline
    if wanted is None:
        return
    if found is None:
        yield f"at_deadline: the order is decided at once ({decision.outcome}), nothing waits for the deadline"
        return
    if wanted.outcome != found.outcome:
        yield _difference("at_deadline", wanted.outcome, found.outcome)
    if wanted.reject_as is not None and wanted.reject_as != found.reject_as:
        yield _difference("at_deadline.reject_as", wanted.reject_as, found.reject_as)
    if wanted.reason is not None and wanted.reason != found.reason:
        yield _difference("at_deadline.reason", wanted.reason, found.reason)


def _difference(what: str, expected: object, found: object) -> str:
    return f"{what}: expected {expected}, found {'none' if found is None else found}"


def _listed(rules: Iterable[str]) -> str:
    return ", ".join(rules) or "none"

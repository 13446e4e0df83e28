"""Decisions as algebra, over generated policies: monotone, independent of order, and never milder for less evidence."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from screening.checks import CHECKS
from screening.decision import decide, with_usable_denial
from screening.policy import Policy
from screening.results import CheckResult, Decision, Outcome, RuleResult
from tests.screening.policies import policy, rule

RESULTS = ("match", "mismatch", "missing", "error")
GROUNDS = ("other", "invalid_pin", "gone")
_EFFECTS = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["pass", "skip", "score", "review", "ask", "deny"]),
        "reject_as": st.sampled_from(GROUNDS),
    },
    optional={"score": st.integers(0, 60).map(str), "people": st.sampled_from(["1", "2"])},
)
_ANSWERS = st.builds(
    CheckResult,
    result=st.sampled_from((*RESULTS, "unmapped")),
    bars_approval=st.none() | st.none() | st.just("A bar."),
)
_BANDS = st.lists(
    st.fixed_dictionaries(
        {
            "from": st.integers(0, 150).map(str),
            "outcome": st.sampled_from(["review", "ask", "deny"]),
            "reject_as": st.sampled_from(GROUNDS),
        },
        optional={"people": st.sampled_from(["1", "2"])},
    ),
    max_size=2,
)
_BECAUSE = st.sampled_from([(), (), ("A further round.",)])


@dataclass(frozen=True)
class Case:
    """A policy, and an answer for each of its rules, in the order of its rules."""

    policy: Policy
    results: list[RuleResult]

    def decide(self, because: tuple[str, ...] = ()) -> Decision:
        return decide(self.policy, self.results, review_because=because, facts={})


def with_rules(case: Case, order: list[int]) -> Case:
    """The same policy with only these rules, in this order."""
    rules = [case.policy.rules[index] for index in order]
    return Case(case.policy.model_copy(update={"rules": rules}), [case.results[index] for index in order])


@st.composite
def cases(draw: st.DrawFn, least: int = 0) -> Case:
    then = st.fixed_dictionaries(dict.fromkeys(RESULTS, _EFFECTS))
    count = draw(st.integers(least, 4))
    kinds = [draw(st.sampled_from(["pin", "authorized_name"])) for _ in range(count)]
    rules = [rule(f"r{index}", draw(then), kind) for index, kind in enumerate(kinds)]
    named = st.builds(lambda index, result: f"r{index}.{result}", st.integers(0, 4), st.sampled_from(RESULTS))
    needs = draw(
        st.none()
        | st.recursive(
            named,
            lambda inner: st.builds(
                lambda word, members: {word: members},
                st.sampled_from(["all", "any"]),
                st.lists(inner, min_size=1, max_size=3),
            ),
            max_leaves=4,
        )
    )
    made = policy(
        *rules,
        needs=needs,
        bands=draw(_BANDS),
        two_people_from_score=draw(st.none() | st.integers(0, 150)),
    )
    return Case(made, [RuleResult(rule_id=item.id, check=draw(_ANSWERS)) for item in rules])


def evidence(case: Case) -> set[str]:
    return {
        f"{item.id}.{result.check.result}"
        for item, result in zip(case.policy.rules, case.results, strict=True)
        if result.check.result in CHECKS[item.check.kind].evidence
    }


@given(cases(least=1), _BECAUSE)
def test_a_further_rule_never_makes_a_decision_milder(case: Case, because: tuple[str, ...]) -> None:
    """Its evidence may be what approval needs, which is the one thing that more rules can give."""
    fewer = with_rules(case, list(range(len(case.results) - 1)))
    before, after = fewer.decide(because), case.decide(because)
    assert after.score >= before.score
    assert after.people >= before.people
    needs = case.policy.decide.approve_needs
    gave_evidence = needs is not None and needs.met_by(evidence(case)) != needs.met_by(evidence(fewer))
    assert after.outcome.severity >= before.outcome.severity or gave_evidence


@given(cases(least=1), _ANSWERS, _BECAUSE)
def test_a_worse_result_never_makes_a_decision_milder(
    case: Case, worse: CheckResult, because: tuple[str, ...]
) -> None:
    first, *rest = case.results
    changed = Case(case.policy, [RuleResult(rule_id=first.rule_id, check=worse), *rest])
    old = case.policy.effect_for(case.policy.rules[0], first.check.result)
    new = case.policy.effect_for(case.policy.rules[0], worse.result)
    mild_to_severe = ["pass", "skip", "score", "review", "ask", "deny"]
    is_worse = (
        mild_to_severe.index(new.outcome) >= mild_to_severe.index(old.outcome)
        and new.score >= old.score
        and new.people >= old.people
        and evidence(changed) <= evidence(case)
        and (worse.bars_approval is not None or first.check.bars_approval is None)
    )
    before, after = case.decide(because), changed.decide(because)
    assert after.outcome.severity >= before.outcome.severity or not is_worse


@given(cases(), st.randoms(use_true_random=False), _BECAUSE)
def test_the_order_of_results_never_matters(case: Case, random: object, because: tuple[str, ...]) -> None:
    shuffled = list(case.results)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Case(case.policy, shuffled).decide(because) == case.decide(because)


@given(cases(), st.data(), _BECAUSE)
def test_the_order_of_rules_never_matters(case: Case, data: st.DataObject, because: tuple[str, ...]) -> None:
    order = data.draw(st.permutations(range(len(case.results))))
    one, other = case.decide(because), with_rules(case, order).decide(because)
    assert (one.outcome, one.score, one.people) == (other.outcome, other.score, other.people)
    assert {finding.rule_id: finding for finding in one.findings} == {
        finding.rule_id: finding for finding in other.findings
    }


def denies(case: Case, codes: set[str]) -> bool:
    """Whether the order is denied at a carrier that lists a code for these names of rejections."""
    decision = case.decide()
    return with_usable_denial(decision, lambda denial: denial.reject_as in codes) is not None


@given(cases(least=1), st.data(), st.sets(st.sampled_from(GROUNDS)))
def test_neither_a_further_rule_nor_another_order_makes_a_review_of_a_denial(
    case: Case, data: st.DataObject, codes: set[str]
) -> None:
    order = data.draw(st.permutations(range(len(case.results))))
    assert denies(with_rules(case, order), codes) == denies(case, codes)
    assert denies(with_rules(case, order), codes) or not denies(with_rules(case, order[1:]), codes)


@given(cases())
def test_an_approval_has_the_evidence_that_the_policy_names_and_nothing_against_it(case: Case) -> None:
    decision = case.decide()
    if decision.outcome is Outcome.APPROVE:
        needs = case.policy.decide.approve_needs
        assert needs is not None
        assert needs.met_by(evidence(case))
        assert decision.people == 1
        assert all(finding.effect in ("pass", "skip", "score") for finding in decision.findings)
        assert not any(result.check.bars_approval for result in case.results)


@given(cases(), st.sampled_from(["missing", "error", "unmapped"]))
def test_absent_evidence_never_approves_whatever_the_policy_says(case: Case, absent: str) -> None:
    results = [RuleResult(rule_id=item.id, check=CheckResult(result=absent)) for item in case.policy.rules]
    assert Case(case.policy, results).decide().outcome is not Outcome.APPROVE
    assert Case(case.policy, []).decide().outcome is not Outcome.APPROVE


@given(cases())
def test_review_because_leaves_only_review(case: Case) -> None:
    decision = case.decide(("A further round.",))
    assert decision.outcome is Outcome.REVIEW
    assert (decision.reason, decision.reject_as) == (None, None)
    assert decision.notes[0] == "A further round."
    assert decision.score == case.decide().score


@given(cases())
def test_every_rule_is_reported_in_the_order_of_the_file(case: Case) -> None:
    findings = case.decide().findings
    assert [finding.rule_id for finding in findings] == [item.id for item in case.policy.rules]
    assert all(finding.fired == (finding.effect not in ("pass", "skip")) for finding in findings)
    assert sum(finding.score for finding in findings) == case.decide().score


@given(cases(), cases(), st.lists(st.booleans(), min_size=4, max_size=4), _BECAUSE)
def test_a_rule_in_shadow_never_changes_what_is_decided(
    case: Case, watched: Case, before: list[bool], because: tuple[str, ...]
) -> None:
    """Whatever it finds, bars or would ask for, and wherever in the file it stands."""
    shadows = [
        item.model_copy(update={"id": f"shadow-{item.id}", "shadow": True}) for item in watched.policy.rules
    ]
    first = [item for item, is_before in zip(shadows, before, strict=False) if is_before]
    rules = [*first, *case.policy.rules, *(item for item in shadows if item not in first)]
    results = [
        RuleResult(rule_id=f"shadow-{result.rule_id}", check=result.check) for result in watched.results
    ]
    with_shadows = Case(case.policy.model_copy(update={"rules": rules}), [*results, *case.results])
    alone, together = case.decide(because), with_shadows.decide(because)
    counting = [finding for finding in together.findings if not finding.shadow]
    assert together._replace(findings=counting) == alone
    recorded = [finding for finding in together.findings if finding.shadow]
    assert [finding.rule_id for finding in recorded] == [
        item.id for item in (*first, *(item for item in shadows if item not in first))
    ]
    assert not any(finding.fired for finding in recorded)

"""The tests in the shipped rule files: they pass, tell their places, and pin what they reach."""

from pathlib import Path

from screening.authoring.rule_tests import run_tests
from screening.authoring.verdicts import Case, Verdict
from screening.bundle import Bundle
from screening.effects import Effect, EffectOutcome
from screening.policy import Policy, Rule
from screening.reading.loading import load_bundle, places_of
from tests.screening.rule_files import POLICY, SHIPPED, changed


def test_the_shipped_tests_pass_with_their_places() -> None:
    report = run_tests(load_bundle(SHIPPED), places=places_of(SHIPPED))
    assert (report.ok, report.failed, report.known_gaps) == (True, (), ())
    lines = (SHIPPED / POLICY).read_text().splitlines()
    for case in report.cases:
        file, _, line = case.place.rpartition(":")
        if file.endswith(POLICY) and case.policy == "us-standard":
            assert case.name in lines[int(line) - 1]


def test_a_bundle_from_records_runs_the_same_tests_without_places() -> None:
    shipped = load_bundle(SHIPPED)
    stored = run_tests(Bundle.from_canonical(shipped.canonical()))
    assert {case.title: case.verdict for case in stored.cases} == {
        case.title: case.verdict for case in run_tests(shipped).cases
    }
    assert {case.place for case in stored.cases} == {""}


def test_every_effect_that_a_shipped_scenario_reaches_is_pinned_by_it() -> None:
    """A mutation of each: what fired no longer does, and the other way round."""
    shipped = load_bundle(SHIPPED)
    policy = shipped.policies["us-standard"]
    pinned = {
        result
        for case, written in zip(_scenario_cases(shipped), policy.scenarios, strict=True)
        if written.expect.fired is not None
        for result in case.results.items()
    }
    assert ("pin", "match") in pinned
    assert ("pin", "mismatch") in pinned
    for rule_id, result in pinned:
        fires = policy.effect_for(_rule(policy, rule_id), result).fires
        flipped = Effect(outcome=EffectOutcome.SKIP if fires else EffectOutcome.REVIEW)
        rules = [
            rule.model_copy(update={"then": {**rule.then, result: flipped}}) if rule.id == rule_id else rule
            for rule in policy.rules
        ]
        mutant = shipped.model_copy(
            update={
                "policies": {**shipped.policies, policy.policy: policy.model_copy(update={"rules": rules})}
            }
        )
        assert any(case.verdict is Verdict.FAILED for case in _scenario_cases(mutant)), (rule_id, result)


def _scenario_cases(bundle: Bundle) -> list[Case]:
    return [case for case in run_tests(bundle, policies=["us-standard"]).cases if case.rule is None]


def _rule(policy: Policy, rule_id: str) -> Rule:
    rule = policy.rule(rule_id)
    assert rule is not None
    return rule


def test_a_failure_names_the_line_of_the_test_and_the_line_that_decided(tmp_path: Path) -> None:
    rules = changed(tmp_path, "match: pass", "match: review")
    text = (rules / POLICY).read_text().splitlines()
    report = run_tests(load_bundle(rules), places=places_of(rules), policies=["us-standard"])
    failed = next(case for case in report.failed if case.rule is None)
    line = next(line for line in failed.lines if line.text.startswith("pin: match"))
    file, _, number = line.place.rpartition(":")
    assert (file, text[int(number) - 1].strip()) == (str(rules / POLICY), "match: review")
    assert failed.name in text[int(failed.place.rpartition(":")[2]) - 1]

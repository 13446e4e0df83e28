"""Tests that authors write run what the worker runs, and never pass without having run."""

from pathlib import Path
from typing import Any

import pytest

from screening.authoring.rule_tests import run_tests, shown
from screening.authoring.verdicts import Case, Verdict
from screening.bundle import Bundle
from screening.effects import Effect
from screening.named_lists import NamedList
from screening.policy import Fixture, Policy, Rule, RuleTest, Scenario
from screening.reading.diagnostics import Code
from tests.screening import policies
from tests.screening.rule_files import changed, faults_of

PIN = "84217"
DENY_PIN = {"outcome": "deny", "reject_as": "other", "reason": "The PIN of <portout.spid> is wrong."}
NUMBERS = ["+13125550100"]
RIGHT: dict[str, Any] = {"portout.phone_numbers": NUMBERS, "portout.attempted_pin": PIN, "customer.pin": PIN}
WRONG: dict[str, Any] = {**RIGHT, "portout.attempted_pin": "0000"}
NO_PIN = {"portout.phone_numbers": NUMBERS}


def pin_rule(*tests: dict[str, Any], **more: Any) -> Rule:
    effects = {
        "match": "pass",
        "mismatch": DENY_PIN,
        "not_set": "skip",
        "error": {"outcome": "review", "score": 7},
    }
    written = [RuleTest.model_validate(test) for test in tests]
    return policies.rule("pin", effects).model_copy(update={"tests": written, **more})


def bundle(*rules: Rule, scenarios: list[dict[str, Any]] | None = None, **policy: Any) -> Bundle:
    written = [Scenario.model_validate(scenario) for scenario in scenarios or []]
    made = policies.policy(
        *rules,
        defaults={"missing": "review", "mixed": "review", "partly_set": "review"},
        needs="pin.match",
        **policy,
    )
    made = made.model_copy(
        update={"scenarios": written, "applies_to": made.applies_to.model_copy(update={"countries": ["US"]})}
    )
    return Bundle(policies={"test": made}, fixtures={"fixtures/right.yaml": Fixture(facts=RIGHT)})


def only(bundle: Bundle) -> Case:
    [case] = run_tests(bundle).cases
    return case


def scenario(given: dict[str, Any], expect: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"name": "a scenario", "set": given, "expect": expect, **more}]


@pytest.mark.parametrize(
    ("given", "expect", "verdict"),
    [
        (RIGHT, "match", Verdict.PASSED),
        (WRONG, "mismatch", Verdict.PASSED),
        (WRONG, "match", Verdict.FAILED),
        ({}, "not_set", Verdict.PASSED),
        ({"customer.pin": PIN}, "match", Verdict.FAILED),
    ],
)
def test_a_test_of_a_rule_compares_the_result(given: dict[str, Any], expect: str, verdict: Verdict) -> None:
    case = only(bundle(pin_rule({"name": "a test", "given": given, "expect": expect})))
    assert (case.verdict, case.title) == (verdict, "test / pin / a test")
    assert case.why == (
        () if verdict is Verdict.PASSED else (f"expected {expect}, found {case.results['pin']}",)
    )


def test_a_failure_shows_the_line_that_decided_and_its_facts_without_pins() -> None:
    case = only(bundle(pin_rule({"name": "a test", "given": WRONG, "expect": "match"})))
    [line] = case.lines
    assert (line.place, line.text) == ("", "pin: mismatch → deny")
    assert line.facts == {"portout.attempted_pin": "[PIN]", "customer.pin": "[PIN]", "customer.count": "1"}
    assert PIN not in repr(case)


def test_a_fact_that_was_not_given_is_shown_as_unknown() -> None:
    test = {"name": "a test", "given": {"customer.pin": PIN}, "expect": "match"}
    [line] = only(bundle(pin_rule(test))).lines
    assert line.facts["portout.attempted_pin"] == "(unknown)"


@pytest.mark.parametrize(
    ("given", "more", "expect"),
    [
        (
            RIGHT,
            {},
            {"outcome": "approve", "fired": [], "score": 0, "reason": "Verified against our records."},
        ),
        (WRONG, {}, {"outcome": "deny", "reject_as": "other", "reason": "The PIN of (unknown) is wrong."}),
        (WRONG, {"unset": ["customer.pin"]}, {"outcome": "review", "fired": []}),
        ({"portout.attempted_pin": "0000"}, {"start_from": "fixtures/right.yaml"}, {"outcome": "deny"}),
        ({}, {"start_from": "fixtures/right.yaml"}, {"outcome": "approve", "people": 1}),
        (RIGHT, {"failing": ["pin"]}, {"outcome": "review", "fired": ["pin"], "score": 7}),
        (WRONG, {"no_code_for": ["other"]}, {"outcome": "review", "fired": ["pin"]}),
        (RIGHT, {"failing": ["pin"]}, {"at_deadline": "leave"}),
    ],
)
def test_a_scenario_passes_when_all_comes_as_expected(
    given: dict[str, Any], more: dict[str, Any], expect: dict[str, Any]
) -> None:
    case = only(bundle(pin_rule(), scenarios=scenario(given, expect, **more)))
    assert (case.verdict, case.why) == (Verdict.PASSED, ())


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ({"outcome": "approve"}, "outcome: expected approve, found deny"),
        ({"reject_as": "invalid_pin"}, "reject_as: expected invalid_pin, found other"),
        ({"fired": []}, "fired: expected none, found pin"),
        ({"fired": ["pin", "pin-again"]}, "fired: expected pin, pin-again, found pin"),
        ({"score": 5}, "score: expected 5, found 0"),
        ({"people": 2}, "people: expected 2, found 1"),
        ({"reason": "No."}, "reason: expected No., found The PIN of (unknown) is wrong."),
        (
            {"at_deadline": "leave"},
            "at_deadline: the order is decided at once (deny), nothing waits for the deadline",
        ),
    ],
)
def test_a_scenario_fails_for_each_thing_that_comes_otherwise(
    expect: dict[str, Any], difference: str
) -> None:
    case = only(bundle(pin_rule(), scenarios=scenario(WRONG, expect)))
    assert (case.verdict, case.why[0]) == (Verdict.FAILED, difference)
    assert case.lines[0].text == "pin: mismatch → deny"
    assert PIN not in repr(case)


def test_without_a_code_for_the_first_denial_the_next_one_is_taken() -> None:
    gone = Effect.model_validate({"outcome": "deny", "reject_as": "gone", "reason": "Not ours."})
    first = pin_rule().model_copy(update={"id": "first", "then": {**pin_rule().then, "mismatch": gone}})
    expect = {"outcome": "deny", "reject_as": "other", "reason": "The PIN of (unknown) is wrong."}
    made = bundle(first, pin_rule(), scenarios=scenario(WRONG, expect, no_code_for=["gone"]))
    case = only(made)
    assert (case.verdict, case.why) == (Verdict.PASSED, ())
    hopeless = scenario(WRONG, {"outcome": "deny"}, no_code_for=["gone", "other"])
    case = only(bundle(first, pin_rule(), scenarios=hopeless))
    assert case.why[-1] == "why review: The carrier lists no code for gone or other."


LADDER = (
    {"from_score": 7, "outcome": "deny", "reject_as": "other", "reason": "Late."},
    {"from_score": 3, "outcome": "deny", "reject_as": "other", "reason": "Rather late."},
    "leave",
)


@pytest.mark.parametrize(
    ("more", "expect", "line"),
    [
        ({"failing": ["pin"]}, {"outcome": "deny", "reject_as": "other", "reason": "Late."}, 1),
        ({"failing": ["pin"], "no_code_for": ["other"]}, {"outcome": "leave"}, 3),
        ({}, {"outcome": "leave"}, 3),
    ],
)
def test_a_scenario_may_ask_what_happens_when_nobody_decides(
    more: dict[str, Any], expect: dict[str, Any], line: int
) -> None:
    scenarios = scenario(NO_PIN, {"outcome": "review", "at_deadline": expect}, **more)
    case = only(bundle(pin_rule(), scenarios=scenarios, at_deadline=LADDER))
    assert (case.verdict, case.why) == (Verdict.PASSED, ())
    assert case.deadline is not None
    assert case.deadline.line == line


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ("leave", "at_deadline: expected leave, found deny"),
        ({"outcome": "deny", "reject_as": "late"}, "at_deadline.reject_as: expected late, found other"),
        ({"outcome": "deny", "reason": "Soon."}, "at_deadline.reason: expected Soon., found Late."),
    ],
)
def test_the_deadline_is_compared_too(expect: object, difference: str) -> None:
    scenarios = scenario(NO_PIN, {"at_deadline": expect}, failing=["pin"])
    case = only(bundle(pin_rule(), scenarios=scenarios, at_deadline=LADDER))
    assert case.why[0] == difference
    assert case.lines[-1].text == "at the deadline → deny"


def test_an_approval_that_should_not_be_shows_every_rule_and_the_evidence() -> None:
    case = only(bundle(pin_rule(), scenarios=scenario(RIGHT, {"outcome": "review"})))
    assert [line.text for line in case.lines] == ["pin: match → pass", "approval needs pin.match"]


def test_a_review_that_should_not_be_says_why() -> None:
    case = only(bundle(pin_rule(), scenarios=scenario(NO_PIN, {"outcome": "approve"})))
    assert case.why[-1] == "why review: Automatic approval needs pin.match."


@pytest.mark.parametrize(
    ("given", "verdict"), [(WRONG, Verdict.KNOWN_GAP), (RIGHT, Verdict.FAILED)], ids=["gap", "none any more"]
)
def test_a_known_gap_must_fail(given: dict[str, Any], verdict: Verdict) -> None:
    test = {"name": "a test", "given": given, "expect": "match", "known_gap": True}
    report = run_tests(bundle(pin_rule(test)))
    [case] = report.cases
    assert case.verdict is verdict
    assert report.passed == ()
    assert report.ok is (verdict is Verdict.KNOWN_GAP)
    if verdict is Verdict.FAILED:
        assert case.why == ("it passes, so it is no known gap: remove known_gap",)


@pytest.mark.parametrize(
    "given",
    [{"customer.count": "many"}, {**RIGHT, "portout.number_count": "2"}],
    ids=["misfit", "contradiction"],
)
def test_a_test_that_cannot_be_set_up_fails_even_as_a_known_gap(given: dict[str, Any]) -> None:
    test = {"name": "a test", "given": given, "expect": "match", "known_gap": True}
    case = only(bundle(pin_rule(test)))
    assert case.verdict is Verdict.FAILED
    assert len(case.why) == 1


def test_a_check_that_breaks_fails_its_test_alone_and_tells_no_secret() -> None:
    broken = policies.rule("broken", {"listed": "pass"}, kind="spid").model_copy(
        update={"tests": [RuleTest(name="broken", given={"customer.pin": PIN}, expect="listed")]}
    )
    good = pin_rule({"name": "good", "given": RIGHT, "expect": "match"})
    report = run_tests(bundle(broken, good))
    assert [case.verdict for case in report.cases] == [Verdict.FAILED, Verdict.PASSED]
    assert report.cases[0].why == ("it could not be run (ValidationError)",)


@pytest.mark.parametrize(
    ("tests", "name_filter", "sentence"),
    [
        ([], None, "There is no test: nothing was run."),
        (
            [{"name": "a test", "expect": "not_set"}],
            "spid",
            "No test has 'spid' in its name: nothing was run.",
        ),
        ([{"name": "a test", "expect": "not_set"}], "PIN / a", "1 test: 1 passed, 0 failed."),
    ],
)
def test_no_test_is_a_failure(tests: list[dict[str, Any]], name_filter: str | None, sentence: str) -> None:
    report = run_tests(bundle(pin_rule(*tests)), name_filter)
    assert report.sentence == sentence
    assert report.ok is bool(report.cases)


def test_facts_that_another_policy_decides_are_no_scenario_of_this_one() -> None:
    vip: Policy = bundle(pin_rule(), scenarios=scenario(RIGHT, {"outcome": "approve"})).policies["test"]
    applies_to = vip.applies_to.model_copy(update={"countries": [], "tags": ["vip"]})
    vip = vip.model_copy(update={"policy": "vip", "default": False, "applies_to": applies_to})
    both = Bundle(policies={**bundle(pin_rule()).policies, "vip": vip})
    case = only(both)
    assert case.verdict is Verdict.FAILED
    assert "comes under the policy test, not under this one" in case.why[0]
    tagged = vip.scenarios[0].model_copy(update={"set": {**RIGHT, "customer.tags": ["vip"]}})
    both.policies["vip"] = vip.model_copy(update={"scenarios": [tagged]})
    assert only(both).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"customer.count": "2"}, "The numbers belong to several customers."),
        ({"portout.phone_numbers": ["+14165550100"]}, "No policy covers numbers of CA."),
        ({"portout.phone_numbers": []}, "The country of a number is not known."),
    ],
)
def test_what_always_goes_to_a_person_goes_there_in_a_scenario_too(
    more: dict[str, Any], because: str
) -> None:
    case = only(bundle(pin_rule(), scenarios=scenario({**WRONG, **more}, {"outcome": "deny"})))
    assert case.why[0] == "outcome: expected deny, found review"
    assert because in case.why[-1]


@pytest.mark.parametrize(
    ("of_scenario", "of_fixture", "verdict"),
    [
        ("2026-03-01T12:00:00Z", None, Verdict.PASSED),
        ("2026-03-02T12:00:00Z", None, Verdict.FAILED),
        ("2026-03-02T03:00:00Z", None, Verdict.PASSED),
        (None, "2026-03-01T12:00:00Z", Verdict.PASSED),
        (None, "2026-03-02T12:00:00Z", Verdict.FAILED),
        ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", Verdict.PASSED),
        (None, None, Verdict.PASSED),
    ],
)
def test_the_moment_is_that_of_the_scenario_then_of_the_fixture_in_the_policys_zone(
    of_scenario: str | None, of_fixture: str | None, verdict: Verdict
) -> None:
    known = policies.rule("spid", {"listed": "pass", "unlisted": "review"}, kind="spid")
    known = known.model_copy(update={"check": known.check.model_copy(update={"params": {"known": "known"}})})
    written = scenario(
        {"portout.spid": "073H"},
        {"fired": []},
        start_from="fixtures/then.yaml",
        **({"now": of_scenario} if of_scenario else {}),
    )
    made = bundle(known, scenarios=written)
    policy = made.policies["test"].model_copy(
        update={"lists": {"known": "lists/known.yaml"}, "timezone": "America/New_York"}
    )
    fixture = {"facts": {"portout.phone_numbers": NUMBERS}, **({"now": of_fixture} if of_fixture else {})}
    known_until_march = NamedList.model_validate({"entries": [{"value": "073H", "until": "2026-03-01"}]})
    case = only(
        Bundle(
            policies={"test": policy},
            lists={"lists/known.yaml": known_until_march},
            fixtures={"fixtures/then.yaml": Fixture.model_validate(fixture)},
        )
    )
    assert case.verdict is verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(unknown)"),
        ("", "(empty)"),
        ([], "(none)"),
        (["a", "b"], "a, b"),
        (True, "yes"),
        (3, "3"),
        ("a\nb", "a b"),
    ],
)
def test_facts_are_shown_on_one_line(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("failing: [pinn]", Code.UNKNOWN_RULE),
        ("no_code_for: [othr]", Code.UNKNOWN_REJECTION),
        ("expect: {at_deadline: {outcome: deny, reject_as: othr}}", Code.UNKNOWN_REJECTION),
        ("expect: {at_deadline: approve}", Code.WRONG_VALUE),
        ("expect: {people: 3}", Code.WRONG_VALUE),
        ("set: {history.rejected_at: sometime}", Code.WRONG_VALUE),
        ("set: {customer.locked: maybe}", Code.WRONG_VALUE),
        ("set: {customer.count: many}", Code.WRONG_VALUE),
        ("set: {customer.pn: '0042'}", Code.UNKNOWN_FACT),
    ],
)
def test_a_word_in_a_scenario_that_nothing_knows_is_a_load_error(
    key: str, code: Code, tmp_path: Path
) -> None:
    expect = "" if key.startswith("expect") else "\n    expect: {outcome: review}"
    rules = changed(tmp_path, "scenarios:\n", f"scenarios:\n  - name: a new one\n    {key}{expect}\n")
    assert code in {fault.code for fault in faults_of(rules)}

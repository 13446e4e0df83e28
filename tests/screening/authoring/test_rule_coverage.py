"""Coverage says what no passing test has reached, and nothing else."""

from typing import Any

import pytest

from screening.authoring.rule_coverage import Coverage, coverage_of
from screening.authoring.rule_tests import run_tests
from screening.bundle import Bundle
from screening.checks import CHECKS
from screening.named_lists import NamedList
from screening.policy import Check, Policy, Rule, RuleTest, Scenario
from screening.reading.loading import load_bundle, places_of
from tests.screening import policies
from tests.screening.rule_files import POLICY, SHIPPED

NUMBERS = {"portout.phone_numbers": ["+13125550100"]}
RIGHT = {**NUMBERS, "portout.attempted_pin": "4821", "customer.pin": "4821"}
WRONG = {**RIGHT, "portout.attempted_pin": "0000"}
DENIAL = {"outcome": "deny", "reject_as": "other", "reason": "The PIN is wrong."}
TESTS = [
    {"name": "partly", "given": {"customer.pin": ["4821", ""]}, "expect": "partly_set"},
    {"name": "none came", "given": {"customer.pin": "4821"}, "expect": "missing"},
]
SCENARIOS: list[dict[str, Any]] = [
    {"name": "right", "set": RIGHT, "expect": {"outcome": "approve"}},
    {"name": "wrong", "set": WRONG, "expect": {"outcome": "deny"}},
    {"name": "none on file", "set": NUMBERS, "expect": {"outcome": "review", "at_deadline": "leave"}},
    {"name": "several", "set": {**RIGHT, "customer.count": "2"}, "expect": {"outcome": "review"}},
    {"name": "broken", "set": RIGHT, "failing": ["pin"], "expect": {"score": 40, "at_deadline": "deny"}},
]


def bundle(tests: list[dict[str, Any]], scenarios: list[dict[str, Any]], **more: Any) -> Bundle:
    effects = {"match": "pass", "mismatch": DENIAL, "not_set": "skip", "error": {"score": 40}}
    rule = policies.rule("pin", effects).model_copy(
        update={"tests": [RuleTest.model_validate(test) for test in tests], **more}
    )
    policy = policies.policy(
        rule,
        defaults={"missing": "review", "mixed": "review", "partly_set": "review"},
        needs="pin.match",
        bands=[{"from": 40, "outcome": "review"}],
        at_deadline=[{"from_score": 40, "outcome": "deny", "reject_as": "other", "reason": "Late."}, "leave"],
    )
    applies_to = policy.applies_to.model_copy(update={"countries": ["US"]})
    written = [Scenario.model_validate(scenario) for scenario in scenarios]
    return Bundle(
        policies={"test": policy.model_copy(update={"applies_to": applies_to, "scenarios": written})}
    )


def covered(of: Bundle) -> Coverage:
    return coverage_of(of, run_tests(of))


def without(name: str) -> list[dict[str, Any]]:
    return [scenario for scenario in SCENARIOS if scenario["name"] != name]


def test_everything_can_be_reached() -> None:
    found = covered(bundle(TESTS, SCENARIOS))
    assert (found.missed, found.percent) == ((), 100.0)
    assert {point.part for point in found.points} == {"result", "band", "decide", "at_deadline"}


@pytest.mark.parametrize(
    ("left_out", "missed"),
    [
        ("right", ["pin: match → pass", "the order is decided: approve"]),
        ("wrong", ["pin: mismatch → deny", "the order is decided: deny"]),
        (
            "none on file",
            [
                "pin: not_set → skip",
                "otherwise → review, without pin.match",
                "at the deadline, always → leave",
            ],
        ),
        ("several", ["pin: mixed → review"]),
        (
            "broken",
            ["pin: error → score 40", "score from 40 → review", "at the deadline, from score 40 → deny"],
        ),
    ],
)
def test_what_only_one_scenario_reaches_is_missed_without_it(left_out: str, missed: list[str]) -> None:
    found = covered(bundle(TESTS, without(left_out)))
    assert [point.text for point in found.missed] == missed


def test_nothing_is_reached_without_tests() -> None:
    found = covered(bundle([], []))
    assert (found.percent, found.missed) == (0.0, found.points)


@pytest.mark.parametrize("more", [{"expect": {"outcome": "review"}}, {"known_gap": True}])
def test_a_test_that_does_not_pass_reaches_nothing(more: dict[str, Any]) -> None:
    assert covered(bundle([], [{**SCENARIOS[0], **more}])).percent == 0.0


def test_a_line_of_the_deadline_counts_only_when_a_scenario_says_what_it_does() -> None:
    silent = {**SCENARIOS[2], "expect": {"outcome": "review"}}
    found = covered(bundle(TESTS, [*without("none on file"), silent]))
    assert [point.text for point in found.missed] == ["at the deadline, always → leave"]


def test_a_rule_in_shadow_has_results_to_reach_and_no_outcome() -> None:
    found = covered(bundle([], [], shadow=True))
    texts = [point.text for point in found.points]
    assert "pin: mismatch → deny" in texts
    assert "the order is decided: deny" not in texts


def needing(needs: object, scenarios: list[dict[str, Any]], *rules: Rule, **more: Any) -> list[str]:
    """What these scenarios miss of how a policy is decided. A PIN, and a SPID that is known, are evidence."""
    effects = {
        "match": "pass",
        "mismatch": "review",
        "partly_set": "review",
        "not_set": "skip",
        "missing": "skip",
    }
    spid = {"listed": "pass", "unlisted": {"score": "40"}, "name_differs": "skip", "missing": "skip"}
    known = Rule(id="spid", title="SPID", check=Check.model_validate({"spid": {"known": "known"}}))
    known = known.model_copy(update={"then": policies.rule("spid", spid, "spid").then})
    made = policies.policy(
        policies.rule("pin", effects),
        known,
        *rules,
        defaults={"error": "review", "mixed": "review"},
        needs=needs,
        **more,
    )
    applies_to = made.applies_to.model_copy(update={"countries": ["US"]})
    written = [Scenario.model_validate(scenario) for scenario in scenarios]
    made = made.model_copy(
        update={"applies_to": applies_to, "scenarios": written, "lists": {"known": "lists/known.yaml"}}
    )
    listed = NamedList.model_validate({"entries": [{"value": "073H"}]})
    found = covered(Bundle(policies={"test": made}, lists={"lists/known.yaml": listed}))
    return [point.text for point in found.missed if point.part == "decide"]


BY_SPID = {"name": "by SPID", "set": {**NUMBERS, "portout.spid": "073H"}, "expect": {"outcome": "approve"}}
BY_PIN = {"name": "by PIN", "set": RIGHT, "expect": {"outcome": "approve"}}
BY_BOTH = {"name": "both", "set": {**RIGHT, "portout.spid": "073H"}, "expect": {"outcome": "approve"}}
NOTHING = {"name": "nothing", "set": NUMBERS, "expect": {"outcome": "review"}}


@pytest.mark.parametrize(
    ("needs", "scenarios", "missed"),
    [
        ({"any": ["pin.match", "spid.listed"]}, [BY_PIN, BY_SPID], []),
        ({"any": ["pin.match", "spid.listed"]}, [BY_SPID], ["pin.match"]),
        ({"any": ["pin.match", "spid.listed"]}, [BY_SPID, BY_BOTH], ["pin.match"]),
        (
            {"any": [{"all": ["pin.match", "spid.listed"]}, "name.match"]},
            [BY_BOTH],
            ["name.match"],
        ),
        ({"all": ["spid.listed", {"any": ["pin.match", "name.match"]}]}, [BY_BOTH], ["name.match"]),
        # Without it all the same would be approved.
        ({"any": ["pin.match", {"all": ["pin.match", "spid.listed"]}]}, [BY_PIN], []),
        ({"any": ["pin.match", "pin.match"]}, [BY_PIN], []),
    ],
)
def test_an_alternative_is_reached_by_what_only_it_approves(
    needs: object, scenarios: list[dict[str, Any]], missed: list[str]
) -> None:
    texts = [f"approve_needs: met only by {alternative}" for alternative in missed]
    assert needing(needs, [*scenarios, NOTHING]) == texts


@pytest.mark.parametrize(
    "scenario",
    [
        {"name": "a rule asks", "set": {**NUMBERS, "customer.pin": "4821", "portout.attempted_pin": "1"}},
        {"name": "a band asks", "set": {**NUMBERS, "portout.spid": "ZZZZ"}},
        {"name": "no country", "set": {}},
        {"name": "several customers", "set": {**NUMBERS, "customer.count": "2"}},
    ],
)
def test_what_lacks_evidence_and_goes_to_a_person_for_another_reason_is_not_otherwise(
    scenario: dict[str, Any],
) -> None:
    otherwise = "otherwise → review, without pin.match"
    bands = [{"from": 40, "outcome": "review"}]
    expected = {**scenario, "expect": {"outcome": "review"}}
    assert needing("pin.match", [BY_PIN, expected], bands=bands) == [otherwise]
    assert needing("pin.match", [BY_PIN, NOTHING], bands=bands) == []


def test_percent_is_rounded_down() -> None:
    found = covered(bundle(TESTS, without("several")))
    count = len(found.points)
    assert found.percent == (count - 1) * 1000 // count / 10 < 100


@pytest.mark.parametrize(
    ("kind", "params", "never"),
    [
        ("timing", {"weekend": "true"}, {"too_soon", "night", "holiday"}),
        ("timing", {"soonest": "24h", "night": "22:00-06:00"}, {"holiday", "weekend"}),
        ("velocity", {"count": "orders", "per": "spid", "at_most": "3"}, {"mixed"}),
        ("velocity", {"count": "orders", "per": "customer", "at_most": "3"}, set()),
        ("condition", {"when": {"portout.number_count": {"at_least": "5"}}}, {"missing"}),
        ("condition", {"when": {"portout.zip": {"equals": "00501"}}}, set()),
        ("condition", {"when": {"portout.zip": {"is_missing": "true"}}}, {"missing"}),
        ("pin", {}, set()),
    ],
)
def test_results_that_cannot_come_are_not_asked_for(
    kind: str, params: dict[str, object], never: set[str]
) -> None:
    results = set(CHECKS[kind].results)
    rule = Rule(id="asked", title="Asked", check=Check.model_validate({kind: params}))
    policy: Policy = policies.policy(rule)
    found = covered(Bundle(policies={"test": policy}))
    asked = {point.text for point in found.points if point.part == "result"}
    assert asked == {f"asked: {result} → review" for result in results - never}


def test_points_of_the_shipped_policy_stand_where_they_are_written() -> None:
    shipped = load_bundle(SHIPPED)
    found = coverage_of(shipped, run_tests(shipped), places=places_of(SHIPPED), policies=["us-standard"])
    lines = (SHIPPED / POLICY).read_text().splitlines()
    places = {point.text: point.place for point in found.points}

    def line(text: str) -> str:
        file, _, number = places[text].rpartition(":")
        assert file == str(SHIPPED / POLICY)
        return lines[int(number) - 1].strip()

    assert line("pin: mismatch → deny").startswith("mismatch:")
    assert line("pin: mixed → review") == "- id: pin"
    assert line("the order is decided: approve") == "decide:"
    assert line("at the deadline, always → leave").startswith("- outcome: leave")


def test_the_shipped_policies_are_covered_completely() -> None:
    shipped = load_bundle(SHIPPED)
    assert [point.text for point in covered(shipped).missed] == []

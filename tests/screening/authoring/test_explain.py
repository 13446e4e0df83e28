"""A decision in sentences: what stands against an approval, what if a fact were otherwise, where the rules stand."""

import pytest

from screening.authoring.explain import explain_given, explain_recorded
from screening.authoring.recorded import ReadyBundle
from screening.authoring.what_if import read_change
from screening.policy import Fixture
from screening.reading.given import GivenFactError
from screening.results import FactValue, Outcome
from tests.screening.recorded_orders import ORDINARY, RIGHT, WRONG, past, wide_bundle


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ReadyBundle:
    return ReadyBundle(wide_bundle(tmp_path_factory.mktemp("wide") / "rules"))


def _against(wide: ReadyBundle, **changes: FactValue) -> list[str]:
    facts = {**ORDINARY, **{name.replace("__", "."): value for name, value in changes.items()}}
    return explain_recorded(past(wide.bundle, facts).recorded, wide, {}).against_approval


def test_nothing_stands_against_what_was_approved(wide: ReadyBundle) -> None:
    assert _against(wide) == []


def test_everything_that_stands_against_an_approval_is_listed(wide: ReadyBundle) -> None:
    found = _against(wide, portout__attempted_pin=WRONG, customer__locked=True, portout__spid="888X")
    assert found == [
        "The rule pin denies as other: mismatch. The PIN supplied is not the one on file.",
        "The rule carrier asks for a person, 30 points: blocked. The gaining carrier is on the block list.",
        "The rule lock asks for a person, two people: locked. The holder locked the account.",
        "The score reaches 40, from which the policy asks for a person. The score is 45: spid 15, carrier 30.",
        "The evidence pin.match is lacking: pin says mismatch.",
    ]


def test_orders_that_people_must_decide_say_so(wide: ReadyBundle) -> None:
    assert "The numbers belong to several customers." in _against(wide, customer__count=2)


def test_an_order_that_was_only_watched_says_so(wide: ReadyBundle) -> None:
    watched = past(wide.bundle, ORDINARY).recorded.model_copy(update={"mode": "shadow"})
    assert explain_recorded(watched, wide, {}).against_approval == [
        "Answers could not be sent then, so the order was in shadow."
    ]


def test_a_rule_is_told_with_its_place_and_what_it_saw(wide: ReadyBundle) -> None:
    told = explain_recorded(
        past(wide.bundle, ORDINARY).recorded, wide, {}, place=lambda policy, rule: f"{policy}/{rule}:1"
    )
    spid = next(rule for rule in told.rules if rule.rule_id == "spid")
    assert (spid.result, spid.does, spid.place) == ("listed", "is fine", "wide/spid:1")
    assert spid.facts["portout.spid"] == "073H"
    assert told.policy_digest == wide.bundle.digest


def _what_if(wide: ReadyBundle, *changes: str) -> tuple[Outcome, list[str]]:
    told = explain_recorded(
        past(wide.bundle, ORDINARY).recorded, wide, dict(read_change(change) for change in changes)
    )
    return told.outcome, told.differences


@pytest.mark.parametrize(
    ("change", "outcome", "difference"),
    [
        ("portout.spid=888X", Outcome.REVIEW, "The rule carrier: allowed → blocked."),
        ("portout.spid=", Outcome.APPROVE, "The rule spid: listed → missing."),
        ("customer.locked=yes", Outcome.REVIEW, "The people: 1 → 2."),
        ("customer.count=2", Outcome.REVIEW, "The rule name: match → mixed."),
        ("number.statuses=deleted", Outcome.REVIEW, "The rule number: ours → not_ours."),
        ("history.orders_per_spid=9", Outcome.APPROVE, "The score: 0 → 25."),
        (
            "portout.phone_numbers=+14165550142, +14165550143",
            Outcome.REVIEW,
            "The outcome: approve → review.",
        ),
    ],
)
def test_what_if_says_what_a_changed_fact_changes(
    wide: ReadyBundle, change: str, outcome: Outcome, difference: str
) -> None:
    found, differences = _what_if(wide, change)
    assert found is outcome
    assert difference in differences


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("portout.attempted_pin=1234", "is not recorded"),
        ("portout.countries=CA", "follows from portout.phone_numbers"),
        ("portout.spd=1", "unknown fact 'portout.spd'"),
        ("portout.spid", "needs a value"),
        ("customer.locked=perhaps", "needs true, false, yes or no"),
        ("portout.id=", "every order has"),
    ],
)
def test_facts_that_cannot_be_changed_say_why(wide: ReadyBundle, change: str, why: str) -> None:
    with pytest.raises(GivenFactError, match=why):
        _what_if(wide, change)


def test_facts_of_a_file_are_put_to_the_policy_that_fits_them(wide: ReadyBundle) -> None:
    facts = {name: str(value) for name, value in ORDINARY.items() if isinstance(value, str)}
    fixture = Fixture(facts={**facts, "portout.phone_numbers": ["+13125550142"]})
    told = explain_given(wide.bundle, fixture, {"portout.attempted_pin": WRONG})
    assert told.outcome is Outcome.DENY
    assert told.differences[0] == "The rule pin: match → mismatch."
    assert WRONG not in told.model_dump_json()
    assert RIGHT not in told.model_dump_json()

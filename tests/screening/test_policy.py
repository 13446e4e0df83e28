import pytest
from pydantic import ValidationError

from screening.effects import DeadlineLine, Effect, EffectOutcome
from screening.policy import Check, Needs, Policy
from screening.reading.loading import load_bundle
from tests.screening.rule_files import SHIPPED


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load_bundle(SHIPPED).policies["us-standard"]


@pytest.mark.parametrize(
    ("written", "outcome", "score"),
    [
        ("review", EffectOutcome.REVIEW, 0),
        ("pass", EffectOutcome.PASS, 0),
        ({"score": "15"}, EffectOutcome.SCORE, 15),
        ({"score": "15", "note": "SPID unknown."}, EffectOutcome.SCORE, 15),
        ({"outcome": "review", "score": "40"}, EffectOutcome.REVIEW, 40),
    ],
)
def test_an_effect_may_be_written_short(written: object, outcome: EffectOutcome, score: int) -> None:
    effect = Effect.model_validate(written)
    assert (effect.outcome, effect.score) == (outcome, score)


def test_a_deadline_line_may_be_one_word() -> None:
    assert DeadlineLine.model_validate("leave") == DeadlineLine(outcome="leave")


@pytest.mark.parametrize("outcome", list(EffectOutcome))
def test_everything_fires_but_pass_and_skip(outcome: EffectOutcome) -> None:
    assert Effect(outcome=outcome).fires == (outcome.value not in ("pass", "skip"))


@pytest.mark.parametrize("score", ["-1", "1001"])
def test_no_rule_can_take_points_away_or_outweigh_everything(score: str) -> None:
    with pytest.raises(ValidationError):
        Effect.model_validate({"score": score})


def test_the_effect_of_a_result_comes_from_the_rule_first_and_then_from_the_defaults(shipped: Policy) -> None:
    carrier = shipped.rule("carrier")
    assert carrier is not None
    assert shipped.effect_for(carrier, "missing").outcome == "skip"
    assert shipped.effect_for(carrier, "error").outcome == "review"


def test_a_result_that_nobody_foresaw_goes_to_a_person(shipped: Policy) -> None:
    assert shipped.effect_for(shipped.rules[0], "never-heard-of").outcome == "review"


def test_an_unknown_rule_is_none(shipped: Policy) -> None:
    assert shipped.rule("nobody") is None


def test_the_time_zone_is_that_of_the_policy(shipped: Policy) -> None:
    assert shipped.zone.key == "America/New_York"


@pytest.mark.parametrize(
    ("needs", "results", "met"),
    [
        ("pin.match", {"pin.match"}, True),
        ("pin.match", set(), False),
        ({"all": ["a.x", "b.y"]}, {"a.x"}, False),
        ({"all": ["a.x", "b.y"]}, {"a.x", "b.y"}, True),
        ({"any": ["a.x", "b.y"]}, {"b.y"}, True),
        ({"any": ["a.x", "b.y"]}, {"c.z"}, False),
        ({"all": ["a.x", {"any": ["b.y", "c.z"]}]}, {"a.x", "c.z"}, True),
        ({"all": ["a.x", {"any": ["b.y", "c.z"]}]}, {"b.y", "c.z"}, False),
    ],
)
def test_needed_evidence_is_judged_by_all_and_any(needs: object, results: set[str], met: bool) -> None:
    assert Needs.model_validate(needs).met_by(results) is met


@pytest.mark.parametrize(
    "needs", [{"all": []}, {"any": []}, {}, [], {"not": ["a.x"]}, {"all": ["a.x"], "any": ["b.y"]}]
)
def test_evidence_that_nothing_could_fail_is_refused(needs: object) -> None:
    with pytest.raises(ValidationError):
        Needs.model_validate(needs)


def test_needed_evidence_reads_aloud() -> None:
    needs = Needs.model_validate({"all": ["pin.match", {"any": ["spid.listed", "carrier.allowed"]}]})
    assert str(needs) == "pin.match and (spid.listed or carrier.allowed)"


def test_a_check_without_parameters_needs_no_braces() -> None:
    assert Check.model_validate({"pin": None}) == Check.model_validate({"pin": {}})


def test_an_error_of_a_model_does_not_show_what_it_was_given() -> None:
    with pytest.raises(ValidationError) as refused:
        Effect.model_validate({"score": "0042-secret"})
    assert "0042" not in str(refused.value)


def test_a_policy_cannot_be_changed(shipped: Policy) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        shipped.__setattr__("title", "Other")

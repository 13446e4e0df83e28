"""A fixture from a real order gives the same results and holds nothing of the people in it."""

import pytest
from hypothesis import HealthCheck, given, settings

from screening.authoring.anonymous import invent
from screening.authoring.recorded import ReadyBundle
from screening.results import FactValue
from tests.screening.authoring.test_recorded import FACTS
from tests.screening.recorded_orders import ORDINARY, RIGHT, gathered, past, recorded, wide_bundle


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ReadyBundle:
    return ReadyBundle(wide_bundle(tmp_path_factory.mktemp("wide") / "rules"))


@given(facts=FACTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_result_is_the_same_or_said_not_to_be(wide: ReadyBundle, facts: dict[str, FactValue]) -> None:
    order = recorded(wide.bundle, gathered(wide.bundle, facts))
    invented = invent(order, wide)
    found = {finding.rule_id: finding.result for finding in order.findings}
    said = " ".join(invented.differences)
    for rule, result in found.items():
        assert invented.results.get(rule) == result or f"The rule {rule} found {result}" in said
    written = str(invented.facts)
    for real in ("Doe", "Major", "+13125550142", "+12125550143", "+14165550142", RIGHT, "PO_1", "order-1"):
        assert real not in written


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("Jane Doe", "match"),
        ("DOE, JANE", "match"),
        ("J. Doe", "match"),
        ("Jane Do", "match"),
        ("Joan Doe", "close"),
        ("Mary Major", "mismatch"),
        ("n/a", "missing"),
    ],
)
def test_invented_names_are_as_alike_as_the_real_ones(wide: ReadyBundle, name: str, result: str) -> None:
    facts: dict[str, FactValue] = {**ORDINARY, "portout.authorized_name": name}
    order = past(wide.bundle, facts).recorded
    assert next(finding.result for finding in order.findings if finding.rule_id == "name") == result
    invented = invent(order, wide)
    assert invented.differences == []
    assert invented.results["name"] == result


def test_what_is_about_no_person_stays(wide: ReadyBundle) -> None:
    facts = invent(past(wide.bundle, {**ORDINARY, "portout.zip": "60601"}).recorded, wide).facts
    assert (facts["portout.spid"], facts["portout.carrier_name"]) == ("073H", "Onvoy")
    assert facts["portout.foc_date"] == ORDINARY["portout.foc_date"]
    assert facts["portout.phone_numbers"] == ["+13125550100"]
    assert facts["portout.zip"] == "00000"


def test_what_a_fixture_cannot_hold_is_said(wide: ReadyBundle) -> None:
    order = past(wide.bundle, ORDINARY).recorded
    barred = order.findings[0].model_copy(update={"bars_approval": "Another PIN was tried."})
    changed = order.model_copy(update={"findings": [barred, *order.findings[1:]]})
    assert invent(changed, wide).differences == ["Not kept: Another PIN was tried."]

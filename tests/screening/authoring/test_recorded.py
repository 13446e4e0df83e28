"""A recorded order is decided once more from what the ledger holds: the same by the same rules, and never guessed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.authoring.explain import explain_recorded
from screening.authoring.recorded import NotReplayable, Past, ReadyBundle, recorded_order
from screening.authoring.replay import Candidate, Ended
from screening.results import FactValue, Outcome
from tests.screening.recorded_orders import (
    ORDINARY,
    PIN_RULE,
    RIGHT,
    WRONG,
    gathered,
    past,
    recorded,
    screened,
    wide_bundle,
)

_NAMES = st.sampled_from(["Jane Doe", "J. Doe", "Jane Do", "Joan Doe", "Mary Major", "n/a", ""])
_MOMENTS = st.sampled_from(
    ["2026-01-13T17:00:00+00:00", "2026-01-17T03:00:00+00:00", "2025-11-01T12:00:00+00:00"]
)
_CHANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "portout.phone_numbers": st.sampled_from(
        [["+13125550142"], ["+13125550142", "+12125550143"], ["+14165550142"], ["not a number"], []]
    ),
    "portout.carrier_name": st.sampled_from(["Onvoy", "888X", "Elsewhere", ""]),
    "portout.spid": st.sampled_from(["073H", "888X", "zzzz", ""]),
    "portout.authorized_name": _NAMES,
    "portout.foc_date": _MOMENTS,
    "portout.inserted_at": _MOMENTS,
    "portout.attempted_pin": st.sampled_from([RIGHT, WRONG, ""]),
    "customer.pin": st.sampled_from([RIGHT, ""]),
    "customer.count": st.integers(0, 2),
    "customer.name": _NAMES,
    "customer.locked": st.booleans(),
    "customer.pin_changed_at": _MOMENTS,
    "customer.authorized_names": st.lists(_NAMES, max_size=2),
    "number.statuses": st.lists(st.sampled_from(["active", "deleted", "odd"]), max_size=2),
    "documents.types": st.lists(st.sampled_from(["loa", "invoice"]), max_size=2),
    "documents.infected": st.lists(st.just("loa"), max_size=1),
    "documents.sha256": st.lists(st.sampled_from(["loa aa", "loa bb"]), max_size=2),
    "history.orders_per_spid": st.integers(0, 6),
    "history.rejected_at": st.sampled_from(
        ["never", "2026-01-10T12:00:00+00:00", "2025-06-01T12:00:00+00:00"]
    ),
    "history.changed": st.sampled_from([[], ["pin"]]),
}
FACTS = st.fixed_dictionaries(
    {}, optional={name: st.none() | values for name, values in _CHANGES.items()}
).map(lambda changes: {**ORDINARY, **changes})
"""Facts of an order, some of them not known."""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> ReadyBundle:
    return ReadyBundle(wide_bundle(tmp_path_factory.mktemp("wide") / "rules"))


@given(facts=FACTS, failing=st.sets(st.sampled_from(["pin", "spid", "lock", "burst", "many"]), max_size=2))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_its_own_rules_decide_a_recorded_order_as_they_did(
    wide: ReadyBundle, facts: dict[str, FactValue], failing: set[str]
) -> None:
    order = recorded(wide.bundle, gathered(wide.bundle, facts), failing=sorted(failing))
    told = explain_recorded(order, wide, {})
    assert told.differences == []
    assert [rule.facts for rule in told.rules] == [
        {name: value for name, value in finding.facts.items() if value not in (None, [])}
        for finding in order.findings
    ]
    replayed = Candidate(wide.bundle).replay(Past(order, wide), Ended())
    assert (replayed.after, replayed.score_after) == (order.outcome, order.score)


def _asked_by(candidate: ReadyBundle, order: Past) -> dict[str, str]:
    questions = candidate.questions("wide")
    return {answer.rule_id: answer.check.result for answer in order.answers(questions, {})}


@pytest.mark.parametrize(
    ("old", "new", "rule", "result"),
    [
        ('at_most: "3"', 'at_most: "0"', "burst", "over_limit"),
        ("{within: 30d}", "{within: 1d}", "again", "first"),
        ('{more_than: "5"}', '{at_least: "1"}', "many", "holds"),
        ("{needs: [loa]}", "{needs: [loa, invoice]}", "documents", "incomplete"),
        ("{soonest: 48h", "{soonest: 300h", "timing", "too_soon"),
        (
            "{authorized_name: {}}",
            "{authorized_name: {against: [customer.business_name]}}",
            "name",
            "missing",
        ),
    ],
)
def test_changed_rules_are_asked_about_the_recorded_facts(
    wide: ReadyBundle, tmp_path: Path, old: str, new: str, rule: str, result: str
) -> None:
    facts = {**ORDINARY, "history.rejected_at": "2026-01-10T12:00:00+00:00", "history.changed": ["pin"]}
    order = past(wide.bundle, facts)
    candidate = ReadyBundle(wide_bundle(tmp_path / "rules", (old, new)))
    before = {finding.rule_id: finding.result for finding in order.recorded.findings}
    assert before[rule] != result
    assert _asked_by(candidate, order) == {**before, rule: result}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("within: 24h, at_most", "within: 48h, at_most", "burst looks at earlier orders in a way"),
        ("per: spid", "per: carrier", "burst looks at earlier orders in a way"),
        ("{within: 30d}", "{within: 60d}", "again looks at earlier orders in a way"),
    ],
)
def test_what_nobody_counted_then_is_not_made_up(
    wide: ReadyBundle, tmp_path: Path, old: str, new: str, why: str
) -> None:
    candidate = Candidate(wide_bundle(tmp_path / "rules", (old, new)))
    with pytest.raises(NotReplayable, match=why):
        candidate.replay(past(wide.bundle, ORDINARY), Ended())


def test_a_pin_that_no_rule_compared_cannot_be_compared_later(wide: ReadyBundle, tmp_path: Path) -> None:
    without = wide_bundle(tmp_path / "rules", (PIN_RULE, ""), ("[pin.match, {any:", "[{any:"))
    with pytest.raises(NotReplayable, match="PINs are never recorded"):
        Candidate(wide.bundle).replay(past(without, ORDINARY), Ended())


def test_what_barred_an_approval_bars_it_again(wide: ReadyBundle) -> None:
    body, personal = screened(wide.bundle, gathered(wide.bundle, ORDINARY))
    assert body["outcome"] == "approve"
    body["findings"][0]["bars_approval"] = "Another PIN was tried."
    order = recorded_order(body, personal)
    replayed = Candidate(wide.bundle).replay(Past(order, wide), Ended())
    assert replayed.after is Outcome.REVIEW
    assert "The outcome: approve → review." in explain_recorded(order, wide, {}).differences


def test_answers_of_another_engine_are_asked_anew_and_the_version_is_said(wide: ReadyBundle) -> None:
    body, personal = screened(wide.bundle, gathered(wide.bundle, ORDINARY))
    body |= {"engine": "0"}
    body["findings"][1]["result"] = "unlisted"
    order = recorded_order(body, personal)
    answers = Past(order, wide).answers(wide.questions("wide"), {"spid": "spid"})
    assert next(answer.check.result for answer in answers if answer.rule_id == "spid") == "listed"
    differences = explain_recorded(order, wide, {}).differences
    assert differences[0].startswith("Version 0 of the engine decided it")
    assert any("spid found unlisted then, and listed now" in difference for difference in differences)


def test_the_denial_that_was_taken_for_want_of_a_code_is_told_as_it_was_recorded(tmp_path: Path) -> None:
    denies = "{outcome: deny, reject_as: gone, reason: Not ours., override: legal, why: Tested.}"
    ready = ReadyBundle(
        wide_bundle(
            tmp_path,
            ("{other: {prefer_code: 1001}}", "{other: {prefer_code: 1001}, gone: {prefer_code: 9999}}"),
            ("unlisted: {score: 15}", f"unlisted: {denies}"),
        )
    )
    facts: dict[str, FactValue] = {**ORDINARY, "portout.attempted_pin": WRONG, "portout.spid": "zzzz"}
    body, personal = screened(ready.bundle, gathered(ready.bundle, facts))
    assert body["reject_as"] == "other"
    told = explain_recorded(recorded_order(body | {"reject_as": "gone"}, personal), ready, {})
    assert (told.reject_as, told.reason, told.differences) == ("gone", "Not ours.", [])


def test_no_pin_is_ever_recorded(wide: ReadyBundle) -> None:
    written = str(screened(wide.bundle, gathered(wide.bundle, {**ORDINARY, "portout.attempted_pin": WRONG})))
    assert RIGHT not in written
    assert WRONG not in written


def test_erased_and_older_records_say_why_they_cannot_be_replayed(wide: ReadyBundle) -> None:
    body, personal = screened(wide.bundle, gathered(wide.bundle, ORDINARY))
    with pytest.raises(NotReplayable, match="erased"):
        recorded_order(body, None)
    with pytest.raises(NotReplayable, match="older version"):
        recorded_order(body, {"order": personal["order"], "findings": personal["findings"]})
    with pytest.raises(NotReplayable, match="cannot be read by this version"):
        recorded_order({**body, "score": "many"}, personal)

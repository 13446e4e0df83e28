"""Differences of bundles in words, each with its mark: what can turn a review or denial into an approval opens the gate."""

import copy
import re

import pytest

from screening.authoring.gate import Difference, differences
from screening.bundle import REVIEW_EVERYTHING, Bundle
from tests.screening.authoring.gate_bundle import (
    ADDED_RULE,
    DENY,
    Edit,
    bundle,
    edited,
    entries,
    put,
    rule,
    then,
    us,
)

OPENING: list[tuple[Edit, str]] = [
    (
        lambda tree: then(tree, "pin", "mismatch", "review"),
        "rule pin: effect of mismatch deny as pin -> review",
    ),
    (lambda tree: then(tree, "pin", "partly_set", "ask"), "rule pin: effect of partly_set review -> ask"),
    (
        lambda tree: then(tree, "name", "mismatch", {"outcome": "review", "score": "39", "people": "2"}),
        "rule name: effect of mismatch review and 40 points and 2 people -> review and 39 points and 2 people",
    ),
    (
        lambda tree: then(tree, "name", "mismatch", {"outcome": "review", "score": "40"}),
        "rule name: effect of mismatch review and 40 points and 2 people -> review and 40 points",
    ),
    (
        lambda tree: then(tree, "pin", "mismatch", DENY),
        "rule pin: effect of mismatch deny as pin -> deny as other",
    ),
    (
        lambda tree: rule(tree, "name")["check"]["authorized_name"]["bands"].update(match="88"),
        "rule name: bands.match 92 -> 88",
    ),
    (
        lambda tree: rule(tree, "name")["check"]["authorized_name"].update(against=["customer.name"]),
        "rule name: against [customer.name, customer.business_name, customer.authorized_names] -> [customer.name]",
    ),
    (
        lambda tree: rule(tree, "name").update(check={"number": {}}),
        "rule name: asks number instead of authorized_name",
    ),
    (lambda tree: us(tree)["rules"].pop(2), "rule spid removed"),
    (lambda tree: rule(tree, "carrier").update(shadow=True), "rule carrier: put into shadow"),
    (
        lambda tree: us(tree)["rules"].append(
            {**ADDED_RULE, "then": {**ADDED_RULE["then"], "locked": "ask"}}
        ),
        "rule lock added",
    ),
    (put("defaults.missing", "skip"), "defaults.missing review -> skip"),
    (put("mode", "advise"), "mode enforce -> advise"),
    (put("timezone", "America/New_York"), "timezone UTC -> America/New_York"),
    (
        put("applies_to", {"countries": ["CA"]}),
        "applies_to {} -> {countries: [CA]}",
    ),
    (put("respond.within", "25h"), "respond.within 24h -> 25h"),
    (put("respond.margin", "1h"), "respond.margin 2h -> 1h"),
    (
        put("respond.at_deadline", ["leave"]),
        "respond.at_deadline deny as other from 60, else leave -> leave",
    ),
    (put("review.two_people_from_score", 90), "review.two_people_from_score 80 -> 90"),
    (put("review", {}), "review.two_people_from_score 80 -> none"),
    (put("rejections", {"other": {"prefer_code": 1001}, "pin": {"prefer_code": 7}}), "rejection pin changed"),
    (put("decide.score", []), "score band from 40 removed (review)"),
    (put("decide.score", [{"from": "41", "outcome": "review"}]), "score band from 40 -> 41 (review)"),
    (
        put("decide.approve_needs", {"any": ["pin.match", "carrier.allowed"]}),
        "decide.approve_needs pin.match and (carrier.allowed or spid.listed) -> pin.match or carrier.allowed",
    ),
    (lambda tree: entries(tree, "blocked").pop(0), "888X removed from lists/blocked.yaml"),
    (
        lambda tree: entries(tree, "blocked")[1].update(until="2026-02-28"),
        "777X counts until 2026-03-31 -> until 2026-02-28 in lists/blocked.yaml",
    ),
    (
        lambda tree: entries(tree, "blocked")[0].update(also=[]),
        "other names of 888X [Fly-By-Night] -> [] in lists/blocked.yaml",
    ),
    (lambda tree: entries(tree, "known").append({"value": "555K"}), "555K added to lists/known.yaml"),
    (
        lambda tree: entries(tree, "known")[0].update(also=["Onvoy", "Telnyx"]),
        "other names of 073H [Onvoy] -> [Onvoy, Telnyx] in lists/known.yaml",
    ),
]
"""Edits that can turn a review or a denial into an approval, each with its words."""

HARMLESS: list[tuple[Edit, str]] = [
    (
        lambda tree: then(tree, "pin", "partly_set", DENY),
        "rule pin: effect of partly_set review -> deny as other",
    ),
    (lambda tree: then(tree, "pin", "not_set", "review"), "rule pin: effect of not_set skip -> review"),
    (
        lambda tree: then(tree, "name", "close", {"score": "11"}),
        "rule name: effect of close 10 points -> 11 points",
    ),
    (
        lambda tree: rule(tree, "name")["check"]["authorized_name"]["bands"].update(match="95"),
        "rule name: bands.match 92 -> 95",
    ),
    (
        lambda tree: rule(tree, "name")["check"]["authorized_name"].update(nicknames="false"),
        "rule name: nicknames true -> false",
    ),
    (
        lambda tree: then(tree, "pin", "missing", "review"),
        "rule pin: effect of missing written out (review)",
    ),
    (lambda tree: us(tree)["rules"].append(ADDED_RULE), "rule lock added"),
    (lambda tree: us(tree)["rules"].append({**ADDED_RULE, "shadow": True}), "rule lock added"),
    (lambda tree: us(tree)["rules"].reverse(), "order of rules changed"),
    (lambda tree: rule(tree, "pin").update(title="The PIN"), "rule pin: title changed"),
    (
        lambda tree: rule(tree, "pin")["then"]["mismatch"].update(reason="The PIN is wrong."),
        "rule pin: texts of mismatch changed",
    ),
    (
        lambda tree: rule(tree, "pin").update(tests=[{"name": "none", "expect": "missing"}]),
        "rule pin: tests changed",
    ),
    (put("title", "USA"), "title US -> USA"),
    (put("respond.within", "23h"), "respond.within 24h -> 23h"),
    (put("respond.margin", "3h"), "respond.margin 2h -> 3h"),
    (
        put("respond.at_deadline", [{"from_score": 50, **DENY}, "leave"]),
        "respond.at_deadline deny as other from 60, else leave -> deny as other from 50, else leave",
    ),
    (put("review.two_people_from_score", 70), "review.two_people_from_score 80 -> 70"),
    (put("review.escalate_at", "90%"), "review.escalate_at changed"),
    (put("approve", {"reason": "Fine."}), "approve.reason changed"),
    (put("decide.score", [{"from": "30", "outcome": "review"}]), "score band from 40 -> 30 (review)"),
    (
        put("decide.score", [{"from": "40", "outcome": "review"}, {"from": "90", **DENY}]),
        "score band from 90 added (deny as other)",
    ),
    (
        put("decide.approve_needs", {"all": ["pin.match", "carrier.allowed"]}),
        "decide.approve_needs pin.match and (carrier.allowed or spid.listed) -> pin.match and carrier.allowed",
    ),
    (put("scenarios", [{"name": "any", "expect": {"outcome": "review"}}]), "scenarios changed"),
    (lambda tree: entries(tree, "blocked").append({"value": "666X"}), "666X added to lists/blocked.yaml"),
    (
        lambda tree: entries(tree, "blocked")[1].pop("until"),
        "777X counts until 2026-03-31 -> always in lists/blocked.yaml",
    ),
    (lambda tree: entries(tree, "blocked").reverse(), "texts or order of lists/blocked.yaml changed"),
    (lambda tree: entries(tree, "known").pop(1), "444K removed from lists/known.yaml"),
    (lambda tree: tree["fixtures"].clear(), "1 fixture removed"),
]
"""Edits that cannot, each with its words."""


@pytest.mark.parametrize(("edit", "text"), OPENING, ids=[text for _, text in OPENING])
def test_what_can_turn_a_review_or_denial_into_an_approval_opens_the_gate(edit: Edit, text: str) -> None:
    assert said(differences(bundle(), bundle(edited(edit)))) == [(text, True)]


@pytest.mark.parametrize(("edit", "text"), HARMLESS, ids=[text for _, text in HARMLESS])
def test_what_tightens_or_only_reads_differently_does_not(edit: Edit, text: str) -> None:
    assert said(differences(bundle(), bundle(edited(edit)))) == [(text, False)]


def said(found: list[Difference]) -> list[tuple[str, bool]]:
    return [(difference.text, difference.opens_gate) for difference in found]


def test_a_policy_added_or_removed_opens_the_gate() -> None:
    tree = edited(lambda tree: tree["policies"].update(ca={**us(tree), "policy": "ca", "default": False}))
    assert differences(bundle(), bundle(tree)) == [Difference("policy added (enforce)", True, "ca")]
    assert differences(bundle(tree), bundle()) == [Difference("policy removed", True, "ca")]
    assert any(found.opens_gate for found in differences(REVIEW_EVERYTHING, bundle()))


def test_an_effect_that_is_left_to_the_same_default_is_no_other_one() -> None:
    spelled = edited(lambda tree: then(tree, "pin", "missing", "review"))
    [difference] = differences(bundle(spelled), bundle())
    assert difference == Difference("rule pin: effect of missing left to the defaults (review)", False, "us")


def test_many_new_entries_are_one_difference() -> None:
    tree = edited(lambda tree: entries(tree, "blocked").extend({"value": f"X{n:03}"} for n in range(1000)))
    [difference] = differences(bundle(), bundle(tree))
    assert re.fullmatch(r"1000 entries \(X000, X001, .*, …\) added to lists/blocked\.yaml", difference.text)


def test_an_edit_of_a_list_is_judged_by_what_its_rules_make_of_it() -> None:
    # Here the block list is the list of those that need no second look.
    welcome = edited(lambda tree: rule(tree, "carrier").update(then={"allowed": "review", "blocked": "pass"}))
    more = copy.deepcopy(welcome)
    entries(more, "blocked").append({"value": "666X"})
    assert said(differences(bundle(welcome), bundle(more))) == [("666X added to lists/blocked.yaml", True)]


def test_more_points_open_the_gate_where_they_would_reach_a_milder_deadline() -> None:
    strange = edited(put("respond.at_deadline", [{"from_score": 60, "outcome": "leave"}, DENY]))
    raised = copy.deepcopy(strange)
    then(raised, "name", "close", {"score": "11"})
    assert [opens for _, opens in said(differences(bundle(strange), bundle(raised)))] == [True]


def test_a_bundle_does_not_differ_from_itself() -> None:
    assert differences(bundle(), Bundle.from_canonical(bundle().canonical())) == []

"""Differences of bundles in words, and the promise of their marks: what opens nothing makes no decision milder."""

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from screening.authoring.gate import Difference, differences
from screening.bundle import REVIEW_EVERYTHING, Bundle
from screening.decision import at_deadline
from screening.evaluation import evaluate
from screening.facts import ClearPin, CustomerFacts, OrderFacts
from screening.gathered import GatheredFacts
from screening.results import Decision, Outcome

Tree = dict[str, Any]
NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)

TREE: Tree = {
    "policies": {
        "us": {
            "format": 1,
            "policy": "us",
            "default": True,
            "title": "US",
            "mode": "enforce",
            "respond": {
                "within": "24h",
                "margin": "2h",
                "again_within": "4h",
                "at_deadline": [
                    {"from_score": 60, "outcome": "deny", "reject_as": "other", "reason": "Too late."},
                    "leave",
                ],
            },
            "review": {"two_people_from_score": 80},
            "lists": {"blocked": "lists/blocked.yaml", "known": "lists/known.yaml"},
            "rejections": {"other": {"prefer_code": 1001}, "pin": {"prefer_code": 1002}},
            "defaults": {"missing": "review", "error": "review", "mixed": "review"},
            "rules": [
                {
                    "id": "pin",
                    "title": "PIN",
                    "check": {"pin": {}},
                    "then": {
                        "match": "pass",
                        "mismatch": {"outcome": "deny", "reject_as": "pin", "reason": "Wrong PIN."},
                        "partly_set": "review",
                        "not_set": "skip",
                    },
                },
                {
                    "id": "name",
                    "title": "Name",
                    "check": {"authorized_name": {"bands": {"match": "92", "close": "80"}}},
                    "then": {
                        "match": "pass",
                        "close": {"score": "10"},
                        "mismatch": {"outcome": "review", "score": "40", "people": "2"},
                        "missing": "skip",
                    },
                },
                {
                    "id": "spid",
                    "title": "SPID",
                    "check": {"spid": {"known": "known"}},
                    "then": {"listed": "pass", "name_differs": {"score": "10"}, "unlisted": {"score": "15"}},
                },
                {
                    "id": "carrier",
                    "title": "Carrier",
                    "check": {"carrier": {"block": "blocked"}},
                    "then": {"allowed": "pass", "blocked": {"outcome": "review", "score": "30"}},
                },
            ],
            "decide": {
                "score": [{"from": "40", "outcome": "review"}],
                "approve_needs": {"all": ["pin.match", {"any": ["carrier.allowed", "spid.listed"]}]},
            },
        }
    },
    "lists": {
        "lists/blocked.yaml": {
            "entries": [{"value": "888X", "also": ["Fly-By-Night"]}, {"value": "777X", "until": "2026-03-31"}]
        },
        "lists/known.yaml": {"entries": [{"value": "073H", "also": ["Onvoy"]}, {"value": "444K"}]},
    },
    "fixtures": {"fixtures/usual.yaml": {"facts": {"portout.spid": "073H"}}},
}

Edit = Callable[[Tree], object]


def bundle(tree: Tree = TREE) -> Bundle:
    return Bundle.model_validate_json(json.dumps(tree))


def edited(edit: Edit) -> Tree:
    """The bundle with an edit; an edit changes the tree that it is given."""
    tree = copy.deepcopy(TREE)
    edit(tree)
    return tree


def us(tree: Tree) -> Tree:
    policy: Tree = tree["policies"]["us"]
    return policy


def rule(tree: Tree, rule_id: str) -> Tree:
    return next(rule for rule in us(tree)["rules"] if rule["id"] == rule_id)


def then(tree: Tree, rule_id: str, result: str, effect: object) -> None:
    rule(tree, rule_id)["then"][result] = effect


def put(path: str, value: object) -> Edit:
    """Set what stands at a path below the policy, as in `respond.margin`."""

    def edit(tree: Tree) -> None:
        *way, last = path.split(".")
        node = us(tree)
        for step in way:
            node = node.setdefault(step, {})
        node[last] = value

    return edit


def entries(tree: Tree, name: str) -> list[Tree]:
    found: list[Tree] = tree["lists"][f"lists/{name}.yaml"]["entries"]
    return found


DENY = {"outcome": "deny", "reject_as": "other", "reason": "No."}
ADDED_RULE: Tree = {
    "id": "lock",
    "title": "Lock",
    "check": {"account_lock": {}},
    "then": {"unlocked": "pass", "locked": "review", "recently_changed": {"score": "5"}},
}

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


# What the marks promise, over random edits and random orders.

_NUMBERS = st.integers(0, 100).map(str)
_EFFECTS = st.fixed_dictionaries(
    {"outcome": st.sampled_from(["pass", "skip", "score", "review", "ask"])},
    optional={"score": st.integers(0, 60).map(str), "people": st.sampled_from(["1", "2"])},
) | st.sampled_from([DENY, {**DENY, "reject_as": "pin"}])
_DEADLINES = st.lists(
    st.fixed_dictionaries({"from_score": st.integers(0, 90).map(str), "outcome": st.just("leave")})
    | st.builds(lambda score: {**DENY, "from_score": score}, st.integers(0, 90).map(str)),
    min_size=1,
    max_size=3,
)
_NEEDS = st.none() | st.recursive(
    st.sampled_from(["pin.match", "name.match", "carrier.allowed", "spid.listed"]),
    lambda needs: st.lists(needs, min_size=1, max_size=2).flatmap(
        lambda group: st.sampled_from([{"all": group}, {"any": group}])
    ),
    max_leaves=3,
)
_ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"value": st.sampled_from(["888X", "777X", "073H", "444K", "ZZZZ"])},
        optional={
            "also": st.lists(st.sampled_from(["Onvoy", "Fly-By-Night"]), max_size=2),
            "from": st.sampled_from(["2025-01-01", "2027-01-01"]),
            "until": st.sampled_from(["2025-12-31", "2026-12-31"]),
        },
    ),
    max_size=3,
    unique_by=lambda entry: entry["value"],
)
_BANDS = st.lists(
    st.fixed_dictionaries(
        {"from": st.integers(0, 90).map(str), "outcome": st.sampled_from(["review", "ask"])},
        optional={"people": st.sampled_from(["1", "2"])},
    ),
    max_size=2,
)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    rule_id = draw(st.sampled_from(["pin", "name", "spid", "carrier"]))
    effect, results = (
        draw(_EFFECTS),
        ["match", "mismatch", "close", "missing", "listed", "unlisted", "blocked", "allowed"],
    )
    result = draw(st.sampled_from(results))
    shadow, bands, match = draw(st.booleans()), draw(_BANDS), draw(st.integers(80, 100))
    deadline, needs, of_list = draw(_DEADLINES), draw(_NEEDS), draw(_ENTRIES)
    people, name = draw(st.none() | st.integers(0, 90)), draw(st.sampled_from(["blocked", "known"]))
    edit: Edit = draw(
        st.sampled_from(
            [
                lambda tree: then(tree, rule_id, result, effect),
                lambda tree: then(tree, rule_id, result, effect),
                lambda tree: rule(tree, rule_id).update(shadow=shadow),
                lambda tree: put(f"defaults.{draw(st.sampled_from(['missing', 'mixed']))}", effect)(tree),
                lambda tree: put("decide.score", bands)(tree),
                lambda tree: put("decide.approve_needs", needs)(tree),
                lambda tree: put("respond.at_deadline", deadline)(tree),
                lambda tree: put("review.two_people_from_score", people)(tree),
                lambda tree: rule(tree, "name").update(
                    check={"authorized_name": {"bands": {"match": str(match), "close": "80"}}}
                ),
                lambda tree: tree["lists"][f"lists/{name}.yaml"].update(entries=of_list),
                lambda tree: (
                    us(tree)["rules"].append(copy.deepcopy(ADDED_RULE))
                    if len(us(tree)["rules"]) < 5
                    else None
                ),
                lambda tree: us(tree).update(rules=us(tree)["rules"][1:]),
            ]
        )
    )
    return edit


def _apply(tree: Tree, made: list[Edit]) -> Tree:
    tree = copy.deepcopy(tree)
    for edit in made:
        try:
            edit(tree)
        except StopIteration:  # its rule was removed
            continue
    return tree


_ORDERS = st.builds(
    OrderFacts,
    id=st.just("test"),
    status=st.just("pending"),
    spid=st.none() | st.sampled_from(["888X", "777X", "073H", "444K", "555K"]),
    carrier_name=st.none() | st.sampled_from(["Onvoy", "Fly-By-Night", "Somebody"]),
    authorized_name=st.none() | st.sampled_from(["Jo Smith", "Joe Smith", "Jon Smyth", "Ada Moor"]),
)
_CUSTOMERS = st.lists(
    st.builds(CustomerFacts, id=st.just("c"), name=st.just("Joe Smith"), locked=st.booleans()), max_size=2
)
_PINS = st.none() | st.sampled_from(["1111", "2222"])


@st.composite
def orders(draw: st.DrawFn) -> tuple[OrderFacts, list[CustomerFacts], list[str | None], str | None]:
    return draw(_ORDERS), draw(_CUSTOMERS), draw(st.lists(_PINS, min_size=1, max_size=2)), draw(_PINS)


def decided(
    of: Bundle, order: tuple[OrderFacts, list[CustomerFacts], list[str | None], str | None]
) -> Decision:
    facts, customers, on_file, attempted = order
    policy = of.default
    gathered = GatheredFacts(
        order=facts,
        now=NOW,
        zone=policy.zone,
        customers=customers,
        lists=of.lists_of(policy),
        pins=[None if pin is None else ClearPin(SecretStr(pin)) for pin in on_file],
        attempted_pin=None if attempted is None else SecretStr(attempted),
    )
    return evaluate(policy, gathered).decision


@given(
    st.lists(edits(), max_size=3),
    st.lists(edits(), min_size=1, max_size=2),
    st.lists(orders(), min_size=1, max_size=5),
)
def test_edits_that_open_nothing_make_no_decision_milder(
    way: list[Edit],
    made: list[Edit],
    some: list[tuple[OrderFacts, list[CustomerFacts], list[str | None], str | None]],
) -> None:
    tree = _apply(TREE, way)
    before, after = bundle(tree), bundle(_apply(tree, made))
    found = differences(before, after)
    assert bool(found) == (before.digest != after.digest)
    if any(difference.opens_gate for difference in found):
        return
    for order in some:
        old, new = decided(before, order), decided(after, order)
        assert new.outcome is not Outcome.APPROVE or old.outcome is Outcome.APPROVE
        assert new.people >= old.people
        for usable in ({"other"}, {"pin"}, {"other", "pin"}):
            assert left(after, new, usable) <= left(before, old, usable)


def left(of: Bundle, decision: Decision, usable: set[str]) -> bool:
    """Whether an order that nobody decides is left to the carrier's silence."""
    action = at_deadline(of.default, decision, facts={}, usable=usable.__contains__, may_deny=True)
    return action.outcome is Outcome.LEAVE

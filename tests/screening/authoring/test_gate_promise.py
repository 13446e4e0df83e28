"""The promise of the marks, over random edits and random orders: what opens nothing makes no decision milder."""

import copy
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from screening.authoring.gate import differences
from screening.bundle import Bundle
from screening.decision import at_deadline, with_usable_denial
from screening.evaluation import evaluate
from screening.facts import ClearPin, CustomerFacts, OrderFacts
from screening.gathered import GatheredFacts
from screening.results import Decision, Outcome
from tests.screening.authoring.gate_bundle import (
    ADDED_RULE,
    DENY,
    TREE,
    Edit,
    Tree,
    bundle,
    put,
    rule,
    then,
    us,
)

NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)

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
    locked = {"unlocked": "pass", "locked": effect, "recently_changed": "review"}
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
                lambda tree: (
                    us(tree)["rules"].insert(0, {**copy.deepcopy(ADDED_RULE), "id": "first", "then": locked})
                    if len(us(tree)["rules"]) < 5
                    else None
                ),
                lambda tree: us(tree)["rules"].reverse(),
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
            assert denied(new, usable) >= denied(old, usable)


def denied(decision: Decision, usable: set[str]) -> bool:
    """Whether an order is denied by itself at a carrier that lists codes for these names."""
    return with_usable_denial(decision, lambda denial: denial.reject_as in usable) is not None


def left(of: Bundle, decision: Decision, usable: set[str]) -> bool:
    """Whether an order that nobody decides is left to the carrier's silence."""
    action = at_deadline(of.default, decision, facts={}, usable=usable.__contains__, may_deny=True)
    return action.outcome is Outcome.LEAVE

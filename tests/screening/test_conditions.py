"""Conditions: what each operator says, and that what nobody knows decides nothing."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.checks import CHECKS, GatheredFacts
from screening.conditions import (
    DEEPEST,
    USABLE_FACTS,
    Condition,
    Group,
    Not,
    facts_read,
    lists_read,
    read_condition,
)
from screening.facts import CATALOGUE, CustomerFacts, FactType, OrderFacts
from screening.named_lists import NamedList
from screening.operators import OPERATORS, Circumstances, Operand
from screening.results import FactValue

NOW = datetime(2026, 3, 14, 3, 30, tzinfo=UTC)  # Friday 23:30 in New York, Saturday in UTC
LISTS = {
    "known": NamedList.model_validate(
        {
            "entries": [
                {"value": "073H", "also": ["Onvoy, LLC", "Telnyx/4"]},
                {"value": "OLD1", "until": "2026-03-12"},
                {"value": "+15550100001"},
            ]
        }
    )
}
CIRCUMSTANCES = Circumstances(NOW, ZoneInfo("America/New_York"), LISTS)


def holds(fact: str, value: FactValue, operator: str, operand: object) -> bool | None:
    return read_condition({fact: {operator: operand}}).holds({fact: value}, CIRCUMSTANCES)


TEXT, TEXTS, NUMBER = "portout.spid", "customer.tags", "portout.number_count"
NAME, MOMENT, FLAG = "portout.carrier_name", "customer.pin_changed_at", "customer.locked"


@pytest.mark.parametrize(
    ("fact", "value", "operator", "operand", "expected"),
    [
        (TEXT, " 073h", "equals", "073H ", True),
        (TEXT, "０７３Ｈ", "equals", "073H", True),
        (TEXT, "73H", "equals", "073H", False),
        (TEXT, "0123", "equals", "123", False),
        (TEXT, "073H", "not_equals", "073h", False),
        (TEXT, "073H", "not_equals", "073", True),
        (TEXT, "073H", "one_of", ["888X", "073h"], True),
        (TEXT, "073H", "one_of", ["888X"], False),
        (TEXT, "073H", "none_of", ["888X", "073h"], False),
        (TEXT, "073H", "none_of", ["888X"], True),
        (TEXT, "073H", "starts_with", "07", True),
        (TEXT, "073H", "starts_with", "73", False),
        (TEXT, "073H", "contains", "73h", True),
        (TEXT, "073H", "contains", "74", False),
        (TEXT, "073h", "in_list", "known", True),
        (TEXT, "ZZZZ", "in_list", "known", False),
        (TEXT, "OLD1", "in_list", "known", False),
        (TEXT, "OLD1", "not_in_list", "known", True),
        (TEXT, "073H", "not_in_list", "known", False),
        (NAME, "ONVOY Inc", "equals", "Onvoy, LLC", True),
        (NAME, "Onvoy", "in_list", "known", True),
        (NAME, "Telnyx 4", "in_list", "known", True),
        (NAME, "Telnyx", "in_list", "known", False),
        (TEXTS, ["VIP", "gold"], "contains", "vip", True),
        (TEXTS, ["vip-like"], "contains", "vip", False),
        (TEXTS, [], "contains", "vip", False),
        (TEXTS, ["gold"], "contains_any", ["vip", "Gold"], True),
        (TEXTS, ["gold"], "contains_any", ["vip"], False),
        (TEXTS, ["gold", "vip"], "contains_all", ["vip", "gold"], True),
        (TEXTS, ["gold"], "contains_all", ["vip", "gold"], False),
        (TEXTS, ["gold"], "contains_none", ["vip"], True),
        (TEXTS, ["gold"], "contains_none", ["gold"], False),
        (TEXTS, [], "contains_none", ["gold"], True),
        ("portout.countries", ["US", "PR"], "contains_only", ["us", "pr", "gu"], True),
        ("portout.countries", ["US", "CA"], "contains_only", ["US"], False),
        ("portout.countries", [], "contains_only", ["US"], False),
        ("portout.phone_numbers", ["+15550100002", "+15550100001"], "any_in_list", "known", True),
        ("portout.phone_numbers", ["+15550100002"], "any_in_list", "known", False),
        ("portout.phone_numbers", ["+15550100001"], "all_in_list", "known", True),
        ("portout.phone_numbers", ["+15550100002", "+15550100001"], "all_in_list", "known", False),
        ("portout.phone_numbers", [], "all_in_list", "known", False),
        (TEXTS, [], "is_empty", "true", True),
        (TEXTS, ["vip"], "is_empty", "true", False),
        (TEXTS, ["vip"], "is_empty", "false", True),
        (NUMBER, 5, "equals", "5", True),
        (NUMBER, 5, "not_equals", "5", False),
        (NUMBER, 5, "at_least", "5", True),
        (NUMBER, 4, "at_least", "5", False),
        (NUMBER, 5, "at_most", "5", True),
        (NUMBER, 6, "at_most", "5", False),
        (NUMBER, 5, "more_than", "5", False),
        (NUMBER, 6, "more_than", "5", True),
        (NUMBER, 5, "less_than", "5", False),
        (NUMBER, 4, "less_than", "5", True),
        (MOMENT, "2026-03-11T03:30:00+00:00", "within_last", "72h", True),
        (MOMENT, "2026-03-11T03:29:59+00:00", "within_last", "72h", False),
        (MOMENT, "2026-03-14T04:00:00+00:00", "within_last", "72h", True),
        (MOMENT, "2026-03-15T04:00:00+00:00", "within_last", "72h", False),
        (MOMENT, "2026-03-11T03:30:00+00:00", "older_than", "72h", False),
        (MOMENT, "2026-03-11T03:29:59+00:00", "older_than", "72h", True),
        ("portout.foc_date", "2026-03-15T03:30:00+00:00", "within_next", "1d", True),
        ("portout.foc_date", "2026-03-15T03:30:01+00:00", "within_next", "1d", False),
        ("portout.foc_date", "2026-03-14T03:29:59+00:00", "within_next", "1d", False),
        (MOMENT, "2026-03-11T00:00:00+00:00", "before", "2026-03-11T00:00:00-05:00", True),
        (MOMENT, "2026-03-11T00:00:00+00:00", "after", "2026-03-11T00:00:00-05:00", False),
        ("portout.foc_date", "2026-03-14T03:30:00+00:00", "on_weekend", "true", False),
        ("portout.foc_date", "2026-03-14T04:00:00+00:00", "on_weekend", "true", True),
        ("portout.foc_date", "2026-03-14T04:00:00+00:00", "on_weekend", "false", False),
        ("portout.foc_date", "2026-03-14T03:30:00+00:00", "between_times", ["22:00", "06:00"], True),
        ("portout.foc_date", "2026-03-14T10:00:00+00:00", "between_times", ["22:00", "06:00"], False),
        ("portout.foc_date", "2026-03-14T03:30:00+00:00", "between_times", ["23:00", "23:30"], False),
        ("portout.foc_date", "2026-03-14T03:30:00+00:00", "between_times", ["23:30", "23:31"], True),
        (FLAG, True, "is", "true", True),
        (FLAG, False, "is", "true", False),
        (FLAG, False, "is", "false", True),
        (TEXT, "073H", "is_missing", "true", False),
        (TEXT, "073H", "is_missing", "false", True),
        (TEXT, " ", "is_missing", "true", True),
        (TEXTS, [], "is_missing", "true", False),
        (FLAG, False, "is_present", "true", True),
        (FLAG, None, "is_present", "true", False),
        (FLAG, None, "is_present", "false", True),
    ],
)
def test_an_operator_says_what_its_sentence_says(
    fact: str, value: FactValue, operator: str, operand: object, expected: bool
) -> None:
    assert holds(fact, value, operator, operand) is expected


_OPERANDS: dict[Operand, object] = {
    Operand.TEXT: "x",
    Operand.TEXTS: ["x"],
    Operand.NUMBER: "5",
    Operand.MOMENT: "2026-03-14T00:00:00Z",
    Operand.DURATION: "24h",
    Operand.TIMES: ["22:00", "06:00"],
    Operand.FLAG: "true",
    Operand.LIST: "known",
}
_FACT_OF = {FactType.TEXT: TEXT, FactType.TEXTS: TEXTS, FactType.NUMBER: NUMBER} | {
    FactType.MOMENT: MOMENT,
    FactType.FLAG: FLAG,
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_every_operator_is_declared_and_asks_nothing_of_what_is_not_known(operator: Any) -> None:
    assert operator.sentence.endswith(".")
    for fact_type, needs in operator.needs.items():
        found = holds(_FACT_OF[fact_type], None, operator.name, _OPERANDS[needs])
        assert found is (None if not operator.asks_presence else operator.name == "is_missing")


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        (TEXT, ""),
        (TEXT, " \t"),
        (TEXT, ["073H"]),
        (TEXTS, "vip"),
        (NUMBER, "5"),
        (NUMBER, True),
        (FLAG, 1),
        (FLAG, "true"),
        (MOMENT, "yesterday"),
        (MOMENT, "2026-03-14T00:00:00"),
        (NAME, "!!!"),
    ],
)
def test_a_value_that_is_none_of_its_type_is_not_known(fact: str, value: FactValue) -> None:
    assert holds(fact, value, "is_missing", "true") is True


def test_a_moment_at_the_edge_of_the_calendar_is_not_known() -> None:
    assert holds(MOMENT, "0001-01-01T00:00:00+00:00", "on_weekend", "true") is None


A, B = {FLAG: {"is": "true"}}, {TEXT: {"equals": "073H"}}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {"all": [A, B]},
            {(1, 1): True, (1, 0): False, (1, None): None, (0, None): False, (None, None): None},
        ),
        (
            {"any": [A, B]},
            {(0, 0): False, (1, 0): True, (1, None): True, (0, None): None, (None, None): None},
        ),
        ({"not": A}, {(1, 0): False, (0, 0): True, (None, 0): None}),
        ({"not": {"any": [A, {"not": B}]}}, {(0, 1): True, (0, None): None, (1, None): False}),
    ],
)
def test_unknown_goes_up_as_kleene_has_it(
    tree: object, expected: dict[tuple[int | None, int | None], bool | None]
) -> None:
    words = {1: "073H", 0: "888X", None: None}
    for (one, other), outcome in expected.items():
        facts: dict[str, FactValue] = {FLAG: None if one is None else bool(one), TEXT: words[other]}
        assert read_condition(tree).holds(facts, CIRCUMSTANCES) is outcome


def test_the_facts_and_lists_that_a_condition_reads_are_told_in_order() -> None:
    tree = {"all": [{"not": {NAME: {"in_list": "known"}}}, B, {"any": [B, {MOMENT: {"within_last": "72h"}}]}]}
    assert facts_read(tree) == (NAME, TEXT, MOMENT)
    assert lists_read(tree) == ("known",)
    assert CHECKS["condition"].facts_read({"when": tree}) == {NAME, TEXT, MOMENT}


def test_the_check_answers_with_the_facts_that_it_read() -> None:
    gathered = GatheredFacts(
        order=OrderFacts(id="1", status="pending", spid="073H"),
        now=NOW,
        customers=[CustomerFacts(locked=True)],
        lists=LISTS,
    )

    def ask(tree: object) -> tuple[str, dict[str, FactValue]]:
        found = CHECKS["condition"].ask({"when": tree}, gathered)
        return found.result, found.facts

    assert ask({"all": [A, B]}) == ("holds", {FLAG: True, TEXT: "073H"})
    assert ask({"not": B}) == ("does_not_hold", {TEXT: "073H"})
    assert ask({MOMENT: {"within_last": "72h"}}) == ("missing", {MOMENT: None})


def test_conditions_ask_for_neither_secrets_nor_counts_without_a_window() -> None:
    left_out = CATALOGUE.keys() - USABLE_FACTS.keys()
    assert {"portout.attempted_pin", "customer.pin", "history.orders_per_spid"} <= left_out
    for fact in left_out:
        with pytest.raises(ValueError):
            read_condition({fact: {"is_missing": "true"}})


def _nested(depth: int) -> object:
    return {"not": _nested(depth - 1)} if depth > 1 else A


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        {},
        "locked",
        {**A, **B},
        {"all": []},
        {"all": A},
        {"not": [A]},
        {FLAG: "true"},
        {FLAG: {}},
        {FLAG: {"is": "maybe"}},
        {FLAG: {"equals": "true"}},
        {FLAG: {"is": "true", "is_missing": "true"}},
        {"portout.nothing": {"is_missing": "true"}},
        {TEXT: {"one_of": []}},
        {MOMENT: {"between_times": ["22:00", "22:00"]}},
        {MOMENT: {"between_times": ["22:00"]}},
        _nested(DEEPEST + 1),
    ],
)
def test_what_is_no_condition_is_refused(tree: object) -> None:
    with pytest.raises(ValueError):
        read_condition(tree)


def test_conditions_may_be_as_deep_as_is_said() -> None:
    assert facts_read(_nested(DEEPEST)) == (FLAG,)


_LEAVES: list[Any] = [
    {FLAG: {"is": "true"}},
    {TEXT: {"one_of": ["073H", "888X"]}},
    {TEXT: {"in_list": "known"}},
    {NUMBER: {"at_most": "3"}},
    {NUMBER: {"more_than": "1"}},
    {TEXTS: {"contains": "vip"}},
    {MOMENT: {"within_last": "72h"}},
]
_VALUES: dict[str, list[FactValue]] = {
    FLAG: [None, True, False],
    TEXT: [None, "073H", "888X", "ZZZZ"],
    NUMBER: [None, 1, 2, 9],
    TEXTS: [None, [], ["vip"]],
    MOMENT: [None, "2026-03-13T00:00:00+00:00", "2020-01-01T00:00:00+00:00"],
}
trees = st.recursive(
    st.sampled_from(_LEAVES).map(read_condition),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
worlds = st.fixed_dictionaries({fact: st.sampled_from(values) for fact, values in _VALUES.items()})
World = dict[str, FactValue]


@given(trees, trees, worlds)
def test_de_morgan(one: Condition, other: Condition, facts: World) -> None:
    neither = Not(Group("any", (one, other))).holds(facts, CIRCUMSTANCES)
    assert neither is Group("all", (Not(one), Not(other))).holds(facts, CIRCUMSTANCES)
    not_both = Not(Group("all", (one, other))).holds(facts, CIRCUMSTANCES)
    assert not_both is Group("any", (Not(one), Not(other))).holds(facts, CIRCUMSTANCES)


@given(trees, worlds)
def test_a_double_negation_says_nothing(tree: Condition, facts: World) -> None:
    assert Not(Not(tree)).holds(facts, CIRCUMSTANCES) is tree.holds(facts, CIRCUMSTANCES)


@given(trees, worlds, worlds)
def test_learning_a_fact_never_turns_an_answer_around(tree: Condition, facts: World, more: World) -> None:
    learnt = {name: value if value is not None else more[name] for name, value in facts.items()}
    before = tree.holds(facts, CIRCUMSTANCES)
    assert before is None or tree.holds(learnt, CIRCUMSTANCES) is before


@given(trees)
def test_without_any_fact_nothing_is_decided(tree: Condition) -> None:
    assert tree.holds({}, CIRCUMSTANCES) is None


@given(trees, worlds)
def test_the_order_of_the_parts_does_not_matter(tree: Condition, facts: World) -> None:
    if isinstance(tree, Group):
        turned = Group(tree.word, tree.parts[::-1])
        assert turned.holds(facts, CIRCUMSTANCES) is tree.holds(facts, CIRCUMSTANCES)

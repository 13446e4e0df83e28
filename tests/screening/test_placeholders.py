"""Texts name only what their place allows, and read well whatever the facts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.facts import CATALOGUE
from screening.placeholders import LONGEST_TEXT, Place, Placeholder, allowed_names, find, render
from screening.results import FactClass, FactValue

FACTS: dict[str, FactValue] = {
    "portout.spid": "073H",
    "portout.phone_numbers": ["+15550100", "+15550101"],
    "portout.carrier_name": None,
    "portout.pon": "  ",
    "portout.zip": "<portout.spid>",
    "portout.end_user_name": "Eve\n\x1b[31mAPPROVED\u202e",
    "customer.name": "Roberta Chen",
    "customer.count": 2,
    "customer.pin": "4821",
    "portout.attempted_pin": "4821",
}
VALUES: dict[str, FactValue] = {"similarity": 95.7, "entry.value": "073H", "entry.why": None}


@pytest.mark.parametrize(
    ("text", "reason", "note"),
    [
        ("Nothing to fill in.", "Nothing to fill in.", "Nothing to fill in."),
        ("SPID <portout.spid>!", "SPID 073H!", "SPID 073H!"),
        ("<portout.phone_numbers>", "+15550100, +15550101", "+15550100, +15550101"),
        ("By <portout.carrier_name>", "By (unknown)", "By (unknown)"),
        ("<portout.pon>/<portout.foc_date>", "(unknown)/(unknown)", "(unknown)/(unknown)"),
        ("<portout.zip>", "<portout.spid>", "<portout.spid>"),
        ("<portout.end_user_name>", "Eve [31mAPPROVED", "Eve [31mAPPROVED"),
        ("For <customer.name>, <customer.count>", "For (unknown), (unknown)", "For Roberta Chen, 2"),
        ("<similarity> <entry.value>", "(unknown) (unknown)", "95.7 073H"),
        ("<entry.value>: <entry.why>", "(unknown): (unknown)", "073H: (unknown)"),
        ("Score <score>.", "Score (unknown).", "Score 40."),
        ("<customer.pin><portout.attempted_pin>", "(unknown)(unknown)", "(unknown)(unknown)"),
        ("<no.such.fact> < portout.spid >", "(unknown) 073H", "(unknown) 073H"),
        ("if 3 < 5 and 7 > 6", "if 3 < 5 and 7 > 6", "if 3 < 5 and 7 > 6"),
    ],
)
def test_a_text_is_filled_in_as_far_as_its_place_allows(text: str, reason: str, note: str) -> None:
    assert render(text, Place.REASON, FACTS, values=VALUES, score=40) == reason
    assert render(text, Place.MESSAGE, FACTS, values=VALUES, score=40) == reason
    assert render(text, Place.NOTE, FACTS, values=VALUES, score=40) == note


def test_values_read_as_people_write_them() -> None:
    values: dict[str, FactValue] = {"yes": True, "no": False, "half": 0.5, "whole": 92.0, "none": []}
    shown = render("<yes> <no> <half> <whole> <none> <score>", Place.NOTE, {}, values=values, score=0)
    assert shown == "yes no 0.5 92 (unknown) 0"


def test_what_may_be_named_where_follows_the_class_of_the_fact() -> None:
    public = {fact.name for fact in CATALOGUE.values() if fact.fact_class is FactClass.PUBLIC}
    secret = {fact.name for fact in CATALOGUE.values() if fact.fact_class is FactClass.SECRET}
    assert allowed_names(Place.REASON) == allowed_names(Place.MESSAGE, ["similarity"]) == public
    assert allowed_names(Place.NOTE, ["similarity"]) == (CATALOGUE.keys() - secret) | {"score", "similarity"}
    assert "similarity" not in allowed_names(Place.NOTE)
    assert secret == {"customer.pin", "portout.attempted_pin"}


def test_placeholders_are_found_with_their_place_even_when_they_are_misspelt() -> None:
    assert find("a <score> b < Portout.SPID >") == [
        Placeholder("score", 2, 9),
        Placeholder("Portout.SPID", 12, 28),
    ]
    assert find("5 < 6 > <> <7>") == []


def test_a_rendered_text_is_never_too_long() -> None:
    many: FactValue = [f"+1555{number:07}" for number in range(1000)]
    text = render("Numbers <portout.phone_numbers> end.", Place.REASON, {"portout.phone_numbers": many})
    assert text.endswith("… end.")
    assert len(text) < LONGEST_TEXT
    assert len(render("x" * 600, Place.REASON, {})) == LONGEST_TEXT


@given(
    st.text(),
    st.dictionaries(st.sampled_from(sorted(CATALOGUE)), st.text() | st.lists(st.text()) | st.none()),
)
def test_any_text_renders_on_one_short_line(text: str, facts: dict[str, FactValue]) -> None:
    for place in Place:
        rendered = render(text + " <portout.pon> <customer.name>", place, facts)
        assert len(rendered) <= LONGEST_TEXT
        assert rendered.isprintable() or not rendered.isascii()
        assert "\n" not in rendered


@given(st.text(alphabet="0123456789", min_size=4, max_size=8))
def test_no_place_ever_shows_a_pin(pin: str) -> None:
    facts: dict[str, FactValue] = {"customer.pin": pin, "portout.attempted_pin": pin}
    for place in Place:
        assert pin not in render("<customer.pin> <portout.attempted_pin>", place, facts)

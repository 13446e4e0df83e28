"""Rejection codes come from the carrier's live list for the order, never from us."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.policy import Rejection
from screening.rejection import Barred, EligibleCode, is_barred, pick

OTHER = EligibleCode(code=1001, description="Other", reason_required=True)
PIN = EligibleCode(code=1002, description="Invalid PIN")
NAMELESS = EligibleCode(code=1003)
SHIPPING = EligibleCode(code=1000, description="Wrong shipping address")
PORTOUT_PIN = EligibleCode(code=2007, description="PIN required or  invalid pin")

NAMES = {
    "invalid_pin": Rejection(prefer_code=1002, description_contains="pin", otherwise="other"),
    "by_words": Rejection(description_contains="Invalid  PIN"),
    "other": Rejection(prefer_code=1001),
    "strict": Rejection(prefer_code=1002),
    "circle": Rejection(prefer_code=7, otherwise="circle_back"),
    "circle_back": Rejection(prefer_code=8, otherwise="circle"),
    "dangling": Rejection(otherwise="nowhere"),
}
REASON = "The port-out PIN supplied does not match our records."


@pytest.mark.parametrize(
    ("name", "eligible", "picked"),
    [
        ("invalid_pin", [OTHER, PORTOUT_PIN, PIN], PIN),
        ("invalid_pin", [OTHER, PORTOUT_PIN, NAMELESS], PORTOUT_PIN),
        ("invalid_pin", [SHIPPING, NAMELESS, OTHER], OTHER),
        ("invalid_pin", [SHIPPING, NAMELESS], None),
        ("invalid_pin", [], None),
        ("by_words", [PORTOUT_PIN, OTHER], PORTOUT_PIN),
        ("by_words", [PORTOUT_PIN, PIN], PIN),
        ("strict", [PORTOUT_PIN, OTHER], None),
        ("circle", [PIN, OTHER], None),
        ("dangling", [PIN, OTHER], None),
        ("never defined", [PIN, OTHER], None),
    ],
)
def test_the_code_is_picked_by_number_then_words_then_otherwise(
    name: str, eligible: list[EligibleCode], picked: EligibleCode | None
) -> None:
    assert pick(NAMES, name, eligible, reason=REASON) == picked
    assert pick(NAMES, name, eligible) == picked


def test_the_order_of_the_live_list_does_not_matter() -> None:
    assert pick(NAMES, "by_words", [PORTOUT_PIN, PIN]) == pick(NAMES, "by_words", [PIN, PORTOUT_PIN]) == PIN


def test_a_code_that_requires_a_reason_is_no_use_without_one() -> None:
    assert pick(NAMES, "other", [OTHER], reason=" ") is None
    assert pick(NAMES, "invalid_pin", [PIN], reason="") == PIN


def test_a_refused_pair_is_not_picked_again_but_another_code_or_reason_is() -> None:
    refused = [Barred(code=1002, reason=REASON)]
    assert pick(NAMES, "invalid_pin", [PIN, OTHER], reason=REASON, barred=refused) == OTHER
    assert pick(NAMES, "invalid_pin", [PIN, OTHER], reason="Another reason.", barred=refused) == PIN
    assert pick(NAMES, "strict", [PIN], reason=f" {REASON.upper()} ", barred=refused) is None
    assert pick(NAMES, "strict", [PIN], barred=refused) is None


def test_a_reason_refused_without_code_is_barred_with_every_code() -> None:
    refused = [Barred(code=None, reason=REASON)]
    assert pick(NAMES, "invalid_pin", [PIN, OTHER], reason=REASON, barred=refused) is None
    assert pick(NAMES, "invalid_pin", [PIN, OTHER], reason="Another reason.", barred=refused) == PIN
    assert is_barred(1001, REASON, refused)
    assert not is_barred(1001, "Another reason.", refused)


def test_a_refused_reason_that_cannot_be_read_any_more_bars_its_code_with_every_reason() -> None:
    refused = [Barred(code=1002, reason=None)]
    assert is_barred(1002, "Another reason.", refused)
    assert pick(NAMES, "invalid_pin", [PIN, OTHER], reason="Another reason.", barred=refused) == OTHER
    assert is_barred(1001, "Another reason.", [Barred(code=None, reason=None)])


@given(
    st.lists(
        st.builds(EligibleCode, code=st.integers(1, 9), description=st.none() | st.text(max_size=5)),
        max_size=5,
    ),
    st.lists(
        st.builds(Barred, code=st.none() | st.integers(1, 9), reason=st.sampled_from(["a", "b"])), max_size=3
    ),
    st.dictionaries(
        st.sampled_from("xyz"),
        st.builds(
            Rejection,
            prefer_code=st.none() | st.integers(1, 9),
            description_contains=st.none() | st.sampled_from(["p", "(", "\\"]),
            otherwise=st.none() | st.sampled_from("xyz"),
        ),
    ),
)
def test_what_is_picked_is_eligible_and_not_barred(
    eligible: list[EligibleCode], barred: list[Barred], names: dict[str, Rejection]
) -> None:
    picked = pick(names, "x", eligible, reason="a", barred=barred)
    assert picked is None or (picked in eligible and not is_barred(picked.code, "a", barred))

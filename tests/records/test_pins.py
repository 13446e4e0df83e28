"""PINs on file: comparable, never visible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from records.errors import BadKey, BadPin
from records.pins import HashedPin, PinHasher, tidy_pin
from screening.facts import PinOnFile
from tests.records.conftest import OTHER_KEY, PIN_KEY

HASHER = PinHasher(PIN_KEY)


def on_file(pin: str, customer: str = "c1") -> PinOnFile:
    return HashedPin(HASHER, customer, HASHER.digest(customer, SecretStr(pin)), HASHER.key_id)


@given(st.text(), st.text())
def test_only_the_same_text_matches(pin: str, attempted: str) -> None:
    assert on_file(pin).matches(SecretStr(attempted)) == (pin == attempted)


@pytest.mark.parametrize(
    ("pin", "attempted"), [("0042", "42"), ("0042", "042"), ("1234", "12345"), ("1", "")]
)
def test_leading_zeros_and_lengths_count(pin: str, attempted: str) -> None:
    assert not on_file(pin).matches(SecretStr(attempted))


def test_a_lone_surrogate_is_a_wrong_pin_and_no_error() -> None:
    assert not on_file("1234").matches(SecretStr("\ud800"))


def test_equal_pins_of_two_customers_look_different() -> None:
    assert HASHER.digest("c1", SecretStr("1234")) != HASHER.digest("c2", SecretStr("1234"))


def test_a_customer_id_cannot_run_into_the_pin() -> None:
    assert HASHER.digest("c1", SecretStr("1234")) != HASHER.digest("c11", SecretStr("234"))


def test_nothing_prints_a_pin_or_a_key() -> None:
    shown = f"{on_file('4821')!r} {on_file('4821')} {HASHER!r}"
    assert "4821" not in shown
    assert PIN_KEY.get_secret_value() not in shown


@pytest.mark.parametrize("hasher", [PinHasher(OTHER_KEY), PinHasher(None)])
def test_under_another_key_a_pin_is_neither_right_nor_wrong(hasher: PinHasher) -> None:
    pin = HashedPin(hasher, "c1", HASHER.digest("c1", SecretStr("1234")), HASHER.key_id)
    with pytest.raises(BadKey, match="another PORTOUT_PIN_KEY"):
        pin.matches(SecretStr("1234"))


def test_no_pin_is_hashed_without_a_key() -> None:
    with pytest.raises(BadKey, match="PORTOUT_PIN_KEY is not set"):
        PinHasher(None).digest("c1", SecretStr("1234"))


def test_spaces_around_a_pin_go_and_zeros_stay() -> None:
    assert tidy_pin(SecretStr(" 0042\n")).get_secret_value() == "0042"


@pytest.mark.parametrize("pin", ["", "  ", "1" * 33, "12\x0034", "12\n34", "\ud800"])
def test_a_pin_that_cannot_be_is_refused_unseen(pin: str) -> None:
    with pytest.raises(BadPin) as caught:
        tidy_pin(SecretStr(pin))
    assert str(caught.value).startswith("The PIN is not 1 to 32 printable characters")
    assert not pin.strip() or pin not in str(caught.value)

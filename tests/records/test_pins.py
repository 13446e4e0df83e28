"""PINs on file: comparable, never visible."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from records.errors import BadKey, BadPin
from records.pins import HashedPin, PinHasher, tidy_pin, words_in
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


@given(st.text("0123456789", min_size=2, max_size=32), st.data())
def test_a_pin_that_is_spelled_is_seen_as_well(pin: str, data: st.DataObject) -> None:
    gaps = data.draw(
        st.lists(
            st.sampled_from(["", *" .-–/_\n", ", ", " - "]), min_size=len(pin) - 1, max_size=len(pin) - 1
        )
    )
    spelled = pin[0] + "".join(map(str.__add__, gaps, pin[1:]))
    before, after = data.draw(
        st.sampled_from([("It is ", "."), ("in 2 of 3: ", " now"), ("PIN-", "-"), ("", "")])
    )
    assert SecretStr(pin) in words_in(f"{before}{spelled}{after}")


@pytest.mark.parametrize(
    "text",
    [
        "12-34",
        "1 2 3 4",
        "1.2.3.4",
        "12 34",
        "1, 2, 3, 4",
        "1 - 2 - 3 - 4",
        "12/34",
        "12\n34",
        "01 12-34 5",
        "since 2026-03-02 12-34",
        "call 212-555-0101 12 34",
    ],
)
def test_a_reason_that_spells_the_pin_on_file_contains_it(text: str) -> None:
    pin = HashedPin(HASHER, "c1", HASHER.digest("c1", SecretStr("1234")), HASHER.key_id)
    assert pin.fault_of(f"They said {text} twice.")
    assert not pin.fault_of("They said 12, then 34; or 1 of 234, or 4321.")


PHONES = (
    "{0}-{1}-{2}",
    "({0}) {1}-{2}",
    "{0}.{1}.{2}",
    "{0} {1} {2}",
    "+1 {0} {1} {2}",
    "1-{0}-{1}-{2}",
    "+49 {0} {1}{2}",
)
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%m-%d-%Y", "%Y %m %d", "%m/%d/%Y")
A_PHONE_NUMBER = st.builds(
    lambda form, digits: form.format(digits[:3], digits[3:6], digits[6:]),
    st.sampled_from(PHONES),
    st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True),
)
A_DATE = st.builds(date.strftime, st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(DATES))


@given(A_PHONE_NUMBER | A_DATE)
def test_of_a_phone_number_or_a_date_no_part_is_taken_for_a_pin_that_was_spelled(written: str) -> None:
    found = {word.get_secret_value() for word in words_in(f"Call {written} again.")}
    as_they_stand = {*re.findall(r"\d+", written), *written.split()}
    assert {word for word in found if word.isdigit()} <= {*as_they_stand, re.sub(r"\D", "", written)}


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

"""The PIN check: worst first, absent is not wrong, and nothing of a PIN ever shows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from screening.checks import CHECKS, GatheredFacts
from screening.checks.pin import judge
from screening.facts import ClearPin, CustomerFacts, OrderFacts

RIGHT, WRONG = SecretStr("0123"), SecretStr("123")
ON_FILE, NONE = ClearPin(RIGHT), None

_WORST_FIRST = ("mismatch", "mixed", "partly_set", "missing", "not_set", "match")


@pytest.mark.parametrize(
    ("numbers", "supplied", "one_customer", "several_customers"),
    [
        ([ON_FILE], "right", "match", "mixed"),
        ([ON_FILE], "wrong", "mismatch", "mismatch"),
        ([ON_FILE], "none", "missing", "mixed"),
        ([NONE], "right", "not_set", "mixed"),
        ([NONE], "wrong", "not_set", "mixed"),
        ([NONE], "none", "not_set", "mixed"),
        ([ON_FILE, ON_FILE], "right", "match", "mixed"),
        ([ON_FILE, ON_FILE], "wrong", "mismatch", "mismatch"),
        ([ON_FILE, ON_FILE], "none", "missing", "mixed"),
        ([ON_FILE, NONE], "right", "partly_set", "mixed"),
        ([ON_FILE, NONE], "wrong", "mismatch", "mismatch"),
        ([ON_FILE, NONE], "none", "partly_set", "mixed"),
        ([NONE, ON_FILE], "wrong", "mismatch", "mismatch"),
        ([NONE, NONE], "right", "not_set", "mixed"),
        ([NONE, NONE], "none", "not_set", "mixed"),
        ([ON_FILE, ClearPin(WRONG)], "right", "mismatch", "mismatch"),
        ([ClearPin(WRONG), ON_FILE], "right", "mismatch", "mismatch"),
        ([ON_FILE, ClearPin(WRONG)], "none", "missing", "mixed"),
        ([], "right", "not_set", "mixed"),
        ([], "none", "not_set", "mixed"),
    ],
)
def test_the_worst_answer_counts(
    numbers: Sequence[ClearPin | None], supplied: str, one_customer: str, several_customers: str
) -> None:
    attempted = {"right": RIGHT, "wrong": SecretStr("9999"), "none": None}[supplied]
    assert judge(numbers, attempted) == one_customer
    assert judge(numbers, attempted, several_customers=True) == several_customers


_NUMBERS = st.lists(st.sampled_from([ON_FILE, ClearPin(WRONG), NONE]), max_size=4)
_SUPPLIED = st.sampled_from([RIGHT, WRONG, SecretStr("9"), SecretStr(""), None])


@given(_NUMBERS, _SUPPLIED, st.booleans())
def test_match_needs_a_right_pin_on_every_number_of_one_customer(
    numbers: list[ClearPin | None], supplied: SecretStr | None, several: bool
) -> None:
    is_full_match = bool(numbers) and all(
        pin is not None and supplied is not None and pin.pin == supplied for pin in numbers
    )
    result = judge(numbers, supplied, several_customers=several)
    assert (result == "match") == (is_full_match and not several)
    assert result in CHECKS["pin"].results


@given(_NUMBERS, _SUPPLIED, st.sampled_from([ON_FILE, ClearPin(WRONG), NONE]))
def test_a_further_number_never_improves_the_answer(
    numbers: list[ClearPin | None], supplied: SecretStr | None, added: ClearPin | None
) -> None:
    before, after = judge(numbers, supplied), judge([*numbers, added], supplied)
    if before != "not_set":  # a first PIN on file makes another question of it
        assert _WORST_FIRST.index(after) <= _WORST_FIRST.index(before)


def test_pins_are_text_and_blank_is_absent() -> None:
    assert judge([ClearPin(SecretStr("0042"))], SecretStr("42")) == "mismatch"
    assert judge([ClearPin(SecretStr("0042"))], SecretStr("0042")) == "match"
    for blank in ("", " ", "\t"):
        assert judge([ON_FILE], SecretStr(blank)) == "missing"


def test_every_number_is_compared_whatever_the_first_one_said() -> None:
    asked: list[int] = []

    class Asked:
        def __init__(self, number: int) -> None:
            self.number = number

        def matches(self, attempted: SecretStr) -> bool:
            asked.append(self.number)
            return attempted != RIGHT

    assert judge([Asked(1), Asked(2), Asked(3)], RIGHT) == "mismatch"
    assert asked == [1, 2, 3]


def test_any_text_compares_without_an_error_that_could_tell_it() -> None:
    for on_file, supplied in product(["0123", "\ud800", "п4821", "1" * 1000], repeat=2):
        assert ClearPin(SecretStr(on_file)).matches(SecretStr(supplied)) is (on_file == supplied)


def test_the_check_answers_with_a_result_and_nothing_else() -> None:
    gathered = GatheredFacts(
        order=OrderFacts(id="1", status="pending", phone_numbers=["+15550100"]),
        now=datetime(2026, 3, 1, 12, tzinfo=UTC),
        pins=[ON_FILE],
        attempted_pin=SecretStr("9876"),
    )
    answer = CHECKS["pin"].ask({}, gathered)
    assert answer.model_dump() == {"result": "mismatch", "facts": {}, "values": {}, "bars_approval": None}
    assert "9876" not in repr(gathered)
    assert "0123" not in repr(gathered) + repr(ON_FILE) + str(ON_FILE)


def test_several_customers_make_the_check_mixed() -> None:
    gathered = GatheredFacts(
        order=OrderFacts(id="1", status="pending"),
        now=datetime(2026, 3, 1, 12, tzinfo=UTC),
        customers=[CustomerFacts(name="A"), CustomerFacts(name="B")],
        pins=[ON_FILE, ON_FILE],
        attempted_pin=RIGHT,
    )
    assert CHECKS["pin"].ask({}, gathered).result == "mixed"

"""What a condition can answer at all."""

from typing import Any

import pytest

from screening.conditions import read_condition
from screening.possible_answers import possible_answers

ZIP_FITS = {"portout.zip": {"equals": "00501"}}
ZIP_MISSING = {"portout.zip": {"is_missing": "true"}}
ZIP_PRESENT = {"portout.zip": {"is_present": "true"}}
MANY = {"portout.number_count": {"at_least": "5"}}
SPID_FITS = {"portout.spid": {"equals": "073H"}}
MANY_FACTS = [
    {f"portout.{name}": {"equals": "x"}}
    for name in ("spid", "zip", "pon", "support_key", "authorized_name", "end_user_name", "carrier_name")
] + [{f"customer.{name}": {"equals": "x"}} for name in ("name", "business_name", "lock_why")]


@pytest.mark.parametrize(
    ("condition", "answers"),
    [
        (ZIP_FITS, {True, False, None}),
        (ZIP_MISSING, {True, False}),
        (ZIP_PRESENT, {True, False}),
        (MANY, {True, False}),
        ({"customer.count": {"is_missing": "true"}}, {False}),
        ({"customer.count": {"is_missing": "false"}}, {True}),
        ({"customer.count": {"is_present": "false"}}, {False}),
        ({"not": ZIP_FITS}, {True, False, None}),
        ({"not": MANY}, {True, False}),
        ({"any": [ZIP_MISSING, ZIP_FITS]}, {True, False}),
        ({"all": [ZIP_PRESENT, ZIP_FITS]}, {True, False}),
        ({"all": [ZIP_MISSING, ZIP_FITS]}, {False, None}),
        ({"any": [ZIP_PRESENT, ZIP_FITS]}, {True, None}),
        ({"any": [MANY, ZIP_FITS]}, {True, False, None}),
        ({"any": [ZIP_MISSING, {"all": [SPID_FITS, MANY]}]}, {True, False, None}),
        ({"any": MANY_FACTS}, {True, False, None}),
        (
            {"any": [*MANY_FACTS, SPID_FITS, {"portout.foc_date": {"is_missing": "true"}}]},
            {True, False, None},
        ),
    ],
)
def test_a_condition_lacks_an_answer_only_if_no_facts_bring_it(
    condition: Any, answers: set[bool | None]
) -> None:
    assert possible_answers(read_condition(condition)) == answers

"""The country of a number is the one that the library finds, however it is asked."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.countries import UNKNOWN_COUNTRY, countries_of


@given(st.from_regex(r"\+1[0-9]{8,11}", fullmatch=True))
def test_numbers_of_north_america_have_the_country_that_reading_them_gives(number: str) -> None:
    try:
        country = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        country = None
    assert countries_of([number]) == {country or UNKNOWN_COUNTRY}


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+13125550142", "US"),
        ("+14165550142", "CA"),
        ("+17875550142", "PR"),
        ("+442079460000", "GB"),
        ("+10000000000", "ZZ"),
        ("not a number", "ZZ"),
    ],
)
def test_a_number_has_its_country(number: str, country: str) -> None:
    assert countries_of([number]) == {country}

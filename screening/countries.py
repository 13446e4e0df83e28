"""The countries of numbers."""

import re
from collections.abc import Iterable
from functools import lru_cache

import phonenumbers

UNKNOWN_COUNTRY = "ZZ"

_NORTH_AMERICAN = re.compile(r"\+1([2-9][0-9]{9})", re.ASCII)


def countries_of(numbers: Iterable[str]) -> set[str]:
    """Return the countries of numbers in E.164 as two capital letters, `ZZ` for a number whose country is unknown."""
    return {_country_of(number) for number in numbers}


@lru_cache(maxsize=10_000)
def _country_of(number: str) -> str:
    if found := _NORTH_AMERICAN.fullmatch(number):
        # Reading it takes longer than finding its country, and there is nothing to be read in it.
        parsed = phonenumbers.PhoneNumber(country_code=1, national_number=int(found[1]))
    else:
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            return UNKNOWN_COUNTRY
    return phonenumbers.region_code_for_number(parsed) or UNKNOWN_COUNTRY

"""The countries of numbers."""

from collections.abc import Iterable
from functools import lru_cache

import phonenumbers

UNKNOWN_COUNTRY = "ZZ"


def countries_of(numbers: Iterable[str]) -> set[str]:
    """Return the countries of numbers in E.164 as two capital letters, `ZZ` for a number whose country is unknown."""
    return {_country_of(number) for number in numbers}


@lru_cache(maxsize=10_000)
def _country_of(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return UNKNOWN_COUNTRY
    return phonenumbers.region_code_for_number(parsed) or UNKNOWN_COUNTRY

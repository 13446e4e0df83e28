"""Facts as authors write them in tests and fixtures, turned into the gathered facts that checks read.

What is not given is not known, and a check that needs it answers `missing`. Some things are not taken that far:

- An order always has an id: `test` where none is given.
- `portout.countries` and `portout.number_count` follow from `portout.phone_numbers`. Where only they are given, example
  numbers of those countries (of the United States for a count alone) stand in.
- There is one customer as soon as any fact of a customer is given; `customer.count` says otherwise. With none or several
  there is no such thing as the customer's name, and such facts are not used. A customer is not locked unless said so.
- With `history.rejected_at` alone nothing was changed since. `history.rejected_at: never` says that earlier rejections were
  looked for, and there is none.
- Documents given by any fact of theirs are all that there are.
- Without numbers the order counts as one number where PINs are compared. `customer.pin` is the PIN of every number; a
  list gives one per number, blank where there is none.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import cast

import phonenumbers
from pydantic import SecretStr

from screening.countries import countries_of
from screening.facts import CATALOGUE, ClearPin, CustomerFacts, FactType, OrderFacts
from screening.gathered import EarlierRejection, GatheredFacts, documents_in
from screening.named_lists import NamedList
from screening.reading.diagnostics import quoted
from screening.results import FactClass, FactValue

DEFAULT_NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)
"""The moment of a test that gives none: a Wednesday, noon in New York, no holiday."""

NEVER = "never"
"""What `history.rejected_at` may be besides a moment."""

_REJECTED_AT = "history.rejected_at"
_PIN_ON_FILE = "customer.pin"
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SPELLED_OUT = frozenset({"customer.count", _PIN_ON_FILE})
_UNKNOWN_NUMBER = "+0"  # of no country


class GivenFactError(Exception):
    """A fact that no order can have: one sentence without full stop, which shows no secret."""


def fact_value(name: str, value: FactValue) -> FactValue:
    """Return a fact of the catalogue in its own type: whole numbers as int, yes and no as bool, moments as ISO text.

    Raises:
        GivenFactError: there is no such fact, or the value does not fit it.
    """
    if name not in CATALOGUE:
        raise GivenFactError(f"unknown fact {quoted(name)}")
    if value is None:
        return None
    kind = CATALOGUE[name].type
    if kind is FactType.TEXTS or (name == _PIN_ON_FILE and isinstance(value, list)):
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            return value
        raise _misfit(name, "a list", None)
    if isinstance(value, list):
        raise _misfit(name, "one value", None)
    read = {
        FactType.TEXT: (_text, "a text"),
        FactType.NUMBER: (_number, "a whole number"),
        FactType.MOMENT: (_moment, "a date and time with its offset, such as 2026-03-31T22:30:00Z"),
        FactType.FLAG: (_flag, "true, false, yes or no"),
    }
    convert, needed = read[kind]
    found: FactValue = NEVER if (name, value) == (_REJECTED_AT, NEVER) else convert(value)
    if found is None:
        raise _misfit(name, needed, value)
    return found


def gathered_from(
    facts: Mapping[str, FactValue],
    *,
    now: datetime = DEFAULT_NOW,
    zone: tzinfo = UTC,
    lists: Mapping[str, NamedList] | None = None,
) -> GatheredFacts:
    """Gather the facts of an order from what a test or fixture says.

    Args:
        facts: by catalogue name, as texts or already in their type, PINs included; None is not known.
        now: the moment of the screening.
        zone: the time zone of the policy.
        lists: the lists of the policy, by the policy's name for them.

    Raises:
        GivenFactError: a fact does not exist or does not fit its type, or two of them contradict each other.
    """
    given = _Given({name: fact_value(name, value) for name, value in facts.items()})
    order = OrderFacts(
        id=given.text("portout.id") or "test",
        status="pending",
        phone_numbers=_numbers(given),
        support_key=given.text("portout.support_key"),
        authorized_name=given.text("portout.authorized_name"),
        end_user_name=given.text("portout.end_user_name"),
        carrier_name=given.text("portout.carrier_name"),
        spid=given.text("portout.spid"),
        foc_date=given.moment("portout.foc_date"),
        requested_foc_date=given.moment("portout.requested_foc_date"),
        pon=given.text("portout.pon"),
        zip=given.text("portout.zip"),
        inserted_at=given.moment("portout.inserted_at"),
    )
    earlier = _earlier(given)
    attempted = given.text("portout.attempted_pin")
    return GatheredFacts(
        order=order,
        now=now,
        zone=zone,
        customers=_customers(given),
        lists=lists or {},
        number_statuses=given.texts("number.statuses"),
        documents=documents_in(given.known),
        counts=given.counts(),
        history_known=earlier is not None or given.text(_REJECTED_AT) == NEVER,
        earlier=earlier,
        pins=_pins(given, len(order.phone_numbers)),
        attempted_pin=None if attempted is None else SecretStr(attempted),
    )


class _Given:
    """The facts of a test, each in its type."""

    def __init__(self, facts: Mapping[str, FactValue]) -> None:
        self.known = {name: value for name, value in facts.items() if value is not None}

    def text(self, name: str) -> str | None:
        return cast("str | None", self.known.get(name))

    def texts(self, name: str) -> list[str] | None:
        return cast("list[str] | None", self.known.get(name))

    def number(self, name: str) -> int | None:
        return cast("int | None", self.known.get(name))

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        return None if text is None else datetime.fromisoformat(text)

    def counts(self) -> dict[str, int]:
        return {
            name: cast("int", value)
            for name, value in self.known.items()
            if name.startswith("history.") and CATALOGUE[name].type is FactType.NUMBER
        }


def _numbers(given: _Given) -> list[str]:
    numbers = given.texts("portout.phone_numbers")
    countries, count = given.texts("portout.countries"), given.number("portout.number_count")
    if numbers is None:
        examples = [_example_number(country) for country in countries or (["US"] if count else [])]
        numbers = examples if count is None else (examples * count)[:count]
    for name, said, found in (
        ("portout.countries", None if countries is None else set(countries), countries_of(numbers)),
        ("portout.number_count", count, len(numbers)),
    ):
        if said is not None and said != found:
            raise GivenFactError(
                f"{name} contradicts the other facts about the numbers: leave it out, or unset them"
            )
    return list(numbers)


def _example_number(country: str) -> str:
    example = phonenumbers.example_number(country)
    if example is None:
        return _UNKNOWN_NUMBER
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)


def _customers(given: _Given) -> list[CustomerFacts]:
    of_customer = {name for name in given.known if name.startswith("customer.")}
    count = given.number("customer.count")
    if count is None:
        count = 1 if of_customer else 0
    customer = CustomerFacts.model_validate(
        {name.removeprefix("customer."): given.known[name] for name in of_customer - _SPELLED_OUT}
    )
    return [customer] * count


def _pins(given: _Given, number_count: int) -> Sequence[ClearPin | None]:
    on_file = given.known.get(_PIN_ON_FILE)
    if isinstance(on_file, list):
        if number_count not in (0, len(on_file)):
            raise GivenFactError(f"{_PIN_ON_FILE} lists {len(on_file)} PINs for {number_count} numbers")
        texts = on_file
    else:
        texts = [str(on_file or "")] * (number_count or 1)
    return [ClearPin(SecretStr(text)) if text.strip() else None for text in texts]


def _earlier(given: _Given) -> EarlierRejection | None:
    if given.text(_REJECTED_AT) == NEVER:
        return None
    at = given.moment(_REJECTED_AT)
    return None if at is None else EarlierRejection(at=at, changed=given.texts("history.changed") or [])


def _text(value: FactValue) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: FactValue) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE_NUMBER.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _moment(value: FactValue) -> str | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.isoformat() if moment is not None and moment.tzinfo is not None else None


def _flag(value: FactValue) -> bool | None:
    return value if isinstance(value, bool) else _FLAGS.get(str(value))


def _misfit(name: str, needed: str, found: FactValue) -> GivenFactError:
    if found is None or CATALOGUE[name].fact_class is FactClass.SECRET:
        return GivenFactError(f"{name} needs {needed}")
    return GivenFactError(f"{name} needs {needed}, found {quoted(str(found))}")

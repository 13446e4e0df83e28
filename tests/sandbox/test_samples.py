"""The sample orders, numbers and customers."""

import csv
import io

import phonenumbers
import pytest

from sandbox.carrier import Carrier
from sandbox.samples import (
    Act,
    SampleOrder,
    sample_customers_csv,
    sample_numbers,
    sample_orders,
    sample_pins,
    seed,
)
from tests.sandbox.conftest import Client, Hands


def by_key() -> dict[str, SampleOrder]:
    return {sample.key: sample for sample in sample_orders()}


def pins_on_file() -> dict[str, str | None]:
    """The PIN on file by number: of the customer file, else the carrier's."""
    pins = {
        number.phone_number: number.external_pin.get_secret_value() if number.external_pin else None
        for number in sample_numbers()
    }
    for row in csv.DictReader(io.StringIO(sample_customers_csv())):
        if row["pin"]:
            pins |= dict.fromkeys(row["numbers"].split(";"), row["pin"])
    return pins


def attempted(sample: SampleOrder) -> str | None:
    pin = sample.order.attempted_pin
    return pin.get_secret_value() if pin else None


def test_there_is_a_sample_for_each_thing_that_can_come_up() -> None:
    assert set(by_key()) == {
        *("pin-right", "pin-wrong", "pin-absent", "no-pin-on-file", "leading-zeros", "leading-zeros-lost"),
        *("unknown-spid", "blocked-carrier", "name-close", "name-wrong", "several-numbers", "two-customers"),
        *("all-null", "canceled", "nobody-leave", "nobody-deny", "answer-lost", "carrier-busy", "by-signal"),
        "pin-incomplete",
    }
    assert {sample.act for sample in sample_orders()} == set(Act)


def test_samples_are_the_same_every_time_unless_salted() -> None:
    ids = [sample.id for sample in sample_orders()]
    assert ids == [sample.id for sample in sample_orders(silence_after=8)]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {sample.id for sample in sample_orders(salt="again")}


def test_every_sample_has_numbers_of_its_own_that_are_ours() -> None:
    used = [number for sample in sample_orders() for number in sample.order.phone_numbers or ()]
    assert len(set(used)) == len(used)
    assert set(used) == {number.phone_number for number in sample_numbers()}


def test_every_number_is_valid_american_and_fictional() -> None:
    for number in sample_numbers():
        parsed = phonenumbers.parse(number.phone_number)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.region_code_for_number(parsed) == "US"
        assert number.phone_number[-7:-2] == "55501"


def test_the_customer_file_covers_every_number_once_and_some_pins() -> None:
    rows = list(csv.DictReader(io.StringIO(sample_customers_csv())))
    assert list(rows[0]) == [
        *("customer_id", "name", "business_name", "authorized_names", "tags", "country", "numbers", "pin"),
    ]
    numbers = [number for row in rows for number in row["numbers"].split(";")]
    assert sorted(numbers) == sorted(number.phone_number for number in sample_numbers())
    assert any(row["pin"] for row in rows)
    only_at_the_carrier = [number for number in sample_numbers() if number.external_pin]
    assert only_at_the_carrier
    in_file = {number for row in rows if row["pin"] for number in row["numbers"].split(";")}
    assert not in_file & {number.phone_number for number in only_at_the_carrier}


@pytest.mark.parametrize(
    "key",
    [
        *("pin-right", "leading-zeros", "unknown-spid", "blocked-carrier", "name-close", "name-wrong"),
        *("several-numbers", "answer-lost", "carrier-busy", "pin-incomplete"),
    ],
)
def test_where_the_story_says_so_the_pin_is_right_for_every_number(key: str) -> None:
    sample = by_key()[key]
    on_file = pins_on_file()
    assert {on_file[number] for number in sample.order.phone_numbers or ()} == {attempted(sample)}


@pytest.mark.parametrize("key", ["pin-wrong", "leading-zeros-lost"])
def test_where_the_story_says_so_the_pin_is_wrong(key: str) -> None:
    sample = by_key()[key]
    (number,) = sample.order.phone_numbers or ()
    assert attempted(sample) not in (None, pins_on_file()[number])


@pytest.mark.parametrize(
    "key", ["pin-absent", "all-null", "canceled", "nobody-leave", "nobody-deny", "by-signal"]
)
def test_where_the_story_says_so_a_pin_on_file_meets_none(key: str) -> None:
    sample = by_key()[key]
    (number,) = sample.order.phone_numbers or ()
    assert attempted(sample) is None
    assert pins_on_file()[number] is not None


def test_no_pin_on_file_means_that_neither_side_has_one() -> None:
    (number,) = by_key()["no-pin-on-file"].order.phone_numbers or ()
    assert pins_on_file()[number] is None


def test_two_customers_are_two() -> None:
    owners = {
        row["customer_id"]
        for row in csv.DictReader(io.StringIO(sample_customers_csv()))
        if set(row["numbers"].split(";")) & set(by_key()["two-customers"].order.phone_numbers or ())
    }
    assert len(owners) == 2


def test_the_pins_to_search_for_are_long_enough_to_be_nothing_else() -> None:
    pins = sample_pins()
    assert min(len(pin) for pin in pins) >= 8
    used = {attempted(sample) for sample in sample_orders()} | set(pins_on_file().values())
    assert used - {None, "0042"} == set(pins)


def test_no_sample_shows_a_pin_when_it_is_printed() -> None:
    text = f"{sample_orders()} {sample_numbers()}"
    assert not [pin for pin in sample_pins() if pin in text]


async def test_a_seeded_carrier_has_the_orders_numbers_and_faults(client: Client, carrier: Carrier) -> None:
    samples = seed(carrier)
    pending = await client.data("/portouts", {"filter[status]": "pending", "page[size]": 250})
    assert {order["id"] for order in pending} == {sample.id for sample in samples}
    assert len(await client.data("/phone_numbers", {"page[size]": 250})) == len(sample_numbers())
    busy = by_key()["carrier-busy"].id
    statuses = [(await client.patch(busy, "authorized", reason="Yes.")).status_code for _ in range(2)]
    assert statuses == [429, 200]


async def test_a_carrier_can_be_seeded_again_with_another_salt(carrier: Carrier) -> None:
    first = seed(carrier)
    second = seed(carrier, salt="again")
    assert len(carrier.truths()) == len(first) + len(second)


async def test_seeded_orders_can_have_a_short_window(client: Client, carrier: Carrier, hands: Hands) -> None:
    seed(carrier, silence_after=8)
    hands.turn(8)
    assert await client.data("/portouts", {"filter[status]": "pending"}) == []

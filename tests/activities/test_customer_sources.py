"""Customers and PINs from several sources: the operator's order counts, and a source that fails is an error."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from activities.concluding import ConcludingActivities
from activities.contracts import ConcludeInput, Opened
from activities.opening import HOLDER_TRIES, UNKNOWN_HOLDERS
from activities.pins import pins_on_file, reveals_pin
from records.directory import Directory
from records.errors import DirectoryFailed
from tests.activities.parts import Parts, to_open, tried
from tests.activities.screening_desk import NUMBER, OTHER, Desk, add_customers
from tests.directory import TOKEN, OwnDirectory, own_directory
from tests.service import RIGHT_PIN

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
AWAY = (503, b"")
LOCK: dict[str, Any] = {"account_lock": {}}
PIN: dict[str, Any] = {"pin": {}}


@pytest.fixture
def told(parts: Parts) -> Iterator[OwnDirectory]:
    """The directory, the last source of the parts."""
    with own_directory() as told:
        customers = parts.records.customers
        customers.directory = Directory(told.url, SecretStr(TOKEN))
        customers.sources = ("tables", "telnyx", "directory")
        yield told


async def test_the_rules_see_the_customer_whom_only_the_directory_knows(
    parts: Parts, told: OwnDirectory
) -> None:
    told.customers[NUMBER] = {"customer_id": "c1", "name": "Ann Smith", "locked": True, "lock_why": "Travels"}
    told.customers[OTHER] = {"customer_id": "c2"}
    desk = Desk.under(parts, r=LOCK)
    locked = await desk.screen(parts.place())
    assert (locked.result, locked.facts["customer.lock_why"]) == ("locked", "Travels")
    unsaid = await desk.screen(parts.place(phone_numbers=[OTHER]))
    assert (unsaid.result, unsaid.facts["customer.locked"]) == ("missing", None)
    assert (await desk.open(parts.place(phone_numbers=[NUMBER, OTHER]))).several_customers


async def test_what_the_tables_know_is_not_asked_elsewhere(parts: Parts, told: OwnDirectory) -> None:
    add_customers(parts, f"c1,{NUMBER},Ann Smith")
    told.answer = AWAY
    assert (await Desk.under(parts, r=LOCK).screen(parts.place())).result == "unlocked"
    assert told.asked == []


@pytest.mark.parametrize(
    ("sources", "result"),
    [
        (("tables", "telnyx", "directory"), "match"),
        (("directory", "telnyx"), "mismatch"),
        (("tables",), "not_set"),
    ],
)
async def test_the_first_source_that_has_a_pin_decides_by_it(
    parts: Parts, told: OwnDirectory, sources: tuple[str, ...], result: str
) -> None:
    parts.records.customers.sources = sources
    told.customers[NUMBER] = {"customer_id": "c1", "pin": "0000"}
    assert (await Desk.under(parts, r=PIN).screen(parts.place())).result == result


@pytest.mark.parametrize(
    ("holder", "in_tables", "result"),
    [("c1", "c1", "match"), ("new", "old", "not_set")],
    ids=["same customer", "another"],
)
async def test_a_pin_counts_only_if_it_is_the_holders(
    parts: Parts, told: OwnDirectory, holder: str, in_tables: str, result: str
) -> None:
    customers = parts.records.customers
    customers.sources = ("directory", "tables")
    told.customers[NUMBER] = {"customer_id": holder}
    add_customers(parts, f"{in_tables},{NUMBER},Ann Smith")
    customers.set_pin(in_tables, SecretStr(RIGHT_PIN), NOW, by="ann")
    [on_file] = await pins_on_file(parts.telnyx, parts.records, [NUMBER])
    assert (on_file is not None) == (result == "match")
    assert (await Desk.under(parts, r=PIN).screen(parts.place())).result == result


async def test_the_carriers_pin_counts_whoever_holds_the_number(parts: Parts, told: OwnDirectory) -> None:
    customers = parts.records.customers
    customers.sources = ("directory", "tables", "telnyx")
    told.customers[NUMBER] = {"customer_id": "new"}
    add_customers(parts, f"old,{NUMBER},Ann Smith")
    customers.set_pin("old", SecretStr("0000"), NOW, by="ann")
    assert (await Desk.under(parts, r=PIN).screen(parts.place())).result == "match"


async def test_a_pin_that_only_the_directory_has_is_found(parts: Parts, told: OwnDirectory) -> None:
    told.customers[OTHER] = {"customer_id": "c1", "pin": RIGHT_PIN}
    parts.sandbox.add_number(phone_number=OTHER)
    desk = Desk.under(parts, r=PIN)
    assert (await desk.screen(parts.place(phone_numbers=[OTHER]))).result == "match"


async def test_a_directory_that_fails_is_no_customer_without_a_lock_and_no_number_without_a_pin(
    parts: Parts, told: OwnDirectory
) -> None:
    parts.sandbox.add_number(phone_number=OTHER)
    desk = Desk.under(parts, lock=LOCK, pin=PIN)
    opened = await desk.open(parts.place(phone_numbers=[OTHER]))
    customers = parts.records.customers
    customers.directory = Directory(told.url, SecretStr(TOKEN))  # what it said is forgotten
    told.answer = AWAY
    for rule in ("lock", "pin"):
        with pytest.raises(DirectoryFailed, match="it answered 503"):
            await desk.ask(opened, rule)
    assert parts.records.attempts.event_ids(opened.order.id) == set()


async def opened_in_the_end(parts: Parts, order: str) -> Opened:
    with pytest.raises(DirectoryFailed):
        await tried(parts.opening().open, to_open(order), attempt=HOLDER_TRIES - 1)
    return await tried(parts.opening().open, to_open(order), attempt=HOLDER_TRIES)


async def test_an_order_is_opened_for_review_when_nobody_can_say_whose_numbers_it_asks_for(
    parts: Parts, told: OwnDirectory
) -> None:
    told.answer = AWAY
    opened = await opened_in_the_end(parts, parts.place())
    assert opened.review_because == [UNKNOWN_HOLDERS]
    assert [text for text in parts.incidents() if "customer directory" in text] == parts.incidents() != []


async def test_such_an_order_is_concluded_and_its_customers_stay_unsaid(
    parts: Parts, told: OwnDirectory
) -> None:
    told.answer = AWAY
    opened = await opened_in_the_end(parts, parts.place())
    concluding = ConcludingActivities(parts.telnyx, parts.records, parts.shelf, parts.board, parts.timing)
    given = ConcludeInput(opened=opened, results=[], step="s", now=to_open("").now)
    with pytest.raises(DirectoryFailed):
        await tried(concluding.conclude, given, attempt=HOLDER_TRIES - 1)
    assert (await tried(concluding.conclude, given, attempt=HOLDER_TRIES)).outcome == "review"
    [entry] = parts.records.ledger.entries(opened.order.id)
    assert entry.personal is not None
    assert "customers" not in entry.personal


async def test_words_without_digits_may_leave_while_the_directory_is_away(
    parts: Parts, told: OwnDirectory
) -> None:
    told.answer = AWAY
    parts.sandbox.add_number(phone_number=OTHER)
    order = parts.place(phone_numbers=[OTHER])
    revealing = [
        await reveals_pin(parts.telnyx, parts.records, order, [OTHER], text)
        for text in ("The holder did not ask for this.", "The PIN is 4821.")
    ]
    assert revealing == [False, True]


@pytest.mark.parametrize(
    ("text", "revealing"),
    [
        ("They said 1234.", True),
        ("They said 1, 2, 3 and then no more.", False),
        ("1 " + "Then they called again. " * 200, True),
        ("Then they called again. " * 200, False),
    ],
)
async def test_a_pin_on_file_with_gaps_is_seen_without_them_and_a_text_too_long_to_read_may_hold_it(
    parts: Parts, text: str, revealing: bool
) -> None:
    parts.sandbox.add_number(phone_number=OTHER, external_pin="12-34")
    order = parts.place(phone_numbers=[OTHER])
    assert await reveals_pin(parts.telnyx, parts.records, order, [OTHER], text) is revealing

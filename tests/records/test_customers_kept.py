"""What is kept about customers: locks, changes, exports, and PINs while their key is replaced."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
from pydantic import SecretStr

from records import customers, customers_stored
from records.customer_record import Lock
from records.customers import Customers, OldPin, PinKeys
from records.customers_changes import Action, Change
from records.customers_export import write_csv, write_json_lines
from records.customers_import import ImportReport, Plan
from records.customers_stored import Stored
from records.errors import BadKey, FileRefused, LockRefused
from records.store import Records
from tests.records.conftest import NOW, OTHER_KEY, PIN_KEY, Open

ANN = {
    "customer_id": "c1",
    "name": "Ann Lee",
    "authorized_names": ["Bob Roe"],
    "emails": ["ann@example.com"],
    "contact_phones": ["+13125550100"],
    "numbers": ["+13125550142", "+13125550143"],
    "pin": "0042",
}
DAN = {"customer_id": "c2", "numbers": ["+13125550199"]}
Write = Callable[[Iterable[Stored], TextIO], int]
LATER = NOW + timedelta(days=1)
BOTH_KEYS = SecretStr(f"{OTHER_KEY.get_secret_value()},{PIN_KEY.get_secret_value()}")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "customers.jsonl"


@pytest.fixture
def filled(records: Records, lines: Path) -> Records:
    again(records, lines, ANN, DAN)
    return records


def again(
    records: Records, lines: Path, *customers: Mapping[str, object], dry_run: bool = False, by: str = "ann"
) -> ImportReport:
    lines.write_text("".join(json.dumps(customer) + "\n" for customer in customers))
    at = NOW if not records.customers.find(["+13125550199"])[0].customer else LATER
    return records.customers.import_file(lines, at, by=by, dry_run=dry_run)


def export(customers: Customers, write: Write = write_json_lines) -> str:
    stream = io.StringIO()
    write(customers.all(), stream)
    return stream.getvalue()


def test_a_lock_says_since_when_by_whom_and_why_and_ends(filled: Records) -> None:
    filled.customers.lock("+13125550142", LATER, by="dana", why="Travels")
    assert filled.customers.show("c1").customer.lock == Lock(LATER, "dana", "Travels")
    with pytest.raises(LockRefused, match="locked already, since 2026-03-03 15:30 UTC by dana"):
        filled.customers.lock("c1", LATER, by="eve", why="Again")
    filled.customers.unlock("c1", LATER, by="bob", why="Is back")
    assert filled.customers.show("c1").customer.lock is None
    with pytest.raises(LockRefused, match="not locked"):
        filled.customers.unlock("c1", LATER, by="bob", why="Again")
    locked, unlocked = filled.customers.history("c1")[1:]
    assert (locked.action, locked.by, locked.why, locked.at) == (Action.LOCKED, "dana", "Travels", LATER)
    assert (unlocked.action, unlocked.by, unlocked.why) == (Action.UNLOCKED, "bob", "Is back")
    assert Change("lock_why", "Travels", None) in unlocked.changes
    assert (locked.token, unlocked.token) == (None, None)


def test_the_token_that_proves_who_locks_or_unlocks_is_kept(filled: Records) -> None:
    filled.customers.lock("c1", LATER, by="dana", why="Travels", token="t1")
    filled.customers.unlock("c1", LATER, by="robin", why="Is back", token="t2")
    assert [change.token for change in filled.customers.history("c1")] == [None, "t1", "t2"]


def test_a_file_can_lock_and_only_a_command_unlocks(filled: Records, lines: Path) -> None:
    again(filled, lines, {"customer_id": "c1", "locked_at": "2026-03-01", "lock_why": "Asked by letter"})
    lock = Lock(NOW.replace(day=1, hour=0, minute=0), "ann", "Asked by letter")
    assert filled.customers.show("c1").customer.lock == lock
    for told in (None, "2026-03-02"):
        assert again(filled, lines, {"customer_id": "c1", "locked_at": told}).unchanged == 1
    assert filled.customers.show("c1").customer.lock == lock


def test_no_reason_for_a_lock_contains_the_customers_pin(filled: Records, lines: Path) -> None:
    with pytest.raises(LockRefused, match=r"contains the PIN of this customer") as refused:
        filled.customers.lock("c1", LATER, by="dana", why="PIN 0042, was phished")
    assert "0042" not in str(refused.value)
    filled.customers.lock("c1", LATER, by="dana", why="PIN was phished 3 times")
    with pytest.raises(LockRefused, match="contains the PIN"):
        filled.customers.unlock("c1", LATER, by="dana", why="No more:0042")
    told = {"locked_at": "2026-03-01", "lock_why": "0042 and 7391824 were phished"}
    for row in ({"customer_id": "c1"}, {**DAN, "pin": "7391824"}):
        with pytest.raises(FileRefused, match="column lock_why: the text contains the PIN"):
            again(filled, lines, {**row, **told})
    assert "0042" not in str(filled.customers.history("c1"))


@pytest.mark.usefixtures("filled")
def test_a_reason_beside_a_pin_that_cannot_be_compared_has_no_digits(open_records: Open) -> None:
    other = open_records(pin_key=OTHER_KEY).customers
    with pytest.raises(LockRefused, match="may contain the PIN on file"):
        other.lock("c1", LATER, by="dana", why="PIN 0042 was phished")
    other.lock("c1", LATER, by="dana", why="PIN was phished")


def test_each_change_of_a_customer_is_in_its_history_with_who_and_how(filled: Records, lines: Path) -> None:
    changed = {**ANN, "name": "Ann Roe", "emails": [], "pin": "0043", "numbers": ["+13125550142"]}
    report = again(filled, lines, changed, DAN, by="eve")
    fields = {"emails": 1, "name": 1, "numbers": 1, "pin": 1}
    assert report == ImportReport(2, 0, 1, 1, fields)
    filled.customers.set_pin("c1", SecretStr("7391824"), LATER, by="dana")
    added, from_file, pin = filled.customers.history("+13125550142")
    assert (added.action, added.by, added.file, added.at) == (Action.ADDED, "ann", "customers.jsonl", NOW)
    assert (from_file.action, from_file.by, from_file.file) == (Action.CHANGED, "eve", "customers.jsonl")
    assert from_file.changes == [
        Change("name", "Ann Lee", "Ann Roe"),
        Change("emails", ["ann@example.com"], []),
        Change("numbers", ["+13125550142", "+13125550143"], ["+13125550142"]),
        Change("pin", None, None),
    ]
    assert (pin.action, pin.by, pin.changes) == (Action.PIN_SET, "dana", [])
    assert [change.action for change in filled.customers.history("c2")] == [Action.ADDED]


def test_changed_channels_are_dated(filled: Records, lines: Path) -> None:
    again(filled, lines, {"customer_id": "c1", "emails": ["eve@example.com"]})
    details = filled.customers.show("c1")
    assert (details.customer.email_changed_at, details.customer.contact_changed_at) == (LATER, None)
    assert (details.emails, details.contact_phones) == (["eve@example.com"], ["+13125550100"])
    again(filled, lines, {"customer_id": "c1", "contact_phones": None})
    assert filled.customers.show("c1").customer.contact_changed_at == LATER


def test_a_date_of_change_is_taken_over_and_never_set_back_or_ahead(filled: Records, lines: Path) -> None:
    for told in ("2026-03-01", None, "2026-02-01"):
        again(filled, lines, {"customer_id": "c1", "sim_changed_at": told})
        assert filled.customers.show("c1").customer.sim_changed_at == NOW.replace(day=1, hour=0, minute=0)
    with pytest.raises(FileRefused, match="this date is still to come"):
        again(filled, lines, {"customer_id": "c1", "sim_changed_at": "2026-03-06"})


def test_a_new_customer_must_say_which_numbers(filled: Records, lines: Path) -> None:
    with pytest.raises(FileRefused, match="line 2, column numbers: this customer is new"):
        again(filled, lines, {"customer_id": "c1", "name": "Ann"}, {"customer_id": "c3", "name": "Cy"})
    assert filled.customers.show("c1").customer.name == "Ann Lee"


def test_a_number_of_somebody_whose_numbers_the_file_does_not_tell_is_refused(
    filled: Records, lines: Path
) -> None:
    with pytest.raises(FileRefused, match="belongs to customer c1 already"):
        again(filled, lines, {"customer_id": "c1", "name": "Ann"}, {**DAN, "numbers": ["+13125550142"]})


def test_a_dry_run_says_the_same_and_changes_nothing(filled: Records, lines: Path) -> None:
    before = export(filled.customers)
    changes = ({**ANN, "name": "Ann Roe", "pin": "9"}, {"customer_id": "c3", "numbers": []})
    told = again(filled, lines, *changes, dry_run=True)
    assert export(filled.customers) == before
    assert again(filled, lines, *changes) == told


def test_what_changed_between_comparing_and_writing_is_compared_anew(
    filled: Records, lines: Path, open_records: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, plans = open_records(), list[Plan]()

    def locked_after_the_first_plan(*given: Any, **named: Any) -> Plan:
        plans.append(Plan(*given, **named))
        if len(plans) == 1:
            other.customers.lock("c1", LATER, by="dana", why="Travels")
        return plans[-1]

    monkeypatch.setattr(customers, "Plan", locked_after_the_first_plan)
    again(filled, lines, {"customer_id": "c1", "name": "Ann Roe"})
    customer = filled.customers.show("c1").customer
    assert (customer.name, customer.lock) == ("Ann Roe", Lock(LATER, "dana", "Travels"))
    assert len(plans) == 2


@pytest.mark.parametrize(("write", "suffix"), [(write_csv, ".csv"), (write_json_lines, ".jsonl")])
def test_an_export_imports_as_nothing_new_and_holds_no_pin(
    filled: Records, tmp_path: Path, write: Write, suffix: str
) -> None:
    filled.customers.lock("c2", LATER, by="dana", why="Travels, with a comma")
    file = tmp_path / f"export{suffix}"
    file.write_text(export(filled.customers, write))
    assert 'pin"' not in file.read_text()
    assert ",pin," not in file.read_text()
    report = filled.customers.import_file(file, LATER, by="ann")
    assert report == ImportReport(2, 0, 0, 2, {})


def test_under_a_second_key_pins_are_compared_and_carried_over_when_they_come_again(
    filled: Records, lines: Path, open_records: Open
) -> None:
    filled.customers.set_pin("c2", SecretStr("1234"), NOW, by="ann")
    both = open_records(pin_key=BOTH_KEYS)
    pin = both.customers.show("c1").customer.pin
    assert pin is not None
    assert (pin.matches(SecretStr("0042")), pin.matches(SecretStr("42"))) == (True, False)
    assert both.customers.pin_keys() == PinKeys(0, 2, 0)
    assert [sentence for sentence in both.warnings() if "second PORTOUT_PIN_KEY" in sentence]
    assert both.customers.old_pins() == [
        OldPin("c1", ["+13125550142", "+13125550143"], True),
        OldPin("c2", ["+13125550199"], True),
    ]
    assert again(both, lines, ANN).fields == {"pin_key": 1}
    assert both.customers.carry_over_pin("c2", [SecretStr("9999")], LATER, by="ann") is False
    assert both.customers.carry_over_pin("c2", [SecretStr("1234")], LATER, by="ann") is True
    assert both.customers.show("c1").customer.pin_changed_at is None
    assert both.customers.show("c2").customer.pin_changed_at == NOW
    new = open_records(pin_key=OTHER_KEY)
    assert new.customers.pin_keys() == PinKeys(2, 0, 0)
    assert new.warnings() == []
    pin = new.customers.show("c2").customer.pin
    assert pin is not None
    assert pin.matches(SecretStr("1234"))


def test_a_pin_of_a_key_that_is_not_set_is_counted_and_not_carried_over(
    filled: Records, open_records: Open
) -> None:
    del filled
    new = open_records(pin_key=OTHER_KEY)
    assert new.customers.pin_keys() == PinKeys(0, 0, 1)
    assert [old.comparable for old in new.customers.old_pins()] == [False]
    assert new.customers.carry_over_pin("c1", [SecretStr("0042")], LATER, by="ann") is False


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (f"{PIN_KEY.get_secret_value()},{PIN_KEY.get_secret_value()}", "the same key twice"),
        (",".join([PIN_KEY.get_secret_value()] * 3), "has 3 keys"),
        (f"{PIN_KEY.get_secret_value()},rubbish", "not base64"),
    ],
)
def test_two_keys_that_cannot_be_are_refused_unseen(open_records: Open, keys: str, sentence: str) -> None:
    with pytest.raises(BadKey, match=sentence) as caught:
        open_records(pin_key=SecretStr(keys))
    assert PIN_KEY.get_secret_value() not in str(caught.value)


def test_a_large_file_is_compared_as_a_small_one_is(
    filled: Records, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers_stored, "_MANY", 0)
    again(filled, lines, {"customer_id": "c3", "numbers": ["+13125550177"]})
    assert again(filled, lines, {**ANN, "name": "Ann Roe"}, DAN).fields == {"name": 1}
    with pytest.raises(FileRefused, match=r"\+13125550177 belongs to customer c3 already"):
        again(filled, lines, {**DAN, "numbers": ["+13125550177"]})

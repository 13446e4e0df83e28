"""Customers on file: found by number, PINs hashed."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from records.customer_record import CustomerRecord, Lock
from records.customers_import import ImportReport
from records.errors import BadKey, BadPin, FileRefused, UnknownCustomer
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY, Open

HEADER = "customer_id,name,business_name,authorized_names,tags,country,numbers,pin\n"
ANN = "c1,Ann Lee,Lee Ltd,Bob Roe;Cy Poe,vip;eu,US,(312) 555-0142;+1 312 555 0143,0042\n"
DAN = "c2,Dan Fox,,,,US,3125550199,\n"
LATER = NOW + timedelta(days=1)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(HEADER + ANN + DAN, "utf-8")
    return path


@pytest.fixture
def filled(records: Records, csv: Path) -> Records:
    assert records.customers.import_file(csv, NOW, by="ann") == ImportReport(
        rows=2, added=2, changed=0, unchanged=0, fields={}
    )
    return records


def holder(records: Records, number: str) -> CustomerRecord:
    (match,) = records.customers.find([number])
    assert match.customer is not None
    return match.customer


def again(records: Records, csv: Path, text: str) -> ImportReport:
    csv.write_text(text, "utf-8")
    return records.customers.import_file(csv, LATER, by="ann")


def test_a_customer_is_found_by_each_number(filled: Records) -> None:
    customer = holder(filled, "+13125550143")
    assert (customer.id, customer.name, customer.business_name) == ("c1", "Ann Lee", "Lee Ltd")
    assert (customer.authorized_names, customer.tags, customer.country) == (
        ["Bob Roe", "Cy Poe"],
        ["eu", "vip"],
        "US",
    )
    assert customer.lock is None


def test_numbers_come_back_in_the_order_asked_known_or_not(filled: Records) -> None:
    asked = ["+13125550199", "+19998887777", "+13125550142", "+13125550199"]
    matches = filled.customers.find(asked)
    assert [match.number for match in matches] == asked
    assert [match.customer and match.customer.id for match in matches] == ["c2", None, "c1", "c2"]
    assert filled.customers.find([]) == []


def test_thousands_of_numbers_are_found_in_one_call(filled: Records) -> None:
    many = [f"+1312{number:07}" for number in range(1200)]
    assert sum(match.customer is not None for match in filled.customers.find([*many, "+13125550142"])) == 1


def test_leading_zeros_of_a_pin_count(filled: Records) -> None:
    pin = holder(filled, "+13125550142").pin
    assert pin is not None
    assert pin.matches(SecretStr("0042"))
    assert not pin.matches(SecretStr("42"))


def test_no_pin_on_file_is_none(filled: Records) -> None:
    assert holder(filled, "+13125550142").has_pin
    assert not holder(filled, "+13125550199").has_pin


def test_pins_are_in_no_file_of_the_database(filled: Records, file: Path, csv: Path) -> None:
    again(filled, csv, HEADER + ANN.replace("0042", "7391xyz82"))
    filled.close()
    csv.unlink()
    assert all(b"7391xyz82" not in path.read_bytes() for path in file.parent.iterdir() if path.is_file())


def test_nothing_prints_who_a_customer_is(filled: Records) -> None:
    shown = f"{holder(filled, '+13125550142')!r}"
    assert not [name for name in ("Ann", "Lee", "Bob", "0042") if name in shown]


def test_a_lock_is_told_with_since_by_and_why(filled: Records, url: str) -> None:
    behind_its_back(
        url,
        "UPDATE customers SET locked_at = '2026-03-02T15:30:00.000000Z', locked_by = 'ann', lock_why = 'travel'",
    )
    assert holder(filled, "+13125550142").lock == Lock(NOW, "ann", "travel")


@pytest.mark.parametrize("wanted", ["c1", " c1 ", "+13125550142", "13125550142", "+1 (312) 555-0142"])
def test_show_takes_an_id_or_a_number_as_people_write_it(filled: Records, wanted: str) -> None:
    details = filled.customers.show(wanted)
    assert details.customer.id == "c1"
    assert details.numbers == ["+13125550142", "+13125550143"]


@pytest.mark.parametrize("wanted", ["c9", "+13125550000", "", "nobody"])
def test_an_unknown_customer_is_one_sentence(filled: Records, wanted: str) -> None:
    with pytest.raises(UnknownCustomer, match="There is no customer with the id or number"):
        filled.customers.show(wanted)


def test_setting_a_pin_dates_the_change(filled: Records) -> None:
    filled.customers.set_pin("c2", SecretStr(" 0007 "), LATER, by="ann")
    customer = holder(filled, "+13125550199")
    assert customer.pin is not None
    assert customer.pin.matches(SecretStr("0007"))
    assert customer.pin_changed_at == LATER


def test_setting_the_same_pin_dates_nothing(filled: Records) -> None:
    filled.customers.set_pin("+13125550142", SecretStr("0042"), LATER, by="ann")
    assert holder(filled, "+13125550142").pin_changed_at is None


def test_a_pin_that_cannot_be_or_has_no_customer_is_not_set(filled: Records) -> None:
    with pytest.raises(BadPin):
        filled.customers.set_pin("c1", SecretStr(" "), LATER, by="ann")
    with pytest.raises(UnknownCustomer):
        filled.customers.set_pin("c9", SecretStr("1234"), LATER, by="ann")


@pytest.mark.usefixtures("filled")
def test_a_pin_of_another_key_cannot_be_judged_and_can_be_set_anew(open_records: Open) -> None:
    later = open_records(pin_key=OTHER_KEY)
    pin = holder(later, "+13125550142").pin
    assert pin is not None
    with pytest.raises(BadKey, match="another PORTOUT_PIN_KEY"):
        pin.matches(SecretStr("0042"))
    assert [sentence for sentence in later.warnings() if "PORTOUT_PIN_KEY" in sentence]
    later.customers.set_pin("c1", SecretStr("0042"), LATER, by="ann")
    assert later.warnings() == []


@pytest.mark.usefixtures("filled")
def test_without_a_key_customers_are_found_and_no_pin_is_set(open_records: Open) -> None:
    keyless = open_records(pin_key=None)
    assert holder(keyless, "+13125550142").has_pin
    with pytest.raises(BadKey, match="PORTOUT_PIN_KEY is not set"):
        keyless.customers.set_pin("c2", SecretStr("1234"), LATER, by="ann")


def test_the_first_import_is_no_change_of_anything(filled: Records) -> None:
    customer = holder(filled, "+13125550142")
    assert (customer.pin_changed_at, customer.contact_changed_at) == (None, None)


def test_the_same_file_again_changes_no_date(filled: Records, csv: Path) -> None:
    assert filled.customers.import_file(csv, LATER, by="ann") == ImportReport(
        rows=2, added=0, changed=0, unchanged=2, fields={}
    )
    customer = holder(filled, "+13125550142")
    assert (customer.pin_changed_at, customer.contact_changed_at) == (None, None)
    assert customer.authorized_names == ["Bob Roe", "Cy Poe"]


def test_a_changed_pin_and_changed_contacts_are_dated(filled: Records, csv: Path) -> None:
    again(filled, csv, HEADER + ANN.replace("0042", "0043").replace("Cy Poe", "Cy Pond"))
    customer = holder(filled, "+13125550142")
    assert (customer.pin_changed_at, customer.contact_changed_at) == (LATER, LATER)
    assert customer.authorized_names == ["Bob Roe", "Cy Pond"]
    assert customer.pin is not None
    assert customer.pin.matches(SecretStr("0043"))


def test_a_first_pin_of_a_known_customer_is_a_change(filled: Records, csv: Path) -> None:
    again(filled, csv, HEADER + DAN.replace("3125550199,", "3125550199,1234"))
    assert holder(filled, "+13125550199").pin_changed_at == LATER


def test_absent_columns_leave_their_fields_and_empty_cells_empty_them_but_not_the_pin(
    filled: Records, csv: Path
) -> None:
    again(filled, csv, "customer_id,numbers,name,pin\nc1,+13125550142,,\n")
    customer = holder(filled, "+13125550142")
    assert customer.name is None
    assert (customer.business_name, customer.tags) == ("Lee Ltd", ["eu", "vip"])
    assert customer.authorized_names == ["Bob Roe", "Cy Poe"]
    assert customer.pin is not None
    assert customer.pin.matches(SecretStr("0042"))
    assert filled.customers.find(["+13125550143"])[0].customer is None, "the row says which numbers it has"


def test_customers_whom_the_file_does_not_name_stay(filled: Records, csv: Path) -> None:
    again(filled, csv, "customer_id,numbers\nc3,+13125550177\n")
    assert holder(filled, "+13125550142").name == "Ann Lee"


def test_a_number_of_a_customer_outside_the_file_is_refused_with_both_named(
    filled: Records, csv: Path
) -> None:
    with pytest.raises(FileRefused) as caught:
        again(filled, csv, "customer_id,numbers\nc3,+13125550177\nc4,+13125550142;+13125550178\n")
    (fault,) = caught.value.errors
    assert (fault.line, fault.column) == (3, "numbers")
    assert "+13125550142 belongs to customer c1 already" in fault.sentence
    assert filled.customers.find(["+13125550177"])[0].customer is None, "nothing of the file is stored"


def test_a_number_moves_when_the_file_names_both(filled: Records, csv: Path) -> None:
    again(filled, csv, "customer_id,numbers\nc3,+13125550142\nc1,+13125550143\n")
    assert holder(filled, "+13125550142").id == "c3"
    assert filled.customers.show("c1").numbers == ["+13125550143"]


def test_faults_of_the_file_and_of_the_database_come_together(filled: Records, csv: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        again(filled, csv, "customer_id,numbers\nc3,+13125550142\nc4,rubbish\nc5,+13125550199\n")
    assert [fault.line for fault in caught.value.errors] == [2, 3, 4]
    assert str(caught.value).startswith(
        "customers.csv was not imported: 3 faults, the first at line 2, column numbers"
    )


def test_a_header_alone_imports_nobody(records: Records, csv: Path) -> None:
    assert again(records, csv, HEADER) == ImportReport(0, 0, 0, 0, {})


def test_a_thousand_customers_are_imported_and_updated_whole(records: Records, csv: Path) -> None:
    rows = "".join(f"c{n},Name {n},,A{n};B{n},t,US,+1312{5550000 + n},{n:04}\n" for n in range(1000))
    assert again(records, csv, HEADER + rows) == ImportReport(1000, 1000, 0, 0, {})
    assert again(records, csv, HEADER + rows) == ImportReport(1000, 0, 0, 1000, {})
    customer = holder(records, "+13125550777")
    assert (customer.id, customer.authorized_names, customer.contact_changed_at) == (
        "c777",
        ["A777", "B777"],
        None,
    )
    assert customer.pin is not None
    assert customer.pin.matches(SecretStr("0777"))

"""Reading customers: every fault with its place, in one pass, and no PIN in any of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.customers_files import read_customers
from records.customers_rows import CustomerFile, CustomerRow, e164
from records.errors import FileRefused, RowError

HEADER = "customer_id,name,business_name,authorized_names,tags,country,numbers,pin\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def read(path: Path, content: str | bytes, *, may_hold_pins: bool = True) -> CustomerFile:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_customers(path, may_hold_pins=may_hold_pins)


def refusal(path: Path, content: str | bytes) -> str:
    with pytest.raises(FileRefused) as caught:
        read(path, content)
    return str(caught.value)


def row(path: Path, content: str) -> CustomerRow:
    file = read(path, content)
    assert file.errors == []
    (only,) = file.rows
    return only


def faults(path: Path, content: str | bytes) -> list[tuple[int, str | None, str]]:
    return [(fault.line, fault.column, fault.sentence) for fault in read(path, content).errors]


def test_a_row_is_read_with_its_lists_and_its_country(path: Path) -> None:
    found = row(
        path, HEADER + "c1,Ann Lee,Lee Ltd,Bob Roe; Cy Poe ;,vip;vip,gb,020 7946 0018;+13125550142, 0042 \n"
    )
    assert (found.line, found.customer_id, found.name, found.business_name) == (2, "c1", "Ann Lee", "Lee Ltd")
    assert (found.authorized_names, found.tags, found.country) == (["Bob Roe", "Cy Poe"], ["vip"], "GB")
    assert found.numbers == ["+442079460018", "+13125550142"]
    assert found.pin is not None
    assert found.pin.get_secret_value() == "0042"


def test_columns_come_in_any_order_and_any_case(path: Path) -> None:
    found = row(path, " Numbers ,CUSTOMER_ID,country\n312-555-0142,c1,US\n")
    assert (found.customer_id, found.numbers) == ("c1", ["+13125550142"])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfcustomer_id,numbers,name\r\nc1,+13125550142,Ann Lee\r\n",
        b"customer_id,numbers,name\nc1,+13125550142,Ann Lee",
        b'customer_id,numbers,name\n"c1","+13125550142","Ann\r\nLee"\n',
        b"\n\ncustomer_id,numbers,name\n\n,,\n c1 , +1 312-555-0142 ;;+13125550142, Ann  Lee \n\n",
    ],
    ids=["BOM and CRLF", "no last line end", "quoted newline", "blank lines and spaces"],
)
def test_files_of_any_spreadsheet_are_read(path: Path, content: bytes) -> None:
    found = row(path, content.decode())
    assert (found.customer_id, found.numbers, found.name) == ("c1", ["+13125550142"], "Ann Lee")


def test_lines_are_those_of_the_file_after_quoted_newlines(path: Path) -> None:
    found = faults(path, 'customer_id,numbers,name\nc1,+13125550142,"A\nB\nC"\n\nc2,x,D\n')
    assert [(line, column) for line, column, _ in found] == [(6, "numbers")]


def test_every_fault_of_every_row_is_told_in_one_pass(path: Path) -> None:
    content = HEADER + (
        ",Ann,,,,US,3125550142,\n"
        "c2,Bob,,,,XX,+13125550143,\n"
        "c3,Cy,,,,,3125550144,\n"
        "c4,Dan,,,,US,+13125550145;12;letters,\n"
        "c5,Eve,,,,US,+13125550146\n"
        "c6,Fay,,,,US,+13125550147,,\n"
        "c2,Gus,,,,US,+13125550148,\n"
        "c8,Hal,,,,US,+13125550143,\n"
        "c9,I\u200bda,,,,US,+13125550149,\n"
        "c10,Jo,,,,US,+13125550150," + "9" * 33 + "\n"
        'c11,"Kim" Lee,,,,US,+13125550151,\n'
    )
    assert faults(path, content) == [
        (2, "customer_id", "the cell is empty: every customer needs an id."),
        (3, "country", "this is no country: write its two letters, as in US or GB."),
        (
            4,
            "numbers",
            "number 1 has no + and the row no usable country: write it as in +13125550142.",
        ),
        (
            5,
            "numbers",
            "number 2 is no phone number: write it as in +13125550142; "
            "number 3 is no phone number: write it as in +13125550142.",
        ),
        (
            6,
            None,
            "the row has 7 cells and the header 8: put quotation marks around a cell that holds a comma.",
        ),
        (
            7,
            None,
            "the row has 9 cells and the header 8: put quotation marks around a cell that holds a comma.",
        ),
        (8, "customer_id", "this customer is in line 3 already: give each customer one row."),
        (
            9,
            "numbers",
            "+13125550143 is in line 3 and in line 9: leave it with the customer who holds it.",
        ),
        (10, "name", "the cell holds an invisible character: type it anew."),
        (
            11,
            "pin",
            "The PIN is not 1 to 32 printable characters: give it as the customer knows it.",
        ),
        (12, None, "quotation marks are not closed, or text follows a closing one: correct them."),
    ]


@pytest.mark.parametrize(
    "number", ["1.31255E+10", "+1312555", "+999123456789", "call me", "312555014", "0", "+"]
)
def test_what_is_no_phone_number_is_refused_unseen(path: Path, number: str) -> None:
    ((line, column, sentence),) = faults(path, f"customer_id,numbers,country\nc1,{number},US\n")
    assert (line, column) == (2, "numbers")
    assert sentence == "number 1 is no phone number: write it as in +13125550142."


def test_a_customer_may_have_given_up_all_numbers(path: Path) -> None:
    assert row(path, "customer_id,numbers\nc1,\n").numbers == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty: its first line must name the columns, customer_id, name"),
        (b"\n \n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"c1,Ann Lee,4821,+13125550142\n", "line 1: there is no header"),
        (b"c1,Ann Lee,,,pin,US,+13125550142,4821\n", "line 1: there is no header"),
        (b'customer_id,"numbers" x,pin\n', "line 1: there is no header"),
        (b"customer_id;numbers;pin\nc1;+13125550142;4821\n", "line 1: there is no header"),
        ("customer_id,numbers\n".encode("utf-16"), "line 1: the file is not UTF-8"),
        (b"customer_id,numbers,name\nc1,,Ann\nc2,,Zo\xeb\n", "line 3: the file is not UTF-8: save it as"),
        (b"name,numbers\nAnn,\n", "line 1, column customer_id: the column is missing: add it."),
        (b"customer_id,numbers,numbers\n", "column numbers: the column is there more than once: keep one."),
        (b"customer_id,numbers,\n", "a column has no name: name it, or remove it."),
        (b"customer_id,numbers,colour\n", "column colour: there is no such column: remove it, or use one of"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(path: Path, content: bytes, sentence: str) -> None:
    message = refusal(path, content)
    assert message.startswith("customers.csv was not imported: ")
    assert sentence in message
    assert "4821" not in message


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("customer id", "customer_id"),
        ("authorised_names", "authorized_names"),
        ("tag", "tags"),
        ("pins", "pin"),
    ],
)
def test_an_unknown_column_is_refused_with_the_one_that_was_meant(path: Path, wrong: str, right: str) -> None:
    assert f"column {wrong}: there is no such column: did you mean {right}?" in refusal(
        path, f"numbers,name,{wrong}\n" if right == "customer_id" else f"customer_id,numbers,{wrong}\n"
    )


def test_a_file_that_is_not_there_is_one_sentence(path: Path) -> None:
    with pytest.raises(FileRefused, match=r"cannot be read \(No such file or directory\): check its name"):
        read_customers(path, may_hold_pins=True)


def test_an_unclosed_quotation_mark_names_the_row_where_it_opens(path: Path) -> None:
    found = faults(path, 'customer_id,numbers\nc1,+13125550142\nc2,"+13125550143\nc3,+13125550144\n')
    assert [(line, column) for line, column, _ in found] == [(3, None)]


def test_pins_without_a_key_to_store_them_are_refused_once(path: Path) -> None:
    content = "customer_id,numbers,pin\nc1,+13125550142,4821\nc2,+13125550143,4822\n"
    found = read(path, content, may_hold_pins=False)
    assert found.errors == [
        RowError(2, "pin", "there is a PIN, but no key to store it with: set PORTOUT_PIN_KEY.")
    ]


def test_an_empty_pin_column_needs_no_key(path: Path) -> None:
    assert read(path, "customer_id,numbers,pin\nc1,+13125550142, \n", may_hold_pins=False).errors == []


def test_no_message_shows_a_pin_even_where_columns_are_shifted(path: Path) -> None:
    content = HEADER + (
        "c1,Ann,,,,US,4821secret,+13125550142\n"
        "c2,Bob,,,,4821secret,+13125550143,\n"
        "c3,Cy,,,,US,+13125550144,4821secret\x07\n"
        "c4,Dan,,,,US,+13125550145,4821secret,x\n"
        'c5,Eve,,,,US,+13125550146,"4821secret"x\n'
        "c6,\x074821secret,,,,US,+13125550147,\n"
    )
    file = read(path, content)
    assert len(file.errors) == 6
    assert "4821" not in f"{file.errors} {file!r}"


def test_channels_dates_and_a_lock_are_read(path: Path) -> None:
    found = row(
        path,
        "customer_id,emails,contact_phones,country,sim_changed_at,pin_changed_at,locked_at,locked_by,lock_why\n"
        "c1,ann@example.com; bob@example.com,312 555 0142,US,2026-03-01,2026-03-01T09:30:00+02:00,2026-02-01,dana,Travels\n",
    )
    assert (found.emails, found.contact_phones) == (["ann@example.com", "bob@example.com"], ["+13125550142"])
    assert found.sim_changed_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert found.pin_changed_at == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert (found.locked_at, found.locked_by, found.lock_why) == (
        datetime(2026, 2, 1, tzinfo=UTC),
        "dana",
        "Travels",
    )


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("emails", "ann@example.com;nobody", "a value is no e-mail address"),
        ("contact_phones", "+1312", "number 1 is no phone number"),
        ("sim_changed_at", "03/01/2026", "this is no date"),
        ("sim_changed_at", "2026-03-01T09:30:00", "this time has no zone"),
        ("lock_why", "Travels", "the row says by whom or why it is locked, but not since when."),
    ],
)
def test_what_is_no_address_number_date_or_lock_is_refused(
    path: Path, column: str, cell: str, sentence: str
) -> None:
    ((line, named, told),) = faults(path, f"customer_id,numbers,{column}\nc1,,{cell}\n")
    assert (line, named) == (2, "locked_at" if column == "lock_why" else column)
    assert sentence in told


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "customers.jsonl"


def test_a_line_of_json_is_read_as_a_row_of_csv_is(path: Path, lines: Path) -> None:
    of_csv = row(
        path, "customer_id,name,authorized_names,numbers,country,pin\nc1,,Bob;Cy,312-555-0142,US,0042\n"
    )
    of_csv.line = 1
    values = {
        "numbers": ["312-555-0142"],
        "country": "US",
        "customer_id": "c1",
        "name": None,
        "authorized_names": ["Bob", "Cy"],
        "pin": "0042",
    }
    assert row(lines, json.dumps(values)) == of_csv


def test_each_line_of_json_says_what_it_gives(lines: Path) -> None:
    file = read(lines, '{"customer_id": "c1", "numbers": []}\r\n\n{"customer_id": "c2", "name": "Bo"}\n')
    assert [(row.line, sorted(row.given)) for row in file.rows] == [
        (1, ["customer_id", "numbers"]),
        (3, ["customer_id", "name"]),
    ]


def test_every_fault_of_a_file_of_json_is_told_in_one_pass_and_no_pin(lines: Path) -> None:
    content = (
        '{"customer_id": "c1", "pin": 482100}\n'
        '{"customer_id": "c2", "numbers": "+13125550142"}\n'
        '{"customer_id": "c3", "tags": ["a;b"]}\n'
        '{"numbers": ["+13125550143"]}\n'
        '{"customer_id": "c5", "482100": null}\n'
        '{"customer_id": "c6", "pin": "482100"\n'
        '{"customer_id": "c7", "name": "A", "name": "482100"}\n'
        '["482100"]\n'
        '{"customer_id": "c9", "numbers": ["+13125550143"]}\n'
    )
    file = read(lines, content)
    assert [(fault.line, fault.column) for fault in file.errors] == [
        (1, "pin"),
        (2, "numbers"),
        (3, "tags"),
        (4, "customer_id"),
        (5, None),
        (6, None),
        (7, None),
        (8, None),
        (9, "numbers"),
    ]
    assert "+13125550143 is in line 4 and in line 9" in file.errors[-1].sentence
    assert "4821" not in f"{file.errors}"


def test_a_file_whose_name_does_not_say_how_to_read_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"must end in .csv or .jsonl"):
        read_customers(tmp_path / "customers.xlsx", may_hold_pins=True)


@given(st.from_regex(r"\+1[0-9]{9,11}", fullmatch=True))
def test_a_number_is_what_phonenumbers_makes_of_it(text: str) -> None:
    number = phonenumbers.parse(text, None)
    possible = phonenumbers.is_possible_number(number)
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None
    assert e164(text, None) == expected


def test_how_far_the_reading_is_gets_told(path: Path) -> None:
    path.write_text("customer_id,numbers\n" + "".join(f"c{row},\n" for row in range(10)))
    told: list[tuple[str, int, int]] = []
    read_customers(path, may_hold_pins=True, progress=lambda *word: told.append(word))
    assert told == [("reading", 2, 12), ("reading", 12, 12)]

"""`customers import`, `show`, `set-pin`. A PIN is never an argument and never shown."""

import getpass
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from commands.customers import _ask_for_pin
from commands.output import Failed
from records.keys import load_or_make_key
from records.store import Records
from tests.commands.shell import Shell

HEADER = "customer_id,name,authorized_names,numbers,pin"
PIN = "60917342"


def file_of(folder: Path, *rows: str) -> str:
    file = folder / "customers.csv"
    file.write_text("\n".join([HEADER, *rows, ""]))
    return str(file)


async def test_customers_are_imported_and_shown_without_their_pin(apart: Shell, tmp_path: Path) -> None:
    file = file_of(
        tmp_path,
        f"C-1,Maria Lopez,Ines Duarte;José Peña,+12125550101;+12125550102,{PIN}",
        "C-2,Daniel Okafor,,+13035550102,",
    )
    ran = await apart("customers", "import", file)
    assert (ran.code, ran.out) == (0, "2 rows imported: 2 customers added, 0 updated.\n")
    again = await apart("customers", "import", file, "--json")
    assert again.json == {"imported": True, "rows": 2, "added": 0, "updated": 2, "errors": []}
    shown = await apart("customers", "show", "+1 212 555 0102")
    assert "Customer C-1" in shown.out
    assert "Ines Duarte, José Peña" in shown.out
    assert "PIN         set" in shown.out
    as_json = await apart("customers", "show", "C-2", "--json")
    assert as_json.json["pin"] == "not set"
    assert as_json.json["numbers"] == ["+13035550102"]
    assert PIN not in ran.out + again.out + shown.out


async def test_a_bad_file_is_refused_whole_with_every_fault(apart: Shell, tmp_path: Path) -> None:
    file = file_of(
        tmp_path, f"C-1,Maria Lopez,,+12125550101,{PIN}", "C-2,Daniel Okafor,,12,", ",Nobody,,+13035550102,"
    )
    ran = await apart("customers", "import", file)
    assert ran.code == 1
    *faults, last = ran.err.splitlines()
    assert faults[0].startswith("customers.csv: line 3, column numbers: ")
    assert faults[1].startswith("customers.csv: line 4, column customer_id: ")
    assert last == "Nothing was imported: mend the file and import it again."
    as_json = await apart("customers", "import", file, "--json")
    assert as_json.code == 1
    assert as_json.json["imported"] is False
    assert [(error["line"], error["column"]) for error in as_json.json["errors"]] == [
        (3, "numbers"),
        (4, "customer_id"),
    ]
    assert (await apart("customers", "show", "C-1")).code == 1
    assert PIN not in ran.err + as_json.out


async def test_a_pin_is_read_from_standard_input_and_put_on_file(apart: Shell, tmp_path: Path) -> None:
    await apart("customers", "import", file_of(tmp_path, "C-1,Maria Lopez,,+12125550101,"))
    ran = await apart("customers", "set-pin", "+12125550101", stdin="0042\n")
    assert (ran.code, ran.out) == (0, "The PIN of customer C-1 is set.\n")
    records = Records.open(
        f"sqlite:///{tmp_path / 'records.db'}",
        pin_key=load_or_make_key(tmp_path / "pin.key"),
        records_key=None,
    )
    [match] = records.customers.find(["+12125550101"])
    records.close()
    assert match.customer is not None
    assert match.customer.pin is not None
    assert match.customer.pin.matches(SecretStr("0042"))
    assert not match.customer.pin.matches(SecretStr("42"))


async def test_what_is_no_pin_or_no_customer_is_one_sentence(apart: Shell, tmp_path: Path) -> None:
    await apart("customers", "import", file_of(tmp_path, "C-1,Maria Lopez,,+12125550101,"))
    empty = await apart("customers", "set-pin", "C-1", stdin="\n")
    assert (empty.code, empty.sentence[:10]) == (1, "The PIN is")
    unknown = await apart("customers", "set-pin", "C-9", stdin="0042\n")
    assert (unknown.code, unknown.sentence[:24]) == (1, "There is no customer wit")
    argument = await apart("customers", "set-pin", "C-1", "0042")
    assert argument.code == 2


def test_a_terminal_is_asked_twice_and_two_answers_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["0042", "0042", "0042", "4200"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))
    assert _ask_for_pin().get_secret_value() == "0042"
    with pytest.raises(Failed, match="The two PINs differ"):
        _ask_for_pin()

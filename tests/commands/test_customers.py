"""The commands on customers. A PIN is never an argument and never shown."""

import getpass
import re
import stat
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from commands.customers import _ask_for_pin
from commands.output import Failed
from records.keys import load_or_make_key
from records.store import Records
from sandbox.serve import SandboxServer
from tests.commands.inside import Inside
from tests.commands.shell import Shell
from tests.records.conftest import OTHER_KEY, PIN_KEY

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
    assert (ran.code, ran.out) == (0, "2 rows: 2 customers added, 0 changed, 0 unchanged.\n")
    again = await apart("customers", "import", file, "--json")
    counted = {"rows": 2, "added": 0, "changed": 0, "unchanged": 2, "fields": {}}
    assert again.json == {"imported": True, **counted, "errors": []}
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


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(apart: Shell, tmp_path: Path) -> None:
    file = file_of(tmp_path, "C-1,Maria Lopez,,+12125550101,")
    ran = await apart("customers", "import", file, "--dry-run")
    assert ran.out == (
        "1 row: 1 customer would be added, 0 would be changed, 0 unchanged.\n"
        "Nothing was imported (--dry-run).\n"
    )
    assert (await apart("customers", "show", "C-1")).code == 1


@pytest.fixture
def desk(tmp_path: Path) -> Inside:
    """The command line of two reviewers, with one customer."""
    return Inside({"PORTOUT_HOME": str(tmp_path), "PORTOUT_REVIEWERS": "dana,eve"})


async def test_a_customer_is_locked_and_unlocked_and_both_stand_in_the_history(
    desk: Inside, tmp_path: Path
) -> None:
    await desk("customers", "import", file_of(tmp_path, "C-1,Maria Lopez,,+12125550101,"))
    locked = await desk("customers", "lock", "+12125550101", "--why", "Travels", "--by", "dana")
    assert locked.out.startswith("Customer C-1 is locked by dana (unverified).")
    assert "by dana Travels" in (await desk("customers", "show", "C-1")).out
    again = await desk("customers", "lock", "C-1", "--why", "Once more", "--by", "eve")
    assert (again.code, again.sentence[:32]) == (1, "Customer C-1 is locked already, ")
    assert (await desk("customers", "unlock", "C-1", "--why", " ", "--by", "eve")).code == 2
    await desk("customers", "unlock", "C-1", "--why", "Is back", "--by", "eve")
    told = (await desk("customers", "history", "C-1", "--json")).json
    assert [(entry["action"], entry["why"]) for entry in told] == [
        ("added", None),
        ("locked", "Travels"),
        ("unlocked", "Is back"),
    ]
    shown = (await desk("customers", "history", "C-1")).out
    assert "from customers.csv" in shown
    assert "locked_by: dana → —" in shown
    assert re.search(r"locked_at: 20\d\d-\d\d-\d\d \d\d:\d\d UTC → —", " ".join(shown.split()))


async def test_a_lock_is_a_reviewers_and_says_whether_they_proved_who_they_are(
    desk: Inside, tmp_path: Path
) -> None:
    await desk("customers", "import", file_of(tmp_path, "C-1,Maria Lopez,,+12125550101,"))
    added = (await desk("token", "add", "eve", "--role", "reviewer", "--json")).json
    lock = ("customers", "lock", "C-1", "--why", "Travels")
    assert (await desk(*lock, "--by", "mallory")).sentence.startswith("mallory is not a reviewer; these may")
    assert (await desk(*lock)).sentence.startswith("Say who you are with --by; these may decide")
    assert (await desk(*lock, "--by", "dana", PORTOUT_TOKEN=added["token"])).code == 1
    assert (await desk(*lock, PORTOUT_TOKEN=added["token"])).out.startswith(
        "Customer C-1 is locked by eve (verified)."
    )
    unlock = ("customers", "unlock", "C-1", "--why", "Is back")
    assert (await desk(*unlock, "--by", "mallory")).sentence.startswith("mallory is not a reviewer")
    assert (await desk(*unlock, "--by", "dana")).out == "Customer C-1 is unlocked by dana (unverified).\n"
    told = (await desk("customers", "history", "C-1", "--json")).json
    assert [(entry["by"], entry["token"]) for entry in told[1:]] == [
        ("eve", added["token_id"]),
        ("dana", None),
    ]
    shown = (await desk("customers", "history", "C-1", COLUMNS="160")).out
    assert "eve (verified)" in shown
    assert "dana (unverified)" in shown


async def test_customers_are_exported_without_their_pins_for_their_owner_only(
    apart: Shell, tmp_path: Path
) -> None:
    await apart("customers", "import", file_of(tmp_path, f"C-1,Maria Lopez,A;B,+12125550101,{PIN}"))
    file = tmp_path / "out.jsonl"
    ran = await apart("customers", "export", str(file))
    assert ran.out.startswith("1 customer written to ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (await apart("customers", "import", str(file), "--json")).json["unchanged"] == 1
    assert (await apart("customers", "export", str(file))).sentence.startswith(f"{file} is there already")
    out = await apart("customers", "export")
    assert "C-1,Maria Lopez,,A;B," in out.out
    assert PIN not in out.out + file.read_text()
    assert (await apart("customers", "export", str(tmp_path / "out.txt"))).code == 2


async def test_a_new_key_takes_over_the_pins_that_the_carrier_knows_and_names_the_others(
    operator: Inside, sandbox: SandboxServer, tmp_path: Path
) -> None:
    old, both = PIN_KEY.get_secret_value(), f"{OTHER_KEY.get_secret_value()},{PIN_KEY.get_secret_value()}"
    rows = (f"C-1,,,+12125550101;+12125550102,{PIN}", "C-2,,,+12125550103,7731", "C-3,,,+12125550104,7732")
    await operator("customers", "import", file_of(tmp_path, *rows), PORTOUT_PIN_KEY=old)
    sandbox.carrier.add_number(phone_number="+12125550102", external_pin=PIN)
    sandbox.carrier.add_number(phone_number="+12125550103", external_pin="7730")
    counted = await operator("customers", "rekey", "--dry-run", "--json", PORTOUT_PIN_KEY=both)
    assert (counted.code, counted.json["second"], counted.json["carried_over"]) == (5, 3, 0)
    ran = await operator("customers", "rekey", "--json", PORTOUT_PIN_KEY=both)
    assert ran.code == 5
    assert ran.json == {
        "first": 1,
        "second": 2,
        "neither": 0,
        "carried_over": 1,
        "not_asked": 0,
        "customers": ["C-2", "C-3"],
    }
    told = await operator("customers", "rekey", PORTOUT_PIN_KEY=OTHER_KEY.get_secret_value())
    assert "A PIN that is known only by its hash cannot be carried over" in told.out
    await operator("customers", "import", file_of(tmp_path, *rows), PORTOUT_PIN_KEY=both)
    done = await operator("customers", "rekey", PORTOUT_PIN_KEY=OTHER_KEY.get_secret_value())
    assert (done.code, "an older one need not stay set" in done.out) == (0, True)


async def test_a_carrier_that_is_away_is_said(operator: Inside, tmp_path: Path) -> None:
    old, both = PIN_KEY.get_secret_value(), f"{OTHER_KEY.get_secret_value()},{PIN_KEY.get_secret_value()}"
    file = file_of(tmp_path, f"C-1,,,+12125550101,{PIN}")
    await operator("customers", "import", file, PORTOUT_PIN_KEY=old)
    ran = await operator("customers", "rekey", PORTOUT_PIN_KEY=both, TELNYX_BASE_URL="http://127.0.0.1:9/v2")
    assert ran.code == 5
    assert "The carrier could not be asked about 1 customer: run this again later." in ran.out


def test_a_terminal_is_asked_twice_and_two_answers_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["0042", "0042", "0042", "4200"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))
    assert _ask_for_pin().get_secret_value() == "0042"
    with pytest.raises(Failed, match="The two PINs differ"):
        _ask_for_pin()

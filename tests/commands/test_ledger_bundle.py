"""What a bundle says of personal facts, and an order whose stub somebody edited."""

import base64
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from environment import settings_without_environment
from records.cases import CaseUpdate, Stage
from records.ledger_actor import SERVICE
from records.ledger_entries import ERASED, KEY_IS_NOT_HERE, EntryKind, LedgerEntry
from records.opening import open_records
from tests.commands.inside import Inside
from tests.commands.test_ledger import LONG_AGO, ledger_of
from tests.records.behind import behind_its_back

NAME = "Maria Lopez"
REASON = "Maria Lopez did not ask for this."
OTHER_KEY = base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    """A command line in a folder whose ledger holds one closed order, which a person denied."""
    at = datetime.now(UTC)
    sent = {"status": "rejected-pending", "rejection_code": 1001, "host_messaging": False}
    screened = LedgerEntry(
        "p1", EntryKind.SCREENED, "s1", at, {"round": 1, "findings": []}, {"order": {"authorized_name": NAME}}
    )
    answered = LedgerEntry(
        "p1",
        EntryKind.ANSWERED,
        "s2",
        at,
        {"round": 1, **sent, "reason": None, "sent": sent, "carrier_status": "rejected-pending"},
        {"reason": REASON},
    )
    records = open_records(settings_without_environment(home=tmp_path))
    records.ledger.append_all([screened, answered])
    records.cases.upsert(CaseUpdate(portout_id="p1", updated_at=at, stage=Stage.CLOSED))
    records.close()
    return Inside({"PORTOUT_HOME": str(tmp_path)})


async def taken(inside: Inside, home: Path) -> tuple[str, dict[str, str], Any, Any]:
    """What is printed of a bundle, its parts, and of facts.json and carrier.json the first."""
    file = home / "p1.zip"
    exported = await inside("ledger", "export", "--order", "p1", "--bundle", str(file))
    assert (exported.code, exported.err) == (0, "")
    with zipfile.ZipFile(file) as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    return exported.out, parts, json.loads(parts["facts.json"])[0], json.loads(parts["carrier.json"])[0]


async def test_with_the_key_personal_facts_and_the_reason_that_was_sent_are_included(
    inside: Inside, tmp_path: Path
) -> None:
    printed, parts, facts, carrier = await taken(inside, tmp_path)
    assert "Personal facts are included." in printed
    assert "Personal facts are included." in parts["README.txt"]
    assert (facts["request"], facts["erased"], facts["unreadable"]) == (
        {"authorized_name": NAME},
        False,
        None,
    )
    assert carrier["sent"]["reason"] == REASON
    assert f"Sent: rejected-pending, code 1001, “{REASON}”." in parts["timeline.txt"]


@pytest.mark.parametrize("key", ["another", "none"])
async def test_without_the_key_the_facts_are_told_to_be_sealed_and_not_erased(
    inside: Inside, tmp_path: Path, key: str
) -> None:
    if key == "none":
        (tmp_path / "records.key").unlink()
    else:
        (tmp_path / "records.key").write_text(OTHER_KEY)
    printed, parts, facts, carrier = await taken(inside, tmp_path)
    told = f"No personal facts are included. Entries 1, 2: {KEY_IS_NOT_HERE}"
    assert told in printed
    assert told in parts["README.txt"]
    assert (facts["request"], facts["erased"], facts["unreadable"]) == (None, False, KEY_IS_NOT_HERE)
    assert (carrier["sent"]["reason"], carrier["unreadable"]) == (None, KEY_IS_NOT_HERE)
    shown = (await inside("ledger", "show", "p1", "--json")).json
    assert [line["unreadable"] for line in shown["entries"]] == [KEY_IS_NOT_HERE] * 2


async def test_what_was_erased_is_told_to_be_erased(inside: Inside, tmp_path: Path) -> None:
    records = open_records(settings_without_environment(home=tmp_path))
    records.pruning.erase("p1", by=SERVICE, at=datetime.now(UTC))
    records.close()
    printed, parts, facts, carrier = await taken(inside, tmp_path)
    assert f"No personal facts are included. Entries 1, 2: {ERASED}" in printed
    assert (facts["erased"], facts["unreadable"]) == (True, ERASED)
    assert "Sent: rejected-pending, code 1001, a reason that cannot be read." in parts["timeline.txt"]
    assert carrier["sent"]["reason"] is None
    assert NAME not in "".join(parts.values())


@pytest.mark.parametrize(
    "change", ["content = '{}'", "content = x'ff'", "content = x'7b7d'", "position = 'x'", "signature = 7"]
)
async def test_an_edited_stub_is_told_and_ends_no_command(tmp_path: Path, change: str) -> None:
    inside = ledger_of(tmp_path, {"old": LONG_AGO})
    assert (await inside("ledger", "prune", "--yes")).code == 0
    records = open_records(settings_without_environment(home=tmp_path))
    late = LedgerEntry("old", EntryKind.WATCHED, "late", datetime.now(UTC), {"round": 1}, {"comment": NAME})
    records.ledger.append(late)
    records.close()
    behind_its_back(f"sqlite:///{tmp_path}/records.db", f"UPDATE stubs SET {change}")
    told = "the stub of what was pruned was edited"
    shown = await inside("ledger", "show", "old")
    assert (shown.code, told in shown.out, shown.err) == (5, True, "")
    file = str(tmp_path / "old.zip")
    exported = await inside("ledger", "export", "--order", "old", "--bundle", file)
    assert (exported.code, told in exported.out, exported.err) == (5, True, "")

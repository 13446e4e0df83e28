"""`records upgrade`, `backup`, `restore`, `rekey`."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from commands.serving import import_sample_customers
from environment import settings_without_environment
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from records.schema import REVISION
from records.store import Records
from tests.commands.inside import Inside
from tests.postgresql import PostgreSQL

KEYS = {"PORTOUT_PIN_KEY": "cHBw" * 10 + "cHA=", "PORTOUT_RECORDS_KEY": "cnJy" * 10 + "cnI="}


async def test_a_new_file_is_migrated_backed_up_and_restored(tmp_path: Path) -> None:
    here, there = (Inside({"PORTOUT_HOME": str(tmp_path / name)}) for name in ("here", "there"))
    upgraded, again = await here("records", "upgrade"), await here("records", "upgrade")
    assert upgraded.out.endswith(
        f"/here/records.db is at version {REVISION} now; before, it had no tables.\n"
    )
    assert again.out.endswith(f"/here/records.db was at version {REVISION} already.\n")
    backed_up = await here("records", "backup", str(tmp_path / "backup"))
    assert f"version {REVISION}, 0." in backed_up.out
    assert "Keep the keys" in backed_up.out
    restored = await there("records", "restore", str(tmp_path / "backup"))
    assert (
        f"is restored from {tmp_path}/backup: version {REVISION}. Then `portout ledger verify`"
        in restored.out
    )
    refused = await there("records", "restore", str(tmp_path / "backup"))
    assert refused.code == 1
    assert "is not empty: restore into a new one" in refused.sentence


async def test_a_restored_database_gets_no_new_keys_in_place_of_its_own(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    here, there = (Inside({"PORTOUT_HOME": str(home)}) for home in (old, new))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    settings = settings_without_environment(home=old)
    import_sample_customers(settings)
    with closing(open_records(settings)) as records:
        records.ledger.append(LedgerEntry("p1", EntryKind.SCREENED, "s1", at, {"round": 1}, {"name": "Ann"}))
        list(records.checkpoints.make(at))
    assert (await here("records", "backup", str(tmp_path / "backup"))).code == 0
    restored = await there("records", "restore", str(tmp_path / "backup"))
    names = ("pin.key", "records.key", "ledger.key")
    assert f"put back {', '.join(f'{new}/{name}' for name in names)} first." in restored.out
    for name in names:
        refused = await there("token", "add", "root", "--role", "senior")
        assert refused.sentence == (
            f"The records were written under a key that is not here: put {new}/{name} back from where its copy is "
            f"kept, or set PORTOUT_{name.upper().replace('.', '_')}."
        )
        assert not (new / name).exists()
        (new / name).write_bytes((old / name).read_bytes())
    assert (await there("token", "add", "root", "--role", "senior")).code == 0


async def test_postgresql_is_migrated_by_the_command_alone(
    tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(postgresql.programs))
    url = postgresql.new_database(migrated=False)
    place = Inside({"PORTOUT_HOME": str(tmp_path), "PORTOUT_DATABASE_URL": url, **KEYS})
    before = await place("token", "list")
    assert before.code == 1
    assert "is at version none, this program needs" in before.sentence
    assert before.sentence.endswith("run `portout records upgrade`.")
    assert (await place("token", "add", "root", "--role", "senior")).sentence == before.sentence
    assert (await place("records", "upgrade")).code == 0
    assert (await place("token", "list")).code == 0
    assert (await place("records", "backup", str(tmp_path / "backup"))).code == 0
    postgresql.used(url)


async def test_personal_facts_are_carried_over_to_the_key_in_the_file(tmp_path: Path) -> None:
    old, new = KEYS["PORTOUT_RECORDS_KEY"], "bm5u" * 10 + "bm4="
    place = Inside({"PORTOUT_HOME": str(tmp_path)})
    assert (await place("records", "upgrade")).code == 0
    records = Records.open(
        f"sqlite:///{tmp_path / 'records.db'}", pin_key=None, records_key=SecretStr(old), ledger_key=None
    )
    at = datetime(2026, 3, 2, tzinfo=UTC)
    records.ledger.append(LedgerEntry("p1", EntryKind.SCREENED, "s1", at, {"round": 1}, {"name": "Ann"}))
    records.close()
    lost = await place("records", "rekey", "--json", PORTOUT_RECORDS_KEY=new)
    assert (lost.code, lost.json) == (5, {"carried_over": 0, "left": 1})
    (tmp_path / "records.key").write_text(f"{new}\n{old}\n")
    assert (await place("records", "rekey")).out.startswith(
        "Carried over to the first PORTOUT_RECORDS_KEY: 1 keys"
    )
    done = await place("records", "rekey", "--json", PORTOUT_RECORDS_KEY=new)
    assert (done.code, done.json) == (0, {"carried_over": 0, "left": 0})

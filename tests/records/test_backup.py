"""Backups: whole, for their owner, and back again into an empty database only."""

import stat
from pathlib import Path

import pytest

from records.backup import back_up, restore
from records.errors import BackupRefused, NotMigrated
from records.ledger_entries import EntryKind, LedgerEntry
from records.schema import REVISION
from records.store import Records
from records.upgrade import Upgraded, upgrade
from tests.postgresql import PostgreSQL
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, PIN_KEY, RECORDS_KEY, Open, migrate_down

ENTRY = LedgerEntry("p1", EntryKind.SCREENED, "s1", NOW, {"round": 1}, {"name": "Ann"})


@pytest.fixture(autouse=True)
def programs(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own, of the version of its server."""
    monkeypatch.setenv("PATH", str(postgresql.programs))


@pytest.fixture
def empty(kept_in: str, postgresql: PostgreSQL, tmp_path: Path) -> str:
    if kept_in == "sqlite":
        return f"sqlite:///{tmp_path}/restored.db"
    return postgresql.new_database(migrated=False)


def test_what_was_backed_up_while_in_use_comes_back(
    open_records: Open, url: str, empty: str, tmp_path: Path
) -> None:
    records, file = open_records(), tmp_path / "backup"
    records.ledger.append(ENTRY)
    records.marks.set("a", "b")
    assert back_up(url, file) == REVISION
    records.marks.set("a", "later")
    assert [found.name for found in tmp_path.iterdir() if "unfinished" in found.name] == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (tmp_path / "half").write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BackupRefused, match=r"damaged|pg_restore could not do it"):
        restore(empty, tmp_path / "half")
    assert restore(empty, file) == REVISION
    restored = Records.open(empty, pin_key=PIN_KEY, records_key=RECORDS_KEY)
    assert restored.marks.get("a") == "b"
    assert restored.ledger.entries("p1")[0].personal == {"name": "Ann"}
    assert restored.ledger.verify_chain("p1") == []
    assert restored.ledger.append(LedgerEntry("p1", EntryKind.DECIDED, "s2", NOW, {"round": 1}))
    restored.close()
    with pytest.raises(Exception, match="append-only"):
        behind_its_back(empty, "DELETE FROM ledger", triggers=True)
    with pytest.raises(BackupRefused, match="is not empty: restore into a new one"):
        restore(empty, file)


def test_a_backup_is_never_written_over(open_records: Open, url: str, tmp_path: Path) -> None:
    open_records()
    (tmp_path / "backup").write_text("the only one")
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(url, tmp_path / "backup")
    with pytest.raises(BackupRefused, match="cannot be written"):
        back_up(url, tmp_path / "nowhere" / "backup")
    assert (tmp_path / "backup").read_text() == "the only one"


def test_an_empty_database_is_not_backed_up(url: str, kept_in: str, tmp_path: Path) -> None:
    with pytest.raises(NotMigrated, match="no records database" if kept_in == "sqlite" else "no tables"):
        back_up(url, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no backup"),
        (b"customer_id,name\n", "is no backup"),
        (b"SQLite format 3\x00" + b"\x01" * 5000, r"is damaged|is a backup of SQLite"),
        (b"PGDMP" + b"\x01" * 5000, r"is a backup of PostgreSQL|holds no records"),
    ],
)
def test_a_file_that_is_no_backup_is_one_sentence(
    empty: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BackupRefused, match=sentence):
        restore(empty, tmp_path / "file")
    with pytest.raises(BackupRefused, match="cannot be read"):
        restore(empty, tmp_path / "missing")


def test_a_database_of_others_and_one_of_a_newer_version_are_not_restored(
    open_records: Open, url: str, empty: str, tmp_path: Path
) -> None:
    open_records()
    behind_its_back(url, "UPDATE alembic_version SET version_num = '9999'")
    back_up(url, tmp_path / "newer")
    with pytest.raises(BackupRefused, match=r"at version 9999: .*install that"):
        restore(empty, tmp_path / "newer")
    behind_its_back(url, "DELETE FROM alembic_version")
    with pytest.raises(NotMigrated):
        back_up(url, tmp_path / "others")


def test_without_the_programs_it_is_said_which_are_missing(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.new_database()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupRefused, match="no pg_dump on this machine: install"):
        back_up(url, tmp_path / "backup")
    old = tmp_path / "pg_dump"
    old.write_text(
        "#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2; exit 1\n"
    )
    old.chmod(0o755)
    with pytest.raises(BackupRefused, match="pg_dump of this machine is too old"):
        back_up(url, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    postgresql.used(url)


def test_a_backup_of_an_older_version_is_restored_and_migrated_afterwards(
    url: str, empty: str, tmp_path: Path
) -> None:
    upgrade(url)
    migrate_down(url, "0003")
    assert back_up(url, tmp_path / "older") == "0003"
    assert restore(empty, tmp_path / "older") == "0003"
    assert upgrade(empty) == Upgraded("0003", REVISION)

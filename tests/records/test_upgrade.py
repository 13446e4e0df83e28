"""Migrations: the schema is what they make, from anywhere, by many at once."""

import io
import logging
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.types import TypeEngine

from records import engine
from records.engine import Database
from records.errors import DatabaseUnavailable, NotMigrated
from records.ledger_entries import EntryKind, LedgerEntry
from records.schema import REVISION, UtcDateTime, Words, customers, metadata
from records.store import Records
from records.upgrade import Upgraded, alembic_config, is_current, upgrade
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, PIN_KEY, RECORDS_KEY, migrate_down

ROOT = Path(__file__).parents[2]


def tables(url: str) -> set[str]:
    database = Database(url)
    with database.read() as connection:
        names = set(sa.inspect(connection).get_table_names())
    database.close()
    return names


def test_the_tables_of_the_schema_are_those_that_migrations_make(url: str) -> None:
    upgrade(url)
    database = Database(url)
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        found = sa.inspect(connection)
        names = {
            name: {fk["name"] for fk in found.get_foreign_keys(name)} for name in found.get_table_names()
        }
    database.close()
    assert differences == []
    assert names["customer_tags"] == {"fk_customer_tags_customer_id"}


def test_the_schema_names_the_newest_migration(url: str) -> None:
    upgrade(url)
    database = Database(url)
    with database.read() as connection:
        heads = ScriptDirectory.from_config(alembic_config(connection)).get_heads()
    database.close()
    assert heads == [REVISION]


def test_down_to_each_version_and_up_again_with_data(url: str) -> None:
    upgrade(url)
    _fill(url)
    before = _rows(url)
    assert all(before.values())
    for revision in _revisions(url)[1:]:
        migrate_down(url, revision)
        kept = _rows(url)
        assert {"customers", "cases", "ledger", "keys", "policies"} <= kept.keys()
        for name, (row, *more) in kept.items():
            assert row.items() <= before[name][0].items(), f"{name} at {revision}"
            assert len(more) == len(before[name]) - 1
        assert upgrade(url) == Upgraded(revision, REVISION)
        assert _rows(url).keys() == before.keys()
    records = Records.open(url, pin_key=PIN_KEY, records_key=RECORDS_KEY)
    assert records.ledger.verify_chain("p1") == []
    assert records.ledger.entries("p1")[0].personal == {"name": "Ann"}
    records.close()
    migrate_down(url)
    assert tables(url) == {"alembic_version"}
    upgrade(url)
    _fill(url)


def _fill(url: str) -> None:
    """A row in every table, with a value in every column; and a true entry of the ledger."""
    values: dict[type[TypeEngine[Any]], object] = {
        UtcDateTime: NOW, Words: "x", sa.Text: "x", sa.Boolean: True, sa.LargeBinary: b"x", sa.JSON: {},
        sa.Integer: 1, sa.BigInteger: 1,
    }  # fmt: skip
    database = Database(url)
    with database.write() as connection:
        for table in metadata.sorted_tables:
            given = [column for column in table.c if column is not table.autoincrement_column]
            row = {column.name: values[type(column.type)] for column in given}
            connection.execute(sa.insert(table), row)
    database.close()
    records = Records.open(url, pin_key=PIN_KEY, records_key=RECORDS_KEY)
    assert records.ledger.append(
        LedgerEntry("p1", EntryKind.SCREENED, "s1", NOW, {"round": 1}, {"name": "Ann"})
    )
    records.close()


def _rows(url: str) -> dict[str, list[dict[str, str]]]:
    """What is stored, as the tables are now."""
    database, found = Database(url), sa.MetaData()
    with database.read() as connection:
        found.reflect(connection)
        rows = {
            table.name: [
                {name: str(value) for name, value in row._mapping.items()}
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }
    database.close()
    return rows


def _revisions(url: str) -> list[str]:
    """Newest first."""
    database = Database(url)
    with database.read() as connection:
        walked = ScriptDirectory.from_config(alembic_config(connection)).walk_revisions()
        found = [script.revision for script in walked]
    database.close()
    return found


def test_on_postgresql_the_ledger_refuses_changes_by_a_function(url: str) -> None:
    upgrade(url)
    database, written = Database(url), io.StringIO()
    with database.read() as connection:
        newest_first = list(ScriptDirectory.from_config(alembic_config(connection)).walk_revisions())
    database.close()
    options = {"as_sql": True, "output_buffer": written}
    with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
        for script in reversed(newest_first):
            script.module.upgrade()
        for script in newest_first:
            script.module.downgrade()
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger" in written.getvalue()
    assert "RAISE(ABORT" not in written.getvalue()
    assert "seq BIGSERIAL" in written.getvalue()
    assert "at TIMESTAMP WITH TIME ZONE" in written.getvalue()
    assert "ON history (denied_at) WHERE denied_at IS NOT NULL" in written.getvalue()
    assert written.getvalue().rstrip().endswith("DROP FUNCTION ledger_refuses();")


def test_a_database_that_somebody_holds_is_waited_for_and_then_named(
    monkeypatch: pytest.MonkeyPatch, url: str, file: Path
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.03)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable, match="is locked"):
            upgrade(url)
    upgrade(url)
    assert is_current(url)


def test_upgrading_again_changes_nothing(url: str) -> None:
    upgrade(url)
    records = Records.open(url, pin_key=None, records_key=None)
    records.marks.set("a", "b")
    upgrade(url)
    assert records.marks.get("a") == "b"
    records.close()


def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/new/records.db")
    assert stat.S_IMODE((tmp_path / "new" / "records.db").stat().st_mode) == 0o600


def test_is_current_changes_nothing(url: str, file: Path) -> None:
    assert not is_current(url)
    assert not file.exists()
    file.touch()
    assert not is_current(url)
    assert file.stat().st_size == 0
    upgrade(url)
    assert is_current(url)


def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    upgrade(url)
    behind_its_back(url, "UPDATE alembic_version SET version_num = '9999'", triggers=True)
    with pytest.raises(NotMigrated, match="made by a newer version"):
        upgrade(url)
    with pytest.raises(NotMigrated, match="is at version 9999"):
        Records.open(url, pin_key=None, records_key=None)
    assert not is_current(url)


def test_logging_stays_as_the_program_set_it(url: str) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").level)
    mine = logging.getLogger("of.the.program")
    upgrade(url)
    assert (root.level, list(root.handlers), logging.getLogger("alembic").level) == before
    assert not mine.disabled


def test_threads_that_start_at_once_all_find_the_tables(url: str) -> None:
    barrier, failures = threading.Barrier(6), list[Exception]()

    def start() -> None:
        barrier.wait()
        try:
            upgrade(url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert is_current(url)


# On PostgreSQL the lock is between connections, so threads show the same.
@pytest.mark.usefixtures("file")
def test_processes_that_start_at_once_from_any_directory_all_find_the_tables(
    url: str, tmp_path: Path
) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import alembic.command\n"
        "from records.upgrade import upgrade\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"upgrade({url!r})\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate() for process in processes]
    assert ends == [("", "")] * 3
    assert is_current(url)


def test_a_percent_sign_in_the_path_of_the_database_is_fine(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/100%25/records.db")
    assert is_current(f"sqlite:///{tmp_path}/100%25/records.db")


def test_a_migration_that_fails_leaves_nothing(url: str, file: Path) -> None:
    file.touch()
    behind_its_back(url, "CREATE TABLE notices (a)", triggers=True)
    with pytest.raises(Exception, match="notices already exists"):
        upgrade(url)
    assert tables(url) == {"notices"}
    assert customers.name not in tables(url)

"""What was deleted is written over in SQLite's files, whoever else uses them, or the reason is told."""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from records import engine
from records.engine import Database
from records.errors import RecordsError
from records.ledger_actor import LedgerActor
from records.store import Records
from tests.records.conftest import NOW, Open
from tests.records.sealed import write

DANA = LedgerActor.person("dana")
WORD = b"What Maria Lopez said"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_TRUNCATE_WAIT", 0.001)


@pytest.fixture
def database(open_records: Open, url: str, file: Path) -> Iterator[Database]:  # noqa: ARG001
    """A SQLite file that a word was just deleted from."""
    open_records()
    database = Database(url)
    for statement in (f"INSERT INTO marks VALUES ('word', '{WORD.decode()}')", "DELETE FROM marks"):
        with database.write() as connection:
            connection.exec_driver_sql(statement)
    yield database
    database.close()


def in_files(file: Path, what: bytes) -> bool:
    return any(what in part.read_bytes() for part in file.parent.glob("records.db*"))


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("before", ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"])
def test_who_reads_for_a_while_keeps_nothing_in_the_log(
    database: Database, file: Path, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:

        def read(statement: str) -> None:
            if statement == before and not waits and not reader.in_transaction:
                reader.execute("BEGIN")
                reader.execute("SELECT * FROM marks").fetchall()

        def pause(seconds: float) -> None:
            waits.append(seconds)
            reader.execute("COMMIT")

        with database.read() as connection:
            driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(read)
        monkeypatch.setattr(time, "sleep", pause)
        assert database.drop_leftovers(rewrite=True) is None
        assert (waits, driver.execute("PRAGMA busy_timeout").fetchone()) == ([0.001], (5000,))
    assert not in_files(file, WORD)


@pytest.mark.usefixtures("brief")
def test_a_destroyed_key_that_a_reader_keeps_in_the_log_is_told_until_it_is_gone(
    records: Records, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LEFTOVERS_PATIENCE", 0.01)
    write(records, "p1")
    reader = sqlite3.connect(file, isolation_level=None)
    [wrapped] = reader.execute("SELECT wrapped FROM keys").fetchone()
    reader.execute("BEGIN")
    reader.execute("SELECT wrapped FROM keys").fetchall()
    why = records.pruning.erase("p1", by=DANA, at=NOW).stands_in_log
    assert why is not None
    assert why.startswith("others used it all the while: run this again when nobody reads")
    assert in_files(file, wrapped)
    assert records.pruning.prune(NOW, at=NOW, by="dana").stands_in_log == why
    reader.close()
    erased = records.pruning.erase("p1", by=DANA, at=NOW)
    assert (erased.anything, erased.stands_in_log, in_files(file, wrapped)) == (False, None, False)


def test_who_writes_all_the_while_is_told(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_empty_log", lambda _: True)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        other.execute("BEGIN IMMEDIATE")
        why = database.drop_leftovers(rewrite=True)
    assert (why or "").startswith("others used it all the while")


@pytest.mark.parametrize("rewrite", [False, True])
def test_a_disk_that_takes_no_more_is_told_as_that(database: Database, rewrite: bool) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        why = database.drop_leftovers(rewrite=rewrite)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert why == (
        "its file could not be written anew (disk I/O error): free about twice the size of the database, half of it for "
        "temporary files, or mend its disk, and run this again."
    )
    assert database.drop_leftovers(rewrite=rewrite) is None


def test_what_neither_others_nor_the_disk_cause_is_raised(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def empty(_: object) -> bool:
        raise strange

    strange = sqlite3.OperationalError("strange")
    strange.sqlite_errorname = "SQLITE_ERROR"
    monkeypatch.setattr(engine, "_empty_log", empty)
    with pytest.raises(RecordsError, match="failed"):
        database.drop_leftovers()

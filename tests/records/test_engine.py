"""The connection: what cannot work is one sentence, and nothing is half written."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects import postgresql

from records import engine
from records.cases import CaseUpdate
from records.engine import Database
from records.errors import (
    BadKey,
    BadUrl,
    DatabaseDamaged,
    DatabaseUnavailable,
    NaiveTime,
    NotMigrated,
    RecordsError,
    Refused,
)
from records.ledger_entries import EntryKind, LedgerEntry
from records.schema import UtcDateTime, Words, customer_numbers, notices, utc_text
from records.store import Records
from records.upgrade import upgrade
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY, Open

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "is not a URL"),
        ("postgresql://u:s3cret@h:abc/x", "is not a URL: write postgresql://"),
        ("mysql://host/db", "names mysql, but records are kept in sqlite or postgresql only"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://svc@host/db?password=secret-17", r"must not have password= behind the \?.*PGPASSFILE"),
        ("postgresql://svc@host/db?s%73lpassword=secret-17", r"must not have sslpassword= behind the \?"),
        ("postgresql://svc@host/db?Password=secret-17", r"must not have Password= behind the \?"),
        ("postgresql://svc@host/db?scram_client_key=secret-17", r"must not have scram_client_key= behind"),
        ("postgresql+nosuchdriver://host/db", "driver for postgresql.nosuchdriver is not installed"),
    ],
)
def test_an_unusable_url_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(BadUrl, match=sentence) as caught:
        Records.open(url, pin_key=None, records_key=None)
    assert "secret-17" not in str(caught.value)


def test_a_server_is_named_without_password_and_without_what_stands_behind_it() -> None:
    database = Database("postgresql://svc:secret-17@host/db?sslkey=/etc/portout/key")
    assert database.name == "postgresql://svc:***@host/db"


def test_a_missing_database_is_not_made_by_opening_it(url: str, file: Path) -> None:
    with pytest.raises(NotMigrated, match=r"no records database at .*portout up"):
        Records.open(url, pin_key=None, records_key=None)
    assert not file.exists()


def test_an_empty_database_says_who_fills_it(url: str, file: Path) -> None:
    file.touch()
    with pytest.raises(NotMigrated, match=r"version none, this program needs .*portout up"):
        Records.open(url, pin_key=None, records_key=None)


def test_a_file_that_is_no_database_is_one_sentence(url: str, file: Path) -> None:
    file.write_bytes(b"customer_id,name\n" * 100)
    with pytest.raises(DatabaseDamaged, match="no SQLite database"):
        Records.open(url, pin_key=None, records_key=None)


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match="cannot be made"):
        upgrade(f"sqlite:///{tmp_path}/file/records.db")


@pytest.mark.parametrize("which", ["PORTOUT_PIN_KEY", "PORTOUT_RECORDS_KEY"])
def test_a_garbled_key_stops_the_opening_and_is_not_shown(url: str, which: str) -> None:
    upgrade(url)
    pin_key = SecretStr("gar bled") if which == "PORTOUT_PIN_KEY" else None
    records_key = None if pin_key else SecretStr("gar bled")
    with pytest.raises(BadKey, match=which) as caught:
        Records.open(url, pin_key=pin_key, records_key=records_key)
    assert "gar bled" not in str(caught.value)


def test_a_writer_elsewhere_is_waited_for_and_then_named(
    monkeypatch: pytest.MonkeyPatch, open_records: Open, file: Path
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    records = open_records()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="is locked"):
            records.marks.set("a", "1")
        assert records.marks.get("a") is None, "readers never wait"
        other.execute("COMMIT")
    records.marks.set("a", "2")
    assert records.marks.get("a") == "2"


@pytest.mark.usefixtures("file")
def test_a_writer_in_another_thread_is_waited_for_and_then_named(
    monkeypatch: pytest.MonkeyPatch, open_records: Open, url: str
) -> None:
    open_records()
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    database, holds, done = Database(url), threading.Event(), threading.Event()

    def hold() -> None:
        with database.write():
            holds.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait()
    with pytest.raises(DatabaseUnavailable, match="busy with other writes"), database.write():
        pass
    done.set()
    thread.join()
    with database.write():
        pass
    database.close()


def test_a_failure_in_a_write_leaves_nothing(open_records: Open, url: str) -> None:
    records, database = open_records(), Database(url)
    row = {"cause": "a", "told_at": NOW}
    with pytest.raises(Refused, match=r"UNIQUE constraint failed|23505"), database.write() as connection:
        _ = [connection.execute(sa.insert(notices), row) for _ in range(2)]
    database.close()
    assert not records.notices.told("a")


def test_no_message_carries_a_value_of_a_row(open_records: Open, url: str) -> None:
    open_records()
    database = Database(url)
    with (
        pytest.raises(Refused, match=r"FOREIGN KEY constraint failed|23503") as caught,
        database.write() as connection,
    ):
        connection.execute(sa.insert(customer_numbers), {"number": "+13125550142", "customer_id": "Ann Lee"})
    database.close()
    assert "+1312" not in str(caught.value)
    assert "Ann" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_tables_name_the_remedy(open_records: Open, url: str) -> None:
    records = open_records()
    behind_its_back(url, "DROP TABLE marks")
    with pytest.raises(NotMigrated, match="lacks tables of this version"):
        records.marks.get("a")


def test_any_other_failure_is_a_sentence_too(open_records: Open, url: str) -> None:
    open_records()
    database = Database(url)
    with (
        pytest.raises(RecordsError, match=r"failed \((OperationalError near|SyntaxError 42601)"),
        database.read() as connection,
    ):
        connection.exec_driver_sql("nonsense")
    database.close()


class PostgresError(Exception):
    sqlstate: str | None = None


class OperationalError(PostgresError):
    pass


class IntegrityError(PostgresError):
    sqlstate = "23505"


class ProgrammingError(PostgresError):
    sqlstate = "42P01"


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (OperationalError("host 10.0.0.1"), DatabaseUnavailable),
        (IntegrityError("Key (name)=(Ann Lee)"), Refused),
        (ProgrammingError('relation "marks"'), NotMigrated),
        (PostgresError("Ann Lee"), RecordsError),
    ],
)
def test_postgresql_errors_become_sentences_without_its_words(
    open_records: Open, url: str, error: Exception, becomes: type[RecordsError]
) -> None:
    open_records()
    database = Database(url)
    database.sqlite = False
    with pytest.raises(becomes) as caught, database.read():
        raise sa.exc.DBAPIError("SELECT", {}, error)
    database.close()
    assert str(error) not in str(caught.value)


def test_all_connections_taken_is_a_sentence(open_records: Open, url: str) -> None:
    open_records()
    database = Database(url)
    with pytest.raises(DatabaseUnavailable, match="busy in all of its connections"), database.read():
        raise sa.exc.TimeoutError
    database.close()


@pytest.mark.usefixtures("file")
def test_every_write_is_as_durable_as_sqlite_can(open_records: Open, url: str) -> None:
    open_records()
    database = Database(url)
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    with database.read() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas}
    database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_time_without_a_zone_is_refused(records: Records) -> None:
    with pytest.raises(NaiveTime, match="without a zone"):
        records.notices.tell("a", datetime(2026, 3, 2))
    assert not records.notices.told("a")


def test_times_are_stored_in_utc_and_sort_as_text() -> None:
    east = datetime(2026, 3, 2, 17, 0, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(east) == "2026-03-02T15:00:00.000000Z"
    assert utc_text(east) < utc_text(NOW)


def test_on_postgresql_times_are_its_own() -> None:
    east = datetime(2026, 3, 2, 17, 0, tzinfo=timezone(timedelta(hours=2)))
    kind = UtcDateTime()
    assert str(kind.load_dialect_impl(POSTGRESQL).compile(POSTGRESQL)) == "TIMESTAMP WITH TIME ZONE"
    assert kind.process_bind_param(east, POSTGRESQL) == east
    assert kind.process_result_value(east, POSTGRESQL).utcoffset() == timedelta(0)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "kept"), [("A\x00B", "A\ufffdB"), ("\ud800", "\ufffd"), ("Zoë 電", "Zoë 電")]
)
def test_odd_characters_of_a_carrier_never_keep_an_order_from_being_recorded(
    records: Records, given: str, kept: str
) -> None:
    records.cases.upsert(CaseUpdate(portout_id="p1", updated_at=NOW, carrier_name=given))
    case = records.cases.get("p1")
    assert case is not None
    assert case.carrier_name == kept
    assert Words().process_bind_param(given, POSTGRESQL) == kept


@pytest.mark.usefixtures("file")
def test_errors_of_the_driver_itself_are_sentences(open_records: Open, url: str) -> None:
    open_records()
    database = Database(url)
    with pytest.raises(RecordsError, match="failed"), database.read():
        raise sqlite3.OperationalError("strange")
    database.close()


def test_keys_of_another_time_are_told_at_start_and_stop_nothing(open_records: Open) -> None:
    first = open_records()
    assert first.warnings() == []
    first.ledger.append(LedgerEntry("p1", EntryKind.SCREENED, "s1", NOW, {"round": 1}, {"name": "Ann"}))
    assert first.warnings() == []
    later = open_records(records_key=OTHER_KEY)
    assert [sentence for sentence in later.warnings() if "PORTOUT_RECORDS_KEY" in sentence]
    assert later.ledger.append(LedgerEntry("p1", EntryKind.DECIDED, "s2", NOW, {"round": 1}, {"name": "Ann"}))


def test_utc_is_what_comes_back(records: Records) -> None:
    records.cases.upsert(
        CaseUpdate(portout_id="p1", updated_at=NOW.astimezone(timezone(timedelta(hours=-5))))
    )
    case = records.cases.get("p1")
    assert case is not None
    assert (case.updated_at, case.updated_at.tzinfo) == (NOW, UTC)

"""What PostgreSQL alone can do to us: be away, be slow, and show each statement another state."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from records import engine
from records.backup import back_up
from records.engine import Database
from records.errors import DatabaseUnavailable, NotMigrated
from records.postgresql import WHY, connect_arguments, why_away
from records.schema import REVISION, marks
from records.store import Records
from tests.postgresql import PostgreSQL
from tests.records.behind import behind_its_back
from tests.records.conftest import PIN_KEY, RECORDS_KEY

CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'portout'"


@pytest.fixture
def place(postgresql: PostgreSQL) -> Iterator[str]:
    url = postgresql.new_database()
    yield url
    postgresql.used(url)


@pytest.fixture
def records(place: str) -> Iterator[Records]:
    records = Records.open(place, pin_key=PIN_KEY, records_key=RECORDS_KEY)
    yield records
    records.close()


def test_why_a_server_cannot_be_reached_is_said_without_the_password(postgresql: PostgreSQL) -> None:
    there = postgresql.url("postgres")
    for url, why in (
        ("postgresql://dana:secret-17@127.0.0.1:9/records", "nobody answers there"),
        ("postgres://dana:secret-17@127.0.0.1:9/records", "nobody answers there"),
        ("postgresql://dana:secret-17@no-host.invalid/records", "the host is not known"),
        (there.replace("/postgres?", "/nowhere?"), "no such database or role"),
        (there.replace("//postgres:", "//nobody:"), "no such database or role"),
    ):
        with pytest.raises(DatabaseUnavailable, match=rf"unavailable \(.*{why}") as caught:
            Records.open(url, pin_key=None, records_key=None)
        assert "secret-17" not in str(caught.value)


def test_what_the_url_leaves_out_is_read_from_the_variables_of_libpq_and_its_password_is_not_shown(
    postgresql: PostgreSQL, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = psycopg.conninfo.conninfo_to_dict(place)
    for name, value in (("HOST", told["host"]), ("USER", told["user"]), ("DATABASE", told["dbname"])):
        monkeypatch.setenv(f"PG{name}", str(value))
    monkeypatch.setenv("PGPASSWORD", "secret-17")
    monkeypatch.setenv("PATH", str(postgresql.programs))
    with closing(Records.open("postgresql://", pin_key=None, records_key=None)) as records:
        records.marks.set("a", "1")
    assert back_up("postgresql://", tmp_path / "backup") == REVISION
    monkeypatch.setenv("PGDATABASE", "nowhere")
    with pytest.raises(DatabaseUnavailable, match="no such database or role") as away:
        Records.open("postgresql://", pin_key=None, records_key=None)
    assert "secret-17" not in str(away.value)


def test_a_server_without_our_tables_names_the_command(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database(migrated=False)
    with pytest.raises(NotMigrated, match=r"at version none, .*: run `portout records upgrade`"):
        Records.open(url, pin_key=None, records_key=None)
    postgresql.used(url)


def test_a_server_that_comes_back_is_used_again(postgresql: PostgreSQL, records: Records) -> None:
    records.marks.set("a", "1")
    postgresql.stop()
    with pytest.raises(DatabaseUnavailable, match="nobody answers there"):
        records.marks.set("a", "2")
    postgresql.start()
    records.marks.set("a", "3")
    assert records.marks.get("a") == "3"


def test_a_connection_that_breaks_in_the_middle_writes_nothing(place: str, records: Records) -> None:
    database = Database(place)

    def write() -> None:
        with database.write() as connection:
            connection.execute(sa.insert(marks), {"name": "a", "value": "1"})
            behind_its_back(place, CUT_OFF)
            connection.execute(sa.insert(marks), {"name": "b", "value": "1"})

    with pytest.raises(DatabaseUnavailable, match="shutting down"):
        write()
    database.close()
    assert records.marks.get("a") is None


def test_a_write_that_waits_for_another_gives_up_and_says_so(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    database, holds, done = Database(place), threading.Event(), threading.Event()

    def hold() -> None:
        with database.write("activations"):
            holds.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait(30)
    with database.write("other things"):
        pass
    with pytest.raises(DatabaseUnavailable, match="busy with other writes"), database.write("activations"):
        pass
    done.set()
    thread.join()
    database.close()


def test_what_one_read_sees_does_not_change_under_it(place: str, records: Records) -> None:
    database, values = Database(place), sa.select(marks.c.value)
    with database.read() as connection:
        before = connection.execute(values).all()
        records.marks.set("a", "1")
        assert connection.execute(values).all() == before == []
    with (
        pytest.raises(Exception, match=r"ReadOnlySqlTransaction|takes no writes"),
        database.read() as connection,
    ):
        connection.execute(sa.insert(marks), {"name": "b", "value": "1"})
    database.close()


@pytest.mark.parametrize(("state", "why"), sorted(WHY.items()))
def test_what_passes_by_itself_is_not_taken_for_a_fault(state: str, why: str) -> None:
    assert why_away(psycopg.errors.lookup(state)("Ann Lee")) == why


def test_faults_are_no_absence() -> None:
    assert why_away(psycopg.errors.UniqueViolation("Ann Lee")) is None
    assert why_away(psycopg.errors.QueryCanceled("Ann Lee")) == "57014"
    assert why_away(psycopg.OperationalError("Ann Lee")) == "no answer"


def test_what_stands_in_the_url_wins() -> None:
    given = sa.make_url("postgresql://h/d?connect_timeout=60&options=-c%20lock_timeout%3D1")
    told = connect_arguments(given, 5.0)
    assert "connect_timeout" not in told
    assert told["options"].endswith(" -c lock_timeout=1")
    assert connect_arguments(sa.make_url("postgresql://h/d"), 5.0)["connect_timeout"] == 5

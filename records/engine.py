"""The connection to the database: transactions, and every driver's error as one sentence."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from records.errors import (
    BadUrl,
    DatabaseDamaged,
    DatabaseUnavailable,
    NotMigrated,
    RecordsError,
    Refused,
)
from records.postgresql import connect_arguments, why_away

PATIENCE = 5.0
"""Seconds that a call waits for a writer of another process, and again for one of this process. Together they
stay below the time that an activity has, so that no write can land after its activity was given up."""

LEFTOVERS_PATIENCE = 60.0
"""Seconds that emptying SQLite's log is tried again: far more than it takes to copy 400 MB out of it."""

CHUNK = 500
"""Values in one IN (…): far below the limit of either database."""

MIGRATE_FILE = "`portout up` and `portout worker` bring it up to date when they start."
MIGRATE_SERVER = "run `portout records upgrade`."

_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY")
_BROKEN = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name"), 0)))
_IN_USE = ("SQLITE_BUSY", "SQLITE_LOCKED")
_ONE_STATE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_SECRETS = ("password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret")
"""libpq's names for what nobody may read."""
_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"
_TRUNCATE_WAIT = 0.5
_UNDEFINED_TABLE_OR_COLUMN = ("42P01", "42703")
_USED = "others used it all the while: run this again when nobody reads, or stop the worker and the console for it."

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"


class Database:
    """One database, used by many threads.

    Writes are `BEGIN IMMEDIATE` on SQLite: a transaction that reads and then writes cannot find the file
    changed under it. Within this process they queue on a lock, which is fair and costs nothing; SQLite's own
    waiting, by sleeping, is left for other processes.

    Args:
        url: SQLAlchemy URL of a SQLite file or of a PostgreSQL database. A password stands before the host only.
        create: make the SQLite file (mode 0600, for it holds names and numbers) when it is missing.

    Raises:
        BadUrl: the URL is unusable.
        NotMigrated: the SQLite file does not exist.
        DatabaseUnavailable: the file or its directory cannot be made.
    """

    def __init__(self, url: str, *, create: bool = False) -> None:
        parsed = _parse(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        self.remedy = MIGRATE_FILE if self.sqlite else MIGRATE_SERVER
        """What brings the tables up to date, as the end of a sentence."""
        self.name = (parsed.database or "") if self.sqlite else parsed.set(query={}).render_as_string()
        if self.sqlite:
            self._find_file(Path(self.name), create)
        self._lock = threading.Lock()
        self._engine = _make_engine(parsed)
        # Statements of PostgreSQL see each what is committed by then, unless they are told otherwise.
        self._reading = self._engine if self.sqlite else self._engine.execution_options(**_ONE_STATE)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._sentences(), self._reading.begin() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def write(self, *one_at_a_time: str, beside_others: str | None = None) -> Iterator[Connection]:
        """A transaction that is committed when the block ends.

        Args:
            one_at_a_time: names of which no two transactions hold the same at once. SQLite has one writer
                anyway; PostgreSQL takes an advisory lock for each.
            beside_others: a name that any number of transactions may hold at once as long as they all hold it so.
        """
        if not self.sqlite:
            with self._sentences(), self._engine.begin() as connection:
                if beside_others is not None:
                    connection.execute(
                        sa.select(
                            sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(beside_others, 0))
                        )
                    )
                for name in sorted(one_at_a_time):
                    connection.execute(_LOCK, {"name": name})
                yield connection
            return
        if not self._lock.acquire(timeout=PATIENCE):
            raise self._unavailable("busy with other writes")
        try:
            with self._sentences(), self._engine.begin() as connection:
                self._begin(connection, "BEGIN IMMEDIATE")
                yield connection
        finally:
            self._lock.release()

    def insert(self, table: sa.Table) -> Insert:
        """An INSERT that knows ON CONFLICT, in this database's dialect."""
        if self.sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # a tenth of a second that SQLite need not pay

        return postgresql.insert(table)

    def drop_leftovers(self, *, rewrite: bool = False) -> str | None:
        """Write what was deleted over, where it still stands in SQLite's log. PostgreSQL does so in its own time.

        Args:
            rewrite: write all of SQLite's file anew, too, while others who write wait: where rows moved from page to page
                it may hold copies that `secure_delete` does not see.

        Returns why it may still stand there and what to do, as the end of a sentence; None if it does not.
        """
        if not self.sqlite:
            return None
        with self._sentences(), self._engine.connect() as connection:
            driver = _driver(connection)
            try:
                if not _empty_log(driver):
                    return _USED
                if rewrite:
                    driver.execute("VACUUM")
                    if not _empty_log(driver):
                        return _USED
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname.startswith(_IN_USE):
                    return _USED
                if error.sqlite_errorname.startswith(_AWAY):
                    return (
                        f"its file could not be written anew ({error}): free about twice the size of the database, half "
                        "of it for temporary files, or mend its disk, and run this again."
                    )
                raise
        return None

    def use_wal(self) -> None:
        """Readers and the writer stop waiting for each other; kept in the file. Nothing on PostgreSQL."""
        give_up = time.monotonic() + PATIENCE
        while self.sqlite:
            try:
                with self._sentences(), self._engine.connect() as connection:
                    _driver(connection).execute("PRAGMA journal_mode=WAL")
                return
            except DatabaseUnavailable:
                # Of processes that start at once SQLite turns one away here without waiting.
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.01)

    def _begin(self, connection: Connection, how: str) -> None:
        # Directly: SQLAlchemy's listener for this would add a third to the cost of every statement.
        if self.sqlite:
            _driver(connection).execute(how)

    def _find_file(self, file: Path, create: bool) -> None:
        if file.exists():
            return
        if not create:
            raise NotMigrated(f"There is no records database at {file}: {MIGRATE_FILE}")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise DatabaseUnavailable(
                f"The records database {file} cannot be made ({error.strerror}): check the directory."
            ) from None

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        # `from None` and no text of PostgreSQL's: drivers quote the values of rows, names and numbers too.
        try:
            yield
        except DBAPIError as error:
            raise self._explain(error.orig) from None
        except sqlite3.Error as error:
            raise self._explain(error) from None
        except PoolTimeout:
            raise self._unavailable("busy in all of its connections") from None

    def _explain(self, error: BaseException | None) -> RecordsError:
        code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or ""
        text = str(error) if self.sqlite else code
        if code.startswith(_BROKEN):
            return DatabaseDamaged(
                f"{self.name} is damaged or no SQLite database ({text}): restore a backup of it."
            )
        if code.startswith(_AWAY):
            return self._unavailable(text)
        if code in _UNDEFINED_TABLE_OR_COLUMN or text.startswith(("no such table", "no such column")):
            return NotMigrated(
                f"The records database {self.name} lacks tables of this version: {self.remedy}"
            )
        if not self.sqlite and (why := why_away(error)):
            return self._unavailable(why)
        # psycopg has a class of its own for each SQLSTATE, below those that every driver has.
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "IntegrityError" in kinds:
            return Refused(f"The records database {self.name} refused a change ({text}).")
        return RecordsError(f"The records database {self.name} failed ({type(error).__name__} {text}).")

    def _unavailable(self, why: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"The records database {self.name} is unavailable ({why}): workers try again by themselves; "
            f"if this lasts, check {'its disk and who holds it' if self.sqlite else 'the server and the way to it'}."
        )


def _parse(url: str) -> URL:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise BadUrl(
            "PORTOUT_DATABASE_URL is not a URL: write postgresql://user:password@host:5432/records or "
            "sqlite:////path/to/records.db."
        ) from None
    if parsed.drivername == "postgres":
        parsed = parsed.set(drivername="postgresql")  # as some who rent databases out write it
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise BadUrl(
            f"PORTOUT_DATABASE_URL names {backend}, but records are kept in sqlite or postgresql only."
        )
    # libpq would take it there, but nobody who shows a URL or hands it on looks for a secret there.
    if secret := next((name for name in parsed.query if name.lower() in _SECRETS), None):
        raise BadUrl(
            f"PORTOUT_DATABASE_URL must not have {secret}= behind the ?, where others can read it: write "
            "postgresql://user:password@host/database, or name a password file in PGPASSFILE."
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BadUrl("PORTOUT_DATABASE_URL names no file: write sqlite:///path/to/records.db.")
    return parsed


def _make_engine(url: URL) -> Engine:
    arguments: dict[str, Any] = {"hide_parameters": True, "pool_timeout": 10}
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url, connect_args={"timeout": PATIENCE}, pool_size=8, max_overflow=24, **arguments
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")  # SQLAlchemy's default is the driver before this one
    try:
        # A server takes 100 connections, and several workers and the console share them.
        return sa.create_engine(
            url,
            connect_args=connect_arguments(url, PATIENCE),
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=8,
            **arguments,
        )
    except (ImportError, NoSuchModuleError):
        raise BadUrl(
            f"The driver for {url.drivername} is not installed: install psycopg, or use a sqlite URL."
        ) from None


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Write SQLite's log into its file and cut it to nothing. Returns False if others used it all the while."""
    give_up = time.monotonic() + LEFTOVERS_PATIENCE
    # It holds up whoever writes while it waits for readers, so it waits often and briefly.
    connection.execute(f"PRAGMA busy_timeout={_TRUNCATE_WAIT * 1000:.0f}")
    try:
        # SQLite never waits for another who empties the log, as every writer does by itself when the log is long.
        while connection.execute(_TRUNCATE).fetchone()[0]:
            if time.monotonic() > give_up:
                return False
            time.sleep(_TRUNCATE_WAIT)
        return True
    finally:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own BEGIN comes too late and is never IMMEDIATE: transactions begin by `Database` alone.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # A ledger that forgets its last entries when the power fails is none.
    connection.execute("PRAGMA synchronous=FULL")
    # A destroyed key must not live on in free pages.
    connection.execute("PRAGMA secure_delete=ON")

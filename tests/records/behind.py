"""What somebody with the database in hand can do, past the service and its triggers."""

import sqlite3
from contextlib import closing
from typing import Any


def behind_its_back(url: str, statement: str, *values: Any, triggers: bool = False) -> list[Any]:
    """Runs one statement, a `?` for each value, and gives its rows back; without triggers unless they are wanted."""
    if url.startswith("sqlite:///"):
        return _in_sqlite(url.removeprefix("sqlite:///"), statement, values, triggers)
    import psycopg  # where PostgreSQL is wanted

    with psycopg.connect(url) as connection:
        if not triggers:
            connection.execute("SET session_replication_role = replica")
        found = connection.execute(statement.replace("?", "%s").encode(), values or None)
        return found.fetchall() if found.description else []


def _in_sqlite(file: str, statement: str, values: tuple[Any, ...], triggers: bool) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection, connection:
        if not triggers:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in found:
                connection.execute(f"DROP TRIGGER {name}")
        return connection.execute(statement, values).fetchall()

"""What somebody with the file in hand can do, past the service and its triggers."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def behind_its_back(file: Path, statement: str, *values: Any, triggers: bool = False) -> list[Any]:
    """Runs one statement and gives its rows back; without the ledger's triggers unless they are wanted."""
    with closing(sqlite3.connect(file)) as connection, connection:
        if not triggers:
            connection.execute("DROP TRIGGER IF EXISTS ledger_refuses_update")
            connection.execute("DROP TRIGGER IF EXISTS ledger_refuses_delete")
        return connection.execute(statement, values).fetchall()

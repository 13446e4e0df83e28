"""Small facts about the service itself: how far events were read, whether it is paused, its first sending."""

import sqlalchemy as sa

from records.engine import Database
from records.schema import marks

PAUSED = "paused"
"""The mark that stops answering the carrier while it is `yes`; screening goes on."""

_GET = sa.select(marks.c.value).where(marks.c.name == sa.bindparam("wanted"))


class Marks:
    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(marks)
        self._once = insert.on_conflict_do_nothing()
        self._set = insert.on_conflict_do_update(
            index_elements=["name"], set_={"value": insert.excluded.value}
        )

    def get(self, name: str) -> str | None:
        with self._database.read() as connection:
            value: str | None = connection.execute(_GET, {"wanted": name}).scalar_one_or_none()
        return value

    def set(self, name: str, value: str) -> None:
        with self._database.write() as connection:
            connection.execute(self._set, {"name": name, "value": value})

    def set_once(self, name: str, value: str) -> str:
        """The value of the mark, which is this one if nobody set it before."""
        with self._database.write() as connection:
            connection.execute(self._once, {"name": name, "value": value})
            kept: str = connection.execute(_GET, {"wanted": name}).scalar_one()
        return kept

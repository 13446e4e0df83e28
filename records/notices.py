"""Which causes people were told of, so that each is told once."""

from datetime import datetime

import sqlalchemy as sa

from records.engine import Database
from records.schema import notices

_TOLD = sa.select(sa.exists().where(notices.c.cause == sa.bindparam("wanted")))


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(notices).on_conflict_do_nothing().returning(notices.c.cause)

    def told(self, cause: str) -> bool:
        with self._database.read() as connection:
            return bool(connection.execute(_TOLD, {"wanted": cause}).scalar_one())

    def tell(self, cause: str, at: datetime) -> bool:
        """Keeps that people were told; False if they had been already."""
        with self._database.write() as connection:
            new = connection.execute(self._insert, {"cause": cause, "told_at": at}).one_or_none()
        return new is not None

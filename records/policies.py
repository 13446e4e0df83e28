"""Every policy bundle that ever decided, by its digest, and which one was activated when."""

import hashlib
from datetime import datetime

import sqlalchemy as sa

from records.engine import Database
from records.errors import DatabaseDamaged, NotRecordable
from records.schema import activations, policies

_LOAD = sa.select(policies.c.canonical).where(policies.c.digest == sa.bindparam("wanted"))
_LATEST = (
    sa.select(activations.c.digest, activations.c.engine_version, policies.c.canonical)
    .join(policies, policies.c.digest == activations.c.digest)
    .order_by(activations.c.seq.desc())
    .limit(1)
)
_ACTIVATE = sa.insert(activations).inline()


class Policies:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(policies).on_conflict_do_nothing()

    def store(self, digest: str, canonical: bytes, engine_version: str, at: datetime) -> None:
        """Keeps a bundle and makes it the active one; that it is already is fine.

        Args:
            digest: SHA-256 over `canonical`, 64 lower-case hex digits.

        Raises:
            NotRecordable: the digest is another bundle's.
        """
        if _digest(canonical) != digest:
            raise NotRecordable(f"The policy bundle does not have the digest {digest}: it was not stored.")
        with self._database.write("activations") as connection:
            active = connection.execute(_LATEST).one_or_none()
            if active is not None and (active.digest, active.engine_version) == (digest, engine_version):
                return
            connection.execute(self._insert, {"digest": digest, "canonical": canonical, "stored_at": at})
            connection.execute(_ACTIVATE, {"digest": digest, "engine_version": engine_version, "at": at})

    def load(self, digest: str) -> bytes | None:
        """The canonical form of a bundle.

        Raises:
            DatabaseDamaged: what is stored does not have that digest.
        """
        with self._database.read() as connection:
            canonical: bytes | None = connection.execute(_LOAD, {"wanted": digest}).scalar_one_or_none()
        return None if canonical is None else _checked(digest, canonical)

    def latest(self) -> tuple[str, bytes] | None:
        """Digest and canonical form of the bundle that was activated last; raises as `load`."""
        with self._database.read() as connection:
            active = connection.execute(_LATEST).one_or_none()
        return None if active is None else (active.digest, _checked(active.digest, active.canonical))


def _digest(canonical: bytes) -> str:
    return hashlib.sha256(canonical).hexdigest()


def _checked(digest: str, canonical: bytes) -> bytes:
    if _digest(canonical) != digest:
        raise DatabaseDamaged(f"The stored policy bundle {digest} was changed: it must not decide anything.")
    return canonical

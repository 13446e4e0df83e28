"""Every policy bundle that was ever fit to decide, by its digest, which one was made live when, and who runs which."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from records.engine import Database
from records.errors import DatabaseDamaged, NotRecordable
from records.schema import activations, policies, rule_reports

_LOAD = sa.select(policies.c.canonical).where(policies.c.digest == sa.bindparam("wanted"))
_MATCHING = (
    sa.select(policies.c.digest)
    .where(policies.c.digest.startswith(sa.bindparam("beginning"), autoescape=False))
    .order_by(policies.c.digest)
    .limit(sa.bindparam("limit"))
)
_LIVE = (
    sa.select(
        activations.c.digest, activations.c.engine_version, activations.c.at, activations.c.activated_by
    )
    .order_by(activations.c.seq.desc())
    .limit(1)
)
_WAS_LIVE = sa.select(sa.exists().where(activations.c.digest == sa.bindparam("wanted")))
_ACTIVATE = sa.insert(activations).inline()
_REPORTS = sa.select(rule_reports).order_by(rule_reports.c.host, rule_reports.c.pid, rule_reports.c.worker)


@dataclass(frozen=True, slots=True)
class Activation:
    """When a bundle went live.

    Attributes:
        by: who activated it; None if it went live by itself.
    """

    digest: str
    engine_version: str
    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What a worker says of the rules.

    Attributes:
        worker: its name, which no other worker has.
        at: when it said so last.
        running: digest of the bundle by which it judges new orders.
        found: digest of the bundle in its rules folder; None if that one is refused.
        refused: why it is, as a sentence.
    """

    worker: str
    host: str
    pid: int
    at: datetime
    running: str
    found: str | None
    refused: str | None


class Policies:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(policies).on_conflict_do_nothing()
        report = database.insert(rule_reports)
        self._report = report.on_conflict_do_update(
            index_elements=["worker"],
            set_={name: report.excluded[name] for name in ("at", "running", "found", "refused")},
        )

    def keep(self, digest: str, canonical: bytes, at: datetime) -> None:
        """Keeps a bundle, so that it can be activated and decide; that it is kept already is fine.

        Args:
            digest: SHA-256 over `canonical`, 64 lower-case hex digits.

        Raises:
            NotRecordable: the digest is another bundle's.
        """
        if _digest(canonical) != digest:
            raise NotRecordable(f"The policy bundle does not have the digest {digest}: it was not stored.")
        with self._database.write("activations") as connection:
            connection.execute(self._insert, {"digest": digest, "canonical": canonical, "stored_at": at})

    def activate(
        self, digest: str, engine_version: str, at: datetime, *, instead_of: str | None, by: str | None = None
    ) -> bool:
        """Makes a bundle that is kept the live one; that it is already is fine.

        Args:
            instead_of: digest of the bundle that is live as far as the caller knows; None if none is.
            by: who wants it; None: nobody needs to.

        Returns:
            False, and nothing is changed, if another bundle was made live meanwhile.
        """
        with self._database.write("activations") as connection:
            live = connection.execute(_LIVE).one_or_none()
            if live is not None and (live.digest, live.engine_version) == (digest, engine_version):
                return True
            if (live.digest if live else None) != instead_of:
                return False
            row = {"digest": digest, "engine_version": engine_version, "at": at, "activated_by": by}
            connection.execute(_ACTIVATE, row)
            return True

    def live(self) -> Activation | None:
        """The newest activation: what judges new orders."""
        with self._database.read() as connection:
            row = connection.execute(_LIVE).one_or_none()
        return None if row is None else Activation(row.digest, row.engine_version, row.at, row.activated_by)

    def was_live(self, digest: str) -> bool:
        """Whether this bundle is live or ever was."""
        with self._database.read() as connection:
            return bool(connection.execute(_WAS_LIVE, {"wanted": digest}).scalar_one())

    def matching(self, beginning: str, limit: int = 10) -> list[str]:
        """The digests of kept bundles that begin with these hex digits, at most `limit`."""
        with self._database.read() as connection:
            return list(connection.execute(_MATCHING, {"beginning": beginning, "limit": limit}).scalars())

    def load(self, digest: str) -> bytes | None:
        """The canonical form of a bundle.

        Raises:
            DatabaseDamaged: what is stored does not have that digest.
        """
        with self._database.read() as connection:
            canonical: bytes | None = connection.execute(_LOAD, {"wanted": digest}).scalar_one_or_none()
        if canonical is not None and _digest(canonical) != digest:
            raise DatabaseDamaged(
                f"The stored policy bundle {digest} was changed: it must not decide anything."
            )
        return canonical

    def report(self, report: RuleReport, *, forget_before: datetime) -> None:
        """Keeps what a worker says in place of what it said before, and drops what others said before that time."""
        with self._database.write() as connection:
            connection.execute(
                self._report,
                {
                    "worker": report.worker,
                    "host": report.host,
                    "pid": report.pid,
                    "at": report.at,
                    "running": report.running,
                    "found": report.found,
                    "refused": report.refused,
                },
            )
            connection.execute(sa.delete(rule_reports).where(rule_reports.c.at < forget_before))

    def withdraw(self, worker: str) -> None:
        """Drops what a worker said: it stops."""
        with self._database.write() as connection:
            connection.execute(sa.delete(rule_reports).where(rule_reports.c.worker == worker))

    def reports(self) -> list[RuleReport]:
        """What workers said, those that died included."""
        with self._database.read() as connection:
            rows = connection.execute(_REPORTS).all()
        return [
            RuleReport(row.worker, row.host, row.pid, row.at, row.running, row.found, row.refused)
            for row in rows
        ]


def _digest(canonical: bytes) -> str:
    return hashlib.sha256(canonical).hexdigest()

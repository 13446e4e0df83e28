"""`Records`: one door to all tables."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa
from pydantic import SecretStr

from records.attempts import Attempts
from records.cases import Cases, CaseUpdate
from records.customers import DEFAULT_SOURCES, Customers
from records.engine import Database
from records.errors import NotMigrated
from records.history import History, PastOrder
from records.ledger import Ledger
from records.ledger_checkpoints import Checkpoints
from records.ledger_export import LedgerExport
from records.ledger_keys import FactKeys
from records.ledger_pruning import Pruning
from records.ledger_standings import Standings
from records.ledger_verify import Verifier
from records.marks import Marks
from records.notices import Notices
from records.pins import PinHasher
from records.policies import Policies
from records.reported import ReportedOrders
from records.schema import REVISION, customers, keys
from records.sealing import Sealer
from records.signing import NAME, Signer
from records.tokens import Tokens
from records.upgrade import NEWER, version

if TYPE_CHECKING:
    from records.directory import Directory


class Records:
    """The records of one database. Thread-safe; every call is a transaction of its own, committed on return.

    Any call may raise DatabaseUnavailable (locked, full or away): nothing was written, try again later.
    """

    def __init__(
        self,
        database: Database,
        hasher: PinHasher,
        sealer: Sealer,
        signer: Signer | None,
        *,
        sources: Sequence[str] = DEFAULT_SOURCES,
        directory: "Directory | None" = None,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._sealer = sealer
        self.customers = Customers(database, hasher, sources=sources, directory=directory)
        self.cases = Cases(database)
        self.history = History(database)
        self.ledger = Ledger(database, sealer, self.cases, self.history)
        self.checkpoints = Checkpoints(database, signer)
        self.export = LedgerExport(database)
        self.pruning = Pruning(database, self.ledger, self.checkpoints)
        self.fact_keys = FactKeys(database, sealer)
        self.standings = Standings(database)
        self.reported = ReportedOrders(database)
        self.attempts = Attempts(database)
        self.policies = Policies(database)
        self.marks = Marks(database)
        self.tokens = Tokens(database)
        self.notices = Notices(database)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        pin_key: SecretStr | None,
        records_key: SecretStr | None,
        ledger_key: SecretStr | None = None,
        sources: Sequence[str] = DEFAULT_SOURCES,
        directory: "Directory | None" = None,
    ) -> Self:
        """Opens a database that `records.upgrade.upgrade` brought up to date.

        Args:
            url: SQLAlchemy URL, `sqlite:///path` or `postgresql://…`.
            pin_key, records_key: base64 of 32 bytes each. Without the first no PIN can be stored or compared,
                without the second no personal fact sealed or read.
            ledger_key: the same; without it no checkpoint can be made, and nothing pruned.
            sources, directory: where customers are looked up, as `Customers` takes them.

        Raises:
            BadUrl, BadKey: what was given is unusable.
            NotMigrated: the database is missing, empty or of another version.
            DatabaseUnavailable, DatabaseDamaged: it cannot be read.
        """
        hasher, sealer = PinHasher(pin_key), Sealer(records_key)
        signer = Signer(ledger_key) if ledger_key else None
        database = Database(url)
        try:
            found = version(database)
            if found != REVISION:
                raise NotMigrated(
                    f"The records database {database.name} is at version {found or 'none'}, this program "
                    f"needs {REVISION}: {database.remedy if (found or '') < REVISION else NEWER}"
                )
        except BaseException:
            database.close()
            raise
        return cls(database, hasher, sealer, signer, sources=sources, directory=directory)

    @property
    def can_seal(self) -> bool:
        """Whether there is a PORTOUT_RECORDS_KEY, without which no personal fact can be written down."""
        return bool(self._sealer.wrapped_by)

    def close(self) -> None:
        """Gives the connections back, the directory's too. No call may follow."""
        if self.customers.directory is not None:
            self.customers.directory.close()
        self._database.close()

    def open_case(self, case: CaseUpdate, order: PastOrder) -> None:
        """Shows an opened order in the queue and remembers it in the history, both or neither."""
        with self._database.write() as connection:
            self.cases.upsert_within(connection, case)
            self.history.record_within(connection, order)

    def verifier(self, trusted: Collection[str] = ()) -> Verifier:
        """What checks the whole ledger.

        Args:
            trusted: public keys whose signatures count besides our own, base64.
        """
        own = self.checkpoints.public_key
        return Verifier(self._database, self.checkpoints, {*trusted, *([own] if own else [])})

    def warnings(self) -> list[str]:
        """Sentences for start-up and status: keys that are not those with which the records were written.
        Neither stops new orders from being screened and recorded."""
        found = []
        if self.checkpoints.public_key is None:
            found.append(
                f"{NAME} is not set, so the ledger gets no checkpoints, and nobody would notice that its end is gone: "
                "set it."
            )
        with self._database.read() as connection:
            wrapped = {by.partition("/")[0] for by in _values(connection, keys.c.wrapped_by)}
            if self._sealer.key_ids and not wrapped.issubset(self._sealer.key_ids):
                found.append(
                    "Personal facts of some port-outs are sealed under another PORTOUT_RECORDS_KEY "
                    "and cannot be read: set that one again, behind a comma after the one that is set."
                )
            elif wrapped - {self._sealer.wrapped_by}:
                found.append(
                    "Personal facts of some port-outs are sealed under the second PORTOUT_RECORDS_KEY: keep it until "
                    "`portout records rekey` finds none."
                )
            under = set(_values(connection, customers.c.pin_key_id))
            if not under.issubset(self._hasher.key_ids):
                found.append(
                    "PINs of some customers were stored under another PORTOUT_PIN_KEY, so their orders go to "
                    "review: set that one, or import the PINs again; `portout customers rekey` counts them."
                )
            elif under - {self._hasher.key_id}:
                found.append(
                    "PINs of some customers are stored under the second PORTOUT_PIN_KEY: keep it until "
                    "`portout customers rekey` finds none."
                )
        return found


def _values(connection: sa.Connection, column: sa.Column[str]) -> Iterator[str]:
    """The few different values of an indexed column, from one to the next instead of through all rows."""
    last = ""
    while found := connection.execute(sa.select(sa.func.min(column)).where(column > last)).scalar_one():
        yield found
        last = found

"""Everything that this room raises: each message is one sentence with what, where and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import DontWrapMixin


class RecordsError(Exception):
    """The records could not do what was asked."""


class DatabaseUnavailable(RecordsError):
    """The database is locked, full or away: the same call may succeed a little later."""


class NotMigrated(RecordsError):
    """The tables are missing, or made for another version of this program."""


class DatabaseDamaged(RecordsError):
    """What the database holds cannot be what was stored in it."""


class BackupRefused(RecordsError):
    """A backup could not be made or restored: nothing was changed."""


class Refused(RecordsError):
    """The database refused a change: a constraint or the append-only ledger stands against it."""


class BadUrl(RecordsError):
    """PORTOUT_DATABASE_URL names no database that can hold the records."""


class BadKey(RecordsError):
    """A key is missing, garbled, or not the one that the stored value was made with."""


class BadPin(RecordsError):
    """A PIN that cannot be put on file. The message never carries it."""


class TokenRefused(RecordsError):
    """A token that proves nothing: unknown, expired or revoked."""


class UnknownCustomer(RecordsError):
    """No customer has that id or number."""


class DirectoryFailed(RecordsError):
    """The operator's directory of customers does not say who holds a number: the same call may succeed later."""


class LockRefused(RecordsError):
    """A customer is locked already, or is not, or the reason for it contains the PIN."""


class NotRecordable(RecordsError):
    """A value has no canonical JSON form, so no hash could stand for it."""


class NaiveTime(RecordsError, DontWrapMixin):
    """A time without a zone was about to be stored."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault of a file of customers.

    Args:
        line: where the row begins in the file, from 1 (the header is line 1); 0 for the file as a whole.
        column: the column's name, None for the whole row.
        sentence: what is wrong and what to do. Never a PIN.
    """

    line: int
    column: str | None
    sentence: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        if self.column:
            place = f"{place}, column {self.column}" if place else f"column {self.column}"
        return f"{place}: {self.sentence}" if place else self.sentence


class FileRefused(RecordsError):
    """Nothing of a file of customers was imported; `errors` holds every fault of it, in the order of its lines."""

    def __init__(self, name: str, errors: Sequence[RowError]) -> None:
        self.errors = list(errors)
        if len(self.errors) == 1:
            message = f"{name} was not imported: {self.errors[0]}"
        else:
            message = f"{name} was not imported: {len(self.errors)} faults, the first at {self.errors[0]}"
        super().__init__(message)

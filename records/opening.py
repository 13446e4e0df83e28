"""Opening the records as the settings say."""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from pydantic import SecretStr

from records.engine import Database
from records.errors import BadKey, NotMigrated
from records.keys import load_or_make_key
from records.schema import checkpoints, customers, keys
from records.store import Records
from records.upgrade import upgrade
from settings import Settings

if TYPE_CHECKING:
    from records.directory import Directory

PIN_KEY = "pin.key"
RECORDS_KEY = "records.key"
LEDGER_KEY = "ledger.key"
_WRITTEN_UNDER = {
    PIN_KEY: sa.select(sa.func.min(customers.c.pin_key_id)),
    RECORDS_KEY: sa.select(sa.func.min(keys.c.wrapped_by)),
    LEDGER_KEY: sa.select(sa.func.min(checkpoints.c.number)),
}
"""Gives something when the database holds what was written under a key."""


def open_records(settings: Settings) -> Records:
    """Open the database. A SQLite file is brought up to date first, and gets its own keys beside it; a PostgreSQL,
    which others use at the same time, is left to `portout records upgrade`.

    Raises:
        RecordsError: the database or a key cannot be used.
    """
    if settings.records_url.startswith("sqlite"):
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The keys first: a database that cannot be used without one need not be changed.
    pin_key = _key(settings, settings.pin_key, PIN_KEY, make=True)
    records_key = _key(settings, settings.records_key, RECORDS_KEY, make=True)
    ledger_key = _key(settings, settings.ledger_key, LEDGER_KEY, make=True)
    if settings.records_url.startswith("sqlite"):
        upgrade(settings.records_url)
    return Records.open(
        settings.records_url,
        pin_key=pin_key,
        records_key=records_key,
        ledger_key=ledger_key,
        sources=settings.sources,
        directory=directory_of(settings),
    )


def open_records_as_they_are(settings: Settings) -> Records:
    """Open the database and make nothing, neither tables nor keys.

    Raises:
        NotMigrated: there is none yet, or one of another version.
        RecordsError: the database or a key cannot be used.
    """
    return Records.open(
        settings.records_url,
        pin_key=_key(settings, settings.pin_key, PIN_KEY, make=False),
        records_key=_key(settings, settings.records_key, RECORDS_KEY, make=False),
        ledger_key=_key(settings, settings.ledger_key, LEDGER_KEY, make=False),
        sources=settings.sources,
        directory=directory_of(settings),
    )


def directory_of(settings: Settings) -> "Directory | None":
    """The operator's own directory of customers; None if there is none."""
    if settings.directory_url is None:
        return None
    from records.directory import Directory  # its HTTP client takes a tenth of a second to import

    return Directory(settings.directory_url, settings.directory_token)


def keys_to_put_back(settings: Settings) -> list[str]:
    """The keys that the database was written under and that are not here: their files, or variables on PostgreSQL.

    Raises:
        RecordsError: the database cannot be read.
    """
    given = {
        PIN_KEY: settings.pin_key,
        RECORDS_KEY: settings.records_key,
        LEDGER_KEY: settings.ledger_key,
    }
    missing = [name for name, key in given.items() if key is None and _is_missing(settings, name)]
    if settings.records_url.startswith("sqlite"):
        return [str(settings.home / name) for name in missing]
    return [_variable(name) for name in missing]


def _is_missing(settings: Settings, name: str) -> bool:
    """Whether the database was written under a key whose file is not here."""
    file = settings.home / name
    here = settings.records_url.startswith("sqlite")
    if here and file.exists():
        return False
    try:
        database = Database(settings.records_url)
    except NotMigrated:
        return False
    try:
        with database.read() as connection:
            used = connection.execute(_WRITTEN_UNDER[name]).scalar_one() is not None
    except NotMigrated:
        return False
    finally:
        database.close()
    # Again: another process may just have made the file and written under it.
    return used and not (here and file.exists())


def _variable(name: str) -> str:
    return "PORTOUT_" + name.upper().replace(".", "_")


def _key(settings: Settings, given: SecretStr | None, name: str, *, make: bool) -> SecretStr | None:
    file = settings.home / name
    if given is not None:
        return given
    if not settings.records_url.startswith("sqlite"):
        if make and name == RECORDS_KEY:
            raise BadKey(
                "PORTOUT_RECORDS_KEY is not set: without it no decision can be recorded; set base64 of 32 bytes."
            )
        return None
    if make and _is_missing(settings, name):
        raise BadKey(
            f"The records were written under a key that is not here: put {file} back from where its copy is kept, "
            f"or set {_variable(name)}."
        )
    return load_or_make_key(file) if make or file.exists() else None

"""Opening the records as the settings say."""

from typing import TYPE_CHECKING

from pydantic import SecretStr

from records.errors import BadKey
from records.keys import load_or_make_key
from records.store import Records
from records.upgrade import upgrade
from settings import Settings

if TYPE_CHECKING:
    from records.directory import Directory

RECORDS_KEY = "records.key"
LEDGER_KEY = "ledger.key"


def open_records(settings: Settings) -> Records:
    """Open the database. A SQLite file is brought up to date first, and gets its own keys beside it; a PostgreSQL,
    which others use at the same time, is left to `portout records upgrade`.

    Raises:
        RecordsError: the database or a key cannot be used.
    """
    if settings.records_url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
    # The keys first: a database that cannot be used without one need not be changed.
    pin_key = _key(settings, settings.pin_key, "pin.key", make=True)
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
        pin_key=_key(settings, settings.pin_key, "pin.key", make=False),
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
    return load_or_make_key(file) if make or file.exists() else None

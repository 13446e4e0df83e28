"""What a command needs of the running service: where it is, and clients to talk to it."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from environment import load_settings
from settings import Settings

# Each of these takes a noticeable part of a second to import, and no command needs them all.
if TYPE_CHECKING:
    from temporalio.client import Client

    from records.store import Records
    from telnyx_api import TelnyxClient

RUNNING = "running.json"


class Running(BaseModel):
    """Where `portout up` put what it started, for the other commands on this machine."""

    temporal_address: str | None = None
    carrier_url: str | None = None
    console_url: str | None = None
    public_key: str | None = None
    """Of the sandbox, for its webhooks."""
    home: Path | None = None


@contextmanager
def announced(home: Path, running: Running) -> Iterator[None]:
    """Tell other commands where things run, for as long as they do."""
    file = home / RUNNING
    file.write_text(running.model_dump_json())
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_in(home: Path) -> Running:
    """What `portout up` announced; nothing when it does not run."""
    try:
        return Running.model_validate_json((home / RUNNING).read_text())
    except (OSError, ValidationError, json.JSONDecodeError):
        return Running()


@dataclass(frozen=True)
class Place:
    """The settings of this command and the Temporal server it talks to."""

    settings: Settings
    temporal_address: str | None

    async def temporal(self) -> "Client":
        """Connect. Raises TemporalUnreachable; calls raise SealedHistory where a payload key is missing."""
        from temporal_client import connect

        return await connect(self.settings, address=self.temporal_address, only_what_opens=True)

    @asynccontextmanager
    async def carrier(self) -> "AsyncIterator[TelnyxClient]":
        from telnyx_api import TelnyxClient

        async with TelnyxClient(self.settings.carrier_key, self.settings.carrier_url) as client:
            yield client

    @contextmanager
    def records(self) -> "Iterator[Records]":
        """Open the records, made and brought up to date first. Raises RecordsError."""
        from records.opening import open_records

        records = open_records(self.settings)
        try:
            yield records
        finally:
            records.close()

    @contextmanager
    def records_as_they_are(self) -> "Iterator[Records]":
        """Open the records and make nothing, neither tables nor keys. Raises RecordsError."""
        from records.opening import open_records_as_they_are

        records = open_records_as_they_are(self.settings)
        try:
            yield records
        finally:
            records.close()


def find_place() -> Place:
    """Read the settings; what `portout up` announced fills in what the environment does not say.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = load_settings()
    running = running_in(settings.home)
    if not settings.real_carrier and not settings.telnyx_base_url and running.carrier_url:
        found = {"telnyx_base_url": running.carrier_url, "home": running.home or settings.home}
        if not settings.expects_webhooks:
            found["telnyx_public_key"] = running.public_key
        settings = settings.model_copy(update=found)
    return Place(settings, None if os.environ.get("TEMPORAL_ADDRESS") else running.temporal_address)

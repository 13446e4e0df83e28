"""Any error as one sentence for a person: those of our rooms are sentences already."""

import traceback
from pathlib import Path

from temporalio.service import RPCError

from commands.embedded import NotStarted
from records.errors import RecordsError
from sandbox.errors import PortBusy
from settings import SettingsError
from telnyx_api import CarrierError
from temporal_client import SealedHistory, TemporalUnreachable

SENTENCES = (
    CarrierError, NotStarted, PortBusy, RecordsError, SealedHistory, SettingsError, TemporalUnreachable,
)  # fmt: skip


def sentence_of(error: Exception) -> str:
    """What went wrong and what to do. Of an error that nobody foresaw only type and place: its text may hold a PIN."""
    if isinstance(error, SENTENCES):
        return str(error)
    if isinstance(error, RPCError):
        return f"Temporal could not do it ({error.status.name}: {error.message}): check its address and namespace."
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"This should not have happened ({type(error).__name__} at {where}): please report it."

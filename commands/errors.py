"""The errors of all rooms that are sentences for a person already: printed as they are, exit code 1."""

from commands.embedded import NotStarted
from records.errors import RecordsError
from sandbox.errors import PortBusy
from settings import SettingsError
from telnyx_api import CarrierError
from temporal_client import TemporalUnreachable

SENTENCES = (CarrierError, NotStarted, PortBusy, RecordsError, SettingsError, TemporalUnreachable)

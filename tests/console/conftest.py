"""A console whose queue nobody empties, so that a test sees what was put into it."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from console.app import create_app
from console.codec import CodecEndpoint
from console.handover import Handover
from console.health import Health
from console.messenger import Messenger
from console.public_keys import PublicKeys
from console.webhooks import PATH, WebhookEndpoint
from environment import settings_without_environment
from records.opening import open_records
from records.store import Records
from settings import Settings
from telnyx_api import TelnyxClient
from telnyx_api.webhooks import WebhookEvent
from tests.signing import Signer

NOW = 1_772_460_000.0
CARRIER = Signer()
NOBODY = "127.0.0.1:9"
"""No server listens there: what only fills the queue speaks to none."""


@dataclass
class Desk:
    """The endpoint with its clock stopped, and its queue."""

    http: httpx.AsyncClient
    handover: Handover

    async def send(self, body: bytes, signer: Signer = CARRIER, *, off: float = 0) -> httpx.Response:
        """Send a webhook that was signed `off` seconds from now."""
        return await self.http.post(PATH, content=body, headers=signer.headers(body, at=NOW + off))

    def queued(self) -> list[tuple[str, WebhookEvent]]:
        """What waits to be handed on, taken out."""
        queue = self.handover._queue
        return [queue.get_nowait() for _ in range(queue.qsize())]


async def desk_with(settings: Settings, records: Records) -> Desk:
    temporal = await Client.connect(NOBODY, lazy=True)
    carrier = TelnyxClient(settings.carrier_key, f"http://{NOBODY}/v2")
    messenger = Messenger(temporal, carrier, records, task_queue="none", timing=settings.timing)
    handover = Handover(messenger, records)
    endpoint = WebhookEndpoint(PublicKeys(settings), handover, clock=lambda: NOW)
    codec = CodecEndpoint(None, records, reviewers=(), origins=())
    transport = httpx.ASGITransport(create_app(endpoint, Health(temporal, records), codec))
    return Desk(httpx.AsyncClient(transport=transport, base_url="http://console"), handover)


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return open_records(settings_without_environment(home=tmp_path_factory.mktemp("records")))


@pytest.fixture
async def desk(records: Records, tmp_path: Path) -> Desk:
    settings = settings_without_environment(home=tmp_path, telnyx_public_key=CARRIER.public)
    return await desk_with(settings, records)

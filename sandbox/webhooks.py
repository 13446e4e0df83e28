"""The carrier's webhooks: signed, tried again, and delivered as badly as one asks for."""

import asyncio
import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.clock import CarrierClock
from sandbox.models import Mischief
from sandbox.orders import STATUS_CHANGED, Shown

ATTEMPTS = 3
"""Deliveries tried at each URL (Telnyx, receiving webhooks)."""

ANSWER_WITHIN = 2.0
"""Seconds in which a 2xx must come, as a rule (Telnyx, receiving webhooks)."""

PAUSE = 0.25
"""Seconds between two attempts; Telnyx publishes no figure."""

_AT_ONCE = 8
_SILENCE_SEEN_EVERY = 0.1
_KEPT = 100_000


class Webhooks:
    """Sends events to one account's URL from tasks of the running event loop, once a URL is registered.

    Args:
        clock: The carrier's. Webhooks are dated by real time plus its offset: a receiver refuses what is too
            old, and a carrier whose days pass in seconds would not be a carrier with a wrong clock.
        settle: Lets silence approve what it has approved by now.

    Attributes:
        deliveries: The last 100,000 attempts: event, order, attempt, URL and the status that came back, which
            is None when none came in time.
        dropped: Webhooks never sent, as asked for.
        answer_within: Seconds in which a 2xx must come.
    """

    def __init__(self, clock: CarrierClock, settle: Callable[[], object]) -> None:
        self._clock = clock
        self._settle = settle
        self._key = Ed25519PrivateKey.generate()
        self._urls: list[str] = []
        self._http: httpx.AsyncClient | None = None
        self._watch: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.dropped = 0
        self.answer_within = ANSWER_WITHIN
        self.misbehave(Mischief())

    @property
    def public_key(self) -> str:
        """In base64, as the portal shows it."""
        return b64encode(self._key.public_key().public_bytes_raw()).decode()

    def rotate_key(self) -> str:
        """Sign with another key pair from now on, and return its public key."""
        self._key = Ed25519PrivateKey.generate()
        return self.public_key

    def register(self, url: str, failover_url: str | None = None) -> None:
        """Send every event from now on to ``url``, and to ``failover_url`` when that fails. Needs a running
        event loop.
        """
        self._urls = [url] if failover_url is None else [url, failover_url]
        self._http = self._http or httpx.AsyncClient(timeout=None, trust_env=False)
        self._watch = self._watch or asyncio.get_running_loop().create_task(self._watch_silence())

    def misbehave(self, how: Mischief) -> None:
        """Duplicate, scatter and lose webhooks from now on; the same seed and events, the same choices."""
        self.mischief = how
        self._random = Random(how.seed)

    def publish(self, event: Shown) -> None:
        """Send an event, if anybody registered for it."""
        for _ in range(self.mischief.copies if self._urls else 0):
            lost = self._random.random() < self.mischief.drop
            delay = self._random.random() * self.mischief.spread
            if lost:
                self.dropped += 1
                continue
            task = asyncio.get_running_loop().create_task(self._deliver(event, self._urls, delay))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def sign(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """The headers of a webhook with that raw body, sent now or at ``timestamp`` (seconds of the epoch)."""
        if timestamp is None:
            timestamp = int(self._clock.real().timestamp() + self._clock.offset)
        signature = self._key.sign(f"{timestamp}|".encode() + body)
        return {
            "content-type": "application/json",
            "telnyx-timestamp": str(timestamp),
            "telnyx-signature-ed25519": b64encode(signature).decode(),
        }

    def state(self) -> dict[str, Any]:
        """Where webhooks go, the key that they are signed with, and how many are on their way."""
        return {
            "url": self._urls[0] if self._urls else None,
            "failover_url": self._urls[1] if len(self._urls) > 1 else None,
            "public_key": self.public_key,
            **self.mischief.model_dump(),
            "under_way": len(self._under_way),
            "dropped": self.dropped,
        }

    async def quiet(self) -> None:
        """Wait until every webhook published so far has been delivered or given up."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Forget the URL and every webhook that is on its way."""
        tasks = [*self._under_way, *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()
        self._urls, self._http, self._watch = [], None, None

    async def _deliver(self, event: Shown, urls: list[str], delay: float) -> None:
        await asyncio.sleep(delay)
        attempt = 0
        for url in urls:
            for again in range(ATTEMPTS):
                attempt += 1
                if again:
                    await asyncio.sleep(PAUSE)
                if await self._attempt(event, url, attempt):
                    return

    async def _attempt(self, event: Shown, url: str, attempt: int) -> bool:
        assert self._http is not None
        status: int | None = None
        async with self._at_once:
            body = _body(event, url, attempt)
            try:
                async with asyncio.timeout(self.answer_within):
                    status = (await self._http.post(url, content=body, headers=self.sign(body))).status_code
            except (httpx.HTTPError, TimeoutError):
                pass
        self.deliveries.append(
            {
                "event_id": event["id"],
                "event_type": event["event_type"],
                "portout_id": event["portout_id"],
                "attempt": attempt,
                "url": url,
                "status": status,
            }
        )
        return status is not None and 200 <= status < 300

    async def _watch_silence(self) -> None:
        # Nobody else looks while everybody waits for webhooks.
        while True:
            await asyncio.sleep(_SILENCE_SEEN_EVERY)
            self._settle()


def _body(event: Shown, url: str, attempt: int) -> bytes:
    payload = event["payload"]
    if event["event_type"] == STATUS_CHANGED and not payload["status"].startswith("rejected"):
        payload = {name: value for name, value in payload.items() if name != "rejection_reason"}
    data = {
        "event_type": event["event_type"],
        "id": event["id"],
        "occurred_at": event["created_at"],
        "record_type": "event",
        "payload": payload,
    }
    meta = {"attempt": attempt, "delivered_to": url}
    return json.dumps({"data": data, "meta": meta}, ensure_ascii=False, separators=(",", ":")).encode()

"""Webhooks as the carrier sends them, signed with a key of the test's own."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

STATUS_CHANGED = "portout.status_changed"
NEW_COMMENT = "portout.new_comment"
FOC_DATE_CHANGED = "portout.foc_date_changed"


@dataclass(frozen=True)
class Signer:
    """A key pair, always the same for the same name."""

    name: str = "carrier"

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.name.encode()).digest())

    @property
    def public(self) -> str:
        """As it stands in the carrier's portal."""
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def headers(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        timestamp = str(int(time.time() if at is None else at))
        signature = self.key.sign(f"{timestamp}|".encode() + body)
        return {
            "telnyx-timestamp": timestamp,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "content-type": "application/json",
        }


def webhook(
    portout_id: str, event_type: str = STATUS_CHANGED, *, event_id: str | None = None, **payload: Any
) -> bytes:
    """The body of a webhook about this port-out (Telnyx's guide to port-out events)."""
    if event_type == NEW_COMMENT:
        about: dict[str, Any] = {"id": str(uuid4()), "portout_id": portout_id, "comment": "Please hurry."}
    else:
        about = {"id": portout_id}
    usual = {STATUS_CHANGED: {"status": "pending", "spid": "073H", "phone_numbers": ["+12125550100"]}}
    data = {
        "event_type": event_type,
        "id": event_id or str(uuid4()),
        "occurred_at": "2026-03-02T14:00:00.000000Z",
        "record_type": "event",
        "payload": {**about, **usual.get(event_type, {}), **payload},
    }
    return json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": "https://example.com"}}).encode()

"""The carrier's webhooks: whether the carrier signed one, and what it says that we may use.

Signed is `"{telnyx-timestamp}|{raw body}"` with Ed25519 (Telnyx webhook guide). A webhook is only a reason to look:
nothing but ids, type and status is read from it, and the status only to save a look.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.models import Moment, PortOutEvent

SIGNATURE = "telnyx-signature-ed25519"
TIMESTAMP = "telnyx-timestamp"
TOLERANCE = 300.0
"""Seconds that the carrier's clock may differ from ours, either way."""
MOST_KEYS = 2
"""The old key and the new one while they are rotated."""
_AN_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


class BadPublicKey(Exception):
    """Text that is no public key: one sentence, without the text."""


class BadSignature(Exception):
    """None of the keys signed this, or nothing says that one did."""


class StaleWebhook(Exception):
    """The carrier signed it, but at a time too far from ours: it may be a recording.

    Attributes:
        seconds_off: our clock less the webhook's.
    """

    def __init__(self, seconds_off: float) -> None:
        super().__init__(f"signed {seconds_off:.0f} s from now")
        self.seconds_off = seconds_off


@dataclass(frozen=True)
class WebhookEvent:
    """What is taken from a webhook."""

    event_id: str
    event_type: str
    portout_id: str | None
    """None when it says none, or one that cannot be an id."""
    status: str | None
    occurred_at: datetime | None
    """By the carrier's clock."""


class _Sent(PortOutEvent):
    occurred_at: Moment = None


_EVENTS = Reader(_Sent, Listed[_Sent], Single[_Sent])


def public_keys(text: str) -> tuple[Ed25519PublicKey, ...]:
    """The keys in a text: base64 of 32 bytes each, between commas or blanks.

    Raises:
        BadPublicKey: there is none, one is something else, or there are more than two.
    """
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= MOST_KEYS:
        raise BadPublicKey("must be one public key, or two between commas while they are rotated")
    return tuple(_public_key(word) for word in words)


def _public_key(word: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(word, validate=True))
    except ValueError:
        raise BadPublicKey("must be the public key from the carrier's portal, base64 of 32 bytes") from None


def verify(
    body: bytes,
    *,
    signature: str | None,
    timestamp: str | None,
    keys: Sequence[Ed25519PublicKey],
    now: float,
) -> None:
    """Return if one of the keys signed this body, at about this time.

    Args:
        body: exactly as it came.
        signature: the header `telnyx-signature-ed25519`, base64.
        timestamp: the header `telnyx-timestamp`, seconds since 1970.
        now: seconds since 1970.

    Raises:
        BadSignature: first, so that the other one is only ever said to the carrier.
        StaleWebhook: more than five minutes from now.
    """
    if not timestamp or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("no time is signed")
    signed = f"{timestamp}|".encode() + body
    try:
        raw = base64.b64decode(signature or "", validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("the signature is not base64") from None
    if not any(_signed_by(key, raw, signed) for key in keys):
        raise BadSignature("no key of ours fits the signature" if raw else "there is no signature")
    off = now - int(timestamp)
    if abs(off) > TOLERANCE:
        raise StaleWebhook(off)


def _signed_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def read_webhook(body: bytes) -> WebhookEvent | None:
    """What the webhook says, or None when it is no event. Never raises: an error would hold the body."""
    sent = _EVENTS.one(body)
    if sent is None or not sent.event_type or not _AN_ID.fullmatch(sent.id):
        return None
    about = sent.portout_id
    return WebhookEvent(
        event_id=sent.id,
        event_type=sent.event_type,
        portout_id=about if about and _AN_ID.fullmatch(about) else None,
        status=sent.payload.status,
        occurred_at=sent.occurred_at or sent.created_at,
    )

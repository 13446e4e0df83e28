"""Webhooks: who signed them, when, and what is read from them."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from telnyx_api.webhooks import (
    BadPublicKey,
    BadSignature,
    StaleWebhook,
    WebhookEvent,
    public_keys,
    read_webhook,
    verify,
)
from tests.signing import FOC_DATE_CHANGED, NEW_COMMENT, Signer, webhook

NOW = 1_772_460_000.0
ORDER = "9471c873-e3eb-4ca1-957d-f9a451334d52"
BODY = webhook(ORDER, event_id="e-0")
CARRIER, OTHER = Signer(), Signer("other")


def check(body: bytes, headers: dict[str, str], *, keys: str = CARRIER.public, now: float = NOW) -> None:
    verify(
        body,
        signature=headers.get("telnyx-signature-ed25519"),
        timestamp=headers.get("telnyx-timestamp"),
        keys=public_keys(keys),
        now=now,
    )


@pytest.mark.parametrize("off", [0, 299, 300, -300])
def test_what_the_carrier_signed_within_five_minutes_is_believed(off: float) -> None:
    check(BODY, CARRIER.headers(BODY, at=NOW + off))


@pytest.mark.parametrize("off", [301, -301, 86_400])
def test_what_it_signed_at_another_time_is_stale(off: float) -> None:
    with pytest.raises(StaleWebhook) as caught:
        check(BODY, CARRIER.headers(BODY, at=NOW - off))
    assert caught.value.seconds_off == off


def test_either_of_two_keys_is_enough_while_they_are_rotated() -> None:
    both = f"{OTHER.public}, {CARRIER.public}"
    for signer in (CARRIER, OTHER):
        check(BODY, signer.headers(BODY, at=NOW), keys=both)
    with pytest.raises(BadSignature):
        check(BODY, Signer("third").headers(BODY, at=NOW), keys=both)


GOOD = CARRIER.headers(BODY, at=NOW)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + b" ", GOOD),
        (b"", GOOD),
        (BODY, {}),
        (BODY, {**GOOD, "telnyx-timestamp": ""}),
        (BODY, {**GOOD, "telnyx-timestamp": str(int(NOW) + 1)}),
        (BODY, {**GOOD, "telnyx-timestamp": f" {int(NOW)}"}),
        (BODY, {**GOOD, "telnyx-timestamp": f"-{int(NOW)}"}),
        (BODY, {**GOOD, "telnyx-timestamp": "١٧٧٢٤٦٠٠٠٠"}),
        (BODY, {**GOOD, "telnyx-timestamp": "9" * 400}),
        (BODY, {**GOOD, "telnyx-timestamp": "nan"}),
        (BODY, {**GOOD, "telnyx-signature-ed25519": ""}),
        (BODY, {**GOOD, "telnyx-signature-ed25519": "not base64"}),
        (BODY, {**GOOD, "telnyx-signature-ed25519": "ünïcode"}),
        (BODY, {**GOOD, "telnyx-signature-ed25519": base64.b64encode(b"short").decode()}),
        (BODY, {**GOOD, "telnyx-signature-ed25519": base64.b64encode(bytes(64)).decode()}),
        (BODY, OTHER.headers(BODY, at=NOW)),
        (BODY, OTHER.headers(BODY, at=NOW - 9999)),
    ],
)
def test_what_the_carrier_did_not_sign_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        check(body, headers)


@pytest.mark.parametrize(
    "text",
    [
        *("", " , ", "secret-17", "ключ"),
        *(base64.b64encode(bytes(31)).decode(), f"{CARRIER.public},x", ",".join([CARRIER.public] * 3)),
    ],
)
def test_what_is_no_public_key_is_said_without_repeating_it(text: str) -> None:
    with pytest.raises(BadPublicKey) as caught:
        public_keys(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("event_type", ["portout.status_changed", NEW_COMMENT, FOC_DATE_CHANGED])
def test_every_type_of_event_says_which_port_out_it_is_about(event_type: str) -> None:
    event = read_webhook(webhook(ORDER, event_type, event_id="e-1"))
    assert event == WebhookEvent(
        event_id="e-1",
        event_type=event_type,
        portout_id=ORDER,
        status="pending" if event_type == "portout.status_changed" else None,
        occurred_at=datetime(2026, 3, 2, 14, tzinfo=UTC),
    )


def changed(**data: Any) -> bytes:
    content = json.loads(BODY)
    content["data"] = {**content["data"], **data}
    return json.dumps(content).encode()


def test_what_is_not_as_documented_is_read_as_far_as_it_can_be() -> None:
    """Null, wrong types and unknown fields hide neither event nor order; half of a surrogate pair does not either."""
    broken = changed(
        id="e-1",
        occurred_at="yesterday",
        new=["field"],
        payload={"id": ORDER, "status": 7, "phone_numbers": "none", "subscriber_name": "\ud800"},
    )
    event = read_webhook(broken)
    assert event is not None
    assert (event.event_id, event.portout_id, event.occurred_at) == ("e-1", ORDER, None)


def test_a_comment_without_its_order_is_not_taken_for_an_order_of_the_comments_id() -> None:
    event = read_webhook(changed(event_type=NEW_COMMENT, payload={"id": ORDER, "comment": "Hello."}))
    assert event is not None
    assert event.portout_id is None


@pytest.mark.parametrize("portout_id", ["", "a b", "x/../y", "x" * 65, "ünïcode", "a\n", 5.5, None, {}])
def test_what_cannot_be_an_id_is_none(portout_id: Any) -> None:
    event = read_webhook(changed(payload={"id": portout_id, "status": "pending"}))
    assert event is not None
    assert event.portout_id is None


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"pending",
            b"{",
            b"[]",
            b"null",
            b'"x"',
            b"{}",
            b'{"data": []}',
            b'{"data": {}}',
            b"\xff\xfe",
        ),
        b"[" * 100_000,
        changed(id=None),
        changed(id="a b"),
        changed(event_type=None),
        changed(event_type=""),
    ],
)
def test_what_is_no_event_is_none_and_never_an_error(body: bytes) -> None:
    assert read_webhook(body) is None

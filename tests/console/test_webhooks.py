"""The endpoint: what it believes goes into the queue by its ids alone, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from console import webhooks
from console.handover import QUEUE, Offer
from console.public_keys import PublicKeys
from console.webhooks import LARGEST_BODY, PATH
from environment import load_settings, settings_without_environment
from records.store import Records
from settings import SettingsError
from telnyx_api.webhooks import WebhookEvent, read_webhook
from tests.console.conftest import CARRIER, NOW, Desk, desk_with
from tests.signing import FOC_DATE_CHANGED, NEW_COMMENT, STATUS_CHANGED, Signer, webhook

ORDER = "9471c873-e3eb-4ca1-957d-f9a451334d52"
PRIVATE = ("60917324", "+12125550100", "Robin Lindqvist", "073H")
"""A PIN, a number, a name and a SPID, none of which may be seen again."""
BODY = webhook(ORDER, event_id="e-1", attempted_pin=PRIVATE[0], subscriber_name=PRIVATE[2])
SIGNED = CARRIER.headers(BODY, at=NOW)


def about(**payload: Any) -> bytes:
    return webhook(ORDER, event_id="e-1", subscriber_name=PRIVATE[2], **payload)


@pytest.mark.parametrize("event_type", [STATUS_CHANGED, NEW_COMMENT, FOC_DATE_CHANGED])
async def test_an_event_of_each_type_is_queued_for_its_order(desk: Desk, event_type: str) -> None:
    answer = await desk.send(webhook(ORDER, event_type, event_id="e-1"))
    assert (answer.status_code, answer.text) == (200, "taken")
    [(portout_id, event)] = desk.queued()
    assert (portout_id, event.event_id, event.event_type) == (ORDER, "e-1", event_type)


async def test_nothing_of_an_event_is_kept_but_ids_type_status_and_time(desk: Desk) -> None:
    with capture_logs() as lines:
        await desk.send(BODY)
    kept = f"{desk.queued()} {desk.handover._seen} {lines}"
    assert [word for word in PRIVATE if word in kept] == []
    assert "e-1" in kept


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        pytest.param(401, BODY, {}, id="nothing signed"),
        pytest.param(401, BODY, {**SIGNED, "telnyx-signature-ed25519": "x"}, id="no signature"),
        pytest.param(401, BODY, {**SIGNED, "telnyx-timestamp": "soon"}, id="no time"),
        pytest.param(401, BODY + b" ", SIGNED, id="changed on the way"),
        pytest.param(401, BODY, Signer("other").headers(BODY, at=NOW), id="signed by another"),
        pytest.param(403, BODY, CARRIER.headers(BODY, at=NOW - 301), id="a recording"),
        pytest.param(403, BODY, CARRIER.headers(BODY, at=NOW + 301), id="of the future"),
        pytest.param(413, b"x" * (LARGEST_BODY + 1), SIGNED, id="too large"),
    ],
)
async def test_what_cannot_be_believed_is_refused_and_goes_no_further(
    desk: Desk, status: int, body: bytes, headers: dict[str, str]
) -> None:
    with capture_logs() as lines:
        answer = await desk.http.post(PATH, content=body, headers=headers)
    assert answer.status_code == status
    [line] = lines
    assert (line["event"], line["status"]) == ("webhook refused", status)
    assert [word for word in PRIVATE if word in f"{line} {answer.text} {answer.headers}"] == []
    assert desk.queued() == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, b"Robin Lindqvist", id="not JSON"),
        pytest.param(400, b"", id="empty"),
        pytest.param(400, b'{"data": {"payload": {"subscriber_name": "Robin Lindqvist"}}}', id="no event"),
        pytest.param(400, about(id=None), id="no order"),
        pytest.param(400, about(id="../Robin Lindqvist"), id="no order's id"),
        pytest.param(200, webhook(ORDER, "call.initiated", attempted_pin="60917324"), id="of another kind"),
    ],
)
async def test_what_the_carrier_signed_and_is_no_event_of_a_port_out_starts_nothing(
    desk: Desk, status: int, body: bytes
) -> None:
    with capture_logs() as lines:
        answer = await desk.send(body)
    assert answer.status_code == status
    [line] = lines
    assert line["event"] in ("webhook refused", "webhook ignored")
    assert [word for word in PRIVATE if word in f"{line} {answer.text}"] == []
    assert desk.queued() == []


async def test_a_body_that_grows_beyond_the_limit_is_not_read_to_its_end(desk: Desk) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65_536

    answer = await desk.http.post(PATH, content=endless(), headers=SIGNED)
    assert answer.status_code == 413
    assert read <= LARGEST_BODY // 65_536 + 2


async def test_a_body_that_does_not_come_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "SECONDS_FOR_THE_BODY", 0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await desk.http.post(PATH, content=stuck(), headers=SIGNED)
    assert answer.status_code == 408


async def test_the_same_event_again_is_answered_well_and_queued_once(desk: Desk) -> None:
    answers = [await desk.send(BODY, off=off) for off in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert len(desk.queued()) == 1


async def test_what_finds_no_room_is_dropped_with_a_line_and_may_come_again(desk: Desk) -> None:
    for number in range(QUEUE):
        assert desk.handover.offer(ORDER, event_of(f"filler-{number}")) is Offer.TAKEN
    with capture_logs() as lines:
        answer = await desk.send(BODY)
    # Sent again it would find no room either, so the carrier need not.
    assert (answer.status_code, answer.text) == (200, "no room")
    assert [(line["event"], line["event_ids"], line["error"]) for line in lines] == [
        ("webhook dropped", ["e-1"], "no room")
    ]
    desk.queued()
    await desk.send(BODY)
    assert [event.event_id for _, event in desk.queued()] == ["e-1"]


def event_of(event_id: str) -> WebhookEvent:
    event = read_webhook(webhook(ORDER, event_id=event_id))
    assert event is not None
    return event


async def test_only_post_is_answered(desk: Desk) -> None:
    assert (await desk.http.get(PATH)).status_code == 405
    assert (await desk.http.post("/")).status_code == 404


# Keys


async def test_without_a_public_key_nothing_is_believed(records: Records, tmp_path: Path) -> None:
    desk = await desk_with(settings_without_environment(home=tmp_path), records)
    with capture_logs() as lines:
        answer = await desk.send(BODY)
    assert answer.status_code == 503
    assert [line["why"] for line in lines] == ["no public key is in force, so no webhook can be believed"]
    assert desk.queued() == []


async def test_keys_in_a_file_are_rotated_without_a_restart(records: Records, tmp_path: Path) -> None:
    old, new = Signer("old"), Signer("new")
    file = tmp_path / "keys"

    def write(text: str) -> None:
        # As tools that deliver secrets do: a new file in the place of the old one.
        fresh = tmp_path / "fresh"
        fresh.write_text(text)
        fresh.replace(file)

    async def believed() -> list[int]:
        return [(await desk.send(webhook(ORDER), signer)).status_code for signer in (old, new)]

    write(old.public)
    desk = await desk_with(settings_without_environment(home=tmp_path, telnyx_public_key_file=file), records)
    assert await believed() == [200, 401]
    write(f"{old.public}\n{new.public}\n")
    assert await believed() == [200, 200]
    write(new.public)
    assert await believed() == [401, 200]
    with capture_logs() as lines:
        write("garbled-17")
        assert await believed() == [503, 503]
        file.unlink()
        assert await believed() == [503, 503]
    assert [line["log_level"] for line in lines].count("error") == 2, "one for each change"
    assert "garbled-17" not in str(lines)
    write(old.public)
    assert await believed() == [200, 401]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"telnyx_public_key": "secret-17"},
            "TELNYX_PUBLIC_KEY must be the public key from the carrier's portal, base64 of 32 bytes.",
        ),
        (
            {"telnyx_public_key_file": Path("/nowhere/keys")},
            "TELNYX_PUBLIC_KEY_FILE: /nowhere/keys cannot be read (No such file or directory).",
        ),
        (
            {"telnyx_public_key_file": Path("/dev/null")},
            "TELNYX_PUBLIC_KEY_FILE: /dev/null must be one public key, or two between commas while they are rotated.",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_said_at_start(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        PublicKeys(settings_without_environment(**given))
    assert str(caught.value) == sentence


def test_keys_in_two_places_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELNYX_PUBLIC_KEY", CARRIER.public)
    monkeypatch.setenv("TELNYX_PUBLIC_KEY_FILE", "keys")
    with pytest.raises(SettingsError, match="TELNYX_PUBLIC_KEY_FILE: must not be set beside"):
        load_settings()

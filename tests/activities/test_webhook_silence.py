"""Webhooks that stay away: one is asked for again, and people are told when that stays away too."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from activities.webhook_silence import WebhookSilence, note_heard
from sandbox.models import NewFault
from tests.activities.parts import Parts

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


async def look(parts: Parts, now: datetime, *, expected: bool = True) -> list[str]:
    """What an intake does that reads every event; the ids of the events that it asks to be sent again."""
    events = await parts.telnyx.events()
    since = parts.sandbox.log.last
    silence = WebhookSilence(parts.telnyx, parts.records, parts.board, expected=expected)
    await silence.look(events, now)
    asked = [path.split("/") for method, path in parts.requests(since=since) if method == "POST"]
    assert all(words[-1] == "republish" for words in asked)
    return [words[-2] for words in asked]


async def events_of(parts: Parts, *orders: str) -> list[str]:
    return [event.id for order in orders for event in await parts.telnyx.events(portout_id=order)]


@pytest.fixture
async def now(parts: Parts) -> datetime:
    """The time, on an installation that has expected webhooks since yesterday."""
    now = datetime.now(UTC)
    assert await look(parts, now - timedelta(days=1)) == []
    return now


async def test_the_newest_event_that_no_webhook_told_is_asked_for_again_once_an_hour(
    parts: Parts, now: datetime
) -> None:
    parts.place(age_seconds=600)
    newest = parts.place(age_seconds=300)
    assert await look(parts, now) == await events_of(parts, newest)
    assert await look(parts, now + 59 * MINUTE) == []
    assert await look(parts, now + HOUR) == await events_of(parts, newest)


async def test_nothing_is_missed_without_a_key_events_or_time_for_the_webhook_to_come(
    parts: Parts, now: datetime
) -> None:
    assert await look(parts, now) == []
    parts.place(age_seconds=90)
    assert await look(parts, now) == []
    assert await look(parts, now + HOUR, expected=False) == []
    assert parts.incidents() == []


async def test_what_happened_before_webhooks_were_expected_is_not_missed(parts: Parts) -> None:
    parts.place(age_seconds=300)
    now = datetime.now(UTC)
    assert [await look(parts, at) for at in (now, now + HOUR)] == [[], []]
    later = parts.place()
    assert await look(parts, now + HOUR) == await events_of(parts, later)


async def test_while_webhooks_come_none_is_asked_for(parts: Parts, now: datetime) -> None:
    parts.place(age_seconds=300)
    note_heard(parts.records, now - timedelta(seconds=300))
    assert await look(parts, now) == []
    parts.place(age_seconds=200)
    assert len(await look(parts, now)) == 1


async def test_people_are_told_once_a_day_when_what_was_asked_for_again_does_not_come_either(
    parts: Parts, now: datetime
) -> None:
    parts.place(age_seconds=300)
    noon = now.replace(hour=12) + timedelta(days=1)
    await look(parts, noon)
    assert parts.incidents() == []
    for hours in (1, 2, 3):
        await look(parts, noon + hours * HOUR)
    [text] = parts.incidents()
    assert text.startswith("No webhook comes any more, not even one that was asked for again.")
    await look(parts, noon + 24 * HOUR)
    assert len(parts.incidents()) == 2


async def test_one_that_came_after_it_was_asked_for_again_is_no_reason_to_tell_anybody(
    parts: Parts, now: datetime
) -> None:
    parts.place(age_seconds=3600)
    await look(parts, now - 30 * MINUTE)
    note_heard(parts.records, now - HOUR)
    parts.place(age_seconds=300)
    assert len(await look(parts, now + HOUR)) == 1
    assert parts.incidents() == []


async def test_a_carrier_that_cannot_send_it_again_holds_up_no_intake(parts: Parts, now: datetime) -> None:
    parts.place(age_seconds=300)
    parts.sandbox.faults.add(NewFault(method="POST", path_prefix="/portouts/events", status=503))
    with capture_logs() as lines:
        assert len(await look(parts, now)) == 1
    assert [line["event"] for line in lines] == ["webhook not asked for again"]

"""Signed webhooks, their retries, and everything that goes wrong with them on request."""

import asyncio
import inspect
import socket
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import telnyx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from telnyx.lib import WebhookVerificationError, verify_webhook_signature

from sandbox import webhooks
from sandbox.carrier import Carrier
from sandbox.models import Mischief
from sandbox.serve import SandboxServer
from tests.sandbox.conftest import START, Client, Hands
from tests.sandbox.receiver import Hook, Receiver

# A receiver on a machine that is busy with others may take longer than Telnyx allows it.
PATIENT = 60.0

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "ANSWER_WITHIN", PATIENT)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def verify(hook: Hook, public_key: str) -> None:
    """Raises InvalidSignature unless the signature fits the raw body."""
    signed = hook.headers["telnyx-timestamp"].encode() + b"|" + hook.body
    key = Ed25519PublicKey.from_public_bytes(b64decode(public_key))
    key.verify(b64decode(hook.headers["telnyx-signature-ed25519"]), signed)


async def test_a_new_order_is_told_by_a_signed_webhook(client: Client, receiver: Receiver) -> None:
    state = await client.told("POST", "/webhooks", {"url": receiver.url})
    order_id = await client.place(carrier_name="Onvoy", spid="073H", attempted_pin="0042")
    (hook,) = await receiver.until(1)
    verify(hook, state["public_key"])
    (event,) = await client.data("/portouts/events")
    assert hook.data == {
        "event_type": "portout.status_changed",
        "id": event["id"],
        "occurred_at": "2026-03-02T14:00:00.000000Z",
        "record_type": "event",
        "payload": {
            "id": order_id,
            "status": "pending",
            "carrier_name": "Onvoy",
            "spid": "073H",
            "phone_numbers": ["+12125550123"],
            "subscriber_name": None,
            "attempted_pin": "0042",
            "user_id": "7865816a-ee85-4e50-b19e-52983dcc6d4a",
        },
    }
    assert hook.meta == {"attempt": 1, "delivered_to": receiver.url}
    assert hook.headers["telnyx-timestamp"] == str(int(START.timestamp()))
    with pytest.raises(InvalidSignature):
        verify(Hook(hook.headers, hook.body.replace(b"pending", b"ported_")), state["public_key"])


async def test_every_kind_of_event_is_told(client: Client, carrier: Carrier, receiver: Receiver) -> None:
    order_id = carrier.create_order()
    carrier.webhooks.register(receiver.url)
    await client.http.post(f"/portouts/{order_id}/comments", json={"body": "Please send the LOA."})
    await client.told("POST", f"/orders/{order_id}/foc", {"foc_date": "2026-03-09T00:00:00Z"})
    await client.patch(order_id, "rejected-pending", reason="The PIN is wrong.", rejection_code=1002)
    ruling = {"ruling": "bounce", "comment": "The PIN was right."}
    await client.told("POST", f"/orders/{order_id}/ruling", ruling)
    await carrier.webhooks.quiet()

    events = await client.data("/portouts/events", {"filter[portout_id]": order_id})
    assert {hook.data["id"]: hook.data["event_type"] for hook in receiver.hooks} == {
        event["id"]: event["event_type"] for event in events[:-1]
    }
    comments = {comment["id"]: comment for comment in await client.data(f"/portouts/{order_id}/comments")}
    payloads = [hook.data["payload"] for hook in receiver.hooks]
    told = [payload for payload in payloads if "comment" in payload]
    assert {payload["id"]: payload["user_id"] for payload in told} == {
        identity: comment["user_id"] for identity, comment in comments.items()
    }
    assert {payload["portout_id"] for payload in told} == {order_id}
    assert {"id": order_id, "foc_date": "2026-03-09T00:00:00.000Z"}.items() <= next(
        payload for payload in payloads if "foc_date" in payload
    ).items()
    reasons = {
        payload["status"]: payload.get("rejection_reason") for payload in payloads if "status" in payload
    }
    assert reasons == {"rejected-pending": "The PIN is wrong.", "pending": None}


@pytest.mark.parametrize("kind", [telnyx.Telnyx, telnyx.AsyncTelnyx])
async def test_the_sdk_verifies_and_reads_them(receiver: Receiver, kind: Any) -> None:
    async with SandboxServer() as server:
        server.carrier.webhooks.register(receiver.url)
        order_id = server.carrier.create_order(phone_numbers=["+12125550123"], carrier_name="Müller & Söhne")
        server.carrier.comment(order_id, "Hello.", by_staff=True)
        await server.carrier.webhooks.quiet()
        key = server.carrier.webhooks.public_key
    sdk = kind(api_key="KEY", public_key=key)
    for hook in receiver.hooks:
        verify_webhook_signature(hook.body, hook.headers, key)
        event = await unwrapped(sdk, hook.body.decode(), hook.headers)
        assert (event.data.event_type, event.data.id) == (hook.data["event_type"], hook.data["id"])
        with pytest.raises(WebhookVerificationError, match="does not match"):
            await unwrapped(sdk, hook.body.decode() + " ", hook.headers)


async def unwrapped(sdk: Any, payload: str, headers: dict[str, str]) -> Any:
    event = sdk.webhooks.unwrap(payload, headers=headers)
    return await event if inspect.isawaitable(event) else event


async def test_nothing_is_sent_before_somebody_registers_or_after(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    carrier.create_order()
    await client.told("POST", "/webhooks", {"url": receiver.url})
    first = carrier.create_order()
    await receiver.until(1)
    assert (await client.told("DELETE", "/webhooks"))["url"] is None
    carrier.create_order()
    await carrier.webhooks.quiet()
    assert [hook.data["payload"]["id"] for hook in receiver.hooks] == [first]


async def test_republishing_an_event_sends_it_again(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    carrier.webhooks.register(receiver.url)
    carrier.webhooks.misbehave(Mischief(drop=1))
    carrier.create_order()
    carrier.webhooks.misbehave(Mischief())
    (event,) = await client.data("/portouts/events")
    answer = await client.http.post(f"/portouts/events/{event['id']}/republish")
    assert (answer.status_code, answer.content) == (204, b"")
    (hook,) = await receiver.until(1)
    assert hook.data["id"] == event["id"]
    assert await client.data(f"/portouts/events/{event['id']}") == event
    assert (await client.http.post(f"/portouts/events/{UNKNOWN}/republish")).status_code == 404


async def test_a_late_pin_is_told_again_when_its_event_is_completed(
    carrier: Carrier, receiver: Receiver
) -> None:
    carrier.webhooks.register(receiver.url)
    order_id = carrier.create_order(attempted_pin="0042", event_payload_status="created")
    await carrier.webhooks.quiet()
    carrier.supply_pin(order_id)
    await carrier.webhooks.quiet()
    assert [hook.data["payload"]["attempted_pin"] for hook in receiver.hooks] == [None, "0042"]
    assert len({hook.data["id"] for hook in receiver.hooks}) == 1


async def test_silence_is_told_although_nobody_looks(receiver: Receiver) -> None:
    async with SandboxServer(silence_after=86_400, scale=864_000) as server:
        server.carrier.webhooks.register(receiver.url)
        server.carrier.create_order()
        hooks = await receiver.until(2)
    assert {hook.data["payload"]["status"] for hook in hooks} == {"pending", "authorized"}


async def test_a_failed_delivery_is_tried_three_times(carrier: Carrier, receiver: Receiver) -> None:
    carrier.webhooks.register(receiver.url)
    receiver.statuses = [500, 302, 200]
    carrier.create_order()
    await carrier.webhooks.quiet()
    assert [hook.meta["attempt"] for hook in receiver.hooks] == [1, 2, 3]
    assert len({hook.data["id"] for hook in receiver.hooks}) == 1
    for hook in receiver.hooks:
        verify(hook, carrier.webhooks.public_key)


async def test_after_three_failures_the_failover_url_is_tried_and_then_no_more(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    async with Receiver() as failover:
        await client.told("POST", "/webhooks", {"url": receiver.url, "failover_url": failover.url})
        receiver.statuses, failover.statuses = [503] * 9, [500] * 9
        order_id = carrier.create_order()
        await carrier.webhooks.quiet()
        assert [len(receiver.hooks), len(failover.hooks)] == [3, 3]
        assert failover.hooks[0].meta == {"attempt": 4, "delivered_to": failover.url}
    attempts = await client.told("GET", "/webhooks/deliveries")
    assert [(attempt["attempt"], attempt["status"]) for attempt in attempts] == [
        *((number, 503) for number in (1, 2, 3)),
        *((number, 500) for number in (4, 5, 6)),
    ]
    assert {attempt["portout_id"] for attempt in attempts} == {order_id}


async def test_a_receiver_that_does_not_answer_or_is_not_there_is_tried_again(
    carrier: Carrier, receiver: Receiver
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        carrier.webhooks.register(nobody, receiver.url)
        carrier.webhooks.answer_within = 0.5
        receiver.statuses = [None]
        carrier.create_order()
        await carrier.webhooks.quiet()
    statuses = [attempt["status"] for attempt in carrier.webhooks.deliveries]
    assert statuses[:4] == [None] * 4
    assert 200 in statuses


async def test_webhooks_come_often_and_in_disorder_when_asked_for(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    await client.told("POST", "/webhooks", {"url": receiver.url})
    await client.told("POST", "/webhooks/mischief", {"copies": 50, "spread": 0.2, "seed": 4})
    orders = [carrier.create_order() for _ in range(2)]
    await carrier.webhooks.quiet()
    came = [hook.data["payload"]["id"] for hook in receiver.hooks]
    assert Counter(came) == dict.fromkeys(orders, 50)
    assert came != sorted(came, key=orders.index)
    assert {hook.meta["attempt"] for hook in receiver.hooks} == {1}


async def test_a_seeded_share_is_dropped(client: Client, carrier: Carrier, receiver: Receiver) -> None:
    await client.told("POST", "/webhooks", {"url": receiver.url})

    async def lost(seed: int) -> list[bool]:
        receiver.hooks.clear()
        await client.told("POST", "/webhooks/mischief", {"drop": 0.2, "seed": seed})
        orders = [carrier.create_order() for _ in range(40)]
        await carrier.webhooks.quiet()
        came = {hook.data["payload"]["id"] for hook in receiver.hooks}
        return [order not in came for order in orders]

    first, again, other = await lost(7), await lost(7), await lost(8)
    assert first == again != other
    assert 2 <= sum(first) <= 18
    assert (await client.told("GET", "/webhooks"))["dropped"] == sum(first + again + other)


async def test_a_wrong_clock_dates_webhooks_wrongly_and_a_fast_one_does_not(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    carrier.webhooks.register(receiver.url)
    for clock, seconds in (
        ({"scale": 3600, "advance": 7200}, 0),
        ({"offset": -600}, -600),
        ({"offset": 600}, 600),
    ):
        receiver.hooks.clear()
        await client.told("POST", "/clock", clock)
        carrier.create_order()
        (hook,) = await receiver.until(1)
        assert int(hook.headers["telnyx-timestamp"]) - START.timestamp() == seconds


async def test_the_sdk_refuses_what_a_clock_ten_minutes_off_has_signed(receiver: Receiver) -> None:
    async with SandboxServer() as server:
        server.carrier.clock.set_offset(-600)
        server.carrier.webhooks.register(receiver.url)
        server.carrier.create_order()
        (hook,) = await receiver.until(1)
        with pytest.raises(WebhookVerificationError, match="too old or too new"):
            verify_webhook_signature(hook.body, hook.headers, server.carrier.webhooks.public_key)


async def test_after_a_change_of_keys_the_new_one_signs(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    old = (await client.told("POST", "/webhooks", {"url": receiver.url}))["public_key"]
    new = (await client.told("POST", "/webhooks/key"))["public_key"]
    assert new != old
    carrier.create_order()
    (hook,) = await receiver.until(1)
    verify(hook, new)
    with pytest.raises(InvalidSignature):
        verify(hook, old)


async def test_a_webhook_of_any_body_and_time_can_be_signed(carrier: Carrier) -> None:
    headers = carrier.webhooks.sign(b"not json", 17)
    assert headers["telnyx-timestamp"] == "17"
    verify(Hook(headers, b"not json"), carrier.webhooks.public_key)


async def test_the_server_leaves_at_once_with_webhooks_on_their_way(receiver: Receiver) -> None:
    before = asyncio.all_tasks()
    async with SandboxServer() as server:
        sender = server.carrier.webhooks
        sender.register(receiver.url)
        sender.misbehave(Mischief(copies=20, spread=3600))
        server.carrier.create_order()
        assert sender.state()["under_way"] == 20
    async with asyncio.timeout(5):
        await sender.quiet()
    assert asyncio.all_tasks() <= before
    assert receiver.hooks == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/webhooks", {}),
        ("/webhooks", {"url": "elsewhere"}),
        ("/webhooks", {"url": "ftp://127.0.0.1/"}),
        ("/webhooks/mischief", {"copies": 0}),
        ("/webhooks/mischief", {"drop": 1.1}),
        ("/webhooks/mischief", {"spread": -1}),
        ("/webhooks/mischief", {"shuffle": True}),
        ("/clock", {"offset": "later"}),
    ],
)
async def test_senseless_wishes_about_webhooks_are_refused(client: Client, path: str, content: Any) -> None:
    before = await client.told("GET", "/webhooks")
    assert (await client.control("POST", path, content)).status_code == 422
    assert await client.told("GET", "/webhooks") == before


async def test_what_is_logged_of_webhooks_holds_no_pin(
    client: Client, carrier: Carrier, receiver: Receiver
) -> None:
    carrier.webhooks.register(receiver.url)
    carrier.create_order(attempted_pin="48213957")
    await carrier.webhooks.quiet()
    for path in ("/webhooks", "/webhooks/deliveries", "/requests"):
        assert "48213957" not in (await client.control("GET", path)).text


async def test_with_its_clock_off_the_carrier_dates_everything_wrongly(client: Client, hands: Hands) -> None:
    before = await client.place()
    await client.told("POST", "/clock", {"offset": -600})
    hands.turn(60)
    order = await client.data(f"/portouts/{await client.place()}")
    assert order["inserted_at"] == "2026-03-02T13:51:00.000Z"
    assert (await client.data(f"/portouts/{before}"))["inserted_at"] == "2026-03-02T14:00:00.000Z"
    assert (await client.told("POST", "/clock", {"offset": 0}))["now"] == "2026-03-02T14:01:00.000000Z"
    hands.turn(timedelta(days=1).total_seconds() - 61)
    assert (await client.data(f"/portouts/{before}"))["status"] == "pending"
    hands.turn(1)
    assert (await client.data(f"/portouts/{before}"))["status"] == "authorized"

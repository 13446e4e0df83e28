"""The request log."""

import httpx
import pytest

from sandbox.carrier import Carrier
from tests.sandbox.conftest import Client, Hands


async def test_requests_are_logged_in_order_with_their_outcome(
    client: Client, carrier: Carrier, hands: Hands
) -> None:
    order_id = carrier.create_order()
    await client.get("/portouts", query={"filter[status]": "pending", "page[size]": 250})
    hands.turn(1)
    await client.patch(order_id, "authorized", reason="Yes.")
    await client.patch(order_id, "authorized", reason="Yes.")
    log = await client.told("GET", "/requests")
    assert log == [
        {
            "seq": 1,
            "time": "2026-03-02T14:00:00.000000Z",
            "method": "GET",
            "path": "/v2/portouts",
            "query": {"filter[status]": "pending", "page[size]": "250"},
            "status": 200,
            "order_id": None,
            "effective": False,
        },
        {
            "seq": 2,
            "time": "2026-03-02T14:00:01.000000Z",
            "method": "PATCH",
            "path": f"/v2/portouts/{order_id}/authorized",
            "query": {},
            "status": 200,
            "order_id": order_id,
            "effective": True,
        },
        {
            "seq": 3,
            "time": "2026-03-02T14:00:01.000000Z",
            "method": "PATCH",
            "path": f"/v2/portouts/{order_id}/authorized",
            "query": {},
            "status": 422,
            "order_id": order_id,
            "effective": False,
        },
    ]


async def test_the_log_can_be_read_from_where_one_left_off(client: Client) -> None:
    for _ in range(3):
        await client.get("/portouts")
    answer = (await client.control("GET", "/requests?since=2")).json()
    assert [entry["seq"] for entry in answer["data"]] == [3]
    assert answer["meta"] == {"last": 3}
    assert (await client.control("GET", "/requests?since=last")).status_code == 422


async def test_a_lost_answer_is_logged_as_effective_without_a_status(
    client: Client, carrier: Carrier
) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"drop_after_apply": True, "count": 1})
    await client.told("POST", "/faults", {"method": "GET", "drop": True, "count": 1})
    for call in (client.patch(order_id, "authorized", reason="Yes."), client.get("/portouts")):
        with pytest.raises(httpx.RemoteProtocolError):
            await call
    log = await client.told("GET", "/requests")
    assert [(entry["method"], entry["status"], entry["effective"]) for entry in log] == [
        ("PATCH", None, True),
        ("GET", None, False),
    ]


async def test_the_log_holds_no_key_no_pin_and_no_stray_parameter(client: Client, carrier: Carrier) -> None:
    carrier.add_number(phone_number="+12125550123", external_pin="48213957")
    order_id = await client.place(attempted_pin="60917342")
    await client.get("/portouts", query={"token": "27384610"})
    await client.data("/portouts/events", {"filter[portout_id]": order_id})
    await client.data("/phone_numbers", {"filter[phone_number]": "12125550123"})
    await client.patch(order_id, "rejected-pending", reason="Not 48213957.")
    text = (await client.control("GET", "/requests")).text
    for secret in ("48213957", "60917342", "27384610", "Bearer", "authorization"):
        assert secret not in text
    assert '"token":"[not kept]"' in text


async def test_control_requests_are_not_logged(client: Client) -> None:
    await client.place()
    assert await client.told("GET", "/requests") == []

"""What the carrier does wrong on request."""

import asyncio
from typing import Any

import httpx
import pytest

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from tests.sandbox.conftest import Client

REASON = {"reason": "Verified."}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "10009"),
        (403, "10010"),
        (404, "10005"),
        (409, "10012"),
        (422, "10015"),
        (500, "10007"),
        (503, "10007"),
    ],
)
async def test_a_fault_answers_with_its_status_and_an_error_body(
    client: Client, status: int, code: str
) -> None:
    await client.told("POST", "/faults", {"status": status, "count": 1})
    answer = await client.get("/portouts")
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert set(error) == {"code", "title", "detail", "meta"}
    assert (await client.get("/portouts")).status_code == 200


async def test_too_many_requests_say_how_long_to_wait(client: Client) -> None:
    await client.told("POST", "/faults", {"status": 429, "retry_after": 7, "count": 1})
    answer = await client.get("/portouts")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.json()["errors"][0]["title"] == "Too many requests"


async def test_too_many_requests_may_say_it_in_the_rate_limit_only(client: Client) -> None:
    await client.told("POST", "/faults", {"status": 429, "ratelimit_reset": 3, "count": 1})
    answer = await client.get("/portouts")
    assert "retry-after" not in answer.headers
    assert answer.headers["x-ratelimit-reset"] == "3"


async def test_a_fault_strikes_its_method_and_path_as_often_as_it_says(client: Client) -> None:
    order_id = await client.place()
    fault = {"method": "get", "path_prefix": "/v2/portouts/events", "status": 500, "count": 2}
    await client.told("POST", "/faults", fault)
    assert (await client.get("/portouts")).status_code == 200
    assert (await client.patch(order_id, "authorized", **REASON)).status_code == 200
    statuses = [(await client.get("/portouts/events")).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_a_carrier_that_is_down_stays_down_until_the_faults_are_cleared(client: Client) -> None:
    order_id = await client.place()
    await client.told("POST", "/faults", {"drop": True})
    for _ in range(5):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/portouts")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.patch(order_id, "authorized", **REASON)

    await client.told("DELETE", "/faults")

    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    assert (await client.told("GET", f"/orders/{order_id}"))["patches"] == 0


async def test_a_carrier_that_is_overloaded_stays_so_until_the_faults_are_cleared(client: Client) -> None:
    await client.told("POST", "/faults", {"status": 503})
    assert [(await client.get("/portouts")).status_code for _ in range(3)] == [503] * 3
    await client.told("DELETE", "/faults")
    assert (await client.get("/portouts")).status_code == 200


async def test_a_dropped_request_is_not_applied(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"method": "PATCH", "drop": True, "count": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await client.patch(order_id, "authorized", **REASON)
    assert carrier.truth(order_id)["status"] == "pending"
    assert (await client.patch(order_id, "authorized", **REASON)).status_code == 200


async def test_a_dropped_answer_leaves_the_order_answered(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"drop_after_apply": True, "count": 1})
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"

    with pytest.raises(httpx.RemoteProtocolError):
        await client.patch(order_id, "authorized", **REASON)

    assert carrier.truth(order_id)["effective_patches"] == 1
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"
    assert (await client.patch(order_id, "authorized", **REASON)).status_code == 422


async def test_the_next_reads_are_stale_single_and_in_listings(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    other = carrier.create_order()
    fault = {"path_prefix": f"/portouts/{order_id}/", "count": 1, "stale_reads": 3, "drop_after_apply": True}
    await client.told("POST", "/faults", fault)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.patch(order_id, "rejected-pending", reason="No.", rejection_code=1002)

    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["reason"], order["rejection_code"]) == ("pending", None, None)
    pending = await client.data("/portouts", {"filter[status]": "pending"})
    assert {row["id"] for row in pending} == {order_id, other}
    rejected = await client.data("/portouts", {"filter[status]": "rejected-pending"})
    assert rejected == []

    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["rejection_code"]) == ("rejected-pending", 1002)
    assert [row["id"] for row in await client.data("/portouts", {"filter[status]": "pending"})] == [other]


async def test_reads_of_other_orders_do_not_end_a_stale_one(client: Client, carrier: Carrier) -> None:
    order_id, other = carrier.create_order(spid="073H"), carrier.create_order(spid="6529")
    await client.told("POST", "/faults", {"count": 1, "stale_reads": 1})
    await client.patch(order_id, "authorized", **REASON)
    for _ in range(3):
        await client.data(f"/portouts/{other}")
        await client.data("/portouts", {"filter[spid]": "6529"})
        await client.data("/portouts", {"filter[status]": "canceled"})
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


async def test_a_stale_listing_without_filters_shows_the_order_as_it_was(
    client: Client, carrier: Carrier
) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"count": 1, "stale_reads": 1})
    await client.patch(order_id, "authorized", **REASON)
    for status in ("pending", "authorized"):
        assert [row["status"] for row in await client.data("/portouts")] == [status]


async def test_events_are_up_to_date_while_the_order_is_stale(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"count": 1, "stale_reads": 1})
    await client.patch(order_id, "authorized", **REASON)
    newest = (await client.data("/portouts/events", {"filter[portout_id]": order_id}))[0]
    assert newest["payload"]["status"] == "authorized"
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"


@pytest.mark.parametrize("by_order", [True, False])
async def test_events_can_be_stale_too(client: Client, carrier: Carrier, by_order: bool) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"count": 1, "stale_reads": 1, "stale_events": True})
    await client.patch(order_id, "authorized", **REASON)
    query = {"filter[portout_id]": order_id} if by_order else None
    counts = [len(await client.data("/portouts/events", query)) for _ in range(2)]
    assert counts == [1, 2]


async def test_a_refused_answer_makes_nothing_stale(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"count": 1, "stale_reads": 9})
    assert (await client.patch(order_id, "authorized")).status_code == 422
    carrier.authorize(order_id)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


async def test_a_failed_request_uses_up_nothing_that_belongs_to_applying(
    client: Client, carrier: Carrier
) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"drop_after_apply": True, "count": 1})
    await client.told("POST", "/faults", {"method": "PATCH", "status": 503, "count": 1})
    assert (await client.patch(order_id, "authorized", **REASON)).status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        await client.patch(order_id, "authorized", **REASON)
    assert carrier.truth(order_id)["effective_patches"] == 1


async def test_two_failing_faults_strike_one_after_the_other(client: Client) -> None:
    await client.told("POST", "/faults", {"status": 500, "count": 1})
    await client.told("POST", "/faults", {"status": 429, "count": 1})
    assert [(await client.get("/portouts")).status_code for _ in range(3)] == [500, 429, 200]


async def test_a_delayed_answer_makes_an_impatient_client_give_up(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"delay": 3600, "count": 1})
    with pytest.raises(httpx.ReadTimeout):
        await client.http.get(f"/portouts/{order_id}", timeout=0.01)
    assert (await client.get(f"/portouts/{order_id}")).status_code == 200


async def test_a_short_delay_is_followed_by_the_answer(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    await client.told("POST", "/faults", {"delay": 0.001, "count": 1})
    assert (await client.patch(order_id, "authorized", **REASON)).status_code == 200


async def test_a_server_stops_at_once_although_answers_are_delayed() -> None:
    async with SandboxServer() as server:
        client = Client(server)
        async with client.http:
            await client.told("POST", "/faults", {"delay": 3600, "count": 1})
            delayed = asyncio.ensure_future(client.get("/portouts"))
            while await client.told("GET", "/faults"):
                pass
            await server.__aexit__(None, None, None)
            with pytest.raises(httpx.RemoteProtocolError):
                await delayed


async def test_the_faults_still_to_come_can_be_read(client: Client) -> None:
    await client.told("POST", "/faults", {"status": 503, "count": 2})
    await client.get("/portouts")
    (fault,) = await client.told("GET", "/faults")
    assert (fault["status"], fault["count"]) == (503, 1)
    await client.get("/portouts")
    assert await client.told("GET", "/faults") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200},
        {"status": "many"},
        {"count": 0},
        {"delay": -1},
        {"rejection_code": "shrug"},
        {"colour": "red"},
        [],
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(client: Client, fault: Any) -> None:
    assert (await client.control("POST", "/faults", fault)).status_code == 422
    assert (await client.get("/portouts")).status_code == 200

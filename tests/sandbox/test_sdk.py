"""The carrier's own SDK, unchanged, against the sandbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import telnyx

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from tests.sandbox.conftest import NO_TLS, START

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


@pytest.fixture
async def sdk(server: SandboxServer) -> AsyncIterator[telnyx.AsyncTelnyx]:
    async with telnyx.AsyncTelnyx(
        api_key=server.key,
        base_url=server.base_url,
        max_retries=0,
        http_client=httpx.AsyncClient(trust_env=False, verify=NO_TLS),
        _strict_response_validation=True,
    ) as client:
        yield client


@pytest.fixture
def blocking_sdk(server: SandboxServer) -> Iterator[telnyx.Telnyx]:
    with telnyx.Telnyx(
        api_key=server.key,
        base_url=server.base_url,
        max_retries=0,
        http_client=httpx.Client(trust_env=False, verify=NO_TLS),
        _strict_response_validation=True,
    ) as client:
        yield client


async def test_the_async_sdk_lists_reads_and_answers_orders(
    sdk: telnyx.AsyncTelnyx, carrier: Carrier
) -> None:
    made = [carrier.create_order(phone_numbers=["+12125550123"], spid="073H") for _ in range(45)]
    carrier.cancel(made[0])

    found = [
        order.id
        async for order in sdk.portouts.list(
            filter={
                "status_in": ["pending", "authorized"],
                "country_code_in": ["CA", "US"],
                "inserted_at": {"gte": START - timedelta(days=1), "lte": START + timedelta(days=1)},
                "spid": "073H",
            },
            page_size=20,
        )
    ]
    assert sorted(str(order_id) for order_id in found) == sorted(made[1:])

    order = (await sdk.portouts.retrieve(made[1])).data
    assert order is not None
    assert (order.status, order.authorized_name, order.lsr) == ("pending", None, [])

    codes = (await sdk.portouts.list_rejection_codes(made[1], filter={"code": [1001, 1002]})).data
    assert codes is not None
    assert [(code.code, code.reason_required) for code in codes] == [(1001, True), (1002, False)]

    answered = await sdk.portouts.update_status(
        "rejected-pending", id=made[1], reason="The PIN is wrong.", extra_body={"rejection_code": 1002}
    )
    assert answered.data is not None
    assert (answered.data.status, answered.data.rejection_code) == ("rejected-pending", 1002)


async def test_the_async_sdk_reads_events_and_numbers(sdk: telnyx.AsyncTelnyx, carrier: Carrier) -> None:
    carrier.add_number(phone_number="+12125550123", external_pin="0042")
    order_id = carrier.create_order(phone_numbers=["+12125550123"], attempted_pin="0042")
    carrier.move_foc(order_id, START + timedelta(days=3))

    events = [
        event
        async for event in sdk.portouts.events.list(
            filter={"portout_id": order_id, "created_at": {"gte": START}}, page_size=1
        )
    ]
    assert [event.event_type for event in events] == ["portout.foc_date_changed", "portout.status_changed"]
    one = (await sdk.portouts.events.retrieve(str(events[1].id))).data
    assert one is not None
    assert one.payload is not None
    assert one.payload.to_dict()["attempted_pin"] == "0042"

    (number,) = [number async for number in sdk.phone_numbers.list(filter={"phone_number": "12125550123"})]
    assert (number.phone_number, number.external_pin) == ("+12125550123", "0042")


async def test_the_sdk_raises_its_own_errors(sdk: telnyx.AsyncTelnyx, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    with pytest.raises(telnyx.NotFoundError):
        await sdk.portouts.retrieve(UNKNOWN)
    with pytest.raises(telnyx.UnprocessableEntityError):
        await sdk.portouts.update_status("authorized", id=order_id, reason=" ")
    with pytest.raises(telnyx.AuthenticationError):
        await sdk.with_options(api_key="wrong").portouts.retrieve(order_id)


async def test_the_blocking_sdk_works_too(blocking_sdk: telnyx.Telnyx, carrier: Carrier) -> None:
    carrier.add_number(phone_number="+12125550123")
    order_id = carrier.create_order(phone_numbers=["+12125550123"])

    def use() -> tuple[list[str | None], str | None, int, int]:
        pending = [order.id for order in blocking_sdk.portouts.list(filter={"status": "pending"})]
        numbers = len(list(blocking_sdk.phone_numbers.list(filter={"phone_number": "212"})))
        answered = blocking_sdk.portouts.update_status("authorized", id=order_id, reason="Verified.")
        events = len(list(blocking_sdk.portouts.events.list(page_size=1)))
        return pending, answered.data.status if answered.data else None, numbers, events

    assert await asyncio.to_thread(use) == ([order_id], "authorized", 1, 2)

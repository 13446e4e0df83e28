"""The control side's own manners."""

from typing import Any

import pytest

from sandbox.clock import CarrierClock
from tests.sandbox.conftest import Client, detail

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


async def test_the_truth_about_an_order_names_no_pin(client: Client) -> None:
    order_id = await client.place(attempted_pin="48213957", support_key="PO_1")
    answer = await client.control("GET", f"/orders/{order_id}")
    assert "48213957" not in answer.text
    assert answer.json()["data"] == {
        "id": order_id,
        "support_key": "PO_1",
        "status": "pending",
        "reason": None,
        "rejection_code": None,
        "host_messaging": False,
        "phone_numbers": ["+12125550123"],
        "foc_date": None,
        "inserted_at": "2026-03-02T14:00:00.000Z",
        "silence_at": "2026-03-03T14:00:00.000000Z",
        "decided_by": None,
        "patches": 0,
        "effective_patches": 0,
        "events": 1,
        "comments": 0,
        "supporting_documents": 0,
        "eligible_codes": [
            {"code": 1001, "description": "Other", "reason_required": True},
            {"code": 1002, "description": "Invalid PIN", "reason_required": False},
        ],
        "history": [
            {
                "at": "2026-03-02T14:00:00.000000Z",
                "by": None,
                "status": "pending",
                "reason": None,
                "rejection_code": None,
            }
        ],
    }


async def test_the_truth_is_told_although_reads_are_stale(client: Client) -> None:
    order_id = await client.place()
    await client.told("POST", "/faults", {"stale_reads": 1, "count": 1})
    await client.patch(order_id, "authorized", reason="Yes.")
    for _ in range(3):
        assert (await client.told("GET", f"/orders/{order_id}"))["status"] == "authorized"
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"


async def test_many_orders_and_numbers_can_be_made_at_once(client: Client) -> None:
    numbers = [f"+1212555{index:04}" for index in range(100, 200)]
    made = await client.told("POST", "/orders", [{"phone_numbers": [number]} for number in numbers])
    assert [order["phone_numbers"] for order in made] == [[number] for number in numbers]
    assert len(await client.told("GET", "/orders")) == 100
    assert await client.told("POST", "/numbers", [{"phone_number": number} for number in numbers]) == numbers
    assert len(await client.data("/phone_numbers", {"page[size]": 250})) == 100


async def test_of_a_list_with_a_bad_order_none_is_made(client: Client) -> None:
    answer = await client.control("POST", "/orders", [{"spid": "073H"}, {"spid": 73}])
    assert answer.status_code == 422
    assert await client.told("GET", "/orders") == []


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({"phone_numbers": ["12125550123"]}, "/phone_numbers/0"),
        ({"id": "order-1"}, "/id"),
        ({"attempted_pin": 42}, "/attempted_pin"),
        ({"pin": "48213957"}, "/pin"),
        ({"silence_after": 0}, "/silence_after"),
        ({"age_seconds": -1}, "/age_seconds"),
        ({"age_seconds": 5, "inserted_at": "2026-03-02T12:00:00Z"}, "/"),
        ({"inserted_at": "2026-03-02T12:00:00"}, "/inserted_at"),
        ({"eligible_codes": ["1001"]}, "/eligible_codes/0"),
        ({"event_payload_status": "lost"}, "/event_payload_status"),
        ("an order", "/"),
    ],
)
async def test_a_bad_order_is_refused_with_its_place_and_without_its_content(
    client: Client, order: Any, pointer: str
) -> None:
    answer = await client.control("POST", "/orders", order)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert "48213957" not in answer.text
    assert await client.told("GET", "/orders") == []


async def test_two_orders_cannot_have_one_id(client: Client) -> None:
    await client.place(id=UNKNOWN)
    answer = await client.control("POST", "/orders", {"id": UNKNOWN})
    assert answer.status_code == 422
    assert detail(answer) == f"There is a port-out {UNKNOWN} already."


@pytest.mark.parametrize("path", ["", "/cancel", "/foc", "/ruling", "/pin", "/authorize"])
async def test_an_unknown_order_is_404_everywhere(client: Client, path: str) -> None:
    content = {"/foc": {"foc_date": "2026-03-09T00:00:00Z"}, "/ruling": {"ruling": "accept"}}.get(path)
    method = "POST" if path else "GET"
    answer = await client.control(method, f"/orders/{UNKNOWN}{path}", content)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/clock", {"scale": 0}),
        ("/clock", {"scale": -5}),
        ("/clock", {"advance": -1}),
        ("/clock", {"silence_after": 0}),
        ("/clock", {"speed": 5}),
        ("/numbers", {"phone_number": "212"}),
        ("/numbers", {"phone_number": "+12125550123", "external_pin": 42}),
    ],
)
async def test_other_nonsense_is_refused(client: Client, path: str, content: Any) -> None:
    before = await client.told("GET", "/clock")
    assert (await client.control("POST", path, content)).status_code == 422
    assert await client.told("GET", "/clock") == before
    assert await client.data("/phone_numbers") == []


async def test_broken_json_is_400(client: Client) -> None:
    answer = await client.http.post(f"{client.server.control_url}/orders", content="{")
    assert answer.status_code == 400


def test_the_clock_refuses_to_stand_still_or_run_back() -> None:
    clock = CarrierClock()
    for scale in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            clock.set_scale(scale)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)

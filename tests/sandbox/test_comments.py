"""Comments: ours, and those of the carrier's staff."""

from typing import Any

import httpx
import pytest

from sandbox.carrier import Carrier
from tests.sandbox.conftest import Client, Hands

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


async def test_a_comment_of_ours_is_shown_with_our_user_id(client: Client, hands: Hands) -> None:
    order_id = await client.place()
    hands.turn(60)
    answer = await client.http.post(f"/portouts/{order_id}/comments", json={"body": "Please send the LOA."})
    assert answer.status_code == 201
    comment = answer.json()["data"]
    assert comment == {
        "body": "Please send the LOA.",
        "created_at": "2026-03-02T14:01:00.000Z",
        "id": comment["id"],
        "portout_id": order_id,
        "record_type": "portout",
        "user_id": "7865816a-ee85-4e50-b19e-52983dcc6d4a",
    }
    listed = (await client.get(f"/portouts/{order_id}/comments")).json()
    assert listed == {
        "data": [comment],
        "meta": {"page_number": 1, "page_size": 20, "total_pages": 1, "total_results": 1},
    }


async def test_a_comment_of_the_staff_has_no_user_id(client: Client) -> None:
    order_id = await client.place()
    told = await client.told("POST", f"/orders/{order_id}/comments", {"body": "The PIN was right."})
    assert told["user_id"] is None
    assert await client.data(f"/portouts/{order_id}/comments") == [told]


async def test_every_comment_is_an_event(client: Client) -> None:
    order_id = await client.place()
    await client.http.post(f"/portouts/{order_id}/comments", json={"body": "One."})
    await client.told("POST", f"/orders/{order_id}/comments", {"body": "Two."})
    comments = await client.data(f"/portouts/{order_id}/comments")
    events = await client.data("/portouts/events", {"filter[event_type]": "portout.new_comment"})
    assert [event["payload"] for event in reversed(events)] == [
        {key: comment[key] for key in ("id", "portout_id", "user_id")} | {"comment": comment["body"]}
        for comment in comments
    ]
    assert {event["portout_id"] for event in events} == {order_id}


async def test_all_comments_come_on_one_page(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    for number in range(45):
        carrier.comment(order_id, f"Comment {number}.")
    listed = (await client.get(f"/portouts/{order_id}/comments")).json()
    assert [comment["body"] for comment in listed["data"]] == [f"Comment {number}." for number in range(45)]
    assert listed["meta"]["total_pages"] == 1


async def test_a_comment_whose_answer_is_lost_is_there_all_the_same(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    path = f"/portouts/{order_id}/comments"
    await client.told(
        "POST", "/faults", {"method": "POST", "path_prefix": path, "drop_after_apply": True, "count": 1}
    )
    with pytest.raises(httpx.RemoteProtocolError):
        await client.http.post(path, json={"body": "Please send the LOA."})
    assert [comment["body"] for comment in await client.data(path)] == ["Please send the LOA."]
    assert carrier.truth(order_id)["comments"] == 1


@pytest.mark.parametrize("content", [{}, {"body": None}, {"body": " "}, {"body": 5}, "Please.", []])
async def test_a_comment_without_a_body_is_refused(client: Client, content: Any) -> None:
    order_id = await client.place()
    answer = await client.http.post(f"/portouts/{order_id}/comments", json=content)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": "/body"}
    assert await client.data(f"/portouts/{order_id}/comments") == []


async def test_comments_on_an_unknown_order_are_404(client: Client) -> None:
    assert (await client.get(f"/portouts/{UNKNOWN}/comments")).status_code == 404
    for answer in (
        await client.http.post(f"/portouts/{UNKNOWN}/comments", json={"body": "Hello."}),
        await client.control("POST", f"/orders/{UNKNOWN}/comments", {"body": "Hello."}),
    ):
        assert answer.status_code == 404

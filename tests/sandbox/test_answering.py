"""PATCH: what is accepted, what is refused, and what it leaves behind."""

import asyncio
from typing import Any

import pytest

from sandbox.carrier import Carrier
from tests.sandbox.conftest import Client, Hands, detail


async def test_authorizing_a_pending_order(client: Client, hands: Hands) -> None:
    order_id = await client.place()
    hands.turn(1.5)

    answer = await client.patch(order_id, "authorized", reason="Verified.", host_messaging=True)

    assert answer.status_code == 200
    order = answer.json()["data"]
    assert (order["status"], order["reason"], order["host_messaging"]) == ("authorized", "Verified.", True)
    assert order["updated_at"] == "2026-03-02T14:00:01.500Z"
    assert await client.data(f"/portouts/{order_id}") == order


async def test_rejecting_a_pending_order_with_code_and_reason(client: Client) -> None:
    order_id = await client.place()
    order = (
        await client.patch(order_id, "rejected-pending", reason="The PIN is wrong.", rejection_code=1002)
    ).json()["data"]
    assert order["status"] == "rejected-pending"
    assert order["rejection_code"] == 1002
    (event, _) = await client.data("/portouts/events", {"filter[portout_id]": order_id})
    assert event["payload"]["rejection_reason"] == "The PIN is wrong."


async def test_rejecting_without_a_code_is_accepted(client: Client) -> None:
    order_id = await client.place()
    order = (await client.patch(order_id, "rejected-pending", reason="No.")).json()["data"]
    assert (order["status"], order["rejection_code"]) == ("rejected-pending", None)


@pytest.mark.parametrize(
    ("status", "body", "pointer", "sentence"),
    [
        ("authorized", {}, "/reason", "A reason is required."),
        ("authorized", {"reason": ""}, "/reason", "A reason is required."),
        ("authorized", {"reason": "  "}, "/reason", "A reason is required."),
        ("authorized", {"reason": None}, "/reason", "A reason is required."),
        ("authorized", {"reason": 5}, "/reason", "A reason is required."),
        (
            "rejected-pending",
            {"rejection_code": 1001},
            "/reason",
            "A reason is required by rejection code 1001.",
        ),
        (
            "rejected-pending",
            {"reason": "No.", "rejection_code": 1003},
            "/rejection_code",
            "Rejection code 1003 is not eligible for this port-out.",
        ),
        *(
            (
                "rejected-pending",
                {"reason": "No.", "rejection_code": code},
                "/rejection_code",
                "rejection_code must be a whole number.",
            )
            for code in ("1002", 1002.0, True)
        ),
        (
            "authorized",
            {"reason": "Yes.", "rejection_code": 1001},
            "/rejection_code",
            "A rejection code belongs to a rejection only.",
        ),
        (
            "authorized",
            {"reason": "Yes.", "host_messaging": "no"},
            "/host_messaging",
            "host_messaging must be true or false.",
        ),
        *(
            (status, {"reason": "Yes."}, "/status", "The status must be authorized or rejected-pending.")
            for status in ("rejected", "ported", "pending", "canceled", "nonsense")
        ),
    ],
)
async def test_an_answer_that_makes_no_sense_is_422_and_changes_nothing(
    client: Client, status: str, body: dict[str, Any], pointer: str, sentence: str
) -> None:
    order_id = await client.place()
    before = await client.data(f"/portouts/{order_id}")

    answer = await client.patch(order_id, status, **body)

    assert answer.status_code == 422
    assert detail(answer) == sentence
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert await client.data(f"/portouts/{order_id}") == before
    truth = await client.told("GET", f"/orders/{order_id}")
    assert (truth["patches"], truth["effective_patches"]) == (1, 0)


@pytest.mark.parametrize(("content", "status"), [("[]", 422), ('"x"', 422), ("{", 400), ("", 400)])
async def test_a_body_that_is_no_object_is_refused(client: Client, content: str, status: int) -> None:
    order_id = await client.place()
    answer = await client.http.patch(f"/portouts/{order_id}/authorized", content=content)
    assert answer.status_code == status


async def test_an_unknown_order_is_404(client: Client) -> None:
    answer = await client.patch("0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "authorized", reason="Yes.")
    assert answer.status_code == 404


@pytest.mark.parametrize("bring", ["authorized", "rejected-pending", "rejected", "canceled", "ported"])
async def test_an_order_that_is_not_pending_is_422_and_the_same_answer_again_is_too(
    client: Client, carrier: Carrier, bring: str
) -> None:
    order_id = carrier.create_order()
    if bring == "canceled":
        carrier.cancel(order_id)
    else:
        first = "authorized" if bring in ("authorized", "ported") else "rejected-pending"
        carrier.update_status(order_id, first, {"reason": "First."})
        if bring in ("rejected", "ported"):
            carrier.rule(order_id, "accept" if bring == "rejected" else "port")

    for status in ("authorized", "rejected-pending"):
        answer = await client.patch(order_id, status, reason="First.")
        assert answer.status_code == 422
        assert detail(answer) == f"The port-out is {bring}, not pending."
    assert carrier.truth(order_id)["effective_patches"] == (0 if bring == "canceled" else 1)


async def test_of_many_answers_at_once_one_is_effective(client: Client, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    answers = await asyncio.gather(
        *(
            client.patch(order_id, ("authorized", "rejected-pending")[number % 2], reason=f"{number}")
            for number in range(20)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 19
    truth = carrier.truth(order_id)
    assert (truth["patches"], truth["effective_patches"]) == (20, 1)


async def test_a_carrier_may_refuse_the_rejection_code(client: Client) -> None:
    await client.told("POST", "/faults", {"rejection_code": "refuse"})
    order_id = await client.place()
    answer = await client.patch(order_id, "rejected-pending", reason="No.", rejection_code=1002)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": "/rejection_code"}
    again = await client.patch(order_id, "rejected-pending", reason="No.")
    assert again.json()["data"]["status"] == "rejected-pending"


@pytest.mark.parametrize("code", [1002, 4711])
async def test_a_carrier_may_ignore_the_rejection_code(client: Client, code: int) -> None:
    await client.told("POST", "/faults", {"rejection_code": "ignore"})
    order_id = await client.place()
    order = (await client.patch(order_id, "rejected-pending", reason="No.", rejection_code=code)).json()[
        "data"
    ]
    assert (order["status"], order["rejection_code"]) == ("rejected-pending", None)


async def test_how_a_carrier_takes_the_code_can_differ_by_count(client: Client) -> None:
    await client.told("POST", "/faults", {"rejection_code": "refuse", "count": 1})
    order_id = await client.place()
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    statuses = [
        (await client.patch(order_id, "rejected-pending", reason="No.", rejection_code=1002)).status_code
        for _ in range(2)
    ]
    assert statuses == [422, 200]

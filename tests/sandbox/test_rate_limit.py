"""The budget of requests."""

import pytest

from tests.sandbox.conftest import Client, Hands


async def test_when_the_budget_is_used_up_every_operation_answers_429_until_the_window_ends(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place()
    await client.told("POST", "/rate_limit", {"limit": 2, "window": 10})
    answers = [await client.get("/portouts") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    hands.turn(4)
    refused = await client.patch(order_id, "authorized", reason="Verified.")
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "10011"
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-reset"]) == ("2", "6")
    assert (await client.told("GET", f"/orders/{order_id}"))["patches"] == 0
    hands.turn(6)
    assert (await client.patch(order_id, "authorized", reason="Verified.")).status_code == 200


async def test_a_budget_of_nothing_lets_nothing_through_and_control_is_never_counted(client: Client) -> None:
    await client.told("POST", "/rate_limit", {"limit": 0})
    assert (await client.get("/portouts")).status_code == 429
    assert await client.told("GET", "/rate_limit") == {"limit": 0, "window": 60.0, "remaining": 0}


@pytest.mark.parametrize("content", [{}, {"limit": -1}, {"limit": 5, "window": 0}, {"limit": 5, "burst": 1}])
async def test_a_senseless_budget_is_refused(client: Client, content: object) -> None:
    assert (await client.control("POST", "/rate_limit", content)).status_code == 422

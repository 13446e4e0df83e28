"""What happens to orders besides our answer: silence, rulings, withdrawals, late PINs, and the clock."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.carrier import Carrier
from tests.sandbox.conftest import START, Client, Hands, detail

DAY = 86_400


async def events_of(client: Client, order_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    rows: list[dict[str, Any]] = await client.data("/portouts/events", {"filter[portout_id]": order_id})
    return rows[::-1]


async def test_silence_approves_after_a_day_and_not_before(client: Client, hands: Hands) -> None:
    order_id = await client.place(age_seconds=3600)
    hands.turn(DAY - 3600 - 0.001)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    hands.turn(0.001)
    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["reason"]) == ("authorized", None)


async def test_silence_is_dated_when_the_window_ended_however_late_it_is_seen(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place()
    hands.turn(3 * DAY)
    order = await client.data(f"/portouts/{order_id}")
    assert order["updated_at"] == "2026-03-03T14:00:00.000Z"
    event = (await events_of(client, order_id))[-1]
    assert event["created_at"] == "2026-03-03T14:00:00.000000Z"
    assert (await client.told("GET", f"/orders/{order_id}"))["decided_by"] == "silence"


@pytest.mark.parametrize(
    "path",
    [
        "/portouts?filter[status]=authorized",
        "/portouts/events?filter[created_at][gte]=2026-03-03T14:00:00Z",
        "/portouts/{id}",
    ],
)
async def test_whichever_read_comes_first_sees_the_silence(client: Client, hands: Hands, path: str) -> None:
    order_id = await client.place()
    hands.turn(DAY)
    answer = await client.get(path.format(id=order_id))
    assert '"authorized"' in answer.text


async def test_an_answer_after_silence_is_too_late(client: Client, hands: Hands) -> None:
    order_id = await client.place(silence_after=8)
    hands.turn(8)
    answer = await client.patch(order_id, "rejected-pending", reason="No.")
    assert answer.status_code == 422
    assert detail(answer) == "The port-out is authorized, not pending."


async def test_silence_does_not_approve_an_answered_or_withdrawn_order(client: Client, hands: Hands) -> None:
    rejected, canceled = await client.place(), await client.place()
    await client.patch(rejected, "rejected-pending", reason="No.")
    await client.told("POST", f"/orders/{canceled}/cancel")
    hands.turn(2 * DAY)
    assert (await client.data(f"/portouts/{rejected}"))["status"] == "rejected-pending"
    assert (await client.data(f"/portouts/{canceled}"))["status"] == "canceled"


async def test_an_order_may_have_a_window_of_its_own(client: Client, hands: Hands) -> None:
    short, usual = await client.place(silence_after=8), await client.place()
    hands.turn(8)
    assert (await client.data(f"/portouts/{short}"))["status"] == "authorized"
    assert (await client.data(f"/portouts/{usual}"))["status"] == "pending"


async def test_orders_fall_silent_in_the_order_of_their_windows(client: Client, hands: Hands) -> None:
    late, early = await client.place(silence_after=20), await client.place(silence_after=10)
    hands.turn(60)
    newest = await client.data("/portouts/events", {"page[size]": 2})
    assert [event["portout_id"] for event in newest] == [late, early]


async def test_an_order_older_than_its_window_is_authorized_when_it_is_first_read(client: Client) -> None:
    order_id = await client.place(age_seconds=2 * DAY)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


async def test_another_usual_window_holds_for_orders_without_their_own(client: Client, hands: Hands) -> None:
    usual, own = await client.place(), await client.place(silence_after=100)
    await client.told("POST", "/clock", {"silence_after": 10})
    later = await client.place()
    hands.turn(10)
    statuses = [(await client.data(f"/portouts/{order}"))["status"] for order in (usual, own, later)]
    assert statuses == ["authorized", "pending", "authorized"]


async def test_a_longer_usual_window_gives_pending_orders_more_time(client: Client, hands: Hands) -> None:
    order_id = await client.place()
    await client.told("POST", "/clock", {"silence_after": 2 * DAY})
    hands.turn(1.5 * DAY)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    hands.turn(0.5 * DAY)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


async def test_a_usual_window_that_is_over_already_ends_now_and_not_in_the_past(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place()
    hands.turn(3600)
    await client.told("POST", "/clock", {"silence_after": 60})
    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["updated_at"]) == ("authorized", "2026-03-02T15:00:00.000Z")


async def test_at_scale_one_the_carrier_has_real_time(client: Client, hands: Hands) -> None:
    hands.turn(1234.5)
    clock = await client.told("GET", "/clock")
    assert clock["now"] == "2026-03-02T14:20:34.500000Z"
    assert (clock["scale"], clock["silence_after"]) == (1.0, DAY)


async def test_time_passes_faster_from_the_moment_the_scale_is_set_without_a_jump(
    client: Client, hands: Hands
) -> None:
    hands.turn(10)
    assert (await client.told("POST", "/clock", {"scale": 3600}))["now"] == "2026-03-02T14:00:10.000000Z"
    order_id = await client.place()
    hands.turn(23.9)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    hands.turn(0.1)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"
    assert (await client.told("POST", "/clock", {"scale": 1}))["now"] == "2026-03-03T14:00:10.000000Z"
    hands.turn(1)
    assert (await client.told("GET", "/clock"))["now"] == "2026-03-03T14:00:11.000000Z"


async def test_the_clock_can_be_moved_on_at_once(client: Client) -> None:
    order_id = await client.place()
    await client.told("POST", "/clock", {"advance": DAY})
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


def test_carrier_time_never_runs_backwards(hands: Hands) -> None:
    carrier = Carrier(now=hands)
    before = carrier.clock.now()
    hands.turn(-100)
    assert carrier.clock.now() == before


async def test_a_withdrawn_order_is_canceled_and_says_so(client: Client) -> None:
    order_id = await client.place()
    truth = await client.told("POST", f"/orders/{order_id}/cancel")
    assert (truth["status"], truth["decided_by"]) == ("canceled", "withdrawn")
    assert (await events_of(client, order_id))[-1]["payload"]["status"] == "canceled"


async def test_somebody_in_the_portal_can_authorize(client: Client) -> None:
    order_id = await client.place()
    truth = await client.told("POST", f"/orders/{order_id}/authorize", {"reason": "By telephone."})
    assert (truth["status"], truth["reason"], truth["decided_by"]) == (
        "authorized",
        "By telephone.",
        "portal",
    )
    assert truth["effective_patches"] == 0


@pytest.mark.parametrize(
    ("ruling", "status", "ported"),
    [("accept", "rejected", False), ("bounce", "pending", False), ("port", "ported", True)],
)
async def test_the_carrier_rules_on_a_rejection(
    client: Client, ruling: str, status: str, ported: bool
) -> None:
    order_id = await client.place()
    await client.patch(order_id, "rejected-pending", reason="No.", rejection_code=1001)

    truth = await client.told("POST", f"/orders/{order_id}/ruling", {"ruling": ruling})

    assert (truth["status"], truth["decided_by"]) == (status, "carrier")
    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["already_ported"]) == (status, ported)
    statuses = [event["payload"]["status"] for event in await events_of(client, order_id)]
    assert statuses == ["pending", "rejected-pending", status]


async def test_a_bounced_order_can_be_answered_again_and_remembers_both_answers(client: Client) -> None:
    order_id = await client.place(attempted_pin="60917342")
    await client.patch(order_id, "rejected-pending", reason="First.", rejection_code=1002)
    await client.told("POST", f"/orders/{order_id}/ruling", {"ruling": "bounce"})
    order = await client.data(f"/portouts/{order_id}")
    assert (order["reason"], order["rejection_code"]) == (None, None)
    assert (await events_of(client, order_id))[-1]["payload"]["attempted_pin"] == "60917342"

    await client.patch(order_id, "rejected-pending", reason="Second.", rejection_code=1001)

    truth = await client.told("GET", f"/orders/{order_id}")
    assert truth["effective_patches"] == 2
    answers = [(entry["reason"], entry["rejection_code"]) for entry in truth["history"]]
    assert answers == [(None, None), ("First.", 1002), (None, None), ("Second.", 1001)]


@pytest.mark.parametrize(("given", "window"), [({}, DAY), ({"silence_after": 60}, 60)])
async def test_silence_counts_anew_from_a_bounce(
    client: Client, hands: Hands, given: dict[str, int], window: float
) -> None:
    order_id = await client.place()
    await client.patch(order_id, "rejected-pending", reason="No.")
    hands.turn(2 * DAY)
    await client.told("POST", f"/orders/{order_id}/ruling", {"ruling": "bounce", **given})
    hands.turn(window - 1)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"
    hands.turn(1)
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "authorized"


async def test_an_authorized_order_is_ported_and_its_numbers_are_gone(
    client: Client, carrier: Carrier
) -> None:
    carrier.add_number(phone_number="+12125550123")
    order_id = await client.place(phone_numbers=["+12125550123", "+13035550124"])
    await client.patch(order_id, "authorized", reason="Yes.")
    await client.told("POST", f"/orders/{order_id}/ruling", {"ruling": "port"})
    assert (await client.data(f"/portouts/{order_id}"))["status"] == "ported"
    (number,) = await client.data("/phone_numbers")
    assert number["status"] == "ported-out"


@pytest.mark.parametrize(
    ("bring", "path", "content"),
    [
        ("pending", "ruling", {"ruling": "accept"}),
        ("pending", "ruling", {"ruling": "port"}),
        ("authorized", "ruling", {"ruling": "bounce"}),
        ("authorized", "ruling", {"ruling": "accept"}),
        ("authorized", "cancel", None),
        ("authorized", "authorize", None),
        ("authorized", "pin", {"attempted_pin": "48213957"}),
        ("canceled", "foc", {"foc_date": "2026-03-09T00:00:00Z"}),
        ("canceled", "cancel", None),
    ],
)
async def test_what_cannot_happen_to_an_order_is_refused(
    client: Client, carrier: Carrier, bring: str, path: str, content: Any
) -> None:
    order_id = carrier.create_order()
    if bring == "authorized":
        carrier.authorize(order_id)
    elif bring == "canceled":
        carrier.cancel(order_id)
    answer = await client.control("POST", f"/orders/{order_id}/{path}", content)
    assert answer.status_code == 422
    assert carrier.truth(order_id)["status"] == bring


async def test_moving_the_foc_date_is_an_event_and_no_change_of_status(client: Client) -> None:
    order_id = await client.place()
    await client.told("POST", f"/orders/{order_id}/foc", {"foc_date": "2026-03-09T17:00:00Z"})
    order = await client.data(f"/portouts/{order_id}")
    assert (order["status"], order["foc_date"]) == ("pending", "2026-03-09T17:00:00.000Z")
    event = (await events_of(client, order_id))[-1]
    assert event["event_type"] == "portout.foc_date_changed"
    assert event["payload"] == {
        "id": order_id,
        "user_id": order["user_id"],
        "foc_date": "2026-03-09T17:00:00.000Z",
    }


async def test_the_attempted_pin_is_told_by_the_event_of_pending_only(client: Client) -> None:
    order_id = await client.place(
        attempted_pin="0042", carrier_name="Onvoy", spid="073H", end_user_name="Ann"
    )
    await client.patch(order_id, "authorized", reason="Yes.")
    pending, authorized = await events_of(client, order_id)
    assert pending["payload"] == {
        "id": order_id,
        "status": "pending",
        "carrier_name": "Onvoy",
        "spid": "073H",
        "phone_numbers": ["+12125550123"],
        "subscriber_name": "Ann",
        "attempted_pin": "0042",
        "rejection_reason": None,
        "user_id": pending["payload"]["user_id"],
    }
    assert (pending["event_type"], pending["record_type"]) == ("portout.status_changed", "portout_event")
    assert pending["payload_status"] == authorized["payload_status"] == "completed"
    assert authorized["payload"]["attempted_pin"] is None
    assert "0042" not in (await client.get(f"/portouts/{order_id}")).text


async def test_an_event_still_being_made_does_not_tell_the_pin_until_it_is_completed(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place(attempted_pin="48213957", event_payload_status="created")
    (event,) = await events_of(client, order_id)
    assert (event["payload_status"], event["payload"]["attempted_pin"]) == ("created", None)
    hands.turn(5)

    await client.told("POST", f"/orders/{order_id}/pin")

    (completed,) = await events_of(client, order_id)
    assert completed["id"] == event["id"]
    assert (completed["payload_status"], completed["payload"]["attempted_pin"]) == ("completed", "48213957")
    assert completed["created_at"] == event["created_at"]
    assert completed["updated_at"] == "2026-03-02T14:00:05.000000Z"


async def test_a_late_pin_completes_the_event_in_place_of_the_one_first_given(client: Client) -> None:
    order_id = await client.place(event_payload_status="created")
    await client.told("POST", f"/orders/{order_id}/pin", {"attempted_pin": "60917342"})
    (event,) = await events_of(client, order_id)
    assert event["payload"]["attempted_pin"] == "60917342"


async def test_a_pin_after_a_complete_event_comes_in_another_event(client: Client) -> None:
    order_id = await client.place()
    await client.told("POST", f"/orders/{order_id}/pin", {"attempted_pin": "60917342"})
    first, second = await events_of(client, order_id)
    assert first["payload"]["attempted_pin"] is None
    assert second["payload"]["attempted_pin"] == "60917342"
    assert second["payload"]["status"] == "pending"


async def test_an_order_can_be_dated_to_the_millisecond(client: Client) -> None:
    moment = START - timedelta(hours=2, microseconds=-123_456)
    order_id = await client.place(inserted_at=moment.isoformat())
    truth = await client.told("GET", f"/orders/{order_id}")
    assert truth["inserted_at"] == "2026-03-02T12:00:00.123Z"
    assert truth["silence_at"] == "2026-03-03T12:00:00.123000Z"

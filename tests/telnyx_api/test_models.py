"""What the carrier sends is read however incomplete, strange or new it is, and what is missing stays missing."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from telnyx_api import CarrierError, PhoneNumber, PortOut, PortOutEvent, TelnyxClient, UnexpectedAnswer
from telnyx_api.answers import Listed, Reader, Single
from tests.telnyx_api.conftest import ScriptedCarrier

PORTOUTS = Reader(PortOut, Listed[PortOut], Single[PortOut])
EVENTS = Reader(PortOutEvent, Listed[PortOutEvent], Single[PortOutEvent])

FULL_ORDER = {
    "already_ported": False, "authorized_name": "Ann McPort", "carrier_name": "Onvoy", "city": "Chicago",
    "created_at": "2018-02-02T22:25:27.521Z", "current_carrier": "telnyx", "end_user_name": "Ann McPort",
    "foc_date": "2018-02-05T22:25:27.521Z", "host_messaging": False, "id": "o-1",
    "inserted_at": "2018-02-02T22:25:27.521Z", "lsr": ["https://example.com/files/lsr.pdf"],
    "phone_numbers": ["+13035551212"], "pon": "00042", "reason": None, "record_type": "portout",
    "rejection_code": 1002, "requested_foc_date": "2018-02-06", "service_address": "1 Example Street",
    "spid": "073H", "state": "IL", "status": "pending", "support_key": "PO_764725",
    "updated_at": "2018-02-02 22:25:27", "user_id": "u-1", "vendor": "v-1", "zip": "02134",
}  # fmt: skip
NULL_ORDER: dict[str, object] = dict.fromkeys(FULL_ORDER) | {"id": "o-1", "status": "pending"}


def read_order(fields: object) -> PortOut | None:
    return PORTOUTS.one(json.dumps({"data": fields}).encode())


def read_event(fields: object) -> PortOutEvent:
    event = EVENTS.one(json.dumps({"data": fields}).encode())
    assert event is not None
    return event


def test_every_field_of_an_order_is_read() -> None:
    order = read_order(FULL_ORDER)
    assert order is not None
    assert set(FULL_ORDER) == set(PortOut.model_fields)
    moments = {"created_at", "foc_date", "inserted_at", "requested_foc_date", "updated_at"}
    assert order.model_dump(exclude=moments) == {k: v for k, v in FULL_ORDER.items() if k not in moments}
    assert order.inserted_at == datetime(2018, 2, 2, 22, 25, 27, 521000, UTC)
    assert order.requested_foc_date == datetime(2018, 2, 6, tzinfo=UTC)
    assert order.updated_at == datetime(2018, 2, 2, 22, 25, 27, tzinfo=UTC)


def test_what_was_read_can_be_written_and_read_again() -> None:
    order = read_order(FULL_ORDER)
    assert order is not None
    assert order.inserted_at is not None
    assert order.inserted_at.tzinfo is UTC
    assert PortOut.model_validate_json(order.model_dump_json()) == order
    assert PortOut.model_validate(order.model_dump()) == order


@pytest.mark.parametrize("fields", [NULL_ORDER, {"id": "o-1", "status": "pending"}])
def test_an_order_of_which_next_to_nothing_is_known_is_read(fields: dict[str, object]) -> None:
    order = read_order(fields)
    assert order is not None
    known = order.model_dump(exclude_defaults=True)
    assert known == {"id": "o-1", "status": "pending"}
    assert order.phone_numbers == []


def test_new_fields_and_new_statuses_are_tolerated() -> None:
    order = read_order({"id": "o-1", "status": "exploded", "risk": {"score": [1]}})
    assert order is not None
    assert order.status == "exploded"


@pytest.mark.parametrize("status", [None, 7.5, [], {}, True])
def test_an_order_without_a_readable_status_is_kept_and_has_none_of_the_known_ones(status: object) -> None:
    order = read_order({"id": "o-1", "status": status})
    assert order is not None
    assert order.status not in {"pending", "authorized", "rejected-pending", "rejected", "canceled", "ported"}


def test_numbers_where_text_is_expected_are_taken_as_text() -> None:
    order = read_order({"id": 17, "pon": 42, "zip": 60601})
    assert order is not None
    assert (order.id, order.pon, order.zip) == ("17", "42", "60601")


STRANGE: list[tuple[str, object, object]] = [
    ("authorized_name", {"first": "Ann"}, None),
    ("authorized_name", "Zoe\ud83d Chen", "Zoe? Chen"),
    ("spid", ["073H"], None),
    ("inserted_at", "tomorrow", None),
    ("foc_date", 1725408000, None),
    ("host_messaging", "perhaps", None),
    ("rejection_code", "wrong PIN", None),
    ("phone_numbers", "+13035551212", []),
    ("phone_numbers", ["+13035551212", None], []),
    ("phone_numbers", ["+13035551212", {}], []),
    ("lsr", {}, []),
]


@pytest.mark.parametrize(("field", "value", "read"), STRANGE)
def test_a_field_of_the_wrong_type_is_missing_and_takes_nothing_else_along(
    field: str, value: object, read: object
) -> None:
    order = read_order(FULL_ORDER | {field: value})
    assert order is not None
    healthy = read_order(FULL_ORDER)
    assert healthy is not None
    assert getattr(order, field) == read
    assert order.model_dump(exclude={field}) == healthy.model_dump(exclude={field})


async def test_one_broken_entry_takes_no_other_down_and_does_not_vanish(
    client: TelnyxClient, carrier: ScriptedCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.answers(
        {
            "data": [
                {"id": "o-1"},
                {"status": "pending"},
                "rubbish",
                {"id": None},
                {"id": "o-2", "spid": []},
            ],
            "meta": {"page_number": 1, "page_size": 250, "total_pages": 1, "total_results": 5},
        }
    )
    orders = await client.portouts()
    assert [order.id for order in orders] == ["o-1", "o-2"]
    assert orders.unreadable == 3
    (record,) = caplog.records
    assert (record.levelname, "at least 3" in record.getMessage()) == ("ERROR", True)


async def test_a_whole_listing_is_nothing_to_log(
    client: TelnyxClient, carrier: ScriptedCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.answers({"data": [{"id": "e-1", "payload": None}], "meta": {"total_pages": 1}})
    events = await client.events()
    assert (events.unreadable, [event.id for event in events]) == (0, ["e-1"])
    assert [record for record in caplog.records if record.name.startswith("telnyx_api")] == []


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*FULL_ORDER, "payload", "new"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)))  # fmt: skip
def test_whatever_an_entry_holds_it_is_read_or_counted(fields: dict[str, Any]) -> None:
    body = json.dumps({"data": [fields, {"id": "fine"}]}).encode()
    page = PORTOUTS.page(body)
    assert page is not None
    assert page.count == 2
    assert page.items[-1].id == "fine"
    id_ = fields.get("id")
    if isinstance(id_, str) and id_:
        assert [order.id for order in page.items] == [id_.encode(errors="replace").decode(), "fine"]
    assert all(order.model_dump_json() for order in page.items)


# Events


def test_every_kind_of_event_says_which_order_it_is_about() -> None:
    by_event = read_event({"id": "e-1", "portout_id": "o-1", "payload": {"id": "x"}})
    by_payload = read_event({"id": "e-1", "event_type": "portout.status_changed", "payload": {"id": "o-1"}})
    comment = read_event(
        {"id": "e-1", "event_type": "portout.new_comment", "payload": {"id": "c-1", "portout_id": "o-1"}}
    )
    lost = read_event({"id": "e-1", "event_type": "portout.new_comment", "payload": {"id": "c-1"}})
    assert [by_event.portout_id, by_payload.portout_id, comment.portout_id, lost.portout_id] == [
        "o-1"
    ] * 3 + [None]


@pytest.mark.parametrize("payload", [None, "text", [], 7])
def test_an_event_with_a_broken_payload_is_still_an_event(payload: object) -> None:
    event = read_event({"id": "e-1", "portout_id": "o-1", "payload": payload, "payload_status": "created"})
    assert (event.portout_id, event.payload_status) == ("o-1", "created")
    assert event.payload.attempted_pin is None


def test_the_pin_survives_trouble_in_the_fields_beside_it() -> None:
    event = read_event({"id": "e-1", "payload": {"attempted_pin": "0042", "spid": {}, "phone_numbers": "x"}})
    assert event.payload.attempted_pin == SecretStr("0042")
    assert event.payload.phone_numbers == []


PINS: list[tuple[object, str | None]] = [
    ("0042", "0042"), ("42", "42"), (" 42", " 42"), ("ab-12", "ab-12"), (1234, "1234"),
    (None, None), ("", None), ("  ", None), (True, None), (12.5, None), ([], None), ({"pin": "1234"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "read"), PINS)
def test_a_pin_is_exactly_what_was_sent_or_none(sent: object, read: str | None) -> None:
    event = read_event({"id": "e-1", "payload": {"attempted_pin": sent}})
    number = PhoneNumber.model_validate({"phone_number": "+1303", "external_pin": sent}) if read else None
    for pin in (event.payload.attempted_pin, number.external_pin if number else None):
        assert (pin.get_secret_value() if pin else None) == read


def test_an_absent_pin_is_none() -> None:
    assert read_event({"id": "e-1"}).payload.attempted_pin is None


# Numbers


async def test_a_number_that_is_not_listed_is_not_ours(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    meta = {"page_number": 1, "page_size": 250, "total_pages": 0, "total_results": 0}
    carrier.answers({"data": [], "meta": meta})
    assert await client.phone_number("+13035551212") is None
    carrier.answers({"data": [{"phone_number": "+13035551213"}]})
    assert await client.phone_number("+13035551212") is None


async def test_of_several_entries_the_one_that_is_ours_now_counts(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    gone = {"phone_number": "+13035551212", "status": "ported-out", "purchased_at": "2025-01-01"}
    ours = {"phone_number": "+13035551212", "status": "port-out-pending", "purchased_at": "2024-01-01"}
    older = {"phone_number": "+13035551212", "status": "deleted", "purchased_at": None}
    carrier.answers({"data": [older, gone, ours]})
    number = await client.phone_number("+13035551212")
    carrier.answers({"data": [older, gone]})
    former = await client.phone_number("+13035551212")
    assert (number and number.status, former and former.status) == ("port-out-pending", "ported-out")


INCOMPLETE: list[dict[str, object]] = [
    {"data": [{"id": "n-1", "status": "active"}]},
    {"data": [None]},
    {"data": [{"phone_number": "+13035551213"}], "meta": {"page_number": 1, "total_pages": 2}},
    {"data": [{"phone_number": f"+1303555{n}"} for n in range(2000, 2250)]},
]


@pytest.mark.parametrize("answer", INCOMPLETE)
async def test_a_number_is_not_called_foreign_when_the_list_could_not_be_read_in_full(
    client: TelnyxClient, carrier: ScriptedCarrier, answer: dict[str, object]
) -> None:
    carrier.answers(answer)
    with pytest.raises(UnexpectedAnswer, match="cannot be read in full") as caught:
        await client.phone_number("+13035551212")
    assert isinstance(caught.value, CarrierError)

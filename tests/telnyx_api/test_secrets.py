"""No PIN is shown: not by models, not by errors, not by tracebacks, not in logs."""

import json
import logging
import pickle
import traceback
from collections.abc import Awaitable, Callable

import pytest
from pydantic import BaseModel, ValidationError

from telnyx_api import CarrierError, EventPayload, PhoneNumber, PortOutEvent, TelnyxClient
from telnyx_api.models import CarrierModel
from tests.telnyx_api.conftest import KEY, ScriptedCarrier

PIN = "48213977"
META = {"page_number": 1, "page_size": 250, "total_pages": 1, "total_results": 1}
EVENT = {"id": "e-1", "portout_id": "o-1", "payload": {"attempted_pin": PIN}}
NUMBER = {"phone_number": "+13035551212", "external_pin": PIN}


def shown_by(model: BaseModel) -> list[str]:
    return [
        repr(model),
        str(model),
        f"{model}",
        model.model_dump_json(),
        repr(model.model_dump()),
        repr([model]),
    ]


async def test_models_hide_the_pin_and_keep_it(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": [EVENT], "meta": META})
    (event,) = await client.events()
    carrier.answers({"data": [NUMBER], "meta": META})
    number = await client.phone_number("+13035551212")
    assert number is not None
    assert number.external_pin is not None
    assert event.payload.attempted_pin is not None
    assert event.payload.attempted_pin.get_secret_value() == number.external_pin.get_secret_value() == PIN
    for text in [*shown_by(event), *shown_by(event.payload), *shown_by(number)]:
        assert PIN not in text


Call = Callable[[TelnyxClient], Awaitable[object]]
CALLS: list[Call] = [
    lambda client: client.events(),
    lambda client: client.event("e-1"),
    lambda client: client.portout("o-1"),
    lambda client: client.phone_number("+13035551212"),
]

BROKEN = [
    json.dumps({"data": EVENT}).encode()[:-2],  # cut off in the middle
    json.dumps({"data": {"attempted_pin": PIN}}).encode() + b"\xff",
    f'{{"data": "{PIN}"}}'.encode(),
    f'"{PIN}"'.encode(),
    PIN.encode(),
    f'{{"data": {{"status": "{PIN}", "external_pin": "{PIN}"}}}}'.encode(),
]
STATUSES = [200, 400, 401, 403, 404, 409, 422, 429, 500]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", BROKEN)
async def test_no_error_shows_what_the_carrier_sent(
    client: TelnyxClient,
    carrier: ScriptedCarrier,
    caplog: pytest.LogCaptureFixture,
    call: Call,
    status: int,
    body: bytes,
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.answers_raw(body, status)
    with pytest.raises(CarrierError) as caught:
        await call(client)
    assert_hidden(caught.value, caplog)


async def test_no_error_shows_a_pin_that_the_carrier_repeats_in_its_errors(
    client: TelnyxClient, carrier: ScriptedCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.answers({"errors": [{"code": "10015", "title": PIN, "detail": f"PIN {PIN} is wrong"}]}, 422)
    with pytest.raises(CarrierError) as caught:
        await client.update_status("o-1", "rejected-pending", reason="Wrong PIN.", rejection_code=1002)
    assert PIN not in repr(caught.value.errors)
    assert_hidden(caught.value, caplog)


async def test_entries_that_cannot_be_read_are_reported_without_what_they_hold(
    client: TelnyxClient, carrier: ScriptedCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.answers({"data": [{"payload": {"attempted_pin": PIN}}, PIN, {"id": [PIN]}], "meta": META})
    assert (await client.events()).unreadable == 3
    assert "Entries without an id" in caplog.text
    assert PIN not in caplog.text


def assert_hidden(fault: CarrierError, caplog: pytest.LogCaptureFixture) -> None:
    everything = "".join(traceback.format_exception(fault))
    for text in (str(fault), repr(fault), everything, caplog.text, repr(vars(fault))):
        assert PIN not in text
        assert KEY.get_secret_value() not in text
    assert fault.__cause__ is None
    assert fault.__context__ is None


@pytest.mark.parametrize("model", [EventPayload, PortOutEvent, PhoneNumber])
def test_a_validation_error_shows_no_input(model: type[CarrierModel]) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(
            {"phone_numbers": PIN, "attempted_pin": [PIN], "external_pin": {PIN: PIN}, "payload": PIN}
        )
    assert PIN not in str(caught.value)
    assert PIN not in repr(caught.value)


def test_a_client_shows_no_key() -> None:
    client = TelnyxClient(KEY)
    for text in (repr(client), str(client), repr(vars(client)), repr(vars(client._transport))):
        assert KEY.get_secret_value() not in text
    with pytest.raises(Exception, match="pickle"):
        pickle.dumps(client)

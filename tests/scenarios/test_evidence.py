"""Requests that say nothing, and requests that guess."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from records.cases import Stage
from sandbox.orders import status_event
from tests.directory import TOKEN, own_directory
from tests.service import HURRIED, RIGHT_PIN, Service, installed
from tests.waiting import eventually


async def test_an_order_whose_fields_are_all_null_waits_for_a_person(service: Service) -> None:
    nothing = service.place(
        attempted=None, phone_numbers=None, carrier_name=None, spid=None, current_carrier=None
    )
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, nothing)
        state = await service.state(nothing)
        assert state.outcome == "review"
        assert "match" not in state.rules.values()
        await service.review(nothing, "deny")
        result = await service.result(nothing)
    assert (result.outcome, result.rejection_code) == ("deny", 1001)


async def test_of_ten_guesses_at_once_none_is_approved_though_one_is_right(service: Service) -> None:
    number = next(service.numbers)
    service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
    guesses = [f"4821395{digit}" for digit in range(10)]
    assert guesses.count(RIGHT_PIN) == 1
    orders = [service.place(phone_numbers=[number], attempted=guess) for guess in guesses]
    right = orders[guesses.index(RIGHT_PIN)]
    async with service.working():
        wrong = await service.results(*(order for order in orders if order != right))
        await service.stands_in(Stage.AWAITING_REVIEW, right)
        state = await service.state(right)
        alone = await service.result(service.place())
    assert {(result.outcome, result.decided_by) for result in wrong} == {("deny", "policy")}
    assert state.rules["pin"] == "match"
    assert any("Another PIN was tried" in note for note in state.notes)
    assert alone.outcome == "approve"
    assert [service.truth(order)["status"] for order in orders].count("authorized") == 0


def _with_an_incomplete_event(service: Service) -> str:
    """An order with its right PIN, and a further event that the carrier has not completed."""
    order_id = service.place()
    carrier = service.carrier.carrier
    order = carrier._orders.get(order_id)
    carrier._tell(order, status_event(order, carrier.clock.now(), len(carrier._events), completed=False))
    return order_id


async def test_a_pin_event_that_is_not_complete_is_waited_for(temporal: str, tmp_path: Path) -> None:
    patient = HURRIED.model_copy(update={"pin_wait": 5.0})
    async with installed(temporal, tmp_path, timing=patient) as service:
        order = _with_an_incomplete_event(service)
        async with service.working():
            await service.stands_in(Stage.SCREENING, order)
            # A fifth of the wait lies between two looks.
            await eventually(lambda: len(service.asked("/phone_numbers")) >= 2)
            assert service.stage(order) is Stage.SCREENING
            service.carrier.carrier.supply_pin(order)
            result = await service.result(order)
    assert (result.outcome, result.decided_by, result.rules["pin"]) == ("approve", "policy", "match")


async def test_a_pin_event_that_stays_incomplete_bars_automatic_approval(service: Service) -> None:
    order = _with_an_incomplete_event(service)
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        state = await service.state(order)
        service.carrier.carrier.supply_pin(order)
        result = await service.result(order)
    assert state.rules["pin"] == "match"
    assert any("has not completed an event of this order" in note for note in state.notes)
    # Completed with the same PIN it bars nothing any more.
    assert (result.outcome, result.decided_by) == ("approve", "policy")


async def test_a_directory_that_fails_leaves_orders_to_people_and_one_that_answers_decides(
    temporal: str, tmp_path: Path
) -> None:
    quick = HURRIED.model_copy(update={"evidence": 1.0})
    with own_directory() as told:
        given: dict[str, Any] = {
            "directory_url": told.url,
            "directory_token": SecretStr(TOKEN),
            "timing": quick,
        }
        async with installed(temporal, tmp_path, **given) as service, service.working():
            number = next(service.numbers)
            told.customers[number] = {"customer_id": "c1", "pin": RIGHT_PIN}
            service.carrier.carrier.add_number(phone_number=number)
            known = service.place(phone_numbers=[number])
            assert (await service.result(known)).outcome == "approve"
            told.answer = (503, b"")
            unknown = service.place(on_file=None)
            await service.stands_in(Stage.AWAITING_REVIEW, unknown, within=60)
            assert (await service.state(unknown)).rules["pin"] == "error"

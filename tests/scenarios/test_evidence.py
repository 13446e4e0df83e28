"""Requests that say nothing, and requests that guess."""

from records.cases import Stage
from tests.service import RIGHT_PIN, Service


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

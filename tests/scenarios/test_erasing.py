"""What is left of a person in the records after an order was erased."""

from records.cases import Stage
from tests.commands.inside import Inside
from tests.scenarios import searching
from tests.scenarios.processes import environment
from tests.service import REVIEWER, Service

NAME = "Zebulon Quartermain"


def _files_with_it(service: Service) -> list[str]:
    return searching.places_of([NAME], searching.files(service))


async def test_a_name_that_reviewers_typed_is_nowhere_in_the_databases_files_after_erasing(
    service: Service,
) -> None:
    order = service.place_reviewed(authorized_name=NAME)
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        await service.review(order, "note", reason=f"Called {NAME} twice.")
        await service.review(order, "deny", by=REVIEWER, reason=f"{NAME} did not ask for this.")
        await service.result(order)
        service.carrier.carrier.rule(order, "accept")
        await service.end(order)
    assert service.truth(order)["reason"] == f"{NAME} did not ask for this."
    # The queue shows people what was said, until the order is erased; the ledger never says it in clear.
    assert {place.split(":")[0] for place in _files_with_it(service)} <= {
        "file records.db",
        "file records.db-wal",
    }
    assert searching.places_of([NAME], searching.tables(service, but=("cases", "policies"))) == []
    portout = Inside(environment(service))
    erased = await portout("ledger", "erase", order, "--by", REVIEWER, "--yes")
    assert (erased.code, "In clear stay" in erased.out) == (0, False)
    assert _files_with_it(service) == []
    shown = await portout("ledger", "show", order)
    assert (shown.code, "the chain is whole" in shown.out, NAME in shown.out) == (0, True, False)

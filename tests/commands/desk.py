"""Orders for reviewers to look at."""

from datetime import UTC, datetime
from pathlib import Path

from records.cases import Stage
from tests.service import RIGHT_PIN, Service

SPOKEN = "Spoken with the account holder."


async def waiting_order(service: Service, **order: object) -> str:
    """An order that waits for a person."""
    portout_id = service.place_reviewed(**order)
    await service.stands_in(Stage.AWAITING_REVIEW, portout_id)
    return portout_id


def key_of(service: Service, portout_id: str) -> str:
    case = service.case(portout_id)
    assert case is not None
    assert case.support_key is not None
    return case.support_key


def numbers_of_two_holders(service: Service) -> tuple[str, str]:
    """Numbers of two holders: with them a wrong PIN goes to a person."""
    first, second = next(service.numbers), next(service.numbers)
    service.carrier.carrier.add_number(phone_number=first, external_pin=RIGHT_PIN)
    service.records.customers.import_file(_customer_file(service, second), datetime.now(UTC), by="ann")
    service.carrier.carrier.add_number(phone_number=second)
    return first, second


def _customer_file(service: Service, number: str) -> Path:
    file = service.settings.home / "customers.csv"
    file.write_text(f"customer_id,name,numbers\nC-{number[-4:]},Maria Lopez,{number}\n")
    return file

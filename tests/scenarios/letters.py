"""Letters of authorization: orders that want one, under the shipped example policy, and what becomes of the question."""

from datetime import UTC, datetime
from pathlib import Path

from records.cases import Case
from sandbox.uploads import Upload
from tests.scenarios.rules import LETTER_POLICY, change
from tests.service import RIGHT_PIN, Service
from tests.waiting import eventually

LETTER = Upload("loa.pdf", b"I authorize this port.", "application/pdf")


def place_tagged(service: Service) -> str:
    """An order with the right PIN, on the number of a customer who wants a letter of authorization."""
    return service.place(phone_numbers=tagged_numbers(service, 1))


def tagged_numbers(service: Service, count: int) -> list[str]:
    """Numbers with a PIN on file, each of a customer who wants a letter before it leaves."""
    numbers = [next(service.numbers) for _ in range(count)]
    for number in numbers:
        service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
    rows = [f"D-{number[1:]},Jane Doe,{number},documents\n" for number in numbers]
    file: Path = service.settings.home / "documents.csv"
    file.write_text("customer_id,name,numbers,tags\n" + "".join(rows))
    service.records.customers.import_file(file, datetime.now(UTC), by="ann")
    return numbers


async def asked(service: Service, order: str) -> Case:
    """The case, once its documents were asked for."""

    def case() -> Case | None:
        found = service.case(order)
        return found if found and found.asked_at else None

    found = await eventually(case)
    assert found is not None
    return found


def comments(service: Service, order: str) -> list[str]:
    return [comment["body"] for comment in service.carrier.carrier.comments(order)]


def look_every_second(rules: Path) -> None:
    """Let the policy look for documents more often than an author would."""
    change(rules, r"recheck: \w+", "recheck: 1s", LETTER_POLICY)

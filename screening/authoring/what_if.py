"""A recorded order with some of its facts changed: what if the request had named another carrier?"""

from collections.abc import Mapping
from typing import Any

from screening.authoring.recorded import RecordedOrder
from screening.facts import CATALOGUE, CustomerFacts, FactType, OrderFacts
from screening.reading.given import GivenFactError, fact_value
from screening.results import FactClass, FactValue

_DERIVED = {"portout.countries": "portout.phone_numbers", "portout.number_count": "portout.phone_numbers"}


def read_change(text: str) -> tuple[str, FactValue]:
    """Read `fact=value`; nothing behind the `=` makes the fact unknown, and commas part the texts of a list.

    Raises:
        GivenFactError: it is no such text, there is no such fact, or the value does not fit it.
    """
    name, equals, written = text.partition("=")
    name, written = name.strip(), written.strip()
    if not equals:
        raise GivenFactError(f"'{name}' needs a value: write fact=value, or fact= for one that is not known")
    if name in CATALOGUE and CATALOGUE[name].type is FactType.TEXTS and written:
        return name, fact_value(name, [part.strip() for part in written.split(",")])
    return name, fact_value(name, written or None)


def with_changes(recorded: RecordedOrder, changes: Mapping[str, FactValue]) -> RecordedOrder:
    """Change facts of a recorded order.

    Args:
        changes: by catalogue name, each in its own type; None makes a fact unknown.

    Raises:
        GivenFactError: one of them cannot be changed here: PINs are not recorded, and some facts follow from others.
    """
    order: dict[str, Any] = recorded.order.model_dump()
    customers: list[dict[str, Any]] = [customer.model_dump() for customer in recorded.customers]
    other, several = dict(recorded.other_facts), recorded.several_customers
    for name, value in changes.items():
        room, _, attribute = name.partition(".")
        if CATALOGUE[name].fact_class is FactClass.SECRET:
            raise GivenFactError(
                f"{name} is not recorded: put the order into a file with `rules record`, and change it there"
            )
        if name in _DERIVED:
            raise GivenFactError(f"{name} follows from {_DERIVED[name]}: change that one")
        if name == "portout.id" and value is None:
            raise GivenFactError("portout.id is what every order has")
        if room == "portout":
            order[attribute] = value
        elif name == "customer.count":
            count = value if isinstance(value, int) else 0
            customers, several = ((customers or [{}])[:1]) * count, count > 1
        elif room == "customer":
            customers = customers or [{}]
            if len(customers) > 1:
                raise GivenFactError(f"{name} is not one fact: the numbers belong to several customers")
            customers[0][attribute] = value
        else:
            other[name] = value
    return recorded.model_copy(
        update={
            "order": OrderFacts.model_validate(_without_none(order)),
            "customers": [CustomerFacts.model_validate(_without_none(customer)) for customer in customers],
            "several_customers": several,
            "other_facts": other,
            "findings": [
                finding.model_copy(
                    update={
                        "facts": {name: changes.get(name, value) for name, value in finding.facts.items()}
                    }
                )
                for finding in recorded.findings
            ],
        }
    )


def _without_none(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}

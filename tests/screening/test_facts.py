"""Facts have one name everywhere, and those that travel hold no secret."""

from datetime import UTC, datetime

from screening.facts import CATALOGUE, CustomerFacts, FactType, OrderFacts
from screening.gathered import EarlierRejection, GatheredFacts, LinkedDocument, Scan
from screening.results import FactClass, FactValue

ORDER = OrderFacts(
    id="a1",
    status="pending",
    phone_numbers=["+15550100"],
    spid="0123",
    foc_date=datetime(2026, 3, 20, 16, tzinfo=UTC),
)
_TYPES: dict[FactType, type] = {
    FactType.TEXT: str,
    FactType.TEXTS: list,
    FactType.NUMBER: int,
    FactType.MOMENT: str,
    FactType.FLAG: bool,
}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_fact_that_travels_is_in_the_catalogue_with_its_type_and_none_is_secret() -> None:
    full = GatheredFacts(
        order=ORDER,
        now=NOW,
        customers=[CustomerFacts(name="A", business_name="B", authorized_names=["C"], tags=["vip"])],
        number_statuses=["active"],
        documents=[LinkedDocument("loa", Scan.CLEAN, "9f86d0")],
        counts={name: 1 for name in CATALOGUE if "_per_" in name},
        earlier=EarlierRejection(NOW, ["pin"]),
    ).as_facts()
    for name, value in full.items():
        assert CATALOGUE[name].fact_class is not FactClass.SECRET
        assert value is None or isinstance(value, _TYPES[CATALOGUE[name].type])
    secret = {name for name, fact in CATALOGUE.items() if fact.fact_class is FactClass.SECRET}
    assert full.keys() == CATALOGUE.keys() - secret


def test_what_the_carrier_sent_is_public_and_what_is_ours_is_not() -> None:
    for name, fact in CATALOGUE.items():
        assert fact.name == name
        if fact.fact_class is not FactClass.SECRET:
            assert (fact.fact_class is FactClass.PUBLIC) == name.startswith("portout.")


def test_an_order_of_nulls_has_its_facts_as_nothing() -> None:
    facts = OrderFacts(id="a1", status="something new").as_facts()
    assert {name for name, value in facts.items() if value} == {"portout.id"}


def test_date_times_are_told_in_iso_8601() -> None:
    assert ORDER.as_facts()["portout.foc_date"] == "2026-03-20T16:00:00+00:00"


def test_with_several_customers_no_name_is_the_customers_name() -> None:
    def told(*customers: CustomerFacts) -> tuple[FactValue, FactValue]:
        facts = GatheredFacts(order=ORDER, now=NOW, customers=customers).as_facts()
        return facts["customer.count"], facts.get("customer.name")

    assert told() == (0, None)
    assert told(CustomerFacts(name="A")) == (1, "A")
    assert told(CustomerFacts(name="A"), CustomerFacts(name="B")) == (2, None)


def test_an_order_survives_history_and_ignores_what_it_does_not_know_a_pin_included() -> None:
    assert OrderFacts.model_validate_json(ORDER.model_dump_json()) == ORDER
    stray = OrderFacts.model_validate({**ORDER.model_dump(), "attempted_pin": "4821", "newer": 1})
    assert stray == ORDER
    assert "4821" not in repr(stray) + stray.model_dump_json()

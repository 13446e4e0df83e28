"""Which facts a check reads follows from its declaration and the parameters of the rule."""

from typing import Any

import pytest

from screening.checks import CHECKS
from screening.facts import CATALOGUE


@pytest.mark.parametrize(
    ("kind", "params", "reads"),
    [
        ("spid", {"known": "l"}, {"portout.spid", "portout.carrier_name"}),
        ("number", {}, {"number.statuses", "portout.phone_numbers"}),
        (
            "authorized_name",
            {"given": "portout.end_user_name", "against": ["customer.business_name"]},
            {"customer.count", "portout.end_user_name", "customer.business_name"},
        ),
        (
            "velocity",
            {"count": "orders", "per": "spid", "at_most": "3"},
            {"history.orders_per_spid"},
        ),
        (
            "condition",
            {
                "when": {
                    "all": [
                        {"portout.spid": {"is_missing": "true"}},
                        {"not": {"customer.tags": {"contains": "vip"}}},
                    ]
                }
            },
            {"portout.spid", "customer.tags"},
        ),
    ],
)
def test_a_check_reads_what_it_declares_and_what_its_parameters_name(
    kind: str, params: dict[str, Any], reads: set[str]
) -> None:
    assert CHECKS[kind].facts_read(params) == reads
    assert reads <= CATALOGUE.keys()


def test_no_check_but_the_one_for_pins_reads_one() -> None:
    secret = {name for name, fact in CATALOGUE.items() if fact.fact_class == "secret"}
    readers = {name for name, kind in CHECKS.items() if not secret.isdisjoint(kind.facts)}
    assert readers == {"pin"}

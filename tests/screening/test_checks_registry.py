"""What every kind of check declares holds together: validation, documentation and running all rest on it."""

from typing import Any

import pytest

from screening.checks import CHECKS, CheckKind
from screening.facts import CATALOGUE


@pytest.mark.parametrize("kind", CHECKS.values(), ids=lambda kind: kind.name)
def test_a_declaration_is_complete(kind: CheckKind[Any]) -> None:
    assert "error" in kind.results
    assert all(sentence.endswith(".") for sentence in (kind.sentence, *kind.results.values()))
    assert kind.evidence <= kind.results.keys()
    assert kind.grounds <= kind.results.keys()
    assert kind.evidence.isdisjoint({"missing", "error", "mixed", "partly_set", "not_set", "mismatch"})
    named = {*kind.facts, *(fact for facts in kind.fact_params.values() for fact in facts)}
    assert named <= CATALOGUE.keys()
    assert {*kind.fact_params, *kind.list_params} <= kind.params.model_fields.keys()
    assert CATALOGUE.keys().isdisjoint(kind.placeholders)


def test_the_registry_knows_the_checks_by_name() -> None:
    assert {"pin", "spid", "authorized_name", "carrier"} < CHECKS.keys()
    assert {"number", "documents", "account_lock", "timing"} < CHECKS.keys()
    assert all(name == kind.name for name, kind in CHECKS.items())


def test_a_pin_is_read_by_the_pin_check_alone() -> None:
    readers = {name for name, kind in CHECKS.items() if "customer.pin" in kind.facts}
    assert readers == {"pin"}


def test_a_wrong_pin_and_a_number_that_is_not_ours_are_the_only_grounds() -> None:
    grounds = {name: kind.grounds for name, kind in CHECKS.items() if kind.grounds}
    assert grounds == {"pin": {"mismatch"}, "number": {"not_ours"}}

"""The name check: best of several candidates, and a missing name is never a match."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.authorized_name import AuthorizedNameParams
from screening.facts import CustomerFacts, OrderFacts
from screening.results import CheckResult

ACCOUNT = CustomerFacts(
    name="Roberta Chen", business_name="Chen Imports LLC", authorized_names=["José García", "John Smith"]
)


def ask(
    name: str | None, *customers: CustomerFacts, params: dict[str, Any] | None = None, **order: Any
) -> CheckResult:
    facts = GatheredFacts(
        order=OrderFacts(id="1", status="pending", authorized_name=name, **order),
        now=datetime(2026, 3, 15, 12, tzinfo=UTC),
        customers=customers,
    )
    return CHECKS["authorized_name"].ask(params or {}, facts)


@pytest.mark.parametrize(
    ("name", "result", "similarity"),
    [
        ("Roberta Chen", "match", 100.0),
        ("CHEN IMPORTS, INC.", "match", 100.0),
        ("Garcia, Jose", "match", 100.0),
        ("J. Smith", "match", 100.0),
        ("Robert Chen", "close", 95.7),
        ("Joan Smith", "close", 90.0),
        ("Smith", "mismatch", 66.7),
        ("Vladimir Volkov", "mismatch", 30.8),
    ],
)
def test_the_best_candidate_counts(name: str, result: str, similarity: float) -> None:
    found = ask(name, ACCOUNT)
    assert found.result == result
    assert found.values["similarity"] == pytest.approx(similarity, abs=0.1)


def test_a_match_beats_a_closer_spelling_of_somebody_else() -> None:
    names = CustomerFacts(name="Roberta Christopherson", authorized_names=["Robert Christopherson-Smyth"])
    found = ask("Robert Christopherson-Smith", names)
    assert found.result == "match"
    assert found.values["similarity"] < 100  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "customer"),
    [
        (None, ACCOUNT),
        ("", ACCOUNT),
        ("N/A", ACCOUNT),
        ("John Smith", CustomerFacts()),
        ("n/a", CustomerFacts(name="N/A", business_name="", authorized_names=["-"])),
    ],
)
def test_a_name_missing_on_either_side_is_missing(name: str | None, customer: CustomerFacts) -> None:
    found = ask(name, customer)
    assert found.result == "missing"
    assert found.values == {}


def test_no_customer_is_missing_and_several_are_mixed() -> None:
    assert ask("John Smith").result == "missing"
    assert ask("John Smith", ACCOUNT, ACCOUNT).result == "mixed"
    assert ask(None, ACCOUNT, ACCOUNT).result == "mixed"


@given(
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=20),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_missing_is_never_a_match(name: str | None, holder: str | None, contacts: list[str]) -> None:
    account = CustomerFacts(name=holder, authorized_names=contacts)
    for given_name, customer in ((name, CustomerFacts()), (None, account), ("  ", account)):
        assert ask(given_name, customer).result == "missing"
    assert ask(name, account).result in {"match", "close", "mismatch", "missing"}


def test_parameters_say_which_names_are_compared() -> None:
    only_holder = {"against": ["customer.name"]}
    assert ask("John Smith", ACCOUNT, params=only_holder).result == "mismatch"
    end_user = {"given": "portout.end_user_name"}
    assert ask("Nobody", ACCOUNT, params=end_user, end_user_name="John Smith").result == "match"
    assert ask("John Smith", ACCOUNT, params=end_user).result == "missing"
    assert ask("Robert Chen", ACCOUNT, params={"bands": {"match": "99", "close": "97"}}).result == "mismatch"
    assert ask("J. Smith", ACCOUNT, params={"initials": "false"}).result == "close"


def test_the_facts_that_were_compared_are_told() -> None:
    assert ask("John Smith", ACCOUNT, params={"against": ["customer.name"]}).facts == {
        "portout.authorized_name": "John Smith",
        "customer.name": "Roberta Chen",
    }


@pytest.mark.parametrize(
    "params",
    [
        {"given": "portout.spid"},
        {"against": ["customer.tags"]},
        {"against": []},
        {"bands": {"match": "80", "close": "92"}},
        {"bands": {"match": "101"}},
        {"bands": {"match": "many"}},
        {"fuzzy": "true"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuthorizedNameParams.model_validate(params)

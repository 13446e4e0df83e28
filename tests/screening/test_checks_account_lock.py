"""The lock check: a lock beats a change, a change beats none, and an account that we do not know is not unlocked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.account_lock import AccountLockParams
from screening.facts import CustomerFacts, OrderFacts
from screening.results import CheckResult

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
_WORST_FIRST = ("locked", "recently_changed", "unlocked", "missing")


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def ask(*customers: CustomerFacts, **params: Any) -> CheckResult:
    order = OrderFacts(id="1", status="pending")
    return CHECKS["account_lock"].ask(params, GatheredFacts(order=order, now=NOW, customers=customers))


@pytest.mark.parametrize(
    ("account", "result", "changed"),
    [
        ({}, "unlocked", []),
        ({"locked": True}, "locked", []),
        ({"locked": None}, "missing", []),
        ({"locked": None, "pin_changed_at": ago(hours=1)}, "recently_changed", ["PIN"]),
        ({"locked": True, "pin_changed_at": ago(hours=1)}, "locked", ["PIN"]),
        ({"pin_changed_at": ago(hours=72)}, "recently_changed", ["PIN"]),
        ({"pin_changed_at": ago(hours=72, seconds=1)}, "unlocked", []),
        ({"email_changed_at": ago(hours=71)}, "recently_changed", ["e-mail"]),
        ({"email_changed_at": ago(hours=73)}, "unlocked", []),
        ({"contact_changed_at": ago(hours=71)}, "recently_changed", ["contact"]),
        ({"contact_changed_at": ago(hours=73)}, "unlocked", []),
        ({"sim_changed_at": ago(hours=240)}, "recently_changed", ["SIM"]),
        ({"sim_changed_at": ago(hours=240, seconds=1)}, "unlocked", []),
        ({"pin_changed_at": ago(hours=-1)}, "recently_changed", ["PIN"]),
        (
            {"sim_changed_at": ago(hours=1), "pin_changed_at": ago(hours=1)},
            "recently_changed",
            ["PIN", "SIM"],
        ),
    ],
)
def test_a_lock_beats_a_change_and_a_change_beats_none(
    account: dict[str, Any], result: str, changed: list[str]
) -> None:
    found = ask(CustomerFacts(**account))
    assert (found.result, found.values) == (result, {"changed": changed})


def test_the_windows_are_the_authors() -> None:
    account = CustomerFacts(pin_changed_at=ago(hours=30), sim_changed_at=ago(hours=30))
    assert ask(account, changed_within="1d", sim_changed_within="1d").result == "unlocked"
    assert ask(account, changed_within="1d").values == {"changed": ["SIM"]}
    assert ask(account, sim_changed_within="1d").values == {"changed": ["PIN"]}


def test_without_a_customer_nothing_is_known() -> None:
    assert ask().result == "missing"


def test_of_several_customers_the_worst_counts() -> None:
    ordinary, changed = CustomerFacts(name="A"), CustomerFacts(email_changed_at=ago(hours=1))
    locked = CustomerFacts(locked=True, lock_why="On holiday.")
    assert ask(ordinary, changed).result == "recently_changed"
    assert ask(ordinary, changed, locked).result == "locked"
    assert ask(ordinary, ordinary).result == "unlocked"


def test_the_reason_of_the_lock_is_seen_only_where_it_is_clear_whose_it_is() -> None:
    locked = CustomerFacts(name="A", locked=True, lock_why="On holiday.")
    assert ask(locked).facts == {
        "customer.count": 1,
        "customer.locked": True,
        "customer.lock_why": "On holiday.",
        "customer.pin_changed_at": None,
        "customer.email_changed_at": None,
        "customer.contact_changed_at": None,
        "customer.sim_changed_at": None,
    }
    assert ask(locked, CustomerFacts(name="B")).facts == {"customer.count": 2}


_ACCOUNTS = st.builds(
    CustomerFacts,
    locked=st.booleans(),
    **{
        f"{what}_changed_at": st.none() | st.integers(-10, 400).map(lambda hours: ago(hours=hours))
        for what in ("pin", "email", "contact", "sim")
    },
)


@given(st.lists(_ACCOUNTS, max_size=3), _ACCOUNTS)
def test_a_further_customer_never_improves_the_answer(
    customers: list[CustomerFacts], added: CustomerFacts
) -> None:
    before, after = ask(*customers).result, ask(*customers, added).result
    assert _WORST_FIRST.index(after) <= _WORST_FIRST.index(before)


@given(_ACCOUNTS, st.integers(1, 400), st.integers(0, 400))
def test_a_wider_window_never_improves_the_answer(account: CustomerFacts, hours: int, more: int) -> None:
    def with_window(window: int) -> int:
        found = ask(account, changed_within=f"{window}h", sim_changed_within=f"{window}h")
        return _WORST_FIRST.index(found.result)

    assert with_window(hours + more) <= with_window(hours)


@pytest.mark.parametrize(
    "params", [{"changed_within": "0h"}, {"sim_changed_within": "soon"}, {"since": "1h"}]
)
def test_windows_are_durations(params: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AccountLockParams.model_validate(params)

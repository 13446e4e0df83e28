"""The number check: the worst number of an order counts, and one that nobody looked up is never ours."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.checks import CHECKS, GatheredFacts
from screening.checks.number import judge
from screening.facts import OrderFacts
from screening.results import CheckResult

NUMBERS = ["+13125550100", "+13125550101"]
_WORST_FIRST = ("not_ours", "other_status", "missing", "ours")


def ask(statuses: Sequence[str] | None, numbers: Sequence[str] = NUMBERS) -> CheckResult:
    order = OrderFacts(id="1", status="pending", phone_numbers=list(numbers))
    facts = GatheredFacts(order=order, now=datetime(2026, 3, 15, 12, tzinfo=UTC), number_statuses=statuses)
    return CHECKS["number"].ask({}, facts)


@pytest.mark.parametrize(
    ("statuses", "result"),
    [
        (["active", "active"], "ours"),
        (["active", "port-out-pending"], "ours"),
        (["Active", " port-out-pending "], "ours"),
        (["active", "ported-out"], "not_ours"),
        (["deleted", "active"], "not_ours"),
        (["unknown", "active"], "not_ours"),
        (["port-pending", "ported-out"], "not_ours"),
        (["active", "port-pending"], "other_status"),
        (["active", "a status of tomorrow"], "other_status"),
        (["active", ""], "other_status"),
        (["port-pending"], "other_status"),
        (["ported-out"], "not_ours"),
        (["active"], "missing"),
        ([], "missing"),
        (None, "missing"),
    ],
)
def test_the_worst_number_counts(statuses: list[str] | None, result: str) -> None:
    assert ask(statuses).result == result


def test_an_order_without_numbers_is_not_ours_by_default() -> None:
    assert ask([], []).result == "missing"
    assert ask(None, []).result == "missing"


def test_the_numbers_that_are_not_ours_are_named_with_their_status() -> None:
    found = ask(["active", "ported-out"])
    assert found.facts == {"number.statuses": ["active", "ported-out"]}
    assert found.values == {"numbers_not_ours": ["+13125550101 ported-out"]}


_STATUSES = st.lists(
    st.sampled_from(["active", "port-out-pending", "ported-out", "deleted", "unknown", "port-pending", ""]),
    max_size=4,
)


@given(_STATUSES, st.integers(0, 4), st.sampled_from(["active", "deleted", "port-pending"]))
def test_a_further_number_never_improves_the_answer(statuses: list[str], wanted: int, added: str) -> None:
    wanted = max(wanted, len(statuses))
    before, after = judge(statuses, wanted), judge([*statuses, added], wanted + 1)
    if statuses:
        assert _WORST_FIRST.index(after) <= _WORST_FIRST.index(before)


@given(_STATUSES, st.integers(0, 4))
def test_ours_takes_a_good_status_for_every_number_in_any_order(statuses: list[str], wanted: int) -> None:
    all_good = bool(statuses) and set(statuses) <= {"active", "port-out-pending"}
    assert (judge(statuses, wanted) == "ours") == (all_good and len(statuses) >= wanted)
    assert judge(statuses, wanted) == judge(statuses[::-1], wanted)
    assert judge(statuses, wanted) in CHECKS["number"].results

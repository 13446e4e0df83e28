"""Check `velocity`: a count of the history held against a limit."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.velocity import VelocityParams
from screening.facts import COUNTED, COUNTED_PER, CustomerFacts, OrderFacts, history_fact
from screening.results import CheckResult

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
KIND = CHECKS["velocity"]


def ask(params: dict[str, Any], counts: dict[str, int], customers: int = 1) -> CheckResult:
    gathered = GatheredFacts(
        order=OrderFacts(id="1", status="pending"),
        now=NOW,
        customers=[CustomerFacts(name=f"Customer {number}") for number in range(customers)],
        counts=counts,
    )
    return KIND.ask(params, gathered)


@pytest.mark.parametrize(("count", "result"), [(0, "within_limit"), (3, "within_limit"), (4, "over_limit")])
@pytest.mark.parametrize("what", COUNTED)
@pytest.mark.parametrize("per", COUNTED_PER)
def test_more_than_the_limit_is_over_it(what: str, per: str, count: int, result: str) -> None:
    found = ask({"count": what, "per": per, "at_most": "3"}, {history_fact(what, per): count})
    assert (found.result, found.values) == (result, {"count": count, "limit": 3})
    assert found.facts[history_fact(what, per)] == count


@given(count=st.integers(0, 1_000), limit=st.integers(0, 1_000))
def test_a_higher_limit_never_finds_more(count: int, limit: int) -> None:
    params, counts = {"count": "orders", "per": "spid"}, {"history.orders_per_spid": count}
    strict, loose = (ask({**params, "at_most": at_most}, counts).result for at_most in (limit, limit + 1))
    assert (strict == "over_limit") == (count > limit)
    assert (strict, loose) != ("within_limit", "over_limit")


def test_what_was_not_counted_is_missing_whatever_else_was() -> None:
    others = {history_fact(what, per): 9 for what in COUNTED for per in COUNTED_PER}
    del others["history.denials_per_spid"]
    found = ask({"count": "denials", "per": "spid", "at_most": "0"}, others)
    assert found == CheckResult(result="missing", facts={"history.denials_per_spid": None})


@pytest.mark.parametrize("per", COUNTED_PER)
def test_only_a_count_per_customer_is_mixed_when_there_are_several(per: str) -> None:
    found = ask(
        {"count": "orders", "per": per, "at_most": "3"}, {history_fact("orders", per): 9}, customers=2
    )
    assert found.result == ("mixed" if per == "customer" else "over_limit")


@pytest.mark.parametrize("what", COUNTED)
@pytest.mark.parametrize("per", COUNTED_PER)
def test_it_reads_the_one_count_that_it_asks_for(what: str, per: str) -> None:
    reads = KIND.facts_read({"count": what, "per": per, "within": "7d", "at_most": "3"})
    assert reads - {"customer.count"} == {history_fact(what, per)}
    assert reads <= set(KIND.facts)
    assert ("customer.count" in reads) == (per == "customer")
    answered = ask({"count": what, "per": per, "at_most": "3"}, {})
    assert answered.facts.keys() == reads


def test_everything_that_the_catalogue_counts_can_be_asked() -> None:
    fields = VelocityParams.model_fields
    assert get_args(fields["count"].annotation) == tuple(COUNTED)
    assert get_args(fields["per"].annotation) == COUNTED_PER


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": "approvals"},
        {"per": "zip"},
        {"at_most": "-1"},
        {"at_most": "three"},
        {"within": "0h"},
        {"limit": "3"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ask({"count": "orders", "per": "spid", "at_most": "3", **wrong}, {})


@pytest.mark.parametrize("left_out", ["count", "per", "at_most"])
def test_what_is_counted_and_how_many_are_allowed_must_be_said(left_out: str) -> None:
    params = {"count": "orders", "per": "spid", "at_most": "3"}
    del params[left_out]
    with pytest.raises(ValidationError):
        ask(params, {})

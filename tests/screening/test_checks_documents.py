"""The documents check: complete takes every document, and none that nobody looked for."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.documents import DocumentsParams
from screening.facts import OrderFacts
from screening.results import CheckResult


def ask(needs: Sequence[str], came: Sequence[str] | None) -> CheckResult:
    order = OrderFacts(id="1", status="pending")
    facts = GatheredFacts(order=order, now=datetime(2026, 3, 15, 12, tzinfo=UTC), document_types=came)
    return CHECKS["documents"].ask({"needs": list(needs)}, facts)


@pytest.mark.parametrize(
    ("needs", "came", "result", "lacking"),
    [
        (["loa"], ["loa"], "complete", []),
        (["loa"], ["LOA "], "complete", []),
        (["loa"], ["loa", "invoice", "something new"], "complete", []),
        (["loa", "invoice"], ["invoice", "loa", "loa"], "complete", []),
        (["loa", "invoice"], ["invoice"], "incomplete", ["loa"]),
        (["loa"], ["something new"], "incomplete", ["loa"]),
        (["invoice", "loa", "loa"], ["something new"], "incomplete", ["invoice", "loa"]),
        (["loa", "invoice"], [], "missing", ["loa", "invoice"]),
        (["loa"], None, "missing", ["loa"]),
    ],
)
def test_what_came_is_compared_with_what_is_wanted(
    needs: list[str], came: list[str] | None, result: str, lacking: list[str]
) -> None:
    found = ask(needs, came)
    assert (found.result, found.values) == (result, {"lacking": lacking})
    assert found.facts == {"documents.types": None if came is None else sorted(came)}


_TYPES = st.lists(st.sampled_from(["loa", "invoice"]), min_size=1, max_size=3)


@given(_TYPES, st.lists(st.sampled_from(["loa", "invoice", "other"]), max_size=3))
def test_complete_and_something_lacking_exclude_each_other(needs: list[str], came: list[str]) -> None:
    found = ask(needs, came)
    assert (found.result == "complete") == (set(needs) <= set(came))
    assert (found.result == "complete") == (not found.values["lacking"])
    assert (found.result == "missing") == (not came)


@pytest.mark.parametrize("params", [{}, {"needs": []}, {"needs": ["passport"]}, {"needs": "loa"}])
def test_an_author_says_which_documents(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DocumentsParams.model_validate(params)

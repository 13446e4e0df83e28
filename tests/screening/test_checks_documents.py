"""The documents check: complete takes a clean document of every wanted type, and none that nobody looked for."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from screening.checks import CHECKS, GatheredFacts
from screening.checks.documents import FACTS, DocumentsParams
from screening.facts import OrderFacts
from screening.gathered import LinkedDocument, Scan, document_facts, documents_in
from screening.results import CheckResult

LOA, INVOICE, OTHER = (LinkedDocument(kind, Scan.CLEAN, "9f86d0") for kind in ("loa", "invoice", "other"))
INFECTED_LOA, UNSCANNED_LOA = (LinkedDocument("loa", scan) for scan in (Scan.INFECTED, Scan.UNSCANNED))
UNSCANNED_INVOICE = LinkedDocument("invoice", Scan.UNSCANNED, "60303a")


def ask(needs: Sequence[str], came: Sequence[LinkedDocument] | None) -> CheckResult:
    order = OrderFacts(id="1", status="pending")
    facts = GatheredFacts(order=order, now=datetime(2026, 3, 15, 12, tzinfo=UTC), documents=came)
    return CHECKS["documents"].ask({"needs": list(needs)}, facts)


@pytest.mark.parametrize(
    ("needs", "came", "result", "lacking"),
    [
        (["loa"], [LOA], "complete", []),
        (["loa"], [LOA, INVOICE, OTHER], "complete", []),
        (["loa", "invoice"], [INVOICE, LOA, LOA], "complete", []),
        (["loa", "invoice"], [INVOICE], "incomplete", ["loa"]),
        (["loa"], [OTHER], "incomplete", ["loa"]),
        (["invoice", "loa", "loa"], [OTHER], "incomplete", ["invoice", "loa"]),
        (["loa", "invoice"], [], "missing", ["loa", "invoice"]),
        (["loa"], None, "missing", ["loa"]),
        (["loa"], [INFECTED_LOA], "infected", ["loa"]),
        (["loa", "invoice"], [INVOICE, INFECTED_LOA], "infected", ["loa"]),
        (["loa", "invoice"], [UNSCANNED_INVOICE, INFECTED_LOA], "infected", ["loa", "invoice"]),
        (["invoice"], [INFECTED_LOA], "incomplete", ["invoice"]),
        (["loa"], [UNSCANNED_LOA], "unscanned", ["loa"]),
        (["loa"], [INFECTED_LOA, LOA], "complete", []),
        (["loa"], [UNSCANNED_LOA, LOA], "complete", []),
    ],
)
def test_what_came_is_compared_with_what_is_wanted(
    needs: list[str], came: list[LinkedDocument] | None, result: str, lacking: list[str]
) -> None:
    found = ask(needs, came)
    assert (found.result, found.values) == (result, {"lacking": lacking})
    assert found.facts == (dict.fromkeys(FACTS) if came is None else document_facts(came))


_TYPES = st.lists(st.sampled_from(["loa", "invoice"]), min_size=1, max_size=3)
_DOCUMENTS = st.lists(
    st.builds(
        LinkedDocument,
        st.sampled_from(["loa", "invoice", "other"]),
        st.sampled_from(Scan),
        st.sampled_from(["aa", "bb"]),
    ),
    max_size=4,
)


@given(_TYPES, _DOCUMENTS)
def test_complete_takes_a_clean_document_of_every_type(needs: list[str], came: list[LinkedDocument]) -> None:
    found = ask(needs, came)
    clean = {document.type for document in came if document.scan is Scan.CLEAN}
    assert (found.result == "complete") == (set(needs) <= clean)
    assert (found.result == "complete") == (not found.values["lacking"])
    assert (found.result == "missing") == (not came)


@given(_TYPES, _DOCUMENTS)
def test_what_was_recorded_of_documents_answers_as_they_did(
    needs: list[str], came: list[LinkedDocument]
) -> None:
    then = ask(needs, came)
    assert ask(needs, documents_in(then.facts)) == then


def test_every_clean_document_is_recorded_with_its_hash() -> None:
    facts = ask(["loa"], [LOA, INVOICE, UNSCANNED_INVOICE]).facts
    assert facts["documents.sha256"] == ["invoice 9f86d0", "loa 9f86d0"]
    assert (facts["documents.types"], facts["documents.unscanned"]) == (["invoice", "loa"], ["invoice"])


def test_types_in_a_test_of_an_author_may_be_written_in_any_case() -> None:
    assert documents_in({"documents.types": ["LOA "]}) == [LinkedDocument("loa", Scan.CLEAN)]
    assert documents_in({}) is None


@pytest.mark.parametrize("params", [{}, {"needs": []}, {"needs": ["passport"]}, {"needs": "loa"}])
def test_an_author_says_which_documents(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DocumentsParams.model_validate(params)

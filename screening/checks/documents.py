"""Check `documents`: did the documents that the author wants come with the order?

A letter of authorization is not among the things for which a simple port may be held back (47 CFR 52.36): one that
lacks can be asked for, and is no permitted ground to refuse.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.effects import DocumentType
from screening.gathered import LinkedDocument, Scan, document_facts
from screening.policy_values import RuleModel
from screening.results import CheckResult

COMPLETE = "complete"
INCOMPLETE = "incomplete"
INFECTED = "infected"
UNSCANNED = "unscanned"

FACTS = ("documents.types", "documents.infected", "documents.unscanned", "documents.sha256")


class DocumentsParams(RuleModel):
    """Which documents are wanted."""

    needs: list[Annotated[DocumentType, Field(strict=False)]] = Field(
        min_length=1, description="The types of documents that must all be there."
    )


def standing(wanted: Collection[str], came: Collection[LinkedDocument]) -> tuple[str, list[str]]:
    """Compare what is wanted with what came.

    Only a clean document counts. One that is not clean counts against its type until a clean one of that type comes.

    Returns:
        The worst that holds of the types that are not there: `infected`; `unscanned`; `missing` when nothing came;
        `incomplete`. `complete` when all are there. With the types that are not there.
    """
    lacking = [kind for kind in dict.fromkeys(wanted) if not _there(came, kind, Scan.CLEAN)]
    if not lacking:
        return COMPLETE, []
    if any(_there(came, kind, Scan.INFECTED) for kind in lacking):
        return INFECTED, lacking
    if any(_there(came, kind, Scan.UNSCANNED) for kind in lacking):
        return UNSCANNED, lacking
    return INCOMPLETE if came else MISSING, lacking


def _there(came: Collection[LinkedDocument], kind: str, scan: Scan) -> bool:
    return any(document.type == kind and document.scan is scan for document in came)


def check(params: DocumentsParams, came: Collection[LinkedDocument] | None) -> CheckResult:
    """Answer the check.

    Args:
        came: the documents of the order; None when nobody looked.

    Returns:
        As `standing` says, and `missing` when nobody looked. Always with `lacking`, the types that are not there.
    """
    result, lacking = standing([document.value for document in params.needs], came or ())
    facts = dict.fromkeys(FACTS) if came is None else document_facts(came)
    return CheckResult(result=result, facts=facts, values={"lacking": lacking})


def _run(params: DocumentsParams, gathered: GatheredFacts) -> CheckResult:
    return check(params, gathered.documents)


KIND = CheckKind(
    name="documents",
    sentence="Whether the documents that are wanted came with the order.",
    params=DocumentsParams,
    run=_run,
    example=Example(
        params={"needs": ["loa", "invoice"]}, given={"documents.types": ["loa"]}, expect=INCOMPLETE
    ),
    results={
        COMPLETE: "Every document that is wanted came and is clean.",
        INCOMPLETE: "Documents came, but not every one that is wanted.",
        INFECTED: "The virus scan found something in a document that is wanted, and no clean one came.",
        UNSCANNED: "A document that is wanted came, and the virus scan has not passed it yet.",
        MISSING: "No document came, or documents could not be looked up.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({COMPLETE}),
    facts=FACTS,
    placeholders={"lacking": "The types of documents that are wanted and did not come."},
)

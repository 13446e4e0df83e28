"""Check `documents`: did the documents that the author wants come with the order?

A letter of authorization is not among the things for which a simple port may be held back (47 CFR 52.36): one that
lacks can be asked for, and is no permitted ground to refuse.
"""

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.effects import DocumentType
from screening.policy_values import RuleModel
from screening.results import CheckResult

COMPLETE = "complete"
INCOMPLETE = "incomplete"


class DocumentsParams(RuleModel):
    """Which documents are wanted."""

    needs: list[Annotated[DocumentType, Field(strict=False)]] = Field(
        min_length=1, description="The types of documents that must all be there."
    )


def check(params: DocumentsParams, came: Collection[str] | None) -> CheckResult:
    """Compare what is wanted with what came.

    Args:
        came: types of the documents of the order; None when nobody looked.

    Returns:
        `complete`; `incomplete` when documents came and not all that are wanted; `missing` when none came, or nobody
        looked. Always with `lacking`, the types that are not there.
    """
    there = {document.strip().lower() for document in came or ()}
    lacking = [document.value for document in dict.fromkeys(params.needs) if document.value not in there]
    result = MISSING if not there else INCOMPLETE if lacking else COMPLETE
    facts = {"documents.types": None if came is None else sorted(came)}
    return CheckResult(result=result, facts=facts, values={"lacking": lacking})


def _run(params: DocumentsParams, gathered: GatheredFacts) -> CheckResult:
    return check(params, gathered.document_types)


KIND = CheckKind(
    name="documents",
    sentence="Whether the documents that are wanted came with the order.",
    params=DocumentsParams,
    run=_run,
    example=Example(
        params={"needs": ["loa", "invoice"]}, given={"documents.types": ["loa"]}, expect=INCOMPLETE
    ),
    results={
        COMPLETE: "Every document that is wanted came.",
        INCOMPLETE: "Documents came, but not every one that is wanted.",
        MISSING: "No document came, or documents could not be looked up.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({COMPLETE}),
    facts=("documents.types",),
    placeholders={"lacking": "The types of documents that are wanted and did not come."},
)

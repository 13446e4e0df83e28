"""The search attributes of a screening. They only help in Temporal's own UI, and hold no personal data."""

from typing import Any

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("PortOutStage")
RESPOND_BY = SearchAttributeKey.for_datetime("PortOutRespondBy")
OUTCOME = SearchAttributeKey.for_keyword("PortOutOutcome")

ALL = (STAGE, RESPOND_BY, OUTCOME)


def type_name(key: SearchAttributeKey[Any]) -> str:
    """How Temporal's command line calls the type of an attribute."""
    return "Datetime" if key is RESPOND_BY else "Keyword"

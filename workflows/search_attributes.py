"""The search attributes of a screening. They only help in Temporal's own UI, and hold no personal data."""

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("PortOutStage")
RESPOND_BY = SearchAttributeKey.for_datetime("PortOutRespondBy")
OUTCOME = SearchAttributeKey.for_keyword("PortOutOutcome")

ALL = (STAGE, RESPOND_BY, OUTCOME)

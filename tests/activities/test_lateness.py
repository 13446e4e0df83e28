"""A step that is tried for too long is told to somebody, once."""

import pytest
from temporalio.exceptions import ApplicationError

from activities.carrier import CarrierActivities
from activities.concluding import ConcludingActivities
from activities.contracts import ConcludeInput
from records.errors import DatabaseUnavailable
from sandbox.models import NewFault
from tests.activities.parts import Parts, to_answer, to_open, tried
from tests.scenarios.holding import nobody_else_writes

EVIDENCE = 900.0
"""Seconds after which a step is late."""
UNOPENED = "An order cannot be read or recorded, so it is not screened; look at it in the carrier's portal."
UNCONCLUDED = (
    "An order was screened, but the decision cannot be made or recorded; it is tried until the deadline."
)
UNDELIVERED = "A decision cannot be delivered to the carrier; it is tried again until silence approves."


async def test_an_order_that_cannot_be_opened_is_paged_once_when_it_is_late(parts: Parts) -> None:
    order = to_open(parts.place())
    parts.sandbox.faults.add(NewFault(status=503))
    for after, told in ((0.0, []), (EVIDENCE, []), (EVIDENCE + 1, [UNOPENED]), (2 * EVIDENCE, [UNOPENED])):
        with pytest.raises(ApplicationError):
            await tried(parts.opening().open, order, after=after)
        assert [text.partition("\n")[0] for text in parts.incidents()] == told


async def test_a_decision_that_cannot_be_recorded_is_paged_once_when_it_is_late(parts: Parts) -> None:
    """Although the database that is away cannot remember that it was told."""
    concluding = ConcludingActivities(parts.telnyx, parts.records, parts.shelf, parts.board, parts.timing)
    opened = await parts.opened(parts.place())
    given = ConcludeInput(opened=opened, results=[], step="screened-1", now=opened.limit)
    with nobody_else_writes(parts.home):
        for after, told in ((EVIDENCE, []), (EVIDENCE + 1, [UNCONCLUDED]), (2 * EVIDENCE, [UNCONCLUDED])):
            with pytest.raises(DatabaseUnavailable):
                await tried(concluding.conclude, given, after=after)
            assert [text.partition("\n")[0] for text in parts.incidents()] == told
    assert (await tried(concluding.conclude, given)).outcome == "review"


async def test_an_answer_that_cannot_be_delivered_is_paged_once_when_it_is_late(parts: Parts) -> None:
    answering = CarrierActivities(parts.telnyx, parts.records, parts.board, sends=True, timing=parts.timing)
    opened = await parts.opened(parts.place())
    parts.sandbox.faults.add(NewFault(method="PATCH", status=503))
    for after, told in ((EVIDENCE, []), (EVIDENCE + 1, [UNDELIVERED]), (2 * EVIDENCE, [UNDELIVERED])):
        with pytest.raises(ApplicationError):
            await tried(answering.answer, to_answer(opened), after=after)
        assert [text.partition("\n")[0] for text in parts.incidents()] == told
    assert f"Order {opened.order.support_key}" in parts.incidents()[0]


async def test_a_late_try_that_succeeds_pages_nobody(parts: Parts) -> None:
    opened = await tried(parts.opening().open, to_open(parts.place()), after=10 * EVIDENCE)
    assert opened.pending
    assert parts.incidents() == []

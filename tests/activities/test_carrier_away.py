"""What is asked of the carrier beside screening and answering, while it is away, busy, or hangs up."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.asking import AskingActivities
from activities.contracts import Opened
from activities.watching import WatchActivities
from activities.watching_messages import CommentsInput, LookAfterInput
from records.ledger_entries import EntryKind
from sandbox.models import NewFault
from tests.activities.parts import Parts, tried
from tests.activities.test_asking import MESSAGE, comments, document, to_ask, to_await

RETRY_AFTER = 7.0
Step = Callable[[], Awaitable[Any]]


async def prepared(parts: Parts) -> tuple[Opened, dict[str, Step]]:
    """An order of a further round, and one try of each step; none of them has to do with another."""
    order = parts.place()
    opened = (await parts.opened(order)).model_copy(update={"round": 2})
    document(parts, order)
    parts.sandbox.comment(order, "The passcode was changed.", by_staff=True)
    now = datetime.now(UTC)
    asking = AskingActivities(parts.telnyx, parts.records, parts.board, sends=True, timing=parts.timing)
    watching = WatchActivities(parts.telnyx, parts.records, parts.shelf, parts.board, refused_key=1.0)
    look = LookAfterInput(opened=opened, answered_at=now, now=now)
    return opened, {
        "ask": lambda: tried(asking.ask, to_ask(order)),
        "await_documents": lambda: tried(asking.await_documents, to_await(order)),
        "look_after": lambda: tried(watching.look_after, look),
        "keep_comments": lambda: tried(watching.keep_comments, CommentsInput(opened=opened, now=now)),
    }


STEPS = pytest.mark.parametrize("step", ["ask", "await_documents", "look_after", "keep_comments"])


@STEPS
@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}], ids=["away", "hangs up"])
async def test_a_step_is_tried_again_until_the_carrier_is_back_and_then_happens_once(
    parts: Parts, step: str, fault: dict[str, Any]
) -> None:
    opened, steps = await prepared(parts)
    order = opened.order.id
    parts.sandbox.faults.add(NewFault(**fault))
    for _ in range(2):
        with pytest.raises(ApplicationError) as away:
            await steps[step]()
        assert not away.value.non_retryable
    assert (comments(parts, order)[1:], parts.records.ledger.entries(order)) == ([], [])
    parts.sandbox.faults.clear()
    for _ in range(2):
        await steps[step]()
    assert comments(parts, order)[1:] == ([MESSAGE] if step == "ask" else [])
    wanted = {"ask": [EntryKind.ASKED], "keep_comments": [EntryKind.WATCHED]}.get(step, [])
    assert [entry.kind for entry in parts.records.ledger.entries(order)] == wanted


@STEPS
async def test_a_carrier_that_is_busy_is_not_asked_before_the_time_it_names(parts: Parts, step: str) -> None:
    _, steps = await prepared(parts)
    parts.sandbox.faults.add(NewFault(status=429, retry_after=RETRY_AFTER))
    with pytest.raises(ApplicationError) as busy:
        await steps[step]()
    assert busy.value.next_retry_delay == timedelta(seconds=RETRY_AFTER)
    assert busy.value.category is ApplicationErrorCategory.BENIGN

"""An order that is screened anew stays in its round, and the carrier's clock does not start again."""

from datetime import UTC, datetime, timedelta

from activities.contracts import Carried, OpenInput
from screening.rejection import Barred
from tests.activities.parts import Parts, tried

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
BARRED = Barred(code=1002, reason="The PIN does not match our records.")


async def test_the_limit_of_a_round_stays_where_it_was(parts: Parts) -> None:
    order = parts.place()
    limit = NOW + timedelta(hours=1)
    carried = Carried(round=2, refused=[BARRED], limit=limit)
    given = OpenInput(portout_id=order, run_id="run-2", now=NOW, carried=carried)
    opened = await tried(parts.opening().open, given)
    assert (opened.round, opened.limit, opened.refused) == (2, limit, [BARRED])
    begun = OpenInput(portout_id=parts.place(), run_id="run-2", now=NOW, carried=Carried(round=2))
    assert (await tried(parts.opening().open, begun)).limit == NOW + timedelta(hours=4)


async def test_the_limit_of_a_later_round_survives_the_run_that_knew_it(parts: Parts) -> None:
    begun = OpenInput(portout_id=parts.place(), run_id="run-2", now=NOW, carried=Carried(round=2))
    limit = (await tried(parts.opening().open, begun)).limit
    lost = begun.model_copy(update={"run_id": "run-3", "now": NOW + timedelta(hours=3)})
    assert (await tried(parts.opening().open, lost)).limit == limit


async def test_rules_that_know_of_an_earlier_limit_are_heeded(parts: Parts) -> None:
    order = parts.place()
    first = await parts.opened(order)
    later = first.limit + timedelta(hours=1)
    given = OpenInput(
        portout_id=order, run_id="run-2", now=datetime.now(UTC), carried=Carried(round=1, limit=later)
    )
    assert (await tried(parts.opening().open, given)).limit == first.limit

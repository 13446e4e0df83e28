"""Where the carrier and we do not agree: a table of every pair of stories."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.differences import BothSides, Difference, Wrong, differences
from records.cases import Case, Stage
from records.ledger_standings import Standing
from telnyx_api import PortOut

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=30)
LONG_AGO = NOW - timedelta(days=3)
A_MINUTE_AGO = NOW - timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)


def order(status: str, **fields: object) -> PortOut:
    given = {
        "id": "p-1",
        "support_key": "PO_1",
        "status": status,
        "inserted_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    return PortOut.model_validate({**given, **fields})


def case(**fields: object) -> Case:
    given = {"portout_id": "p-1", "updated_at": LONG_AGO, "mode": "enforce", "respond_by": LATER}
    return Case.model_validate({**given, **fields})


def compared(
    listed: PortOut,
    case: Case | None = None,
    standing: Standing | None = None,
    *,
    runs: bool = False,
    began: datetime | None = BEGAN,
) -> list[Difference]:
    return differences(
        BothSides(
            listed={listed.id: listed},
            unknown=(),
            cases={case.portout_id: case} if case else {},
            standings={listed.id: standing} if standing else {},
            running={listed.id} if runs else set(),
            began=began,
        ),
        NOW,
    )


SCREENED = Standing()
LEFT = Standing(left_on_purpose=True)
APPROVED = Standing(answered_as="authorized", answered_at=LONG_AGO)
DENIED = Standing(answered_as="rejected-pending", answered_at=LONG_AGO)
OVERDUE = case(respond_by=A_MINUTE_AGO)
CLOSED = case(stage=Stage.CLOSED)


@pytest.mark.parametrize(
    ("listed", "case", "standing", "runs", "wrong"),
    [
        (order("pending"), None, None, False, Wrong.NEVER_SCREENED),
        (order("pending"), CLOSED, DENIED, False, Wrong.NOT_WATCHED),
        (order("pending"), None, SCREENED, False, Wrong.NOT_WATCHED),
        (order("pending"), OVERDUE, SCREENED, True, Wrong.PAST_DEADLINE),
        (order("authorized"), None, None, False, Wrong.NEVER_SCREENED),
        (order("authorized"), CLOSED, SCREENED, False, Wrong.DECIDED_ELSEWHERE),
        (order("rejected"), CLOSED, LEFT, False, Wrong.DECIDED_ELSEWHERE),
        (order("authorized"), CLOSED, DENIED, False, Wrong.DECIDED_DIFFERENTLY),
        (order("ported"), CLOSED, DENIED, False, Wrong.DECIDED_DIFFERENTLY),
        (order("rejected"), CLOSED, APPROVED, False, Wrong.DECIDED_DIFFERENTLY),
        (order("ported"), case(), APPROVED, True, Wrong.GONE),
        (order("canceled"), case(), SCREENED, True, Wrong.GONE),
    ],
)
def test_each_story_that_does_not_fit_is_named(
    listed: PortOut, case: Case | None, standing: Standing | None, runs: bool, wrong: Wrong
) -> None:
    assert [one.wrong for one in compared(listed, case, standing, runs=runs)] == [wrong]


@pytest.mark.parametrize(
    ("listed", "case", "standing", "runs"),
    [
        (order("pending"), case(), SCREENED, True),
        (order("pending"), OVERDUE, LEFT, True),
        (order("pending"), case(mode="shadow", respond_by=A_MINUTE_AGO), SCREENED, True),
        (order("pending", updated_at=A_MINUTE_AGO), None, None, False),
        (order("authorized"), CLOSED, APPROVED, False),
        (order("ported"), CLOSED, APPROVED, False),
        (order("ported", updated_at=A_MINUTE_AGO), case(), APPROVED, True),
        (order("rejected-pending"), case(), DENIED, True),
        (order("rejected"), CLOSED, DENIED, False),
        (order("canceled"), CLOSED, APPROVED, False),
        (order("canceled"), CLOSED, SCREENED, False),
        (order("canceled"), None, None, False),
        (order("authorized"), CLOSED, LEFT, False),
        (order("authorized"), case(mode="shadow", stage=Stage.CLOSED), SCREENED, False),
    ],
)
def test_what_fits_is_not_mentioned(
    listed: PortOut, case: Case | None, standing: Standing | None, runs: bool
) -> None:
    assert compared(listed, case, standing, runs=runs) == []


@pytest.mark.parametrize("began", [None, NOW])
def test_what_was_decided_before_the_ledger_began_is_none_of_ours(began: datetime | None) -> None:
    assert compared(order("authorized"), began=began) == []


def test_only_pending_orders_without_a_workflow_can_be_mended() -> None:
    assert [one.mendable for one in compared(order("pending"))] == [True]
    assert [one.mendable for one in compared(order("pending"), OVERDUE, SCREENED, runs=True)] == [False]
    assert [one.mendable for one in compared(order("authorized"))] == [False]


def test_an_order_that_is_open_here_and_unknown_there_is_gone() -> None:
    sides = BothSides({}, ["p-1"], {"p-1": case(support_key="PO_1")}, {}, set(), BEGAN)
    [gone] = differences(sides, NOW)
    assert (gone.wrong, gone.support_key, gone.carrier_status) == (Wrong.GONE, "PO_1", None)


def test_the_worst_comes_first() -> None:
    listed = {
        "p-1": order("ported", id="p-1"),
        "p-2": order("pending", id="p-2"),
        "p-3": order("authorized", id="p-3"),
    }
    standings = {"p-1": SCREENED, "p-3": DENIED}
    found = differences(BothSides(listed, (), {}, standings, set(), BEGAN), NOW)
    assert [one.wrong for one in found] == [
        Wrong.NEVER_SCREENED,
        Wrong.DECIDED_DIFFERENTLY,
        Wrong.DECIDED_ELSEWHERE,
    ]

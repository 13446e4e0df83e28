"""The ladder by itself: times only, without a server."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.contracts import Opened
from screening.facts import OrderFacts
from screening.policy import Mode
from workflows.ladder import Ladder, Rung

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
FOREVER = BEGAN + timedelta(days=400)


def order(
    *,
    respond_in: timedelta = timedelta(hours=10),
    margin: timedelta = timedelta(hours=2),
    remind_at: list[float] | None = None,
    escalate_at: float = 0.8,
    mode: Mode = Mode.ENFORCE,
) -> Opened:
    respond_by = BEGAN + respond_in
    return Opened(
        order=OrderFacts(id="order", status="pending"),
        round=1,
        run_id="run",
        policy="us-standard",
        policy_digest="00" * 32,
        mode=mode,
        rules=[],
        limit=respond_by + margin,
        respond_by=respond_by,
        remind_at=[0.5, 0.8] if remind_at is None else remind_at,
        escalate_at=escalate_at,
    )


def hours(ladder: Ladder) -> list[tuple[float, Rung]]:
    return [((at - BEGAN) / timedelta(hours=1), rung) for at, rung in ladder.rungs]


@pytest.mark.parametrize(
    ("opened", "rungs"),
    [
        pytest.param(
            order(),
            [(5, Rung.REMIND), (8, Rung.REMIND), (8, Rung.ESCALATE), (10, Rung.ACT)],
            id="in good time",
        ),
        pytest.param(
            order(remind_at=[1.0], escalate_at=1.0),
            [(9, Rung.REMIND), (9, Rung.ESCALATE), (10, Rung.ACT)],
            id="all at the deadline: people are told while there is time left",
        ),
        pytest.param(
            order(respond_in=timedelta(minutes=30)),
            [(0.25, Rung.REMIND), (0.4, Rung.REMIND), (0.4, Rung.ESCALATE), (0.5, Rung.ACT)],
            id="late in its day: the same, closer together",
        ),
        pytest.param(order(remind_at=[]), [(8, Rung.ESCALATE), (10, Rung.ACT)], id="no reminders"),
        pytest.param(
            order(mode=Mode.ADVISE),
            [(5, Rung.REMIND), (8, Rung.REMIND), (8, Rung.ESCALATE), (10, Rung.ACT)],
            id="advise",
        ),
        pytest.param(order(mode=Mode.SHADOW), [], id="shadow climbs nothing"),
        pytest.param(
            order(respond_in=timedelta(0)),
            [(0, Rung.REMIND), (0, Rung.REMIND), (0, Rung.ESCALATE), (1, Rung.ACT)],
            id="seen at the deadline",
        ),
        pytest.param(
            order(respond_in=timedelta(hours=-1)),
            [(0, Rung.REMIND), (0, Rung.REMIND), (0, Rung.ESCALATE), (0.5, Rung.ACT)],
            id="seen after the deadline: half-way to the limit",
        ),
        pytest.param(
            order(respond_in=timedelta(hours=-2)),
            [(0, Rung.REMIND), (0, Rung.REMIND), (0, Rung.ESCALATE)],
            id="seen at the limit: nothing left to act before",
        ),
        pytest.param(
            order(respond_in=timedelta(hours=-30)),
            [(0, Rung.REMIND), (0, Rung.REMIND), (0, Rung.ESCALATE)],
            id="seen long after the limit",
        ),
    ],
)
def test_the_rungs_stand_where_the_policy_puts_them(opened: Opened, rungs: list[tuple[float, Rung]]) -> None:
    assert hours(Ladder.of(opened, began=BEGAN, now=BEGAN)) == rungs


@pytest.mark.parametrize(
    ("opened", "now", "rungs"),
    [
        pytest.param(
            order(),
            6,
            [(8, Rung.REMIND), (8, Rung.ESCALATE), (10, Rung.ACT)],
            id="what was said is not said again, what is ahead is not put off",
        ),
        pytest.param(
            order(),
            8.5,
            [(8.5, Rung.ESCALATE), (10, Rung.ACT)],
            id="an escalation that is due is never skipped",
        ),
        pytest.param(
            order(),
            11,
            [(11, Rung.ESCALATE), (11.5, Rung.ACT)],
            id="after the deadline: half-way to the limit",
        ),
        pytest.param(order(), 13, [(13, Rung.ESCALATE)], id="after the limit"),
    ],
)
def test_a_screening_anew_does_not_put_off_what_people_are_told(
    opened: Opened, now: float, rungs: list[tuple[float, Rung]]
) -> None:
    assert hours(Ladder.of(opened, began=BEGAN, now=BEGAN + timedelta(hours=now))) == rungs


def test_a_rung_is_taken_once() -> None:
    ladder = Ladder.of(order(), began=BEGAN, now=BEGAN)
    assert ladder.climb(BEGAN + timedelta(hours=6)) == [Rung.REMIND]
    assert ladder.climb(BEGAN + timedelta(hours=6)) == []


def test_a_rung_is_due_at_its_very_moment() -> None:
    ladder = Ladder.of(order(), began=BEGAN, now=BEGAN)
    assert ladder.climb(BEGAN + timedelta(hours=5)) == [Rung.REMIND]


def test_a_worker_that_slept_through_everything_reminds_once_and_then_acts() -> None:
    ladder = Ladder.of(order(), began=BEGAN, now=BEGAN)
    assert ladder.climb(FOREVER) == [Rung.REMIND, Rung.ESCALATE, Rung.ACT]
    assert ladder.next_at() is None


spans = st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3))
shares = st.floats(min_value=0, max_value=1)
orders = st.builds(
    order,
    respond_in=spans,
    margin=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=1)),
    remind_at=st.lists(shares, max_size=5),
    escalate_at=shares,
    mode=st.sampled_from([Mode.ADVISE, Mode.ENFORCE]),
)


@given(orders)
def test_no_rung_is_in_the_past_and_none_comes_too_late_to_answer(opened: Opened) -> None:
    ladder = Ladder.of(opened, began=BEGAN, now=BEGAN)
    assert all(at >= BEGAN for at, _ in ladder.rungs)
    for at, rung in ladder.rungs:
        if rung is Rung.ACT:
            assert at < opened.limit


@given(orders)
def test_people_are_told_before_the_deadline_whenever_it_is_ahead(opened: Opened) -> None:
    if opened.respond_by - BEGAN < timedelta(seconds=1):
        return
    for at, rung in Ladder.of(opened, began=BEGAN, now=BEGAN).rungs:
        assert rung is Rung.ACT or at < opened.respond_by


@given(orders)
def test_people_are_always_told_before_anything_is_done(opened: Opened) -> None:
    rungs = [rung for _, rung in Ladder.of(opened, began=BEGAN, now=BEGAN).rungs]
    assert rungs.count(Rung.ESCALATE) == 1
    assert rungs.count(Rung.ACT) == (1 if opened.limit > BEGAN else 0)
    if Rung.ACT in rungs:
        assert rungs[-1] is Rung.ACT


@given(orders, st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=5)), max_size=8))
def test_however_often_it_wakes_every_rung_is_climbed_in_order_and_only_when_due(
    opened: Opened, wakes: list[timedelta]
) -> None:
    ladder = Ladder.of(opened, began=BEGAN, now=BEGAN)
    planned = list(ladder.rungs)
    climbed: list[Rung] = []
    for wake in sorted(wakes):
        now = BEGAN + wake
        climbed += ladder.climb(now)
        upcoming = ladder.next_at()
        assert upcoming is None or upcoming > now
    climbed += ladder.climb(FOREVER)
    assert ladder.next_at() is None
    assert set(climbed) == {rung for _, rung in planned}
    assert climbed.count(Rung.ACT) <= 1
    assert climbed.count(Rung.ESCALATE) == 1
    if Rung.ACT in climbed:
        assert climbed[-1] is Rung.ACT


@given(orders)
def test_waking_at_each_rung_climbs_exactly_that_moment(opened: Opened) -> None:
    ladder = Ladder.of(opened, began=BEGAN, now=BEGAN)
    while (at := ladder.next_at()) is not None:
        due = list(dict.fromkeys(rung for moment, rung in ladder.rungs if moment == at))
        assert ladder.climb(at) == due

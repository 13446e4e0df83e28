"""After the answer: the carrier rules, dates move, events get lost, and nothing of it is missed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import WorkflowUpdateFailedError

from commands.queueing import read_queue
from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.commands.conftest import shell_of
from tests.scenarios.test_two_people import REASON, place_vip, token
from tests.service import HURRIED, Service, installed, refused_because
from tests.waiting import eventually

COMMENT = "The end user changed the passcode on Monday."
# Two Saturdays at 23:00 in New York.
SATURDAY_NIGHT = datetime(2031, 3, 2, 4, tzinfo=UTC)
NEXT_SATURDAY_NIGHT = SATURDAY_NIGHT + timedelta(days=7)
NOW_AND_THEN = HURRIED.model_copy(update={"watch_every": 2.0})


@pytest.fixture
async def listing(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation that lists its watched orders every other second."""
    async with installed(temporal, tmp_path, timing=NOW_AND_THEN) as service:
        yield service


async def test_a_refused_rejection_comes_back_with_the_carriers_comment(service: Service) -> None:
    order = service.place_denied()
    async with service.working():
        await service.result(order)
        service.carrier.carrier.comment(order, "An older question of ours is not theirs.")
        service.carrier.carrier.rule(order, "bounce", comment=COMMENT)
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        await eventually(lambda: service.ledger(order, EntryKind.WATCHED))
        [waiting] = read_queue(service.records, service.settings, datetime.now(UTC)).waiting
        assert f"The carrier: “{COMMENT}”" in waiting.why
        with pytest.raises(WorkflowUpdateFailedError) as barred:
            await service.review(
                order, "deny", reason="The port-out PIN supplied does not match our records."
            )
        assert "already refused" in refused_because(barred.value)
    [comment] = service.ledger(order, EntryKind.WATCHED)
    assert comment.personal == {"comment": COMMENT}
    assert COMMENT not in json.dumps(comment.body)
    assert [entry.body["round"] for entry in service.ledger(order, EntryKind.REFUSED_BY_CARRIER)] == [1]
    for run in await service.runs(order):
        handle = service.client.get_workflow_handle(service.screening(order).id, run_id=run)
        assert COMMENT not in json.dumps((await handle.fetch_history()).to_json_dict())


async def test_what_the_carrier_does_after_the_answer_closes_the_order_or_is_paged(service: Service) -> None:
    accepted, ported, approved = service.place_denied(), service.place_denied(), service.place()
    async with service.working():
        await service.results(accepted, ported, approved)
        carrier = service.carrier.carrier
        carrier.rule(accepted, "accept")
        carrier.rule(ported, "port")
        carrier.rule(approved, "port")
        ends = [await service.end(order) for order in (accepted, ported, approved)]
    assert [(end.outcome, end.carrier_status) for end in ends] == [
        ("deny", "rejected"),
        ("deny", "ported"),
        ("approve", "ported"),
    ]
    assert [
        bool(service.records.notices.told(f"{order}:1:after-the-answer-ported"))
        for order in (accepted, ported, approved)
    ] == [False, True, False]
    for order, end in zip((accepted, ported, approved), ends, strict=True):
        case = service.case(order)
        assert case is not None
        assert (case.stage, case.outcome, case.carrier_status) == (
            Stage.CLOSED,
            end.outcome,
            end.carrier_status,
        )
        assert case.decided_at is not None
        assert len(service.ledger(order, EntryKind.CLOSED)) == 1
        assert service.truth(order)["patches"] == 1
        assert service.records.ledger.verify_chain(order) == []


async def test_an_event_that_was_lost_is_found_by_the_listing(listing: Service) -> None:
    order = listing.place_denied()
    async with listing.working():
        await listing.result(order)
        # The event is not in the tail, as if the carrier had lost it.
        shown = listing.carrier.carrier._orders.get(order)
        events = list(shown.events)
        listing.carrier.carrier.rule(order, "accept")
        for event in shown.events[len(events) :]:
            event.shown["created_at"] = "2020-01-01T00:00:00.000000Z"
        assert (await listing.end(order)).carrier_status == "rejected"


async def test_a_run_that_was_lost_is_found_by_the_listing_and_decides_nothing_again(
    listing: Service,
) -> None:
    denied, approved = listing.place_denied(), listing.place()
    async with listing.working():
        before = await listing.results(denied, approved)
        for order in (denied, approved):
            await listing.screening(order).terminate("lost")
        for order in (denied, approved):
            await eventually(partial(_watched, listing, order))
        listing.carrier.carrier.rule(denied, "bounce")
        await listing.stands_in(Stage.AWAITING_REVIEW, denied)
    case = listing.case(approved)
    assert case is not None
    assert (case.outcome, case.decided_by) == ("approve", before[1].decided_by)
    assert [listing.truth(order)["patches"] for order in (denied, approved)] == [1, 1]


def _found(service: Service, order: str, rule: str) -> str | None:
    case = service.case(order)
    return case.rules.get(rule) if case else None


async def _watched(service: Service, order: str) -> bool:
    state = await service.state(order)
    return state.stage is Stage.AWAITING_CARRIER and state.answered is not None


async def test_watching_costs_one_request_for_all(listing: Service) -> None:
    orders = [listing.place() for _ in range(6)]
    async with listing.working():
        await listing.results(*orders)
        asked = len(_listings(listing))
        await eventually(lambda: len(_listings(listing)) >= asked + 4)
        # An order is read before it is decided, and may be once more for the event of its own answer.
        assert all(len(listing.asked(f"/portouts/{order}")) <= 2 for order in orders)


def _listings(service: Service) -> list[object]:
    return [entry for entry in service.asked("/portouts") if "status_in" in json.dumps(entry)]


async def test_a_foc_date_that_moves_to_a_night_is_heard_of_in_review_and_after_the_answer(
    service: Service,
) -> None:
    portout = shell_of(service)
    carrier = service.carrier.carrier
    async with service.working():
        order = await place_vip(service)
        carrier.move_foc(order, SATURDAY_NIGHT)
        await eventually(lambda: _found(service, order, "timing") == "night")
        people = [await token(portout, person) for person in ("dana", "robin")]
        for person in people:
            assert (await portout("approve", order, "--reason", REASON, **person)).code == 0
        await service.result(order)
        carrier.move_foc(order, NEXT_SATURDAY_NIGHT)
        await eventually(
            lambda: service.records.notices.told(f"{order}:1:foc-{NEXT_SATURDAY_NIGHT.isoformat()}")
        )
    [moved] = service.ledger(order, EntryKind.WATCHED)
    assert moved.body["results"] == {"timing": "night"}
    assert moved.body["note"] == "The FOC date moved. Rules object to it: timing night (review)."
    case = service.case(order)
    assert case is not None
    assert case.foc_date == NEXT_SATURDAY_NIGHT
    assert service.truth(order)["patches"] == 1


async def test_a_watched_order_survives_a_worker_that_is_away_while_the_carrier_rules(
    service: Service,
) -> None:
    order = service.place_denied()
    async with service.working():
        await service.result(order)
    service.carrier.carrier.rule(order, "port")
    async with service.working():
        assert (await service.end(order)).carrier_status == "ported"


async def test_a_grace_period_that_is_over_ends_the_watch(service: Service) -> None:
    order = service.place(foc_date=datetime.now(UTC) - timedelta(days=11))
    async with service.working():
        result = await service.result(order)
        end = await service.end(order)
    assert result.outcome == "approve"
    assert end.carrier_status == "authorized"
    [closed] = service.ledger(order, EntryKind.CLOSED)
    assert closed.body["note"] == "It can no longer be ported under this order."

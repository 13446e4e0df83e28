"""What is sent, and by whom: shadow, advise, and the switch that lets answers reach a real carrier."""

from pathlib import Path

from pydantic import SecretStr

from records.cases import Stage
from records.ledger_entries import EntryKind
from records.marks import PAUSED
from tests.scenarios.rules import rules_with
from tests.service import Service, installed
from tests.waiting import eventually

REAL = SecretStr("sandbox")
"""A key of our own: the service takes the sandbox for a real carrier then."""


async def test_without_the_switch_a_real_carrier_is_only_watched(temporal: str, tmp_path: Path) -> None:
    """Over three intakes each order has one run; nothing is sent, and what we would have done is kept."""
    async with installed(temporal, tmp_path, telnyx_api_key=REAL) as service, service.working():
        orders = [service.place(), service.place_denied(), service.place_reviewed()]
        await service.stands_in(Stage.AWAITING_CARRIER, *orders)
        listed = len(service.asked("/portouts"))
        await eventually(lambda: len(service.asked("/portouts")) >= listed + 3)
        assert [len(await service.runs(order)) for order in orders] == [1, 1, 1]
        for order in orders:
            service.carrier.carrier.authorize(order)
        results = await service.results(*orders)
    assert any("nothing is sent (set PORTOUT_SEND=yes)" in line for line in service.lines)
    assert service.patches() == []
    assert {(result.outcome, result.decided_by) for result in results} == {("none", "elsewhere")}
    endings = [service.ledger(order, EntryKind.DECIDED_ELSEWHERE)[0].body for order in orders]
    assert [ending["would_have"] for ending in endings] == ["approve", "deny", "review"]
    assert {(ending["mode"], ending["carrier_status"]) for ending in endings} == {("shadow", "authorized")}
    # In shadow nobody is bothered.
    told = service.records.notices.told
    assert not any(
        told(f"{order}:1:{cause}") for order in orders for cause in ("review-1", "decided-elsewhere")
    )


async def test_with_the_switch_a_real_carrier_is_answered_but_older_orders_wait_for_people(
    temporal: str, tmp_path: Path
) -> None:
    async with installed(temporal, tmp_path, telnyx_api_key=REAL, send=True) as service:
        older = [service.place(age_seconds=60), service.place_denied(age_seconds=60)]
        async with service.working():
            await service.stands_in(Stage.AWAITING_REVIEW, *older)
            newer = [service.place(), service.place_denied()]
            results = await service.results(*newer)
            assert service.patches() == [patch for patch in service.patches() if patch["order_id"] in newer]
            notes = (await service.state(older[0])).notes
            await service.review(older[0], "approve")
            await service.review(older[1], "deny")
            await service.results(*older)
    assert any("answers are SENT to the carrier" in line for line in service.lines)
    assert [result.outcome for result in results] == ["approve", "deny"]
    assert "The order is older than the first sending; it is not answered automatically." in notes
    assert [service.truth(order)["status"] for order in older] == ["authorized", "rejected-pending"]


async def test_orders_that_were_only_watched_wait_for_people_once_the_switch_is_on(
    temporal: str, tmp_path: Path
) -> None:
    async with installed(temporal, tmp_path, telnyx_api_key=REAL) as service:
        watched = [service.place(), service.place_denied()]
        async with service.working():
            await service.stands_in(Stage.AWAITING_CARRIER, *watched)
        async with service.working(send=True):
            await service.stands_in(Stage.AWAITING_REVIEW, *watched)
            assert service.patches() == []
            await service.review(watched[0], "approve")
            await service.review(watched[1], "deny")
            results = await service.results(*watched)
    assert [(result.outcome, result.decided_by) for result in results] == [
        ("approve", "reviewer"),
        ("deny", "reviewer"),
    ]
    assert [service.truth(order)["effective_patches"] for order in watched] == [1, 1]


async def test_a_switch_that_is_turned_off_again_holds_what_was_decided(
    temporal: str, tmp_path: Path
) -> None:
    async with installed(temporal, tmp_path, telnyx_api_key=REAL, send=True) as service:
        service.fault(method="PATCH", status=503)
        async with service.working():
            await eventually(lambda: service.asked("/portouts"))
            order = service.place()
            await service.stands_in(Stage.ANSWERING, order)
        tried = len(service.patches())
        service.mend()
        async with service.working(send=False):
            listed = len(service.asked("/portouts"))
            await eventually(lambda: len(service.asked("/portouts")) >= listed + 3)
        assert len(service.patches()) == tried
        async with service.working():
            assert (await service.result(order)).outcome == "approve"
    assert service.truth(order)["effective_patches"] == 1


async def test_a_decision_that_was_held_from_its_first_try_on_is_sent_though_nothing_can_be_read(
    service: Service,
) -> None:
    """The tries that were held said that they sent nothing, so the one that may send has nothing to find out."""
    service.records.marks.set(PAUSED, "yes")
    async with service.working():
        order = service.place()
        await service.stands_in(Stage.ANSWERING, order)
        path = f"/portouts/{order}"
        read = len(service.asked(path))
        await eventually(lambda: len(service.asked(path)) > read)
        service.fault(method="GET", path_prefix=path, status=503)
        service.records.marks.set(PAUSED, "no")
        result = await service.result(order)
    assert (result.outcome, result.carrier_status) == ("approve", "authorized")
    assert service.truth(order)["patches"] == 1


async def test_where_the_policy_advises_a_person_decides_every_order(temporal: str, tmp_path: Path) -> None:
    rules = rules_with(tmp_path, mode="advise", within="1h", margin="3596s")
    async with installed(temporal, tmp_path, rules=rules) as service, service.working():
        orders = [service.place(), service.place_denied(), service.place_reviewed()]
        await service.stands_in(Stage.AWAITING_REVIEW, *orders)
        states = [await service.state(order) for order in orders]
        assert [state.outcome for state in states] == ["approve", "deny", "review"]
        # Four seconds later the policy would act; here it only calls for people.
        await eventually(lambda: all(service.records.notices.told(f"{order}:1:deadline") for order in orders))
        assert service.patches() == []
        await service.review(orders[0], "deny")
        await service.review(orders[1], "deny")
        await service.review(orders[2], "approve")
        results = await service.results(*orders)
    assert [(result.outcome, result.decided_by) for result in results] == [
        ("deny", "reviewer"),
        ("deny", "reviewer"),
        ("approve", "reviewer"),
    ]
    assert service.truth(orders[1])["rejection_code"] == 1002

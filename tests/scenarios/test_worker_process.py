"""`python worker.py` that is killed, and `python worker.py` that is asked to stop."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from records.cases import Stage
from tests.scenarios.holding import answer_is_under_way, hold_answer
from tests.scenarios.processes import worker_process
from tests.scenarios.rules import shipped_rules, watch_tagged
from tests.service import REVIEWER, SECOND_REVIEWER, Service, installed
from tests.waiting import eventually


async def test_a_worker_killed_while_orders_stand_in_each_stage_loses_none_and_repeats_nothing(
    temporal: str, tmp_path: Path
) -> None:
    rules = shipped_rules(tmp_path)
    watch_tagged(rules)
    async with installed(temporal, tmp_path, rules=rules) as service:
        watched_number = next(service.numbers)
        customers = tmp_path / "customers.csv"
        customers.write_text(f"customer_id,tags,numbers\nC-1,watched,{watched_number}\n")
        service.records.customers.import_file(customers, datetime.now(UTC), by="ann")
        answering, in_flight = str(uuid4()), str(uuid4())
        service.fault(path_prefix=f"/portouts/{answering}/", status=503)

        async with worker_process(service, "killed") as killed:
            reviewed = [service.place_reviewed() for _ in range(3)]
            watched = service.place(phone_numbers=[watched_number])
            service.place_denied(id=answering)
            await service.stands_in(Stage.AWAITING_REVIEW, *reviewed)
            await service.stands_in(Stage.AWAITING_CARRIER, watched)
            await service.stands_in(Stage.ANSWERING, answering)
            # The carrier takes this answer only after the worker that sent it has died.
            hold_answer(service, in_flight, seconds=1.0)
            service.place(id=in_flight)
            await answer_is_under_way(service, in_flight)
            service.fault(path_prefix="/phone_numbers", status=503)
            screening = service.place()
            await service.stands_in(Stage.SCREENING, screening)
            await killed.kill()

        service.mend()
        signalled, withdrawn, left_waiting = reviewed
        await service.screening(signalled).signal(
            "deny", {"reviewer": SECOND_REVIEWER, "reason": "Not asked for."}
        )
        service.carrier.carrier.cancel(withdrawn)
        service.carrier.carrier.authorize(watched)
        unseen = service.place()
        async with worker_process(service, "started-again"):
            await eventually(lambda: service.state(left_waiting))
            await service.review(left_waiting, "approve", by=REVIEWER)
            orders = [screening, answering, in_flight, unseen, signalled, left_waiting, withdrawn, watched]
            results = await service.results(*orders, within=60)
    assert [(result.outcome, result.decided_by) for result in results] == [
        ("approve", "policy"),
        ("deny", "policy"),
        ("approve", "policy"),
        ("approve", "policy"),
        ("deny", "reviewer"),
        ("approve", "reviewer"),
        ("none", "elsewhere"),
        ("none", "elsewhere"),
    ]
    assert [service.truth(order)["effective_patches"] for order in orders] == [1, 1, 1, 1, 1, 1, 0, 0]
    assert service.truth(in_flight)["patches"] == 1
    assert all(service.records.ledger.verify_chain(order) == [] for order in orders)


async def test_a_worker_that_is_asked_to_stop_finishes_what_it_is_doing(service: Service) -> None:
    order = service.place()
    hold_answer(service, order, seconds=1.0)
    async with worker_process(service) as process:
        await process.started()
        await answer_is_under_way(service, order)
        assert await process.stop() == 0
        assert '"event": "worker stops"' in process.log
        assert "Traceback" not in process.log
    assert service.truth(order)["effective_patches"] == 1
    # The answer came while it was stopping, and is known without being asked for again.
    assert service.ledger(order)[-1].kind == "answered"
    async with service.working():
        assert (await service.result(order)).outcome == "approve"
    assert service.truth(order)["patches"] == 1

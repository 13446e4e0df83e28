"""The carrier refuses our key: at start, and in the middle of the work."""

from pathlib import Path

from pydantic import SecretStr

from records.cases import Stage
from tests.scenarios.processes import worker_process
from tests.scenarios.receiver import receiving
from tests.service import Service, installed
from tests.waiting import eventually


async def test_a_wrong_key_ends_the_worker_at_start_with_one_sentence(service: Service) -> None:
    waiting = service.place()
    async with worker_process(service, TELNYX_API_KEY="KEY-that-is-wrong", PORTOUT_SEND="yes") as process:
        assert await process.ended() == 1
        sentences = process.log.splitlines()
    assert sentences == [
        "The carrier refuses TELNYX_API_KEY (401): set a key that may read and update port-outs."
    ]
    assert service.truth(waiting)["patches"] == 0


async def test_a_key_withdrawn_in_the_middle_is_paged_once_and_loses_nothing(
    temporal: str, tmp_path: Path
) -> None:
    with receiving() as pager:
        notify = SecretStr(pager.notify("incident"))
        async with installed(temporal, tmp_path, notify=notify) as service, service.working():
            reviewed = [service.place_reviewed() for _ in range(2)]
            await service.stands_in(Stage.AWAITING_REVIEW, *reviewed)
            service.fault(status=401, method="PATCH")
            answering = [service.place(), service.place_denied()]
            await service.stands_in(Stage.ANSWERING, *answering)
            service.fault(status=401, path_prefix="/phone_numbers")
            screening = [service.place() for _ in range(2)]
            await service.stands_in(Stage.SCREENING, *screening)
            service.fault(status=401)
            await service.review(reviewed[0], "approve")
            unseen = [service.place() for _ in range(2)]
            # Long enough for every order and for intake to be turned away more than once.
            await eventually(lambda: _turned_away(service) >= 20)
            service.mend()
            await service.review(reviewed[1], "deny")
            orders = [*reviewed, *answering, *screening, *unseen]
            results = await service.results(*orders)
    assert [result.outcome for result in results] == [
        *("approve", "deny"),
        *("approve", "deny"),
        *("approve", "approve"),
        *("approve", "approve"),
    ]
    assert [service.truth(order)["effective_patches"] for order in orders] == [1] * len(orders)
    refused = [text for text in pager.texts("incident") if "refuses our API key (401)" in text]
    assert len(refused) == 1, pager.texts("incident")


def _turned_away(service: Service) -> int:
    return sum(1 for entry in service.carrier.carrier.log.since() if entry["status"] == 401)

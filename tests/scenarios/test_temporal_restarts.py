"""Temporal is restarted while orders are watched after the answer, and while documents are awaited."""

from pathlib import Path

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.scenarios.letters import LETTER, asked, comments, look_every_second, place_tagged
from tests.scenarios.rules import shipped_rules
from tests.scenarios.temporal_server import TemporalServer
from tests.service import installed
from tests.waiting import eventually


async def test_what_is_watched_and_what_waits_for_documents_goes_on_and_nothing_is_sent_twice(
    tmp_path: Path,
) -> None:
    rules = shipped_rules(tmp_path)
    look_every_second(rules)
    temporal = TemporalServer(tmp_path)
    address = await temporal.start()
    try:
        async with installed(address, tmp_path, rules=rules) as service:
            carrier = service.carrier.carrier
            ported, bounced = service.place(), service.place_denied()
            lettered, unsent = place_tagged(service), place_tagged(service)
            orders = [ported, bounced, lettered, unsent]
            async with service.working():
                await service.results(ported, bounced)
                for order in (lettered, unsent):
                    await asked(service, order)
                await temporal.stop()
                carrier.rule(ported, "port")
                carrier.rule(bounced, "bounce")
                carrier.hand_in(lettered, "loa", LETTER)
                await temporal.start()
                assert (await service.end(ported)).carrier_status == "ported"
                await eventually(lambda: (case := service.case(bounced)) and case.round == 2)
                await service.stands_in(Stage.AWAITING_REVIEW, bounced, unsent)
                assert (await service.result(lettered)).outcome == "approve"
                assert (await service.state(unsent)).asked_for == ["loa"]
                await service.review(unsent, "deny")
                await service.result(unsent)
            assert [service.truth(order)["patches"] for order in orders] == [1, 1, 1, 1]
            assert [len(service.ledger(order, EntryKind.ANSWERED)) for order in orders] == [1, 1, 1, 1]
            assert [len(comments(service, order)) for order in (lettered, unsent)] == [1, 1]
            assert [len(service.ledger(order, EntryKind.ASKED)) for order in (lettered, unsent)] == [1, 1]
    finally:
        await temporal.stop()

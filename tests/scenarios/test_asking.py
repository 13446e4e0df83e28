"""Documents under the shipped example policy: asked for at the carrier, awaited, judged, and asked for by hand."""

from datetime import datetime

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.commands.conftest import shell_of
from tests.scenarios.letters import LETTER, asked, comments, place_tagged
from tests.service import RIGHT_PIN, Service
from tests.waiting import eventually


def is_infected(service: Service, order: str) -> bool:
    case = service.case(order)
    return case is not None and case.rules.get("documents") == "infected"


async def test_a_letter_that_is_asked_for_approves_the_order_once_it_is_clean(impatient: Service) -> None:
    service = impatient
    # The answer to the comment is lost: it is there, and must not be there twice.
    service.fault(method="POST", path_prefix="/portouts", drop_after_apply=True, count=1)
    async with service.working():
        order = place_tagged(service)
        case = await asked(service, order)
        assert (case.stage, case.asked_for, case.recommendation) == (Stage.AWAITING_REVIEW, "loa", "ask")
        infected = service.carrier.carrier.hand_in(order, "loa", LETTER, "infected")
        await eventually(lambda: is_infected(service, order))
        assert service.truth(order)["patches"] == 0
    # A worker that was away goes on where the other one stood.
    service.carrier.carrier.hand_in(order, "loa", LETTER)
    async with service.working():
        result = await service.result(order)
    assert (result.outcome, result.decided_by) == ("approve", "policy")
    assert service.truth(order)["effective_patches"] == 1
    [comment] = comments(service, order)
    assert comment.startswith(
        "Please send a letter of authorization, signed by the account holder, for order "
    )
    [entry] = service.ledger(order, EntryKind.ASKED)
    assert entry.body["types"] == ["loa"]
    [decided] = service.ledger(order, EntryKind.DECIDED)
    assert decided.personal is not None
    assert (
        decided.body["documents_came"]
        == decided.personal["findings"]["documents"]["facts"]["documents.sha256"]
    )
    clean = service.carrier.carrier.documents.read(infected["document_id"])["sha256"]
    assert decided.personal["findings"]["documents"]["facts"]["documents.sha256"] == [f"loa {clean}"]


async def test_a_reviewer_asks_by_hand_and_decides_meanwhile(service: Service) -> None:
    portout = shell_of(service)
    order = service.place_reviewed()
    async with service.working():
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        wrong = await portout("ask", order, "--types", "passport", "--message", "Please.", "--by", "dana")
        assert wrong.sentence.startswith("Say which documents with --types")
        silent = await portout("ask", order, "--types", "loa", "--by", "dana")
        assert silent.sentence == "A message is needed: give it with --message; nothing was sent."
        told = await portout(
            "ask", order, "--types", "loa", "--message", f"Is {RIGHT_PIN} right?", "--by", "dana"
        )
        assert "contains a PIN" in told.sentence
        ran = await portout("ask", order, "--types", "loa,invoice", "--message", "The LOA?", "--by", "dana")
        assert ran.code == 0, ran.err
        assert "loa, invoice asked for by dana. The comment is posted now." in ran.out
        case = await asked(service, order)
        queue = await portout("queue", "--json")
        [row] = [row for row in queue.json["waiting"] if row["portout_id"] == order]
        assert (row["asked_for"], datetime.fromisoformat(row["asked_at"])) == ("loa, invoice", case.asked_at)
        shown = await portout("show", order)
        assert "Asked for loa, invoice at " in shown.out
        assert "documents asked for by dana" in shown.out
        await service.review(order, "approve")
        result = await service.result(order)
    assert (result.outcome, result.reviewer) == ("approve", "dana")
    assert comments(service, order) == ["The LOA?"]


async def test_nothing_is_asked_while_sending_is_paused(impatient: Service) -> None:
    service, portout = impatient, shell_of(impatient)
    async with service.working():
        await portout("pause", "--reason", "Maintenance.")
        order = place_tagged(service)
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        assert (await service.state(order)).asked_for == ["loa"]
        assert comments(service, order) == []
        assert (await portout("resume")).code == 0
        await asked(service, order)
    assert len(comments(service, order)) == 1

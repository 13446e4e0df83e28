"""Rule files that are edited or broken, while the worker runs and while it is down."""

from datetime import UTC, datetime
from pathlib import Path

from records.cases import Stage
from records.ledger_entries import EntryKind
from screening.bundle import ENGINE_VERSION, REVIEW_EVERYTHING
from screening.reading.loading import load_bundle
from tests.scenarios.rules import change, found, gone_live, place_of
from tests.service import REVIEWER, Service
from tests.waiting import eventually

NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)

BROKEN = (r"^rules:", "rulez:")
MENDED = (r"^rulez:", "rules:")
TIGHTER = (r"^  margin: 2h", "  margin: 3h")
LOOSER = (r"^  margin: 2h", "  margin: 1h")
OTHER_REASON = (r"reason: Verified against our records\.", "reason: Checked against our records.")


async def test_edited_rules_judge_new_orders_and_waiting_ones_keep_theirs(
    edited: Service,
) -> None:
    rules, records = edited.settings.rules, edited.records
    before = load_bundle(rules).digest
    async with edited.working():
        waiting = edited.place_reviewed()
        await edited.stands_in(Stage.AWAITING_REVIEW, waiting)

        change(rules, *OTHER_REASON)
        after = load_bundle(rules).digest
        await gone_live(records, after)
        under_new = await edited.result(edited.place())

        change(rules, *BROKEN)
        broken = place_of(rules, "rulez:")
        refused = await found(records, None)
        cause = f"rules:{refused.at.date()}:{refused.refused}"
        told = await eventually(lambda: records.notices.told(cause))
        while_broken = await edited.result(edited.place())

        change(rules, *MENDED)
        change(rules, *TIGHTER)
        tighter = load_bundle(rules).digest
        await gone_live(records, tighter)
        mended = await edited.result(edited.place())

        await edited.review(waiting, "approve")
        under_old = await edited.result(waiting)
    assert (refused.refused or "").startswith(f"The rules are refused: {broken}: unknown key")
    assert told
    assert (under_new.policy_digest, under_new.reason) == (after, "Checked against our records.")
    # The last good rules go on while the files are broken.
    assert (while_broken.policy_digest, while_broken.outcome) == (after, "approve")
    assert mended.policy_digest == tighter
    assert (under_old.policy_digest, under_old.reason) == (before, "Verified against our records.")


async def test_an_edit_that_opens_the_gate_waits_until_somebody_activates_it(edited: Service) -> None:
    rules, records = edited.settings.rules, edited.records
    before = load_bundle(rules).digest
    # Two workers: what one of them is told both obey.
    async with edited.working(), edited.working():
        await eventually(lambda: len(records.policies.reports()) == 2)
        change(rules, *LOOSER)
        looser = load_bundle(rules).digest
        await found(records, looser)
        waits = await edited.result(edited.place())
        assert records.policies.activate(looser, ENGINE_VERSION, NOW, instead_of=before, by=REVIEWER)
        activated = await edited.results(*(edited.place() for _ in range(4)))
        await eventually(lambda: {said.running for said in records.policies.reports()} == {looser})
    assert waits.policy_digest == before
    assert {result.policy_digest for result in activated} == {looser}
    assert records.policies.reports() == []


async def test_told_to_activate_by_itself_the_worker_does(edited: Service) -> None:
    rules = edited.settings.rules
    async with edited.working(activate="auto"):
        await gone_live(edited.records, load_bundle(rules).digest)
        change(rules, *LOOSER)
        looser = load_bundle(rules).digest
        await gone_live(edited.records, looser)
        assert (await edited.result(edited.place())).policy_digest == looser


async def test_a_worker_without_the_files_judges_by_what_is_live(edited: Service, tmp_path: Path) -> None:
    live = load_bundle(edited.settings.rules).digest
    async with edited.working():
        await gone_live(edited.records, live)
    (tmp_path / "empty").mkdir()
    async with edited.working(rules=tmp_path / "empty"):
        result = await edited.result(edited.place())
    assert (result.policy_digest, result.outcome) == (live, "approve")


async def test_rules_edited_while_the_worker_is_down_judge_new_orders_only(edited: Service) -> None:
    rules = edited.settings.rules
    before = load_bundle(rules).digest
    waiting = edited.place_reviewed()
    async with edited.working():
        await edited.stands_in(Stage.AWAITING_REVIEW, waiting)
    change(rules, *OTHER_REASON)
    after = load_bundle(rules).digest
    async with edited.working():
        new = await edited.result(edited.place())
        await edited.review(waiting, "approve")
        old = await edited.result(waiting)
    assert (new.policy_digest, old.policy_digest) == (after, before)
    assert [entry.body["policy_digest"] for entry in edited.ledger(waiting, EntryKind.SCREENED)] == [before]


async def test_started_with_broken_rules_the_worker_goes_on_with_the_last_stored_ones(
    edited: Service,
) -> None:
    rules = edited.settings.rules
    before = load_bundle(rules).digest
    waiting = edited.place_reviewed()
    async with edited.working():
        await edited.stands_in(Stage.AWAITING_REVIEW, waiting)
    change(rules, *BROKEN)
    edited.lines.clear()
    async with edited.working():
        results = await edited.results(edited.place(), edited.place_denied())
        await edited.review(waiting, "approve")
        await edited.result(waiting)
    assert any(
        line.startswith(f"WARNING    The rules are refused: {place_of(rules, 'rulez:')}: unknown key")
        for line in edited.lines
    )
    assert [result.outcome for result in results] == ["approve", "deny"]
    assert {result.policy_digest for result in results} == {before}


async def test_started_with_broken_rules_and_empty_records_every_order_goes_to_review(
    edited: Service,
) -> None:
    change(edited.settings.rules, *BROKEN)
    orders = [edited.place(), edited.place_denied()]
    async with edited.working():
        await edited.stands_in(Stage.AWAITING_REVIEW, *orders)
        state = await edited.state(orders[0])
        await edited.review(orders[0], "deny", rejection_code=1001)
        await edited.review(orders[1], "approve")
        results = await edited.results(*orders)
    respond = REVIEW_EVERYTHING.default.respond
    case = edited.case(orders[0])
    assert case is not None
    assert case.inserted_at is not None
    assert state.policy == "review-everything"
    assert state.policy_digest == REVIEW_EVERYTHING.digest
    assert state.limit == case.inserted_at + respond.within
    assert state.respond_by == case.inserted_at + respond.within - respond.margin
    assert (respond.within.total_seconds(), respond.margin.total_seconds()) == (24 * 3600, 2 * 3600)
    assert [line.outcome for line in respond.at_deadline] == ["leave"]
    assert [result.outcome for result in results] == ["deny", "approve"]

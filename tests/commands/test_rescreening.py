"""`portout rescreen`: orders that wait are screened with the rules that are live now."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from records.cases import Stage
from records.ledger_entries import EntryKind
from screening.reading.loading import load_bundle
from tests.commands.conftest import shell_of
from tests.commands.desk import key_of
from tests.scenarios.rules import change, gone_live, shipped_rules
from tests.service import REVIEWER, Service, installed


@pytest.fixture
async def edited(temporal: str, tmp_path: Path) -> AsyncIterator[Service]:
    """An installation whose rules a test may edit."""
    async with installed(temporal, tmp_path, rules=shipped_rules(tmp_path)) as service:
        yield service


async def test_orders_that_wait_are_screened_with_the_rules_that_are_live(edited: Service) -> None:
    rules, portout = edited.settings.rules, shell_of(edited)
    async with edited.working():
        before = load_bundle(rules).digest
        first, second, third = (edited.place_reviewed() for _ in range(3))
        await edited.stands_in(Stage.AWAITING_REVIEW, first, second, third)
        limit = (await edited.state(first)).limit

        change(rules, r"^  margin: 2h", "  margin: 3h")
        tighter = load_bundle(rules).digest
        await gone_live(edited.records, tighter)
        one = await portout("rescreen", key_of(edited, first), "--by", REVIEWER)
        assert (one.code, one.err) == (0, "")
        assert one.out.startswith(
            f"{key_of(edited, first)} was screened with {tighter[:12]} and waits for a person"
        )
        assert {
            key: (await edited.state(order)).policy_digest for key, order in (("a", first), ("b", second))
        } == {
            "a": tighter,
            "b": before,
        }
        state = await edited.state(first)
        assert (state.round, state.limit, state.stage) == (1, limit, Stage.AWAITING_REVIEW)
        assert [entry.body["policy_digest"] for entry in edited.ledger(first, EntryKind.SCREENED)] == [
            before,
            tighter,
        ]

        every = await portout("rescreen", "--waiting", "--by", REVIEWER)
        assert every.out.startswith("3 orders are screened anew")
        await edited.stands_in(Stage.AWAITING_REVIEW, first, second, third)
        assert {(await edited.state(order)).policy_digest for order in (first, second, third)} == {tighter}

        await edited.review(second, "deny", rejection_code=1001)
        await edited.result(second)
        late = await portout("rescreen", second, "--by", REVIEWER)
        assert late.code == 1
        assert late.sentence.startswith(
            f"The order {key_of(edited, second)} was already denied by {REVIEWER}"
        )


async def test_an_order_or_all_of_them_must_be_named(standing: Service) -> None:
    portout = shell_of(standing)
    neither, both = await portout("rescreen"), await portout("rescreen", "x", "--waiting")
    assert (neither.code, "give an order, or --waiting for" in neither.err) == (2, True)
    assert (both.code, "not both" in both.err) == (2, True)

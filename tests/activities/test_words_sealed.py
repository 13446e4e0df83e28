"""What a person typed about an order stands in the ledger sealed only, and goes with the person's other facts."""

import json
from datetime import UTC, datetime

import pytest

from activities.contracts import Answer, Ending, Opened, Verdict
from activities.records import write_ending
from records.cases import CaseUpdate, DecidedBy, Stage
from records.ledger_actor import SERVICE
from records.ledger_entries import EntryKind
from screening.rejection import Barred
from screening.results import Outcome
from tests.activities.parts import TO_REVIEW, Parts, to_open, tried
from tests.activities.test_reviews import approve, deny, reviews

SPOKEN = "Maria Lopez told us on the phone that this is not hers."
AUTHORED = "The port-out PIN supplied does not match our records."
FILLED_IN = "The name Maria Lopez is not one of this account."


def ended(opened: Opened, reason: str, kind: EntryKind = EntryKind.ANSWERED) -> Ending:
    answer = Answer(status="rejected-pending", reason=reason, rejection_code=1002)
    at = datetime.now(UTC)
    return Ending(
        opened=opened,
        conclusion=TO_REVIEW,
        verdict=Verdict(by=DecidedBy.POLICY, outcome=Outcome.DENY, at=at, answer=answer),
        kind=kind,
        outcome="deny",
        decided_by=DecidedBy.POLICY,
        carrier_status="rejected-pending",
        sent=answer,
        at=at,
    )


def in_clear(parts: Parts, order: str) -> str:
    """Everything that the ledger keeps of an order without sealing it."""
    return json.dumps([entry.body for entry in parts.records.ledger.entries(order)], ensure_ascii=False)


def erase(parts: Parts, order: str) -> None:
    at = datetime.now(UTC)
    parts.records.cases.upsert(CaseUpdate(portout_id=order, updated_at=at, stage=Stage.CLOSED))
    parts.records.pruning.erase(order, by=SERVICE, at=at)


async def test_a_persons_reason_is_sealed_where_it_was_given_and_where_it_was_sent(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    assert (await tried(reviews(parts).admit, deny(opened, SPOKEN))).answer is not None
    for kind in (EntryKind.ANSWERED, EntryKind.REFUSED_BY_CARRIER):
        write_ending(parts.records, ended(opened, SPOKEN, kind))
    assert "Lopez" not in in_clear(parts, opened.order.id)
    given, *told = parts.records.ledger.entries(opened.order.id)
    assert (given.reason, [entry.reason for entry in told]) == (SPOKEN, [SPOKEN] * 2)


async def test_an_approval_names_the_facts_that_the_policy_names_and_they_are_sealed(parts: Parts) -> None:
    file = parts.rules / "us-standard.yaml"
    file.write_text(
        file.read_text().replace("Verified against our records.", "Verified <portout.authorized_name>.")
    )
    opened = await parts.opened(parts.place(authorized_name="Maria Lopez"))
    answer = (await tried(reviews(parts).admit, approve(opened, SPOKEN))).answer
    assert answer is not None
    assert answer.reason == "Verified Maria Lopez."
    assert "Lopez" not in in_clear(parts, opened.order.id)


async def test_a_ground_that_was_named_wrongly_is_not_repeated_in_clear(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    given = deny(opened, SPOKEN).model_copy(update={"reject_as": "Maria Lopez"})
    refused = (await tried(reviews(parts).admit, given)).refused_because
    assert "The policy has no rejection 'Maria Lopez'; it has " in (refused or "")
    assert "The policy has no rejection of that name; it has " in in_clear(parts, opened.order.id)
    assert "Lopez" not in in_clear(parts, opened.order.id)


@pytest.mark.parametrize(("reason", "stays"), [(AUTHORED, True), (FILLED_IN, False)])
async def test_a_reason_that_stands_in_the_rules_is_kept_and_one_that_names_somebody_is_sealed(
    parts: Parts, reason: str, stays: bool
) -> None:
    order = parts.place()
    write_ending(parts.records, ended(await parts.opened(order), reason))
    assert (reason in in_clear(parts, order)) is stays
    assert [entry.reason for entry in parts.records.ledger.entries(order)] == [reason]
    erase(parts, order)
    assert parts.records.ledger.rounds(order).barred == [(1002, reason if stays else None)]


async def test_a_refused_reason_that_was_erased_goes_on_barring_its_code(parts: Parts) -> None:
    order = parts.place()
    write_ending(parts.records, ended(await parts.opened(order), SPOKEN))
    erase(parts, order)
    again = await parts.opened(order)
    assert (again.round, again.refused) == (2, [Barred(code=1002, reason=None)])


async def test_an_order_that_is_watched_again_shows_the_reason_that_was_sealed(parts: Parts) -> None:
    order = parts.place()
    write_ending(parts.records, ended(await parts.opened(order), SPOKEN))
    parts.sandbox.update_status(order, "rejected-pending", {"reason": SPOKEN})
    opened = await tried(parts.opening().open, to_open(order))
    assert opened.answered is not None
    assert opened.answered.reason == SPOKEN

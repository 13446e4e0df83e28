"""Who acts, and whether they may now: grants, second approvals and claims, on real records."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.contracts import Conclusion, Opened
from activities.review_messages import Admission, AdmitInput, FirstApproval
from activities.reviews import ReviewActivities
from activities.who_acts import NEEDS_TOKENS, UNPROVED
from records.cases import CaseUpdate, Stage
from records.errors import DatabaseUnavailable
from records.ledger_entries import EntryKind, ReadEntry
from records.tokens import Role, Token
from tests.activities.parts import TO_REVIEW, Parts, tried
from tests.scenarios.holding import nobody_else_writes

REASON = "Spoken with the account holder."
NEEDS_TWO = TO_REVIEW.model_copy(update={"people": 2})
IMPOSSIBLE = Conclusion.impossible("Records were away.")
DANA_FIRST = FirstApproval(reviewer="dana", at=datetime(2026, 3, 2, tzinfo=UTC))


async def admitted(
    parts: Parts, opened: Opened, *, by: str = "dana", conclusion: Conclusion = NEEDS_TWO, **given: Any
) -> Admission:
    reviews = ReviewActivities(
        parts.telnyx,
        parts.records,
        parts.shelf,
        parts.board,
        reviewers=frozenset(["dana", "robin"]),
        timing=parts.timing,
    )
    wanted = {
        "opened": opened,
        "conclusion": conclusion,
        "action": "approve",
        "reviewer": by,
        "reason": REASON,
        "channel": "update",
        "update_id": f"update of {by}",
        "now": datetime.now(UTC),
    }
    return await tried(reviews.admit, AdmitInput.model_validate({**wanted, **given}))


def token_of(parts: Parts, person: str) -> Token:
    return parts.records.tokens.add(person, Role.SENIOR, at=datetime.now(UTC))[0]


def granted(parts: Parts, opened: Opened, person: str, action: str = "approve") -> str:
    token = token_of(parts, person)
    return parts.records.tokens.grant(token, portout_id=opened.order.id, action=action, at=datetime.now(UTC))


def claim(parts: Parts, opened: Opened, person: str, *, lasts: timedelta = timedelta(minutes=15)) -> None:
    parts.records.cases.upsert(_waiting(opened))
    now = datetime.now(UTC)
    assert parts.records.cases.claim(opened.order.id, person, at=now - timedelta(hours=1), until=now + lasts)


def _waiting(opened: Opened) -> CaseUpdate:
    return CaseUpdate(portout_id=opened.order.id, updated_at=datetime.now(UTC), stage=Stage.AWAITING_REVIEW)


def newest(parts: Parts, opened: Opened) -> ReadEntry:
    *_, entry = parts.records.ledger.entries(opened.order.id)
    return entry


async def test_a_first_approval_is_recorded_and_shown_with_the_proof_of_who_gave_it(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    admission = await admitted(parts, opened, grant=granted(parts, opened, "dana"))
    assert admission.waits_for_another
    entry, case = newest(parts, opened), parts.records.cases.get(opened.order.id)
    assert entry.kind == EntryKind.REVIEWED
    [token] = parts.records.tokens.all()
    told = {name: entry.body[name] for name in ("reviewer", "verified", "role", "token", "waits_for_another")}
    assert told == {
        "reviewer": "dana",
        "verified": True,
        "role": "senior",
        "token": token.token_id,
        "waits_for_another": True,
    }
    assert case is not None
    assert case.first_approval_by == "dana"


async def test_a_try_that_is_repeated_redeems_the_same_grant_and_writes_one_entry(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    grant = granted(parts, opened, "dana")
    assert await admitted(parts, opened, grant=grant) == await admitted(parts, opened, grant=grant)
    assert len(parts.records.ledger.entries(opened.order.id)) == 1


async def test_another_person_completes_what_one_began(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    grant = granted(parts, opened, "robin")
    admission = await admitted(parts, opened, by="robin", grant=grant, first_approval=DANA_FIRST)
    assert admission.answer is not None
    assert not admission.waits_for_another


@pytest.mark.parametrize("first", [None, DANA_FIRST], ids=["as the first", "as the second"])
async def test_who_is_not_verified_approves_nothing_that_needs_two(
    parts: Parts, first: FirstApproval | None
) -> None:
    opened = await parts.opened(parts.place())
    admission = await admitted(parts, opened, by="robin", first_approval=first)
    assert (admission.answer, admission.refused_because) == (None, NEEDS_TOKENS)
    assert newest(parts, opened).body["verified"] is False


async def test_the_same_person_with_two_tokens_is_still_one_person(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    grant = granted(parts, opened, "dana")
    admission = await admitted(parts, opened, grant=grant, first_approval=DANA_FIRST)
    assert admission.refused_because is not None
    assert "somebody else must approve it" in admission.refused_because


@pytest.mark.parametrize("conclusion", [TO_REVIEW, NEEDS_TWO], ids=["needs one", "needs two"])
async def test_a_grant_of_somebody_else_or_used_before_refuses_the_decision(
    parts: Parts, conclusion: Conclusion
) -> None:
    opened = await parts.opened(parts.place())
    used = granted(parts, opened, "dana")
    await admitted(parts, opened, grant=used, conclusion=conclusion)
    for grant, by in (
        (used, "robin"),
        (used, "dana"),
        ("made up", "robin"),
        (granted(parts, opened, "robin", "deny"), "robin"),
    ):
        admission = await admitted(
            parts, opened, by=by, grant=grant, conclusion=conclusion, update_id="another"
        )
        assert (admission.answer, admission.refused_because) == (None, UNPROVED)


async def test_what_could_not_be_concluded_needs_two_where_the_policy_may_ask_for_two(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    refused = await admitted(parts, opened, conclusion=IMPOSSIBLE)
    assert refused.refused_because == NEEDS_TOKENS
    admission = await admitted(
        parts, opened, conclusion=IMPOSSIBLE, grant=granted(parts, opened, "dana"), update_id="2"
    )
    assert admission.waits_for_another


async def test_a_decision_of_another_is_refused_while_a_claim_lasts(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    claim(parts, opened, "robin")
    case = parts.records.cases.get(opened.order.id)
    assert case is not None
    for action in ("approve", "deny"):
        admission = await admitted(parts, opened, action=action, conclusion=TO_REVIEW, channel="signal")
        assert admission.refused_because == (
            f"The order is claimed by robin until {case.claimed_until:%Y-%m-%d %H:%M:%S} UTC; until then only they "
            "decide it."
        )


@pytest.mark.parametrize(
    ("claimant", "lasts"),
    [("dana", timedelta(minutes=15)), ("robin", timedelta(microseconds=-1))],
    ids=["their own claim", "a claim that is over"],
)
async def test_a_decision_ends_the_claim(parts: Parts, claimant: str, lasts: timedelta) -> None:
    opened = await parts.opened(parts.place())
    claim(parts, opened, claimant, lasts=lasts)
    admission = await admitted(parts, opened, conclusion=TO_REVIEW)
    assert admission.answer is not None
    case = parts.records.cases.get(opened.order.id)
    assert case is not None
    assert (case.claimed_by, case.claimed_until) == (None, None)


async def test_a_first_approval_ends_the_claim_so_that_somebody_else_can_follow(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    claim(parts, opened, "dana")
    await admitted(parts, opened, grant=granted(parts, opened, "dana"))
    assert parts.records.cases.claim(
        opened.order.id, "robin", at=datetime.now(UTC), until=datetime.now(UTC) + timedelta(minutes=1)
    )


async def test_while_the_database_is_away_one_person_decides_and_none_of_two_approves(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.engine.PATIENCE", 0.1)
    opened = await parts.opened(parts.place())
    grant = granted(parts, opened, "dana")
    with nobody_else_writes(parts.home):
        alone = await admitted(parts, opened, conclusion=TO_REVIEW)
        with pytest.raises(DatabaseUnavailable):
            await admitted(parts, opened, grant=grant)
    assert alone.answer is not None
    assert (await admitted(parts, opened, grant=grant)).waits_for_another


async def test_the_reason_for_overriding_a_rule_is_kept_with_the_rules(parts: Parts) -> None:
    opened = await parts.opened(parts.place())
    conclusion = TO_REVIEW.model_copy(update={"denied_by": ["pin"]})
    await admitted(parts, opened, conclusion=conclusion, override_reason="We changed the PIN last night.")
    entry = newest(parts, opened)
    assert entry.body["overrides"] == ["pin"]
    assert entry.personal == {"reason": REASON, "override_reason": "We changed the PIN last night."}
    assert "last night" not in str(dataclasses.asdict(entry)["body"])

"""`next`, `claim`, `release`, and what `queue` and `show` tell of claims. They need the records alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environment import settings_without_environment
from records.cases import CaseUpdate, Stage
from records.opening import open_records
from tests.commands.inside import Inside

NEVER = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.fixture
def desk(tmp_path: Path) -> Inside:
    """The command line of three reviewers, and two orders that wait."""
    now = datetime.now(UTC)
    records = open_records(settings_without_environment(home=tmp_path))
    for hours, key in enumerate(("PO_soon", "PO_later"), 1):
        records.cases.upsert(
            CaseUpdate(
                portout_id=f"id-{key}",
                support_key=key,
                updated_at=now,
                stage=Stage.AWAITING_REVIEW,
                respond_by=now + timedelta(hours=hours),
                limit_at=now + timedelta(hours=hours + 2),
            )
        )
    records.cases.upsert(
        CaseUpdate(portout_id="id-busy", support_key="PO_busy", updated_at=now, stage=Stage.SCREENING)
    )
    records.close()
    return Inside({"PORTOUT_HOME": str(tmp_path), "PORTOUT_REVIEWERS": "dana,robin,kim", **NEVER})


async def test_next_hands_out_the_most_urgent_order_and_each_only_once(desk: Inside) -> None:
    first = await desk("next", "--by", "dana")
    second = await desk("next", "--by", "robin", "--json")
    third = await desk("next", "--by", "kim")
    assert first.out.startswith("PO_soon is yours (dana) until ")
    assert "until its deadline: 59 min" in first.out
    assert (second.json["name"], second.json["claimed_by"]) == ("PO_later", "robin")
    assert (third.code, third.sentence) == (1, "No unclaimed order waits for you.")
    queue = await desk("queue", "--json")
    assert [(order["support_key"], order["claimed_by"]) for order in queue.json["waiting"]] == [
        ("PO_soon", "dana"),
        ("PO_later", "robin"),
    ]
    table = " ".join((await desk("queue", COLUMNS="300")).out.split())
    assert "Claimed by dana until " in table
    assert "Claimed by dana until " in (await desk("show", "PO_soon")).out


async def test_an_order_that_was_given_back_is_taken_by_another(desk: Inside) -> None:
    await desk("claim", "PO_soon", "--by", "dana")
    refused = await desk("claim", "PO_soon", "--by", "robin")
    assert refused.code == 1
    assert refused.sentence.startswith("PO_soon is claimed by dana until 20")
    others = await desk("release", "PO_soon", "--by", "robin")
    assert others.code == 1
    assert others.sentence.startswith("PO_soon is claimed by dana until 20")
    assert (await desk("release", "PO_soon", "--by", "dana")).out == "PO_soon is free again.\n"
    assert (await desk("release", "PO_soon", "--by", "dana")).sentence == "dana has no claim on PO_soon."
    assert (await desk("claim", "PO_soon", "--by", "robin")).out.startswith("PO_soon is yours (robin)")


async def test_a_claim_that_is_over_is_shown_no_more(desk: Inside) -> None:
    await desk("claim", "PO_soon", "--by", "dana", PORTOUT_LEASE="0.001")
    assert [order["claimed_by"] for order in (await desk("queue", "--json")).json["waiting"]] == [None, None]
    assert (await desk("next", "--by", "robin")).out.startswith("PO_soon is yours (robin)")


async def test_an_order_that_does_not_wait_cannot_be_claimed(desk: Inside) -> None:
    ran = await desk("claim", "PO_busy", "--by", "dana")
    assert (ran.code, ran.sentence) == (1, "PO_busy does not wait for a person now.")


async def test_who_claims_has_to_say_who_they_are(desk: Inside) -> None:
    ran = await desk("next")
    assert ran.code == 1
    assert ran.sentence.startswith("Say who you are with --by; ")

"""`rules replay` over a real ledger: what changes and why, sums, limits, files, and what cannot be replayed."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from commands.replaying import Part, parts
from commands.ruling_replay import replay
from environment import settings_without_environment
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from screening.bundle import Bundle
from screening.reading.loading import load_bundle
from screening.results import FactValue
from settings import Settings
from tests.commands.shell import Shell
from tests.screening.recorded_orders import ORDINARY, RIGHT, WRONG, gathered, screened, wide_bundle

_ONVOY_TOO = "title: Blocked\nentries:\n  - value: 073H\n    why: To see.\n    added_by: tests@example.com\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return wide_bundle(tmp_path / "rules")


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """Rules that block the carrier of ordinary orders."""
    wide_bundle(tmp_path / "candidate", blocked=_ONVOY_TOO)
    return tmp_path / "candidate"


@pytest.fixture
def settings(tmp_path: Path, bundle: Bundle) -> Settings:
    """An installation with five orders of yesterday: two approved, one denied, one that people approved, one erased."""
    settings = settings_without_environment(home=tmp_path, rules=tmp_path / "rules")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    orders: list[tuple[dict[str, FactValue], dict[str, object]]] = [
        ({}, {"outcome": "approve", "decided_by": "policy"}),
        (
            {"portout.spid": "ZZZZ", "portout.carrier_name": "Other"},
            {"outcome": "approve", "decided_by": "policy"},
        ),
        ({"portout.attempted_pin": WRONG}, {"outcome": "deny", "decided_by": "policy"}),
        ({"portout.attempted_pin": None}, {"outcome": "approve", "decided_by": "reviewer"}),
    ]
    records = open_records(settings)
    try:
        records.policies.keep(bundle.digest, bundle.canonical(), yesterday)
        for number, (facts, ending) in enumerate(orders):
            names: dict[str, FactValue] = {
                "portout.id": f"order-{number}",
                "portout.support_key": f"PO_{number}",
            }
            body, personal = screened(bundle, gathered(bundle, {**ORDINARY, **facts, **names}, yesterday))
            for kind, what, sealed in (
                (EntryKind.SCREENED, body, personal),
                (EntryKind.ANSWERED, {"round": 1, **ending}, {}),
            ):
                records.ledger.append(
                    LedgerEntry(f"order-{number}", kind, f"run:{kind}", yesterday, what, sealed)
                )
        refused = {"round": 1, "note": "The order is pending again after our rejection."}
        records.ledger.append(
            LedgerEntry("order-2", EntryKind.REFUSED_BY_CARRIER, "run:refused", yesterday, refused)
        )
        older = LedgerEntry("order-9", EntryKind.SCREENED, "run:1", yesterday, {"round": 1, "findings": []})
        records.ledger.append(older)
    finally:
        records.close()
    return settings


@pytest.mark.usefixtures("settings")
async def test_every_change_is_told_with_its_cause_and_the_sums_follow(apart: Shell, candidate: Path) -> None:
    ran = await apart("rules", "replay", str(candidate))
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "Decided otherwise:"
    cause = "carrier: allowed (pass) → blocked (review 30) [portout.spid 073H, portout.carrier_name Onvoy]"
    assert lines[1] == f"  PO_0  approve → review  {cause}"
    assert "and replayed: 4; decided otherwise: 1 (25 %)." in ran.out
    assert "People approved 1: of these the rules said review 1 then, review 1 now." in ran.out
    assert "Orders whose denial the carrier did not accept: 1; denied again now: 1." in ran.out
    assert "Orders that cannot be replayed: 1" in ran.out
    assert "an older version" in ran.out
    assert RIGHT not in ran.out
    assert WRONG not in ran.out


@pytest.mark.usefixtures("settings")
async def test_json_is_one_document_with_the_same(apart: Shell, candidate: Path) -> None:
    found = (await apart("rules", "replay", str(candidate), "--json")).json
    assert [order["portout_id"] for order in found["changed"]] == ["order-0"]
    assert {"before": "approve", "after": "review", "orders": 1} in found["matrix"]
    [day] = found["queue_per_day"]
    assert (day["before"], day["after"]) == (1, 2)
    assert found["replayed"] == 4
    [reason] = found["not_replayed"]
    assert reason["examples"] == ["order-9"]


@pytest.mark.usefixtures("settings")
async def test_a_table_holds_every_order_and_no_facts(apart: Shell, candidate: Path, tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    assert (await apart("rules", "replay", str(candidate), "--csv", str(table))).code == 0
    text = table.read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["portout_id"] for row in rows] == [f"order-{number}" for number in (0, 1, 2, 3, 9)]
    assert (rows[0]["before"], rows[0]["after"]) == ("approve", "review")
    assert rows[3]["people_decided"] == "approve"
    assert "older version" in rows[4]["not_replayed_because"]
    assert "Jane" not in text
    assert "+1312" not in text


@pytest.mark.usefixtures("settings")
async def test_a_limit_that_is_missed_exits_with_five(apart: Shell, candidate: Path) -> None:
    ran = await apart("rules", "replay", str(candidate), "--fail-if", "changed>20%", "--fail-if", "denied>1")
    assert ran.code == 5
    assert ran.out.splitlines()[-1] == "Limit missed: changed>20%: 1 of 4 orders (25 %)."


@pytest.mark.usefixtures("settings")
async def test_orders_of_another_time_are_left_out(apart: Shell, candidate: Path) -> None:
    ran = await apart("rules", "replay", str(candidate), "--since", "1h", "--fail-if", "denied>99%")
    assert ran.code == 5
    assert "replayed: 0;" in ran.out
    assert "nothing shows" in ran.out


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere"], 3, "cannot be used"),
        (["rules", "--since", "soon"], 2, "'soon' is no time"),
        (["rules", "--fail-if", "denied!"], 2, "'denied!' is no limit"),
        (["rules", "--fail-if", "denied>200%"], 2, "'denied>200%' limits nothing"),
    ],
)
async def test_wrong_use_is_said_in_a_sentence(
    apart: Shell, tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    ran = await apart("rules", "replay", str(tmp_path / arguments[0]), *arguments[1:])
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


@pytest.mark.usefixtures("settings")
def test_stopped_it_says_what_it_has(
    candidate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped_after_one_page(*given: Any, **named: Any) -> Iterator[tuple[int, Part]]:
        yield from parts(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.replaying.parts", stopped_after_one_page)
    monkeypatch.setenv("PORTOUT_HOME", str(tmp_path))
    with pytest.raises(typer.Exit) as left:
        replay(candidate)
    assert left.value.exit_code == 130
    out = capsys.readouterr().out
    assert "Stopped: the sums are of the orders replayed until then." in out
    assert "and replayed: 4; decided otherwise: 1 (25 %)." in out


def _everything(settings: Settings, candidate: Bundle, orders: int) -> Part:
    records = open_records(settings)
    whole = Part()
    try:
        since = datetime.now(UTC) - timedelta(days=90)
        for _, part in parts(settings, records, candidate, since, orders=orders, all_rows=True):
            whole.tally.merge(part.tally)
            whole.rows += part.rows
            whole.not_replayed += part.not_replayed
    finally:
        records.close()
    return whole


def test_several_processes_find_what_one_finds(settings: Settings, candidate: Path) -> None:
    tried = load_bundle(candidate)
    assert _everything(settings, tried, orders=1_000_000) == _everything(settings, tried, orders=5)

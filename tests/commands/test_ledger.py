"""The ledger from the command line: told, sealed, verified, taken away, pruned and erased."""

import base64
import csv
import hashlib
import io
import json
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from activities.checkpoints import CHECKPOINT_WORKFLOW, CheckpointInput
from environment import settings_without_environment
from records.cases import CaseUpdate, Stage
from records.engine import Database
from records.history import PastOrder
from records.ledger_entries import EntryKind, LedgerEntry
from records.opening import open_records
from screening.policy_values import LONGEST_DURATION
from tests.commands.desk import SPOKEN, key_of, waiting_order
from tests.commands.inside import Inside
from tests.records.behind import behind_its_back
from tests.scenarios.processes import environment
from tests.service import REVIEWER, Service

LONG_AGO = datetime.now(UTC) - timedelta(days=1200)
NAME = "Maria Lopez"
NUMBER = "+13125550142"


@pytest.fixture
def inside(standing: Service) -> Inside:
    return Inside(environment(standing))


@pytest.fixture
def old(tmp_path: Path) -> Inside:
    """A command line in a folder whose ledger holds one old closed order and one of today."""
    return ledger_of(tmp_path, {"old": LONG_AGO, "new": datetime.now(UTC)})


def ledger_of(home: Path, orders: dict[str, datetime]) -> Inside:
    """A command line in a folder whose ledger holds these closed orders, and when they came."""
    records = open_records(settings_without_environment(home=home))
    for portout, at in orders.items():
        body = {
            "round": 1,
            "note": "=HYPERLINK(1)",
            "reason": "An old reason.",
            "policy": "p",
            "policy_digest": "0" * 64,
            "engine": "2",
        }
        records.ledger.append_all(
            [
                LedgerEntry(portout, kind, kind, at, body, {"name": NAME})
                for kind in (EntryKind.SCREENED, EntryKind.CLOSED)
            ]
        )
        records.open_case(
            CaseUpdate(portout_id=portout, support_key=f"PO_{portout}", updated_at=at, stage=Stage.CLOSED),
            PastOrder(portout, [NUMBER], {}, None, None, at),
        )
    records.close()
    return Inside({"PORTOUT_HOME": str(home)})


async def test_one_order_is_told_sealed_by_the_worker_and_taken_away_in_a_file_that_proves_itself(
    standing: Service, inside: Inside, tmp_path: Path
) -> None:
    order = await waiting_order(standing, authorized_name=NAME)
    await standing.review(order, "deny", by=REVIEWER, reason=SPOKEN)
    await standing.result(order)
    settings = standing.settings
    written = await standing.client.execute_workflow(
        CHECKPOINT_WORKFLOW,
        CheckpointInput(timing=settings.timing),
        id=f"seal-{uuid4()}",
        task_queue=settings.task_queue,
        result_type=int,
    )
    assert written >= 1
    verified = await inside("ledger", "verify")
    assert (verified.code, verified.err) == (0, "")
    assert "nothing was edited, removed, inserted or put in another order." in verified.out
    assert "nothing is promised" in verified.out
    shown = await inside("ledger", "show", key_of(standing, order))
    assert "the chain is whole; sealed by checkpoint" in shown.out
    assert f"{REVIEWER} (not proved)" in shown.out
    file = tmp_path / "order.zip"
    exported = await inside("ledger", "export", "--order", order, "--bundle", str(file))
    assert (exported.code, exported.err) == (0, "")
    assert (await inside("ledger", "export", "--order", order, "--bundle", str(file))).code == 1
    with zipfile.ZipFile(file) as bundle:
        parts = {name: bundle.read(name) for name in bundle.namelist()}
    _prove(parts, order)
    assert NAME in parts["facts.json"].decode()
    [answered] = json.loads(parts["carrier.json"])
    assert (answered["sent"]["status"], answered["carrier_status"]) == ("rejected-pending",) * 2
    assert answered["sent"]["reason"] == SPOKEN
    assert "title: Port-out PIN" in next(
        text.decode() for name, text in parts.items() if name.endswith(".yaml")
    )


def _prove(parts: dict[str, bytes], order: str) -> None:
    """Check a bundle as its README.txt says, with none of our code."""
    before = "0" * 64
    entries: list[dict[str, Any]] = []
    for line in parts["entries.sha256"].decode().splitlines():
        digest, name = line.split()
        assert hashlib.sha256(parts[name]).hexdigest() == digest
        entries.append(json.loads(parts[name]))
        assert entries[-1]["prev_hash"] == before
        before = digest
    [policy] = [name for name in parts if name.startswith("policy/") and name.endswith(".json")]
    assert policy == f"policy/{hashlib.sha256(parts[policy]).hexdigest()}.json"
    assert {entry["body"]["policy_digest"] for entry in entries} == {policy[7:-5]}
    numbers = sorted(int(name[12:-5]) for name in parts if name.startswith("checkpoints/") and "json" in name)
    checkpoint = parts[f"checkpoints/{numbers[-1]}.json"]
    key = load_pem_public_key(parts["checkpoints/key-1.pem"])
    assert isinstance(key, Ed25519PublicKey)
    key.verify(parts[f"checkpoints/{numbers[-1]}.sig"], checkpoint)
    assert [order, len(entries), before] in json.loads(checkpoint)["heads"]


async def test_every_entry_says_by_whom_and_under_which_rules(standing: Service, inside: Inside) -> None:
    order = await waiting_order(standing)
    await standing.review(order, "note", reason="Called twice.")
    await standing.review(order, "approve")
    await standing.result(order)
    shown = (await inside("ledger", "show", order, "--json")).json
    assert [(entry["actor"]["kind"], entry["actor"]["authenticated"]) for entry in shown["entries"]] == [
        ("policy", None),
        ("person", "claimed"),
        ("person", "claimed"),
        ("person", "claimed"),
    ]
    wanted = {"round", "policy", "policy_digest", "engine", "mode"}
    assert all(wanted <= entry["body"].keys() for entry in shown["entries"])


async def test_a_change_behind_its_back_is_found_with_exit_code_5(old: Inside, tmp_path: Path) -> None:
    assert (await old("ledger", "checkpoint")).code == 0
    behind_its_back(f"sqlite:///{tmp_path}/records.db", "DELETE FROM ledger WHERE portout_id = 'new'")
    found = await old("ledger", "verify")
    assert found.code == 5
    assert (
        "Port-out new (PO_new) is lost: checkpoint 1 holds its entry 2, and none of it is left." in found.out
    )
    assert "2 entries of 1 port-out, 1 checkpoint: 1 FAULT." in found.out
    assert (await old("ledger", "verify", "--json")).json["fault_count"] == 1
    pruned = await old("ledger", "prune", "--yes")
    assert (pruned.code, pruned.out.splitlines()[-1]) == (5, "Nothing was pruned.")


async def test_old_orders_are_pruned_and_persons_erased_only_when_it_is_meant(
    old: Inside, tmp_path: Path
) -> None:
    asked = await old("ledger", "prune")
    assert (asked.code, "say --yes; nothing was changed." in asked.err) == (2, True)
    pruned = await old("ledger", "prune", "--yes", "--by", "dana")
    assert (pruned.code, pruned.err) == (0, "")
    assert "1 order pruned, 2 entries." in pruned.out
    shown = await old("ledger", "show", "old")
    assert "2 entries, from " in shown.out
    assert "were pruned at" in shown.out
    bundle = str(tmp_path / "old.zip")
    assert (
        "only their hashes are left"
        in (await old("ledger", "export", "--order", "old", "--bundle", bundle)).sentence
    )
    erased = await old("ledger", "erase", "PO_new", "--yes", "--by", "dana")
    assert "The personal facts of PO_new are erased, by dana." in erased.out
    assert "In the ledger stays what was done, when and by whom" in erased.out
    assert "“An old reason.”" in erased.out
    again = await old("ledger", "erase", "new", "--yes")
    assert again.out.startswith("Its numbers stay in the history until ")
    behind_its_back(f"sqlite:///{tmp_path}/records.db", "DELETE FROM history")
    assert "no personal facts any more" in (await old("ledger", "erase", "new", "--yes")).out
    assert "dana (not proved)" in (await old("ledger", "show", "new")).out
    verified = await old("ledger", "verify")
    assert (verified.code, "3 entries of 1 port-out, 1 pruned" in verified.out) == (0, True)


@pytest.mark.parametrize("command", [("erase", "new"), ("prune",)])
async def test_why_what_was_deleted_may_still_stand_in_the_log_is_told_with_exit_code_5(
    old: Inside, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "drop_leftovers", lambda _, **__: "it is Sunday: run this again.")
    told = await old("ledger", *command, "--yes")
    assert told.code == 5
    assert "may still stand in its log" in told.out
    assert "because it is Sunday: run this again." in told.out


async def test_what_an_earlier_key_sealed_is_pruned_when_that_key_is_given(old: Inside) -> None:
    assert (await old("ledger", "checkpoint")).code == 0
    earlier = (await old("ledger", "key")).out.strip()
    rotated = {"PORTOUT_LEDGER_KEY": base64.b64encode(b"z" * 32).decode()}
    refused = await old("ledger", "prune", "--yes", **rotated)
    assert (refused.code, f"portout ledger checkpoint --public-key {earlier}" in refused.sentence) == (
        1,
        True,
    )
    taken_over = await old("ledger", "checkpoint", "--public-key", earlier, **rotated)
    assert (taken_over.code, taken_over.out[:20]) == (0, "1 checkpoint written")
    assert (await old("ledger", "prune", "--yes", **rotated)).code == 5
    pruned = await old("ledger", "prune", "--yes", "--public-key", earlier, **rotated)
    assert (pruned.code, "1 order pruned, 2 entries." in pruned.out) == (0, True)


async def test_an_order_that_is_left_alone_for_its_chain_ends_pruning_with_exit_code_5(
    old: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.ledger_pruning.faults_of", lambda *_, **__: iter(["Edited meanwhile."]))
    pruned = await old("ledger", "prune", "--yes")
    assert (pruned.code, "Edited meanwhile." in pruned.out) == (5, True)


async def test_the_help_of_pruning_is_words_alone(old: Inside) -> None:
    assert "raise" not in (await old("ledger", "prune", "--help")).out


async def test_an_order_is_pruned_when_no_rule_looks_back_on_it_any_more(tmp_path: Path) -> None:
    just = datetime.now(UTC) - LONGEST_DURATION - timedelta(minutes=1)
    inside = ledger_of(tmp_path, {"beyond": just, "within": just + timedelta(hours=1)})
    pruned = await inside("ledger", "prune", "--older-than", "366d", "--yes")
    assert (pruned.code, "1 order pruned, 2 entries." in pruned.out) == (0, True)
    with closing(open_records(settings_without_environment(home=tmp_path))) as records:
        assert records.history.known(["beyond", "within"]) == {"within"}
        since = datetime.now(UTC) - LONGEST_DURATION
        assert records.history.count("orders", "number", [NUMBER], since, besides="") == {NUMBER: 1}


async def test_the_export_holds_no_personal_fact_and_no_formula(old: Inside) -> None:
    lines = await old("ledger", "export")
    [only, closed] = map(json.loads, lines.out.splitlines())
    assert only["entry"]["portout_id"] == "new"
    stored = json.dumps(closed["entry"], sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(stored).hexdigest() == closed["hash"]
    table = await old("ledger", "export", "--format", "csv", "--since", "1d")
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert [(row["kind"], row["note"]) for row in rows] == [
        ("screened", "'=HYPERLINK(1)"),
        ("closed", "'=HYPERLINK(1)"),
    ]
    assert NAME not in lines.out + table.out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("show", "nobody"), 1, "No order nobody is known here"),
        (("export", "--order", "new"), 2, "--order and --bundle belong together"),
        (("export", "--format", "xml"), 2, "'xml' is no format"),
        (("prune", "--older-than", "1y", "--yes"), 2, "1y is too short: rules may look back 366 days"),
        (("prune", "--older-than", "old"), 2, "'old' is no retention"),
        (("verify", "--public-key", "abc"), 1, "'abc' is no public key"),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(
    old: Inside, arguments: tuple[str, ...], code: int, told: str
) -> None:
    ran = await old("ledger", *arguments)
    assert ran.code == code
    assert told in ran.sentence


async def test_the_public_key_is_printed_and_without_one_it_is_said(old: Inside, tmp_path: Path) -> None:
    printed = await old("ledger", "key")
    assert len(printed.out.strip()) == 44
    assert "BEGIN PUBLIC KEY" in (await old("ledger", "key", "--json")).json["pem"]
    (tmp_path / "ledger.key").unlink()
    assert "PORTOUT_LEDGER_KEY is not set" in (await old("ledger", "key")).sentence

"""What the rules folder says goes live, waits or is refused; the records are the one truth about what is live."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.going_live import RuleWatch
from activities.policies import PolicyShelf
from environment import settings_without_environment
from records.opening import open_records
from records.store import Records
from screening.bundle import ENGINE_VERSION, REVIEW_EVERYTHING
from screening.reading.loading import load_bundle
from tests.records.behind import behind_its_back
from tests.scenarios.rules import POLICY, change, shipped_rules

NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)
TIGHTER = (r"^  margin: \S+", "  margin: 3h")
LOOSER = (r"^  margin: \S+", "  margin: 1h")
SHIPPED = (r"^  margin: \S+", "  margin: 2h")
FAILING = (r"expect: mismatch", "expect: match")


@dataclass
class Folder:
    """A rules folder that a test edits, and the records of the workers that watch it."""

    rules: Path
    records: Records

    def worker(self, *, asks: bool = True) -> PolicyShelf:
        """The shelf of a worker that starts now."""
        shelf = PolicyShelf(self.rules, self.records, asks=asks)
        shelf.look()
        return shelf

    def edit(self, edit: tuple[str, str]) -> str:
        """Edit the policy; returns the digest of the folder then."""
        change(self.rules, *edit)
        return self.digest

    @property
    def digest(self) -> str:
        return load_bundle(self.rules).digest

    def activate(self, digest: str) -> None:
        live = self.records.policies.live()
        assert live is not None
        assert self.records.policies.activate(digest, ENGINE_VERSION, NOW, instead_of=live.digest, by="dana")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    records = open_records(settings_without_environment(home=tmp_path))
    yield Folder(shipped_rules(tmp_path), records)
    records.close()


def test_the_first_bundle_of_empty_records_goes_live_by_itself(folder: Folder) -> None:
    shelf = folder.worker()
    assert shelf.in_force().digest == folder.digest
    live = folder.records.policies.live()
    assert live is not None
    assert live.by is None


def test_an_edit_that_tightens_goes_live_by_itself(folder: Folder) -> None:
    shelf = folder.worker()
    tighter = folder.edit(TIGHTER)
    assert shelf.look().problem is None
    assert shelf.in_force().digest == tighter


def test_an_edit_that_opens_the_gate_waits_until_it_is_activated(folder: Folder) -> None:
    before, shelf = folder.digest, folder.worker()
    looser = folder.edit(LOOSER)
    found = shelf.look()
    assert (found.waits, [edit.text for edit in found.opens]) == (True, ["respond.margin 2h -> 1h"])
    assert f"`portout rules activate {looser} --by NAME`" in (found.problem or "")
    assert shelf.in_force().digest == before
    folder.activate(looser)
    assert shelf.in_force().digest == looser


def test_it_waits_as_well_if_the_worker_was_down_when_it_was_made(folder: Folder) -> None:
    before = folder.digest
    folder.worker()
    folder.edit(LOOSER)
    again = folder.worker()
    assert again.found is not None
    assert again.found.waits
    assert again.in_force().digest == before


def test_told_so_no_edit_waits(folder: Folder) -> None:
    shelf = folder.worker(asks=False)
    looser = folder.edit(LOOSER)
    shelf.look()
    assert shelf.in_force().digest == looser


def test_what_people_activated_stays_though_the_folder_says_otherwise(folder: Folder) -> None:
    old, shelf = folder.digest, folder.worker()
    tighter = folder.edit(TIGHTER)
    shelf.look()
    folder.activate(old)
    (folder.rules / POLICY).touch()
    assert shelf.look().waits  # the files were touched, and say what they said
    assert shelf.in_force().digest == old
    assert folder.worker().in_force().digest == old
    assert folder.digest == tighter


def test_a_worker_whose_files_lag_behind_does_not_bring_them_back(folder: Folder, tmp_path: Path) -> None:
    first = folder.worker()
    lagging = Folder(shipped_rules(tmp_path / "lagging"), folder.records)
    tighter = folder.edit(TIGHTER)
    first.look()
    second = lagging.worker()
    assert second.found is not None
    assert second.found.waits
    assert {first.in_force().digest, second.in_force().digest} == {tighter}


def test_an_edit_taken_back_while_the_worker_runs_waits_only_if_that_opens_the_gate(folder: Folder) -> None:
    shipped, shelf = folder.digest, folder.worker()
    tighter = folder.edit(TIGHTER)
    shelf.look()
    folder.edit(SHIPPED)
    assert shelf.look().waits
    assert shelf.in_force().digest == tighter
    folder.activate(shipped)
    folder.edit(TIGHTER)
    assert not shelf.look().waits
    assert shelf.in_force().digest == tighter


def test_a_bundle_whose_tests_fail_stays_out(folder: Folder) -> None:
    before, shelf = folder.digest, folder.worker()
    folder.edit(FAILING)
    found = shelf.look()
    assert (found.digest, found.waits) == (None, False)
    assert (found.refused or "").startswith("The rules are refused: ")
    assert "us-standard / pin / a number is not a PIN' fails: " in (found.refused or "")
    assert shelf.in_force().digest == before


def test_a_bundle_without_tests_stays_out(folder: Folder) -> None:
    for file in folder.rules.glob("*.yaml"):
        if file.name != POLICY:
            file.unlink()
    text = (folder.rules / POLICY).read_text()
    without = text[: text.index("\nrules:")] + "\nrules: []\ndecide: {otherwise: review}\n"
    (folder.rules / POLICY).write_text(without)
    shelf = folder.worker()
    assert shelf.found is not None
    assert shelf.found.refused == "The rules are refused: There is no test: nothing was run."
    assert shelf.in_force().digest == REVIEW_EVERYTHING.digest


def test_mended_after_a_start_without_any_good_bundle_it_goes_live_by_itself(folder: Folder) -> None:
    good = folder.digest
    change(folder.rules, r"^rules:", "rulez:")
    shelf = folder.worker()
    assert shelf.in_force().digest == REVIEW_EVERYTHING.digest
    change(folder.rules, r"^rulez:", "rules:")
    shelf.look()
    assert shelf.in_force().digest == good


def test_a_live_bundle_that_was_changed_in_the_database_sends_orders_to_review(
    folder: Folder, tmp_path: Path
) -> None:
    folder.worker()
    behind_its_back(
        f"sqlite:///{tmp_path}/records.db", "UPDATE policies SET canonical = ?", b"{}", triggers=True
    )
    folder.edit(LOOSER)
    shelf = folder.worker()
    in_force = shelf.in_force()
    assert in_force.digest == REVIEW_EVERYTHING.digest
    assert "was changed: it must not decide anything" in (in_force.problem or "")
    assert shelf.found is not None
    assert shelf.found.waits


def test_a_fault_of_ours_in_judging_the_files_refuses_them(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, shelf = folder.digest, folder.worker()

    def fails(rules: Path) -> None:
        raise ZeroDivisionError(rules)

    monkeypatch.setattr("activities.policies.load_bundle", fails)
    assert shelf.look().refused == "The rules are refused: they could not be judged (ZeroDivisionError)."
    assert shelf.in_force().digest == before


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_files_are_read_when_they_have_been_quiet_for_long_enough(folder: Folder) -> None:
    clock, shelf = Clock(), PolicyShelf(folder.rules, folder.records)
    watch = RuleWatch(shelf, folder.records, quiet=2.0, clock=clock)
    before = folder.digest
    tighter = folder.edit(TIGHTER)
    watch.tick()
    clock.seconds = 1.9
    watch.tick()
    assert shelf.in_force().digest == before
    half = folder.rules / "half-written.yaml"
    half.write_text("policy: half")
    watch.tick()
    clock.seconds = 3.0
    watch.tick()
    half.unlink()
    watch.tick()
    clock.seconds = 5.0
    watch.tick()
    assert shelf.found is not None
    assert (shelf.found.digest, shelf.found.refused) == (tighter, None)
    assert shelf.in_force().digest == tighter


def test_files_edited_while_they_are_read_are_not_taken(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, shelf = folder.digest, folder.worker()
    folder.edit(TIGHTER)

    def edited_meanwhile(rules: Path) -> object:
        bundle = load_bundle(rules)
        (rules / "late.yaml").write_text("policy: late")
        return bundle

    monkeypatch.setattr("activities.policies.load_bundle", edited_meanwhile)
    shelf.look()
    assert shelf.in_force().digest == before


def test_a_worker_reports_what_it_runs_and_found(folder: Folder) -> None:
    clock, shelf = Clock(), PolicyShelf(folder.rules, folder.records)
    watch = RuleWatch(shelf, folder.records, quiet=2.0, clock=clock)
    before = folder.digest
    watch.tick()
    [report] = folder.records.policies.reports()
    assert (report.running, report.found, report.refused) == (before, before, None)
    change(folder.rules, r"^rules:", "rulez:")
    watch.tick()
    clock.seconds = 2.0
    watch.tick()
    [report] = folder.records.policies.reports()
    assert (report.running, report.found) == (before, None)
    assert "unknown key 'rulez'" in (report.refused or "")

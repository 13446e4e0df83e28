"""What `status` says of the ledger: that it is sealed only when the file outside holds the last checkpoint."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from commands.status import probe_ledger
from environment import settings_without_environment
from records import checkpoint_file
from records.opening import open_records
from records.store import Records
from settings import Settings
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW, OTHER_KEY
from tests.records.sealed import write


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_without_environment(home=tmp_path)


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    """Sealed by two checkpoints, both in the file."""
    with closing(open_records(settings)) as records:
        for portout in ("p1", "p2"):
            write(records, portout)
            checkpoint_file.seal(records.checkpoints, settings.checkpoint_file, NOW)
        yield records


def said(records: Records, settings: Settings) -> tuple[str, str]:
    part = probe_ledger(records, settings, NOW + timedelta(minutes=3))
    return part.health, part.says


def test_a_ledger_whose_last_checkpoint_is_in_the_file_is_sealed(
    records: Records, settings: Settings
) -> None:
    with settings.checkpoint_file.open("ab") as half_a_line:
        half_a_line.write(b'{"checkpoint":{"at')
    before = settings.checkpoint_file.read_bytes()
    assert said(records, settings) == ("ok", "sealed 3 min ago by checkpoint 2, 0 entries since")
    assert settings.checkpoint_file.read_bytes() == before


def test_a_file_that_is_lost_or_behind_fails_until_it_has_the_last_checkpoint(
    records: Records, settings: Settings
) -> None:
    file = settings.checkpoint_file
    lacks = f"Checkpoint 2 is not in {file}, so what it sealed could be gone unnoticed: `portout ledger checkpoint` adds it"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    assert said(records, settings) == ("FAILED", lacks)
    file.unlink()
    assert said(records, settings) == ("FAILED", lacks)
    shared = settings.model_copy(update={"database_url": "postgresql://db.example.com/portout"})
    assert said(records, shared) == ("warning", lacks)
    checkpoint_file.keep(records.checkpoints, file)
    assert said(records, settings)[0] == "ok"


def test_a_file_of_another_ledger_fails(records: Records, settings: Settings, tmp_path: Path) -> None:
    other = settings_without_environment(home=tmp_path / "other")
    shared_file = {"ledger_checkpoints": settings.checkpoint_file}
    with closing(open_records(other)) as empty:
        assert said(empty, other)[0] == "ok"
        assert said(empty, other.model_copy(update=shared_file)) == (
            "FAILED",
            f"{settings.checkpoint_file} ends with checkpoint 2, which the database does not have so: "
            "see `portout ledger verify`",
        )
    settings.checkpoint_file.write_text("no checkpoint\n")
    assert said(records, settings)[0] == "FAILED"


def test_a_last_checkpoint_that_is_edited_or_foreign_fails(records: Records, settings: Settings) -> None:
    assert records.checkpoints.public_key is not None
    rotated = settings.model_copy(update={"ledger_key": OTHER_KEY})
    with closing(open_records(rotated)) as other:
        health, told = said(other, settings)
    assert (health, told.partition(",")[0]) == (
        "FAILED",
        f"Checkpoint 2 is the last one and signed by another key than PORTOUT_LEDGER_KEY ({records.checkpoints.public_key})",
    )
    behind_its_back(settings.records_url, "UPDATE checkpoints SET signature = 'AA==' WHERE number = 2")
    assert said(records, settings) == (
        "FAILED",
        "Checkpoint 2 was edited, so nothing can be sealed after it: see `portout ledger verify`.",
    )

"""A ledger that gets no checkpoint is told to somebody, once a day."""

from contextlib import closing
from pathlib import Path

import pytest

from activities.checkpoints import CheckpointActivities, CheckpointInput
from records import checkpoint_file
from records.checkpoint_file import BadFile
from records.store import Records
from tests.activities.parts import Parts, tried
from tests.records.conftest import NOW, OTHER_KEY, PIN_KEY, RECORDS_KEY
from tests.records.sealed import write

EVIDENCE = 900.0
UNSEALED = (
    "The ledger gets no checkpoint, so nobody would notice that its end is gone. Nothing was written to "
)


async def test_a_checkpoint_of_a_foreign_key_is_paged_and_not_built_upon(
    parts: Parts, tmp_path: Path
) -> None:
    outside = tmp_path / "checkpoints.jsonl"
    sealing = CheckpointActivities(parts.records, parts.board, outside, evidence=EVIDENCE)
    write(parts.records, "p1")
    url = f"sqlite:///{parts.home}/records.db"
    with closing(
        Records.open(url, pin_key=PIN_KEY, records_key=RECORDS_KEY, ledger_key=OTHER_KEY)
    ) as foreign:
        checkpoint_file.seal(foreign.checkpoints, outside, NOW)
    before = outside.read_bytes()
    for after, pages in ((0.0, 0), (EVIDENCE + 1, 1), (2 * EVIDENCE, 1)):
        with pytest.raises(BadFile):
            await tried(sealing.seal, CheckpointInput(), after=after)
        assert len(parts.incidents()) == pages
    assert parts.incidents()[0].startswith(f"{UNSEALED}{outside}: Checkpoint 1 is the last one and signed by")
    assert outside.read_bytes() == before

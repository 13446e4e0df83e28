"""Parts of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.serve import SandboxServer
from tests.activities.parts import Parts, standing


@pytest.fixture
def server() -> SandboxServer:
    """The carrier of the parts."""
    return SandboxServer()


@pytest.fixture
async def parts(
    tmp_path: Path, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Parts]:
    # A call that waits for the database waits less long, as everything does here.
    monkeypatch.setattr("records.engine.PATIENCE", 0.1)
    async with standing(tmp_path, server) as parts:
        yield parts

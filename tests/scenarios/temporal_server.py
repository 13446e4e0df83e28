"""A Temporal server of a test's own, which breaks."""

from contextlib import AsyncExitStack
from pathlib import Path

from commands.embedded import embedded_temporal, free_port


class TemporalServer:
    """An embedded server over one file, on one port, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._database = folder / "temporal.db"
        self._port = free_port()
        self._running = AsyncExitStack()

    async def start(self) -> str:
        return await self._running.enter_async_context(embedded_temporal(self._database, port=self._port))

    async def stop(self) -> None:
        await self._running.aclose()

    def forget(self) -> None:
        """Lose all that the server ever kept. It must not run."""
        for file in self._database.parent.glob(f"{self._database.name}*"):
            file.unlink()

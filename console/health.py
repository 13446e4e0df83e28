"""`/healthz`: the process is alive. `/readyz`: Temporal and the records can be reached, or why not."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from temporalio.client import Client
from temporalio.service import RPCError

from records.marks import PAUSED
from records.store import Records

PATIENCE = 2.0
"""Seconds for each part."""
WELL = "ok"


class Health:
    """The two questions that a process manager or a load balancer asks.

    Nobody has to log in to ask, so the answers name no host, no path and no version.
    """

    def __init__(self, temporal: Client, records: Records, *, patience: float = PATIENCE) -> None:
        self._parts: dict[str, Callable[[], Awaitable[object]]] = {
            "temporal": temporal.service_client.check_health,
            "records": lambda: asyncio.to_thread(records.marks.get, PAUSED),
        }
        self._patience = patience
        self._asked: dict[str, asyncio.Task[str]] = {}

    async def alive(self, _: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(self, _: Request) -> Response:
        """200 when every part answers, else 503; either way what each part is like."""
        found = await asyncio.gather(*(self._look(name) for name in self._parts))
        parts = dict(zip(self._parts, found, strict=True))
        ready = set(found) == {WELL}
        return JSONResponse({"ready": ready, **parts}, 200 if ready else 503)

    async def _look(self, name: str) -> str:
        # A part that hangs is not asked again before it has answered: its threads would pile up.
        task = self._asked.get(name)
        if task is None or task.done():
            task = self._asked[name] = asyncio.create_task(_answer(self._parts[name]))
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        return task.result() if done else f"no answer within {self._patience:g} s"


async def _answer(ask: Callable[[], Awaitable[object]]) -> str:
    try:
        await ask()
    except RPCError as error:
        return f"not reachable ({error.status.name})"
    except Exception as error:
        return f"not reachable ({type(error).__name__})"
    return WELL

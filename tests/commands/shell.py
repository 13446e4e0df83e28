"""The `portout` command as people run it: a process of its own, told everything by its environment."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings import PROJECT
from tests.scenarios.processes import OURS

NOT_FOR_COMMANDS = ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""The size of the test's own terminal; and what would have each of many processes compile every module anew."""
AT_ONCE = 4
PATIENCE = 60.0
"""Seconds that a command may take on a busy machine."""


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line that says why it could not be done; nothing else was printed."""
        assert self.out == ""
        [line] = self.err.splitlines()
        return line

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs `portout` with an environment of which nothing of ours comes from the test's own.

    Args:
        environment: what to add to it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OURS) and name not in NOT_FOR_COMMANDS
        }
        self._environment = {**inherited, **environment, "PYTHONPATH": str(PROJECT)}

    async def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def many(self, times: int, *arguments: str) -> list[Ran]:
        """Run the same command many times, as many at once as make sense here; see `tests.commands.forking`."""
        process = await self._start("tests.commands.forking", str(times), str(AT_ONCE), *arguments)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return [Ran(code, out, "") for code, out in json.loads(out)]

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await self._start("commands.main", *arguments, **environment)

    async def _start(self, module: str, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env={**self._environment, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


def made_in(folder: Path) -> list[Path]:
    """What a command left in a folder."""
    return list(folder.iterdir())

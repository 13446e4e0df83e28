"""The `portout` command as people run it: a process of its own, told everything by its environment."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settings import PROJECT
from tests.scenarios.processes import OURS

NOT_FOR_COMMANDS = ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""The size of the test's own terminal; and what would have each of many processes compile every module anew."""
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

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "commands.main",
            *arguments,
            env={**self._environment, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

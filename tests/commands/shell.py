"""The `portout` command as people run it: a process of its own, told everything by its environment."""

import asyncio
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from settings import PROJECT
from tests.scenarios.processes import OURS

NOT_FOR_COMMANDS = ("COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")
"""The size of the test's own terminal; and what would have each of many processes compile every module anew."""
AT_ONCE = 4
LONGEST = 2**24
"""Bytes that a command may print."""
PATIENCE = 120.0
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
        door = await asyncio.to_thread(_door)
        asked = {
            "arguments": arguments,
            "environment": {**self._environment, **environment},
            "folder": str(Path.cwd()),
            "stdin": stdin,
        }
        async with asyncio.timeout(PATIENCE):
            answers, asks = await asyncio.open_unix_connection(door, limit=LONGEST)
            asks.write(json.dumps(asked).encode() + b"\n")
            ran = await answers.readline()
            asks.close()
        return Ran(**json.loads(ran))

    async def many(self, times: int, *arguments: str) -> list[Ran]:
        """Run the same command many times, as many at once as make sense here."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def once() -> Ran:
            async with turns:
                return await self(*arguments)

        return await asyncio.gather(*(once() for _ in range(times)))

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a command that stays, or that is to be met while it runs."""
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


_opening = threading.Lock()


def _door() -> str:
    """Where to ask for a command; see `tests.commands.forking`."""
    with _opening:
        return _opened()


@cache
def _opened() -> str:
    folder = tempfile.mkdtemp()
    door = f"{folder}/door"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.commands.forking", door],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    )
    atexit.register(shutil.rmtree, folder)
    atexit.register(process.communicate)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return door


def made_in(folder: Path) -> list[Path]:
    """What a command left in a folder."""
    return list(folder.iterdir())

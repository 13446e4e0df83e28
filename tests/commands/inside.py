"""The `portout` command in the test's own process: what uses no Temporal client costs a tenth of a process there."""

import asyncio
import io
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from commands.main import code_of
from tests.commands.shell import NOT_FOR_COMMANDS, Ran
from tests.scenarios.processes import OURS


class Inside:
    """Runs one command at a time, with an environment of which nothing of ours comes from the test's own.

    Args:
        environment: what to add to it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    async def __call__(self, *arguments: str, **environment: str) -> Ran:
        # In a thread, because commands have an event loop of their own, and the carrier runs in this one.
        return await asyncio.to_thread(self._run, arguments, {**self._environment, **environment})

    def _run(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Ran:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(OURS) and name not in NOT_FOR_COMMANDS
        }
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, {**inherited, **environment}, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = code_of(arguments)
        return Ran(code, out.getvalue(), err.getvalue())

"""Runs one `portout` command many times, from a process that has loaded it: the cost of loading is paid once.

Each run is a process of its own all the same, made by fork before anything of Temporal's client has begun, and leaves
as every `portout` does. Prints a JSON array of exit code and standard output; a negative code is the signal that ended
the process.

    python -m tests.commands.forking TIMES AT_ONCE ARGUMENT...
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from typing import BinaryIO

from commands.main import run

LOADED = ("commands.reviewing", "commands.showing", "commands.output")
"""What `portout show` loads."""


def _begin(arguments: Sequence[str], out: BinaryIO) -> int:
    """Start one run and return its process id."""
    child = os.fork()
    if child == 0:
        os.dup2(out.fileno(), sys.stdout.fileno())
        sys.argv = ["portout", *arguments]
        run()
    return child


def _many(times: int, at_once: int, arguments: Sequence[str]) -> list[tuple[int, str]]:
    outs = [tempfile.TemporaryFile() for _ in range(times)]  # noqa: SIM115
    codes: dict[int, int] = {}
    begun: list[int] = []
    while len(codes) < times:
        while len(begun) < times and len(begun) - len(codes) < at_once:
            begun.append(_begin(arguments, outs[len(begun)]))
        ended, status = os.wait()
        codes[ended] = os.waitstatus_to_exitcode(status)
    found = []
    for child, out in zip(begun, outs, strict=True):
        out.seek(0)
        found.append((codes[child], out.read().decode()))
        out.close()
    return found


if __name__ == "__main__":
    times, at_once, *rest = sys.argv[1:]
    for module in LOADED:
        import_module(module)
    print(json.dumps(_many(int(times), int(at_once), rest)))

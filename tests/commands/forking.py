"""Runs `portout` commands in processes forked from one that has loaded them: the cost of loading is paid once.

Each run is a process of its own all the same, made by fork before anything of Temporal's client has begun, and leaves
as every `portout` does.

    python -m tests.commands.forking SOCKET

listens at that path until its standard input ends. A caller sends one JSON line (`arguments`, `environment`, `folder`,
`stdin`) and gets one (`code`, `out`, `err`); a negative code is the signal that ended the process.
"""

import json
import os
import selectors
import signal
import socket
import sys
import tempfile
from importlib import import_module
from typing import Any, BinaryIO

from commands.main import ROOMS, run
from settings import PROJECT


def _load() -> None:
    """Import every command, and what commands import only when they run."""
    for room in ROOMS:
        import_module(f"commands.{room}")
    for module in sorted((PROJECT / "commands").glob("[a-z]*.py")):
        import_module(f"commands.{module.stem}")


def _serve(path: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who serve a caller
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as happens:
        door.bind(path)
        door.listen(64)
        happens.register(door, selectors.EVENT_READ)
        happens.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            if any(key.fileobj is sys.stdin for key, _ in happens.select()):
                return  # nothing is ever written to it: whoever started this is gone
            caller, _ = door.accept()
            with caller:
                if os.fork() == 0:
                    _answer(caller)
                    os._exit(0)


def _answer(caller: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with caller.makefile("rwb") as line:
        asked = json.loads(line.readline())
        with (
            tempfile.TemporaryFile() as into,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            into.write(asked["stdin"].encode())
            into.seek(0)
            child = os.fork()
            if child == 0:
                _become(asked, into, out, err)
            _, status = os.waitpid(child, 0)
            ran = {"code": os.waitstatus_to_exitcode(status), "out": _text(out), "err": _text(err)}
        line.write(json.dumps(ran).encode() + b"\n")


def _become(asked: dict[str, Any], *streams: BinaryIO) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["portout", *asked["arguments"]]
    run()


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode()


if __name__ == "__main__":
    _load()
    _serve(sys.argv[1])

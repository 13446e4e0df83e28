"""The `portout` command: every subcommand, and the one door through which it leaves."""

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from commands.output import Failed

ROOMS = {
    "serving": ("up", "worker"),
    "listening": ("console",),
    "demo": ("demo",),
    "reviewing": ("queue", "show", "next", "claim", "release", "approve", "deny", "ask", "note"),
    "rescreening": ("rescreen",),
    "operating": ("status", "preflight", "pause", "resume", "settings", "sandbox"),
    "reconciling": ("reconcile",),
    "reporting": ("report",),
    "ruling": ("rules",),
    "customers": ("customers",),
    "records": ("records",),
    "carrier": ("carrier",),
    "ledger": ("ledger",),
    "tokens": ("token",),
}
"""Which module of this room adds which commands."""


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with the one module that these arguments need: the others take seconds to import.

    Anything that is no command by itself (`--help`, a misspelt name) gets all of them.
    """
    app = typer.Typer(
        name="portout",
        help="Screen port-outs for the losing carrier.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    needed = [room for room, commands in ROOMS.items() if arguments and arguments[0] in commands]
    for room in needed or ROOMS:
        import_module(f"commands.{room}").add_to(app)
    if needed:
        # With a single command Typer would take its name for that command's first argument.
        app.callback()(_keep_commands)
    return app


def _keep_commands() -> None:
    """Screen port-outs for the losing carrier."""


def run() -> None:
    """The entry point. Exit codes: 0 done, 1 could not, 2 usage; `rules` commands: 3 invalid."""
    for stream in (sys.stdout, sys.stderr):
        # What a carrier sends need not fit the terminal's encoding.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    code = code_of(sys.argv[1:])
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.flush()
    # A process that used the Temporal client may crash while the interpreter ends, and then its code would lie.
    os._exit(code)


def code_of(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    try:
        app_for(arguments)(args=list(arguments), prog_name="portout")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return failed.code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    except Exception as error:
        # Imported only now: it knows the errors of every room.
        from commands.errors import sentence_of

        print(sentence_of(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run()

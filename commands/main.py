"""The `portout` command: every subcommand, and the one door through which it leaves."""

import os
import sys

import typer
from click import ClickException
from click.exceptions import Abort, Exit

from commands import customers as customers_commands
from commands import demo, operating, reviewing, ruling, serving
from commands.errors import SENTENCES
from commands.output import Failed

app = typer.Typer(
    name="portout",
    help="Screen port-outs for the losing carrier.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (serving, demo, operating, reviewing):
    room.add_to(app)
app.add_typer(ruling.app, name="rules", help="Check rule files.")
app.add_typer(customers_commands.app, name="customers", help="The customers whose numbers these are.")


def run() -> None:
    """The entry point. Exit codes: 0 done, 1 could not, 2 usage; `rules` commands: 3 invalid."""
    code = _code_of_run()
    sys.stdout.flush()
    sys.stderr.flush()
    # A process that used the Temporal client may crash while the interpreter ends, and then its code would lie.
    os._exit(code)


def _code_of_run() -> int:
    try:
        app(standalone_mode=False)
    except Exit as left:
        return left.exit_code
    except Failed as failed:
        print(failed, file=sys.stderr)
        return failed.code
    except SENTENCES as error:
        print(error, file=sys.stderr)
        return 1
    except ClickException as usage:
        usage.show()
        return usage.exit_code
    except (Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    return 0

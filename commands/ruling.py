"""What a policy author does: the commands under `rules`."""

import typer

from commands import (
    ruling_check,
    ruling_diff,
    ruling_explain,
    ruling_lists,
    ruling_live,
    ruling_record,
    ruling_reference,
    ruling_replay,
    ruling_schema,
    ruling_tests,
)


def add_to(app: typer.Typer) -> None:
    rules = typer.Typer(no_args_is_help=True)
    rules.callback()(_keep_commands)
    ruling_check.add_to(rules)
    ruling_tests.add_to(rules)
    ruling_explain.add_to(rules)
    ruling_replay.add_to(rules)
    ruling_record.add_to(rules)
    ruling_reference.add_to(rules)
    ruling_schema.add_to(rules)
    ruling_diff.add_to(rules)
    ruling_live.add_to(rules)
    ruling_lists.add_to(rules)
    app.add_typer(rules, name="rules", help="Write, check and test rule files, and see what they do.")


def _keep_commands() -> None:
    """Write, check and test rule files, and see what they do."""

"""What a policy author does: `rules check`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import print_json
from settings import load_settings

INVALID = 3


def add_to(app: typer.Typer) -> None:
    rules = typer.Typer(no_args_is_help=True)
    rules.callback()(_keep_commands)
    rules.command()(check)
    app.add_typer(rules, name="rules", help="Check rule files.")


def _keep_commands() -> None:
    """Check rule files."""


def check(
    path: Annotated[
        Path | None, typer.Argument(help="A rules folder or one file of it; PORTOUT_RULES when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List everything that is wrong with rule files, with its place. Exits with 3 if they cannot be used."""
    from screening.loading import check_paths

    report = check_paths([path or load_settings().rules])
    if as_json:
        print_json({**vars(report), "errors": report.errors, "warnings": report.warnings})
    else:
        # As it is, without folding: carets point at columns.
        for diagnostic in report.diagnostics:
            print(diagnostic.render(), end="\n\n")
        verdict = "cannot be used" if report.errors else "fine"
        print(
            f"{_count(report.policies, 'policy', 'policies')}, {_count(report.rules, 'rule')}, "
            f"{_count(report.lists, 'list')}, {_count(report.fixtures, 'fixture')}, {_count(report.tests, 'test')}: "
            f"{verdict} ({_count(report.errors, 'error')}, {_count(report.warnings, 'warning')})."
        )
    raise typer.Exit(INVALID if report.errors else 0)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"

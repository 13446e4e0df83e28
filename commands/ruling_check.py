"""What a policy author does before anything runs: `rules check`, `rules help`."""

import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed, print_json, print_lines, print_table
from environment import load_settings

if TYPE_CHECKING:
    from screening.reading.diagnostics import Code, Diagnostic
    from screening.reading.loading import Report

USAGE = 2
INVALID = 3


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def add_to(rules: typer.Typer) -> None:
    rules.command()(check)
    rules.command("help")(explain)


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...", help="Rules folders, or files of them; PORTOUT_RULES when left out."
        ),
    ] = None,
    output: Annotated[
        Format | None,
        typer.Option(
            "--format", help="text, json, or github: annotations of a GitHub workflow. Text when left out."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as errors.")] = False,
) -> None:
    """List everything that is wrong with rule files, with its place. Exits with 3 if they cannot be used."""
    from screening.reading.loading import check_paths

    if as_json and output not in (None, Format.JSON):
        raise Failed(f"--json and --format {output} contradict each other: choose one.", USAGE)
    # The earliest day that it is anywhere: nothing is called over that still counts in its policy's time zone.
    today = (datetime.now(UTC) - timedelta(hours=12)).date()
    report = check_paths(paths or [load_settings().rules], today=today)
    if strict:
        report = report.strictly()
    if as_json or output is Format.JSON:
        print_json({**vars(report), "errors": report.errors, "warnings": report.warnings})
    else:
        # As it is, without folding: carets point at columns, and annotations are lines.
        for diagnostic in report.diagnostics:
            if output is Format.GITHUB:
                print(_annotation(diagnostic))
            else:
                print(diagnostic.render(), end="\n\n")
        print(_summary(report))
    raise typer.Exit(INVALID if report.errors else 0)


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code such as PO104; all of them when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain a code of `rules check`: what it means, an example, and what to do."""
    from screening.reading.code_help import HELP

    if code is None:
        if as_json:
            print_json({known: help_text.title for known, help_text in HELP.items()})
        else:
            print_table("", ("code", "means"), [(known, text.title) for known, text in HELP.items()])
            print_lines("Everything about one: portout rules help CODE")
        return
    known = _code_called(code)
    if as_json:
        print_json({"code": known, **vars(HELP[known])})
        return
    found = HELP[known]
    print_lines(f"{known}  {found.title}", "", found.meaning)
    # As they are, without folding: in YAML lines and blanks count.
    print("", "Wrong:", *_indented(found.wrong), "", "Right:", *_indented(found.right), "", sep="\n")
    print_lines(f"What to do: {found.remedy}")


def _code_called(name: str) -> "Code":
    from screening.reading.diagnostics import Code, did_you_mean, quoted

    try:
        return Code(name.upper())
    except ValueError:
        hint = did_you_mean(name.upper(), Code) or "`portout rules help` lists them all."
        raise Failed(f"There is no code {quoted(name)}; {hint}", USAGE) from None


def _indented(example: dict[str, str]) -> list[str]:
    lines = []
    for file, text in example.items():
        if len(example) > 1 or file != "us-standard.yaml":
            lines.append(f"  # {file}")
        lines += [f"  {line}".rstrip() for line in text.splitlines()]
    return lines


def _annotation(diagnostic: "Diagnostic") -> str:
    """Return a workflow command of GitHub Actions, which shows the finding beside its line."""
    place = {
        "file": os.path.relpath(diagnostic.file),
        "line": str(diagnostic.line),
        "col": str(diagnostic.column),
        "endColumn": str(diagnostic.column + diagnostic.length),
        "title": diagnostic.code.value,
    }
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in place.items())
    parts = [diagnostic.message, diagnostic.suggestion, diagnostic.path]
    text = "; ".join(part for part in parts if part)
    return f"::{diagnostic.severity} {properties}::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    for character in ("%", "\r", "\n", *also):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _summary(report: "Report") -> str:
    verdict = "cannot be used" if report.errors else "fine"
    return (
        f"{_count(report.policies, 'policy', 'policies')}, {_count(report.rules, 'rule')}, "
        f"{_count(report.lists, 'list')}, {_count(report.fixtures, 'fixture')}, {_count(report.tests, 'test')}: "
        f"{verdict} ({_count(report.errors, 'error')}, {_count(report.warnings, 'warning')})."
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"

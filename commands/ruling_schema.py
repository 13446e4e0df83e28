"""What a policy author's editor is told: `rules schema`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import Failed, print_json, print_lines
from environment import load_settings

if TYPE_CHECKING:
    from screening.authoring.schema import KnownNames

_FILES = {
    "policy.schema.json": "*.yaml",
    "list.schema.json": "lists/**/*.yaml",
    "fixture.schema.json": "fixtures/**/*.yaml",
}
"""The schema files in a rules folder, each with the files it is for."""

_SCHEMAS = "yaml.schemas"


def add_to(rules: typer.Typer) -> None:
    rules.command()(schema)


def schema(
    path: Annotated[
        Path | None, typer.Argument(help="The rules folder; PORTOUT_RULES when left out.")
    ] = None,
    install: Annotated[
        bool,
        typer.Option(
            "--install", help="Write schemas into the rules folder, and settings for editors beside it."
        ),
    ] = False,
) -> None:
    """Print the JSON Schema of policies, or install schemas of all rule files for editors with yaml-language-server."""
    from screening.authoring.schema import fixture_schema, list_schema, policy_schema

    directory = path or load_settings().rules
    if not directory.is_dir():
        raise Failed(f"{directory} is no folder.")
    policies = policy_schema(_names_in(directory))
    if not install:
        print_json(policies)
        return
    for name, made in zip(_FILES, (policies, list_schema(), fixture_schema()), strict=True):
        _write(directory / name, made)
        print_lines(f"Wrote {directory / name}.")
    _set_up_editor(directory)


def _names_in(directory: Path) -> "KnownNames":
    from screening.authoring.schema import KnownNames
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.loading import load_bundle

    try:
        bundle = load_bundle(directory)
    except PolicyErrors:
        typer.echo(
            "The rules have errors, so their own names are not offered; repeat this once they are mended.",
            err=True,
        )
        return KnownNames()
    policies = bundle.policies.values()
    return KnownNames(
        lists=[name for policy in policies for name in policy.lists],
        list_files=list(bundle.lists),
        fixtures=list(bundle.fixtures),
        rejections=[name for policy in policies for name in policy.rejections],
        policies=list(bundle.policies),
    )


def _set_up_editor(directory: Path) -> None:
    """Map rule files to their schemas in `.vscode/settings.json` beside the rules folder; other settings stay."""
    folder = directory.resolve()
    settings_file = folder.parent / ".vscode" / "settings.json"
    ours = {f"./{folder.name}/{name}": f"{folder.name}/{pattern}" for name, pattern in _FILES.items()}
    try:
        written = json.loads(settings_file.read_text(encoding="utf-8")) if settings_file.exists() else {}
        schemas = written.get(_SCHEMAS, {})
        merged = {**written, _SCHEMAS: {**schemas, **ours}}
    except (ValueError, AttributeError, TypeError):
        raise Failed(
            f"{settings_file} is left as it is, since it is no plain JSON; add to it: "
            f"{json.dumps({_SCHEMAS: ours})}"
        ) from None
    settings_file.parent.mkdir(exist_ok=True)
    _write(settings_file, merged)
    print_lines(f"Wrote {settings_file}.")


def _write(file: Path, value: dict[str, Any]) -> None:
    try:
        file.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}.") from None

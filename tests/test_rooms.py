"""The single modules at the top keep to their place, too: import-linter looks into packages only."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
ROOMS = {
    "commands",
    "console",
    "worker",
    "workflows",
    "activities",
    "records",
    "screening",
    "telnyx_api",
    "sandbox",
}


def rooms_imported_by(module: str) -> set[str]:
    tree = ast.parse((PROJECT / f"{module}.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} & (ROOMS | {"settings", "temporal_client"})


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("settings", ROOMS | {"temporal_client"}),
        ("temporal_client", ROOMS),
        ("logs", ROOMS | {"temporal_client"}),
        ("temporal_set_up", {"commands", "console", "worker", "sandbox"}),
        ("worker", {"commands", "console", "sandbox"}),
    ],
)
def test_a_top_module_imports_nothing_above_it(module: str, forbidden: set[str]) -> None:
    assert not rooms_imported_by(module) & forbidden


def test_the_check_sees_imports() -> None:
    assert {"activities", "settings", "workflows"} <= rooms_imported_by("worker")


def test_rule_files_stand_in_a_room_without_python() -> None:
    assert not list((PROJECT / "rules").rglob("*.py"))

"""Rule files for tests: the shipped ones, copied and changed."""

import shutil
from pathlib import Path

from screening.diagnostics import Diagnostic, PolicyErrors
from screening.loading import load_bundle

SHIPPED = Path(__file__).parents[2] / "rules"
POLICY = "us-standard.yaml"


def shipped_text(name: str = POLICY) -> str:
    """The text of a shipped rule file."""
    return (SHIPPED / name).read_text(encoding="utf-8")


def copied(directory: Path) -> Path:
    """A copy of the shipped rules below a directory."""
    return Path(shutil.copytree(SHIPPED, directory / "rules", dirs_exist_ok=True))


def changed(directory: Path, old: str, new: str, name: str = POLICY) -> Path:
    """A copy of the shipped rules with one text, which must occur, replaced once."""
    rules = copied(directory)
    text = shipped_text(name)
    assert old in text, f"{old!r} is no longer in {name}"
    (rules / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return rules


def faults_of(rules: Path) -> list[Diagnostic]:
    """What a load of these rules reports; none if they load."""
    try:
        load_bundle(rules)
    except PolicyErrors as refused:
        return refused.diagnostics
    return []

"""The shipped rules with something changed: a day made of seconds, another mode, another sentence."""

import re
import shutil
from pathlib import Path

from screening.loading import load_bundle
from settings import PROJECT

POLICY = "us-standard.yaml"


def shipped_rules(folder: Path) -> Path:
    """A copy of the shipped rules that a test may change."""
    return Path(shutil.copytree(PROJECT / "rules", folder / "rules"))


def rules_with(folder: Path, **changed: str) -> Path:
    """The shipped rules with these values: `within="8s"`, `mode="advise"`.

    Raises:
        PolicyErrors: they are not valid.
        AssertionError: the shipped policy has no such line any more.
    """
    rules = shipped_rules(folder)
    for name, value in changed.items():
        change(rules, rf"^(\s*{name}:) \S+", rf"\1 {value}")
    load_bundle(rules)
    return rules


def change(rules: Path, pattern: str, replacement: str) -> None:
    """Edit the policy file as an author would, in place; the file may be broken after it."""
    file = rules / POLICY
    text, changes = re.subn(pattern, replacement, file.read_text(), flags=re.MULTILINE)
    assert changes, pattern
    file.write_text(text)


def watch_tagged(rules: Path) -> None:
    """Add a second policy: orders of customers with the tag `watched` are in shadow."""
    text = (rules / POLICY).read_text()
    for pattern, replacement in (
        (r"^policy: \S+", "policy: watched"),
        (r"^default: true", "default: false"),
        (r"^mode: \S+", "mode: shadow"),
        (r"^applies_to: .*", "applies_to: {tags: [watched]}"),
    ):
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    (rules / "watched.yaml").write_text(text)
    load_bundle(rules)

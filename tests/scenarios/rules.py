"""The shipped rules with something changed: a day made of seconds, another mode, another sentence."""

import re
import shutil
from pathlib import Path

from records.policies import RuleReport
from records.store import Records
from screening.authoring.rule_tests import run_tests
from screening.reading.loading import load_bundle
from settings import PROJECT
from tests.waiting import eventually

POLICY = "us-standard.yaml"
LETTER_POLICY = "us-with-letter.yaml"
"""Asks for a letter of authorization; it has the rules of the other one, and a day of its own."""


def shipped_rules(folder: Path) -> Path:
    """A copy of the shipped rules that a test may change."""
    return Path(shutil.copytree(PROJECT / "rules", folder / "rules"))


def rules_with(folder: Path, **changed: str) -> Path:
    """The shipped rules with these values: `within="8s"`, `mode="advise"`.

    Raises:
        PolicyErrors: they are not valid.
        AssertionError: the shipped policy has no such line any more, or its tests fail with these values.
    """
    rules = shipped_rules(folder)
    for name, value in changed.items():
        change(rules, rf"^(\s*{name}:) \S+", rf"\1 {value}")
    _fit_to_go_live(rules)
    return rules


def change(rules: Path, pattern: str, replacement: str, policy: str = POLICY) -> None:
    """Edit a policy file as an author would, in place; the file may be broken after it."""
    file = rules / policy
    text, changes = re.subn(pattern, replacement, file.read_text(), flags=re.MULTILINE)
    assert changes, pattern
    file.write_text(text)


def place_of(rules: Path, line: str) -> str:
    """Where a line of the policy file stands, as diagnostics say it."""
    lines = (rules / POLICY).read_text().splitlines()
    return f"{rules / POLICY}:{lines.index(line) + 1}"


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
    # Its scenarios are about orders of the first policy.
    (rules / "watched.yaml").write_text(text.partition("\nscenarios:")[0] + "\n")
    _fit_to_go_live(rules)


def _fit_to_go_live(rules: Path) -> None:
    report = run_tests(load_bundle(rules))
    assert report.ok, [(case.title, case.why) for case in report.failed]


async def gone_live(records: Records, digest: str) -> None:
    """Wait until this bundle judges new orders."""
    await eventually(lambda: (live := records.policies.live()) and live.digest == digest)


async def found(records: Records, digest: str | None) -> RuleReport:
    """Wait until a worker reports that it found this bundle in its rules folder; None: one that it refuses."""

    def said() -> list[RuleReport]:
        return [report for report in records.policies.reports() if report.found == digest]

    return (await eventually(said))[0]

"""Rule files for tests: the shipped ones, copied and changed."""

import shutil
from pathlib import Path

from screening.bundle import Bundle
from screening.reading.diagnostics import Diagnostic, PolicyErrors
from screening.reading.loading import load_bundle

SHIPPED = Path(__file__).parents[2] / "rules"
POLICY = "us-standard.yaml"


def shipped_text(name: str = POLICY) -> str:
    """The text of a shipped rule file."""
    return (SHIPPED / name).read_text(encoding="utf-8")


def copied(directory: Path) -> Path:
    """A copy of the shipped default policy below a directory, with the lists and fixtures that it names."""
    policy = shipped_text()

    def others(folder: str, names: list[str]) -> list[str]:
        within = Path(folder).relative_to(SHIPPED)
        rule_files = [name for name in names if name.endswith(".yaml")]
        return [name for name in rule_files if name != POLICY and (within / name).as_posix() not in policy]

    return Path(shutil.copytree(SHIPPED, directory / "rules", ignore=others, dirs_exist_ok=True))


def default_alone() -> Bundle:
    """What `copied` loads as."""
    shipped = load_bundle(SHIPPED)
    policy = shipped.default
    return Bundle(
        policies={policy.policy: policy},
        lists={path: shipped.lists[path] for path in policy.lists.values()},
        fixtures={
            path: shipped.fixtures[path] for scenario in policy.scenarios if (path := scenario.start_from)
        },
    )


def changed(directory: Path, old: str, new: str, name: str = POLICY) -> Path:
    """What `copied` copies, with one text, which must occur, replaced once."""
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

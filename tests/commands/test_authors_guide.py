"""The author's guide, followed to the letter: its changes give what it shows, and its commands are there."""

import re
import shutil
from pathlib import Path

from settings import PROJECT
from tests.commands.shell import Shell

PAGE = (PROJECT / "rules" / "README.md").read_text(encoding="utf-8")


def fragment(holding: str) -> str:
    """The piece of YAML in the guide that holds this text."""
    [found] = [piece for piece in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if holding in piece]
    return str(found)


def prepared(folder: Path, policy: str, scenario: str) -> Path:
    """The shipped rules with a scenario of the guide at the end of a policy."""
    rules = Path(shutil.copytree(PROJECT / "rules", folder / "rules"))
    with (rules / policy).open("a") as file:
        file.write(fragment(scenario))
    return rules


def changed(rules: Path, policy: str, old: str, new: str) -> None:
    text = (rules / policy).read_text()
    assert text.count(old) == 1
    (rules / policy).write_text(text.replace(old, new))


async def is_shown(shell: Shell, rules: Path, *arguments: str) -> None:
    """The guide shows what a command prints about these rules, but for digests and how many tests there are."""
    ran = await shell("rules", *arguments)
    assert ran.out
    for line in ran.out.replace(str(rules), "rules").splitlines():
        if not re.match(r"[0-9a-f]{12} -> |\d+ tests: ", line):
            assert line in PAGE


async def test_executives_become_vips_as_the_guide_says(apart: Shell, tmp_path: Path) -> None:
    rules = prepared(tmp_path, "us-vip.yaml", "- executive\n")
    await is_shown(apart, rules, "test", str(rules))
    before = str(shutil.copytree(PROJECT / "rules", tmp_path / "before"))
    vip = "    - vip                     # wherever their numbers are: a tag beats a country\n"
    changed(rules, "us-vip.yaml", vip, f"{vip}    - executive\n")
    assert (await apart("rules", "test", str(rules))).code == 0
    await is_shown(apart, rules, "diff", before, str(rules))


async def test_canadian_numbers_need_no_spid_as_the_guide_says(apart: Shell, tmp_path: Path) -> None:
    rules = prepared(tmp_path, "ca-standard.yaml", "no PIN and no SPID")
    await is_shown(apart, rules, "test", str(rules))
    before = str(shutil.copytree(PROJECT / "rules", tmp_path / "before"))
    changed(rules, "ca-standard.yaml", "          - carrier.allowed\n", "")
    assert (await apart("rules", "test", str(rules))).code == 0
    await is_shown(apart, rules, "diff", before, str(rules))


async def test_a_carrier_is_blocked_for_a_week_as_the_guide_says(apart: Shell, tmp_path: Path) -> None:
    rules = Path(shutil.copytree(PROJECT / "rules", tmp_path / "rules"))
    with (rules / "lists" / "blocked-carriers.yaml").open("a") as file:
        file.write(fragment("Newcomer Mobile"))
    assert (await apart("rules", "check", str(rules))).code == 0
    before = str(PROJECT / "rules")
    changes = await apart("rules", "diff", before, str(rules))
    assert "1 difference, none of which can open the gate" in changes.out


async def test_every_command_of_the_guide_is_there(apart: Shell) -> None:
    shown = (await apart("rules", "--help")).out
    named = set(re.findall(r"portout rules ([a-z][a-z-]*)", PAGE))
    assert {"check", "test", "diff", "replay", "activate", "checks"} <= named
    assert [name for name in named if f" {name} " not in shown] == []

"""`rules check` says everything that is wrong, with its place, and its exit code says whether."""

import shutil
from pathlib import Path

from settings import PROJECT
from tests.commands.shell import Shell


async def test_the_shipped_rules_are_fine(apart: Shell) -> None:
    ran = await apart("rules", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "1 policy, 4 rules, 2 lists, 1 fixture, 6 tests: fine (0 errors, 0 warnings).\n"


async def test_a_fault_is_shown_with_its_line_and_a_caret(apart: Shell, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(PROJECT / "rules", rules)
    policy = rules / "us-standard.yaml"
    policy.write_text(policy.read_text().replace("<portout.spid>", "<portout.spd>"))
    ran = await apart("rules", "check", str(policy))
    assert ran.code == 3
    place, before, line, caret, where = ran.out.splitlines()[:5]
    assert place.startswith(f"{policy}:")
    assert "error PO115" in place
    assert "unlisted:" in line
    assert "listed: pass" in before
    assert caret.index("^") == line.index("<portout.spd>")
    assert "did you mean 'portout.spid'?" in caret
    assert where.strip() == "in rule spid, then.unlisted.note"
    as_json = await apart("rules", "check", "--json", PORTOUT_RULES=str(rules))
    assert as_json.code == 3
    assert as_json.json["errors"] == 1
    [fault] = as_json.json["diagnostics"]
    assert (fault["code"], fault["severity"]) == ("PO115", "error")


async def test_rules_that_are_not_there_cannot_be_used(apart: Shell, tmp_path: Path) -> None:
    ran = await apart("rules", "check", str(tmp_path / "nowhere"))
    assert ran.code == 3
    assert "No such file or directory" in ran.out


async def test_a_misspelt_command_is_wrong_usage(apart: Shell) -> None:
    assert (await apart("rules", "chekc")).code == 2

"""`rules check` says everything that is wrong, with its place, and its exit code says whether; `rules help` explains it."""

from pathlib import Path

import pytest

from tests.commands.shell import Shell
from tests.screening.small_rules import BLOCKED, STANDARD, TAKING, written

MISSPELT = STANDARD.replace("<entry.why>", "<entry.wy>")
WITHOUT_OWNER = STANDARD.replace("owner: fraud@example.com\n", "")


async def test_the_shipped_rules_are_fine(apart: Shell) -> None:
    ran = await apart("rules", "check", "--strict")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(": fine (0 errors, 0 warnings).\n")


async def test_a_fault_is_shown_with_its_line_and_a_caret(apart: Shell, tmp_path: Path) -> None:
    policy = written(tmp_path, standard=MISSPELT) / "standard.yaml"
    ran = await apart("rules", "check", str(policy))
    assert ran.code == 3
    place, before, line, caret, where = ran.out.splitlines()[:5]
    assert place == f"{policy}:42:67  error PO115  unknown placeholder '<entry.wy>'"
    assert "allowed: pass" in before
    assert caret.index("^") == line.index("<entry.wy>")
    assert "did you mean 'entry.why'?" in caret
    assert where.startswith("  in rule carrier, then.blocked.note  ")
    assert where.endswith("  more: portout rules help PO115")


@pytest.mark.parametrize("option", [["--json"], ["--format", "json"]])
async def test_a_program_reads_the_same_as_json(apart: Shell, tmp_path: Path, option: list[str]) -> None:
    rules = written(tmp_path, standard=MISSPELT)
    ran = await apart("rules", "check", *option, PORTOUT_RULES=str(rules))
    assert ran.code == 3
    assert (ran.json["errors"], ran.json["warnings"], ran.json["policies"]) == (1, 0, 1)
    [fault] = ran.json["diagnostics"]
    assert (fault["code"], fault["severity"], fault["line"], fault["column"]) == ("PO115", "error", 42, 67)


async def test_a_workflow_on_github_gets_annotations(apart: Shell, tmp_path: Path) -> None:
    policy = written(tmp_path, standard=MISSPELT.replace("title: US", "title: 50%, US #1")) / "standard.yaml"
    ran = await apart("rules", "check", "--format", "github", str(policy))
    assert ran.code == 3
    warning, error, summary = ran.out.splitlines()
    assert warning.startswith("::warning file=")
    assert ",line=4,col=16,endColumn=18,title=PO151::the text ends here" in warning
    assert error.startswith("::error file=")
    assert error.endswith(
        "standard.yaml,line=42,col=67,endColumn=77,title=PO115::"
        "unknown placeholder '<entry.wy>'; did you mean 'entry.why'?; in rule carrier, then.blocked.note"
    )
    assert "(1 error, 1 warning)" in summary


async def test_what_is_written_in_a_file_forges_no_annotation(apart: Shell, tmp_path: Path) -> None:
    text = STANDARD.replace("mode: enforce", 'mode: "50%\\n::error::forged"')
    ran = await apart("rules", "check", "--format", "github", str(written(tmp_path, standard=text)))
    assert ran.code == 3
    assert len([line for line in ran.out.splitlines() if line.startswith("::")]) == 1
    assert "50%25" in ran.out


async def test_warnings_are_errors_only_when_that_is_asked_for(apart: Shell, tmp_path: Path) -> None:
    rules = str(written(tmp_path, standard=WITHOUT_OWNER))
    lenient, strict = await apart("rules", "check", rules), await apart("rules", "check", "--strict", rules)
    assert lenient.code == 0
    assert "warning PO155  nobody owns this policy" in lenient.out
    assert "fine (0 errors, 1 warning)" in lenient.out
    assert strict.code == 3
    assert "error PO155  nobody owns this policy" in strict.out
    assert "cannot be used (1 error, 0 warnings)" in strict.out


async def test_several_paths_are_checked_together_and_sorted_by_place(apart: Shell, tmp_path: Path) -> None:
    one = written(tmp_path / "a", standard=WITHOUT_OWNER)
    other = written(tmp_path / "b", **{"lists/blocked": BLOCKED.replace("value", "vale")})
    vip = written(tmp_path / "c", vip=TAKING) / "vip.yaml"
    ran = await apart("rules", "check", "--json", str(other / "lists"), str(vip), str(one), str(one))
    assert ran.code == 3
    assert [fault["code"] for fault in ran.json["diagnostics"]] == ["PO155", "PO105"]
    assert (ran.json["policies"], ran.json["lists"]) == (2, 3)


@pytest.mark.parametrize(("name", "code"), [("", "PO132"), ("nowhere", "PO101"), ("nowhere.yaml", "PO101")])
async def test_no_rule_file_at_all_is_an_error(apart: Shell, tmp_path: Path, name: str, code: str) -> None:
    ran = await apart("rules", "check", str(tmp_path / name))
    assert ran.code == 3
    assert f"error {code}  " in ran.out


@pytest.mark.parametrize(
    "words", [["chekc"], ["check", "--format", "xml"], ["check", "--json", "--format", "github"]]
)
async def test_wrong_usage_is_told_from_wrong_rules(apart: Shell, words: list[str]) -> None:
    assert (await apart("rules", *words)).code == 2


async def test_help_says_what_a_code_means_with_an_example_and_what_to_do(apart: Shell) -> None:
    ran = await apart("rules", "help", "po107")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("PO107  a value that does not fit\n")
    assert "Wrong:\n  mode: enforced\n\nRight:\n  mode: enforce\n" in ran.out
    assert "What to do: Write what the message asks for." in ran.out


async def test_help_names_the_files_of_an_example_that_has_several(apart: Shell) -> None:
    ran = await apart("rules", "help", "PO131")
    assert "  # us-standard.yaml\n  applies_to: {countries: [US, CA]}\n  # ca-standard.yaml\n" in ran.out


async def test_help_without_a_code_lists_all(apart: Shell) -> None:
    ran = await apart("rules", "help")
    assert ran.code == 0
    assert "PO104" in ran.out
    assert "unknown fact" in ran.out
    assert (await apart("rules", "help", "--json")).json["PO104"] == "unknown fact"
    assert (await apart("rules", "help", "PO104", "--json")).json["title"] == "unknown fact"


async def test_help_for_a_code_that_is_none_is_wrong_usage(apart: Shell) -> None:
    ran = await apart("rules", "help", "PO14")
    assert ran.code == 2
    assert "There is no code 'PO14'; did you mean 'PO1" in ran.err

"""Every code has its help, and every example is what it says."""

import re
from datetime import date
from pathlib import Path

import pytest

from screening.reading.code_help import HELP
from screening.reading.diagnostics import Code, Severity
from screening.reading.loading import check_paths
from tests.screening.small_rules import STANDARD

SOUND = (
    STANDARD.partition("decide:")[0]
    .replace("policy: standard", "policy: us-standard")
    .replace(
        "blocked: lists/blocked.yaml",
        "blocked_carriers: lists/blocked-carriers.yaml, known_spids: lists/known-spids.yaml",
    )
    .replace("block: blocked", "block: blocked_carriers")
    + """\
  - id: spid
    title: Gaining provider is known
    why: Some are.
    check: {spid: {known: known_spids}}
    then: {listed: pass, unlisted: {score: 10}, name_differs: review}
decide: {otherwise: review}
"""
)
"""The standard policy with the names that the examples use."""


def parts(text: str) -> dict[str, str]:
    """The parts of a policy by their top key, in the order of the text."""
    return {part.split(":")[0]: part for part in re.split(r"(?m)^(?=[a-z])", text) if part}


def with_part(text: str, example: str) -> str:
    """A policy in which the parts of an example stand in place of its own."""
    example = f"{example.rstrip()}\n"
    return "".join(part for key, part in parts(text).items() if key not in parts(example)) + example


def written(directory: Path, example: dict[str, str]) -> Path:
    """Rule files that are in order but for the example."""
    files = {
        "us-standard.yaml": SOUND,
        "lists/blocked-carriers.yaml": "entries:\n  - value: 8492\n",
        "lists/known-spids.yaml": "entries:\n  - value: 073H\n",
        "fixtures/typical.yaml": "facts: {portout.spid: 073H}\n",
    }
    if "us-standard.txt" in example:
        del files["us-standard.yaml"]
    for name, text in example.items():
        if name == "us-standard.yaml":
            files[name] = with_part(SOUND, text)
        elif "/" not in name and name.endswith(".yaml"):
            own = SOUND.replace("us-standard", name.removesuffix(".yaml")).replace("true", "false")
            if "rules_from" in text:
                own = "".join(part for key, part in parts(own).items() if key not in ("rules", "lists"))
            files[name] = with_part(own, text)
        else:
            files[name] = text
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def test_every_code_has_help_in_the_order_of_the_codes() -> None:
    assert list(HELP) == list(Code)


@pytest.mark.parametrize("code", Code)
def test_the_wrong_example_gives_the_code(tmp_path: Path, code: Code) -> None:
    report = check_paths([written(tmp_path, HELP[code].wrong)], today=date(2026, 1, 1))
    assert code in {fault.code for fault in report.diagnostics}


@pytest.mark.parametrize("code", Code)
def test_the_right_example_gives_neither_the_code_nor_an_error(tmp_path: Path, code: Code) -> None:
    report = check_paths([written(tmp_path, HELP[code].right)], today=date(2026, 1, 1))
    assert [fault.render() for fault in report.diagnostics if fault.severity is Severity.ERROR] == []
    assert not [fault for fault in report.diagnostics if fault.code is code and about(fault.file, code)]


def about(file: str, code: Code) -> bool:
    return Path(file).name in {Path(name).name for name in HELP[code].right}


@pytest.mark.parametrize("code", Code)
def test_help_is_whole_sentences(code: Code) -> None:
    help_text = HELP[code]
    assert help_text.title[0].islower() or help_text.title.startswith("not YAML")
    assert not help_text.title.endswith(".")
    for text in (help_text.meaning, help_text.remedy):
        assert text.endswith(".")

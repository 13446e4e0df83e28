"""`rules test` and `rules coverage`: what they print, and that their exit codes tell the truth."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.shell import Shell
from tests.screening.rule_files import SHIPPED

RULES = """\
format: 1
policy: own
default: true
title: A policy of our own
owner: fraud-ops@example.com
mode: enforce
respond: {within: 24h, margin: 2h, again_within: 4h, at_deadline: [leave]}
defaults: {missing: review, error: review, mixed: review, partly_set: review}
rejections: {other: {prefer_code: 1001}}
rules:
  - id: pin
    title: Port-out PIN
    why: Only who knows it may port.
    check: {pin: {}}
    then:
      match: pass
      mismatch: {outcome: deny, reject_as: other, reason: The PIN is wrong.}
      not_set: skip
    tests:
      - {name: right, given: {customer.pin: "0042", portout.attempted_pin: "0042"}, expect: match}
decide: {approve_needs: pin.match}
"""
GAPS = """\
      - {name: a gap, given: {customer.pin: "0042"}, expect: match, known_gap: true}
      - {name: no gap any more, given: {}, expect: not_set, known_gap: true}
"""


def own(directory: Path, text: str = RULES) -> Path:
    """A rules folder with one small policy."""
    (directory / "own").mkdir()
    (directory / "own" / "own.yaml").write_text(text)
    return directory / "own"


def line_of(part: str, policy: Path) -> str:
    """The place of the first line of a policy that holds this text."""
    lines = policy.read_text().splitlines()
    return f"{policy}:{1 + next(number for number, line in enumerate(lines) if part in line)}"


async def test_the_shipped_tests_pass(apart: Shell) -> None:
    ran = await apart("rules", "test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(" passed, 0 failed.\n")
    as_json = await apart("rules", "test", "--json")
    assert (as_json.code, as_json.json["ok"], as_json.json["failed"]) == (0, True, 0)
    assert as_json.json["passed"] == len(as_json.json["tests"]) > 0


async def test_failures_and_known_gaps_are_told_with_the_lines_that_decided(
    apart: Shell, tmp_path: Path
) -> None:
    policy = own(tmp_path, RULES.replace("decide:", GAPS + "decide:")) / "own.yaml"
    junit = tmp_path / "results.xml"
    ran = await apart("rules", "test", str(policy), "--filter", "OWN / pin", "--junit", str(junit))
    assert ran.code == 4
    gap, failed, count = ran.out.rstrip("\n").split("\n\n")
    assert gap.splitlines() == [
        f"known gap  own / pin / a gap  {line_of('a gap', policy)}",
        "  expected match, found missing",
        f"  {line_of('missing:', policy)}  pin: missing → review",
        "      portout.attempted_pin = (unknown)",
        "      customer.pin = [PIN]",
        "      customer.count = 1",
    ]
    assert failed.splitlines()[:2] == [
        f"FAILED  own / pin / no gap any more  {line_of('no gap any more', policy)}",
        "  it passes, so it is no known gap: remove known_gap",
    ]
    assert count == "3 tests: 1 passed, 1 failed, 1 known gap."

    [suite] = ElementTree.fromstring(junit.read_bytes())
    counted = [suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")]
    assert counted == ["own", "3", "1", "0", "1"]
    right, first, second = suite
    assert len(right) == 0
    assert (first.get("classname"), first.get("name")) == ("own.pin", "a gap")
    assert f"{first.get('file')}:{first.get('line')}" == line_of("a gap", policy)
    assert [child.tag for child in first] == ["skipped"]
    [failure] = second
    assert (failure.tag, failure.get("message")) == (
        "failure",
        "it passes, so it is no known gap: remove known_gap",
    )
    assert "0042" not in junit.read_text()


@pytest.mark.parametrize("as_json", [False, True])
async def test_a_filter_that_fits_nothing_is_a_failure_everywhere(
    apart: Shell, tmp_path: Path, as_json: bool
) -> None:
    junit = tmp_path / "results.xml"
    more = ["--json"] if as_json else []
    ran = await apart("rules", "test", "--filter", "nobody wrote this", "--junit", str(junit), *more)
    assert ran.code == 4
    sentence = "No test has 'nobody wrote this' in its name: nothing was run."
    assert (ran.json["sentence"] if as_json else ran.out.strip()) == sentence
    if as_json:
        assert (ran.json["ok"], ran.json["tests"]) == (False, [])
    [suite] = ElementTree.fromstring(junit.read_bytes())
    assert suite.get("errors") == "1"
    error = suite[0].find("error")
    assert error is not None
    assert error.get("message") == sentence


async def test_invalid_files_are_reported_and_nothing_is_run(apart: Shell, tmp_path: Path) -> None:
    rules = own(tmp_path, RULES.replace("portout.attempted_pin:", "portout.atempted_pin:"))
    junit = tmp_path / "results.xml"
    ran = await apart("rules", "test", str(rules), "--junit", str(junit))
    assert ran.code == 3
    assert "PO104" in ran.out
    assert ran.out.endswith("The rule files cannot be used: nothing was run.\n")
    [suite] = ElementTree.fromstring(junit.read_bytes())
    assert suite.get("errors") == "1"
    as_json = await apart("rules", "coverage", str(rules), "--json")
    assert (as_json.code, as_json.json["ok"]) == (3, False)
    assert as_json.json["diagnostics"][0]["code"] == "PO104"


async def test_only_rule_folders_and_policies_have_tests(apart: Shell, tmp_path: Path) -> None:
    rules = own(tmp_path)
    (rules / "README.md").write_text("Rules.")
    readme = await apart("rules", "test", str(rules / "README.md"))
    assert (readme.code, readme.sentence) == (
        2,
        f"{rules / 'README.md'} is no policy file: name one, or the folder it is in.",
    )
    nowhere = await apart("rules", "test", str(tmp_path / "nowhere"))
    assert nowhere.code == 3
    unwritable = await apart("rules", "test", str(rules), "--junit", str(tmp_path / "no" / "folder.xml"))
    assert unwritable.code == 2
    assert (
        unwritable.err.strip()
        == f"{tmp_path / 'no' / 'folder.xml'} cannot be written: No such file or directory."
    )


@pytest.mark.parametrize("command", ["test", "coverage"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("lists/us-holidays.yaml", "is in the folder of lists"),
        ("fixtures/typical.yaml", "is in the folder of fixtures"),
        ("lists", "is for lists"),
        ("fixtures", "is for fixtures"),
    ],
)
async def test_lists_and_fixtures_have_no_tests(apart: Shell, command: str, name: str, what: str) -> None:
    ran = await apart("rules", command, str(SHIPPED / name))
    assert (ran.code, ran.out, ran.sentence) == (
        2,
        "",
        f"{SHIPPED / name} {what}: name the rules folder, {SHIPPED}, or a policy in it.",
    )


async def test_coverage_lists_what_no_test_reached_and_fails_under_a_threshold(
    apart: Shell, tmp_path: Path
) -> None:
    rules = own(tmp_path)
    policy = rules / "own.yaml"
    ran = await apart("rules", "coverage", str(policy), "--fail-under", "9")
    assert ran.code == 5
    *missed, count = ran.out.splitlines()
    assert f"{line_of('mismatch:', policy)}  not reached  own  pin: mismatch → deny" in missed
    assert f"{line_of('- id: pin', policy)}  not reached  own  pin: error → review" in missed
    assert f"{line_of('at_deadline:', policy)}  not reached  own  at the deadline, always → leave" in missed
    assert count == "own: 1 of 12 reached (8.3 %)."
    as_json = await apart("rules", "coverage", str(rules), "--json", "--fail-under", "8")
    assert as_json.code == 0
    assert (as_json.json["percent"], as_json.json["policies"]) == (8.3, {"own": 8.3})
    assert [point["text"] for point in as_json.json["points"] if point["reached"]] == ["pin: match → pass"]


async def test_coverage_of_tests_that_fail_is_none(apart: Shell, tmp_path: Path) -> None:
    rules = own(tmp_path, RULES.replace("expect: match", "expect: mismatch"))
    ran = await apart("rules", "coverage", str(rules))
    assert ran.code == 4
    assert "What fails has reached nothing: see `portout rules test`." in ran.out


async def test_a_threshold_is_a_percentage(apart: Shell) -> None:
    assert (await apart("rules", "coverage", "--fail-under", "101")).code == 2

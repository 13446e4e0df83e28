import os
from pathlib import Path
from time import perf_counter

import pytest

from screening.reading.diagnostics import Code, Diagnostic, PolicyErrors, Severity
from screening.reading.loading import check_paths, load_bundle, load_fixture
from tests.screening.rule_files import (
    POLICY,
    SHIPPED,
    changed,
    copied,
    default_alone,
    faults_of,
    shipped_text,
)


def test_the_shipped_rules_load_without_a_single_remark() -> None:
    report = check_paths([SHIPPED])
    assert report.diagnostics == []
    assert (report.policies, report.lists, report.fixtures) == (4, 3, 4)
    assert report.tests > report.rules > 10


def test_the_shipped_rules_load_in_a_blink() -> None:
    times = []
    for _ in range(5):
        start = perf_counter()
        load_bundle(SHIPPED)
        times.append(perf_counter() - start)
    assert min(times) < 0.3


def test_a_bundle_holds_policies_by_id_and_files_by_path() -> None:
    bundle = load_bundle(SHIPPED)
    assert sorted(bundle.policies) == ["ca-standard", "us-standard", "us-vip", "us-with-letter"]
    assert bundle.default is bundle.policies["us-standard"]
    assert "lists/known-spids.yaml" in bundle.lists
    assert "fixtures/typical.yaml" in bundle.fixtures


def test_what_looks_like_a_number_a_time_or_a_country_stays_what_was_written(tmp_path: Path) -> None:
    old = 'given: {portout.attempted_pin: "0042", customer.pin: "0042"}'
    new = "given: {portout.attempted_pin: 0042, customer.pin: 22:30, portout.spid: 0123, portout.pon: NO}"
    policy = load_bundle(changed(tmp_path, old, new)).default
    assert policy.rules[0].tests[0].given == {
        "portout.attempted_pin": "0042",
        "customer.pin": "22:30",
        "portout.spid": "0123",
        "portout.pon": "NO",
    }


def test_a_spid_in_a_list_keeps_its_zeros(tmp_path: Path) -> None:
    rules = changed(tmp_path, "073H", "0123", "lists/known-spids.yaml")
    assert load_bundle(rules).lists["lists/known-spids.yaml"].entries[0].value == "0123"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    text = shipped_text().replace("\n", "\r\n")
    (rules / POLICY).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_bundle(rules).digest == default_alone().digest


def test_every_fault_of_every_file_is_reported_at_once_and_by_place(tmp_path: Path) -> None:
    text = (
        shipped_text()
        .replace("mode: enforce", "mode: enforced")
        .replace("within: 24h", "within: soon")
        .replace("given: portout.authorized_name", "given: portout.authorised_name")
        .replace("check: {carrier:", "check: {carier:")
    )
    rules = changed(tmp_path, "  - value: 073H", "  - vale: 073H", "lists/known-spids.yaml")
    (rules / POLICY).write_text(text)
    (rules / "broken.yaml").write_text("a: [b")
    faults = faults_of(rules)
    assert [(Path(fault.file).name, fault.code) for fault in faults] == [
        ("broken.yaml", Code.SYNTAX),
        ("known-spids.yaml", Code.UNKNOWN_KEY),
        (POLICY, Code.WRONG_VALUE),
        (POLICY, Code.WRONG_VALUE),
        (POLICY, Code.UNKNOWN_FACT),
        (POLICY, Code.UNKNOWN_CHECK),
    ]
    places = [(fault.file, fault.line, fault.column) for fault in faults]
    assert places == sorted(places)


def test_a_fault_is_shown_with_its_line_a_caret_and_what_was_perhaps_meant(tmp_path: Path) -> None:
    rules = changed(tmp_path, "given: portout.authorized_name", "given: portout.authorised_name")
    [fault] = faults_of(rules)
    line = shipped_text().splitlines().index("        given: portout.authorized_name") + 1
    place, before, here, caret, where = fault.render().splitlines()
    assert place == f"{rules}/us-standard.yaml:{line}:16  error PO104  unknown fact 'portout.authorised_name'"
    assert before.split(" | ") == [f"  {line - 1:>{len(str(line))}}", "      authorized_name:"]
    assert here == f"  {line} |         given: portout.authorised_name"
    marked, suggestion = caret.split(" did ")
    assert marked.endswith("^" * len("portout.authorised_name"))
    assert marked.index("^") == here.index("portout.")
    assert suggestion == "you mean 'portout.authorized_name'?"
    assert where.split("  ")[1] == "in rule authorized-name, check.authorized_name.given"
    assert where.endswith("more: portout rules help PO104")


def test_a_refusal_names_its_first_fault_and_how_many_more(tmp_path: Path) -> None:
    text = (
        shipped_text().replace("mode: enforce", "mode: enforced").replace("host_messaging: false", "host: no")
    )
    rules = copied(tmp_path)
    (rules / POLICY).write_text(text)
    with pytest.raises(PolicyErrors, match=r"us-standard\.yaml:8:7 PO107 needs shadow.*\(and 1 more\)$"):
        load_bundle(rules)


@pytest.mark.parametrize("name", ["missing", "file.txt", "nul\0byte"])
def test_a_directory_that_cannot_be_read_is_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("")
    [fault] = faults_of(tmp_path / name)
    assert fault.code is Code.UNREADABLE
    assert "cannot be read" in fault.message


def test_a_directory_without_any_policy_is_a_fault(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    (rules / POLICY).unlink()
    [fault] = faults_of(rules)
    assert fault.code is Code.NO_RULE_FILES


def test_a_file_that_may_not_be_read_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    faults = faults_of(SHIPPED)
    assert {(fault.code, fault.message) for fault in faults} == {
        (Code.UNREADABLE, "the file cannot be read: Permission denied")
    }


def _named(fault: Diagnostic) -> tuple[str, Code, str, str]:
    return Path(fault.file).name, fault.code, fault.message, fault.suggestion


@pytest.mark.parametrize("folder", ["", "lists", "fixtures"])
def test_what_is_called_like_a_rule_file_and_cannot_be_read_keeps_the_rules_out(
    tmp_path: Path, folder: str
) -> None:
    rules = copied(tmp_path)
    (rules / folder / "a.yaml").symlink_to("gone.yaml")
    (rules / folder / "b.yaml").symlink_to("b.yaml")
    os.mkfifo(rules / folder / "c.yaml")
    (rules / folder / "d.yaml").mkdir()
    (rules / folder / "e.yaml").symlink_to("/dev/zero")
    found = [_named(fault) for fault in faults_of(rules)]
    assert [name for name, *_ in found] == [f"{letter}.yaml" for letter in "abcde"]
    assert {code for _, code, *_ in found} == {Code.UNREADABLE}
    assert [message.removeprefix("the file cannot be read: ") for _, _, message, _ in found] == [
        "No such file or directory",
        "Too many levels of symbolic links",
        *["it is not an ordinary file"] * 3,
    ]
    assert found[0][3] == "it is a link to gone.yaml"


@pytest.mark.parametrize("folder", ["", "lists", "fixtures"])
@pytest.mark.parametrize("name", ["vip.YAML", "vip.Yml", "vip.yaml.txt", "vip.json"])
def test_a_rule_file_under_another_ending_is_not_silently_ignored(
    tmp_path: Path, folder: str, name: str
) -> None:
    rules = copied(tmp_path)
    (rules / folder / name).write_text("format: 1\n")
    report = check_paths([rules])
    assert [_named(fault) for fault in report.diagnostics] == [
        (name, Code.FILE_NOT_USED, "this file is not read", "rule files are called *.yaml")
    ]
    assert report.strictly().errors == 1
    assert load_bundle(rules).digest == default_alone().digest


def test_a_pipe_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    [fault] = check_paths([tmp_path / "pipe.yaml"]).diagnostics
    assert fault.message == "the file cannot be read: it is not an ordinary file"
    with pytest.raises(PolicyErrors, match="not an ordinary file"):
        load_fixture(tmp_path / "pipe.yaml")


def test_a_file_that_is_called_otherwise_is_no_rules_directory(tmp_path: Path) -> None:
    (tmp_path / "vip.YAML").write_text("format: 1\n")
    [fault] = check_paths([tmp_path / "vip.YAML"]).diagnostics
    assert (fault.code, fault.suggestion) == (Code.UNREADABLE, "rule files are called *.yaml")


def test_what_an_editor_leaves_behind_is_not_read(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    for name in (".us-standard.yaml.swp", ".#us-standard.yaml", "us-standard.yaml~", "lists/.hidden.yaml"):
        (rules / name).write_text(": not : yaml :")
    assert load_bundle(rules).digest == default_alone().digest
    assert check_paths([rules]).diagnostics == []


def test_a_policy_in_a_directory_below_is_not_silently_ignored(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    (rules / "drafts").mkdir()
    (rules / "drafts" / "new.yaml").write_text("format: 1\n")
    report = check_paths([rules])
    assert [(entry.severity, entry.code) for entry in report.diagnostics] == [
        (Severity.WARNING, Code.FILE_NOT_USED)
    ]
    assert (report.errors, report.warnings) == (0, 1)
    assert load_bundle(rules).digest == default_alone().digest


def test_one_policy_is_checked_with_the_lists_beside_it_and_needs_no_default(tmp_path: Path) -> None:
    rules = changed(tmp_path, "default: true ", "default: false")
    report = check_paths([rules / POLICY])
    assert report.diagnostics == []
    assert (report.policies, report.rules) == (1, 4)


def test_one_policy_is_checked_with_the_lists_that_it_names_only(tmp_path: Path) -> None:
    rules = changed(tmp_path, "  - value: 073H", "  - vale: 073H", "lists/known-spids.yaml")
    (rules / "lists" / "other.yaml").write_text("entries: none")
    report = check_paths([rules / POLICY])
    assert [Path(entry.file).name for entry in report.diagnostics] == ["known-spids.yaml"]


@pytest.mark.parametrize("name", ["lists/known-spids.yaml", "fixtures/typical.yaml"])
def test_a_list_or_a_fixture_can_be_checked_by_itself(tmp_path: Path, name: str) -> None:
    rules = copied(tmp_path)
    assert check_paths([rules / name]).diagnostics == []
    (rules / name).write_text("title: nothing else\n")
    assert [entry.code for entry in check_paths([rules / name]).diagnostics] == [Code.MISSING_KEY]


def test_a_path_that_is_not_there_is_a_fault_and_the_others_are_checked() -> None:
    report = check_paths([SHIPPED / "nowhere.yaml", SHIPPED])
    assert [entry.code for entry in report.diagnostics] == [Code.UNREADABLE]
    assert report.policies == 4


def test_a_list_may_be_large_and_a_policy_may_not(tmp_path: Path) -> None:
    entry = "  - value: '{}'\n    why: {}\n"
    long_list = "entries:\n" + "".join(entry.format(number, "x" * 900) for number in range(1_200))
    rules = copied(tmp_path)
    (rules / "lists" / "known-spids.yaml").write_text(long_list)
    assert len(load_bundle(rules).lists["lists/known-spids.yaml"].entries) == 1_200
    (rules / POLICY).write_text(shipped_text() + "#" * 1_000_000)
    [fault] = faults_of(rules)
    assert (fault.code, fault.message) == (Code.UNREADABLE, "the file is larger than 1,000,000 bytes")


def test_the_authors_page_shows_what_a_fault_really_looks_like(tmp_path: Path) -> None:
    [fault] = faults_of(changed(tmp_path, "SPID <portout.spid>", "SPID <portout.spd>"))
    shown = fault.render().replace(str(tmp_path / "rules"), "rules")
    assert f"```\n$ portout rules check rules\n{shown}\n```" in shipped_text("README.md")

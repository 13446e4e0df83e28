"""From rule files to a bundle, or to every fault that they have.

A rules directory holds policies (`*.yaml`), lists (`lists/`) and fixtures (`fixtures/`). Whatever the files hold,
nothing but `PolicyErrors` is raised.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from screening.bundle import Bundle
from screening.named_lists import NamedList
from screening.policy import Fixture, Policy, WrittenPolicy
from screening.reading.bundle_faults import PolicyFile, check_fixture, check_together
from screening.reading.diagnostics import Code, Diagnostic, PolicyErrors, Severity, Source
from screening.reading.list_faults import ListFile, check_against_each_other, check_list
from screening.reading.places import Places
from screening.reading.plain_lists import read_plain_list
from screening.reading.policy_faults import RuleFiles, check_policy, is_too_new
from screening.reading.policy_remarks import remark_on_policy, remark_on_text
from screening.reading.rule_files import (
    CannotReadError,
    files_below,
    is_rule_file,
    read_ordinary,
    resembles_rule_file,
    why_not,
)
from screening.reading.rules_from import takes_rules, with_rules_taken
from screening.reading.shape import Faults, parse
from screening.reading.yaml_tree import LARGEST_FILE, Node, child, entries, items, read_tree, word

LARGEST_LIST = 16_000_000
"""Bytes of a list file; 50,000 entries with their reasons fit in."""

_LISTS, _FIXTURES = "lists", "fixtures"


@dataclass
class Report:
    """What a check of rule files found.

    Attributes:
        diagnostics: every fault, sorted by place.
        policies, rules, lists, fixtures, tests: how many there are, faulty ones included. Tests are those of rules
            and the scenarios.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    policies: int = 0
    rules: int = 0
    lists: int = 0
    fixtures: int = 0
    tests: int = 0

    def strictly(self) -> "Report":
        """Return the same with each warning as an error."""
        strict = [replace(entry, severity=Severity.ERROR) for entry in self.diagnostics]
        return replace(self, diagnostics=strict)

    @property
    def errors(self) -> int:
        """How many faults keep the files from being used."""
        return sum(entry.severity is Severity.ERROR for entry in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many faults do not."""
        return len(self.diagnostics) - self.errors


def load_bundle(directory: Path) -> Bundle:
    """Read a rules directory.

    Raises:
        PolicyErrors: with every fault of every file, in one pass. Warnings alone raise nothing.
    """
    reading = _Reading(directory)
    reading.read_everything()
    if any(entry.severity is Severity.ERROR for entry in reading.diagnostics):
        raise PolicyErrors(reading.diagnostics)
    return Bundle(policies=reading.policies, lists=reading.lists, fixtures=reading.fixtures)


def load_fixture(path: Path) -> Fixture:
    """Read one file with the facts of an order, wherever it stands.

    Raises:
        PolicyErrors: with every fault of the file.
    """
    reading = _Reading(path.parent)
    reading.read_fixture(path.name, path)
    if any(entry.severity is Severity.ERROR for entry in reading.diagnostics):
        raise PolicyErrors(reading.diagnostics)
    return reading.fixtures[path.name]


def check_paths(paths: Iterable[Path], *, today: date | None = None) -> Report:
    """Check rules directories and single files, and raise nothing.

    A policy file by itself is judged with the lists, fixtures and policies that it names, but not as part of a bundle:
    it needs no default policy. What is below a directory `lists` or `fixtures` is judged as such.

    Args:
        today: to report list entries that count no longer; None reports none.
    """
    report = Report()
    for path in dict.fromkeys(paths):
        reading = _reading_of(path, today)
        report.diagnostics += reading.diagnostics
        report.policies += len(reading.policy_trees)
        report.lists += reading.list_files
        report.fixtures += reading.fixture_files
        for root in reading.policy_trees:
            rules = items(child(root, "rules"))
            report.rules += len(rules)
            report.tests += sum(len(items(child(rule, "tests"))) for rule in rules)
            report.tests += len(items(child(root, "scenarios")))
    report.diagnostics = sorted(_without_repeats(report.diagnostics), key=lambda diagnostic: diagnostic.place)
    return report


def _reading_of(path: Path, today: date | None) -> "_Reading":
    """Read what a path stands for: a rules directory, its lists or fixtures, or one file."""
    is_file, part = _is_file(path), part_with(path)
    if part is not None:
        reading = _Reading(part.parent, today)
        reading.read_part(part.name, [path] if is_file else None)
    elif is_file:
        reading = _Reading(path.parent, today)
        reading.read_one_policy(path)
    else:
        reading = _Reading(path, today)
        reading.read_everything()
    return reading


def part_with(path: Path) -> Path | None:
    """Return the folder `lists` or `fixtures` in which a path is; None if it is in none of a rules directory."""
    is_file = _is_file(path)
    above = path.parents if is_file else (path, *path.parents)
    part = next((parent for parent in above if parent.name in (_LISTS, _FIXTURES)), None)
    if part is not None and ((is_file and part == path.parent) or _has_rule_files(part.parent)):
        return part
    return None


def _is_file(path: Path) -> bool:
    return is_rule_file(path) and not path.is_dir()


def places_of(directory: Path) -> Places:
    """Find where the policies of a directory say what they say; files that cannot be read are left out."""
    reading = _Reading(directory)
    return Places(
        (file.faults.source.file, file.root) for file in reading._policy_files(reading._policy_paths())
    )


class _Reading:
    """One pass over a rules directory, or over a part of it."""

    def __init__(self, directory: Path, today: date | None = None) -> None:
        self.directory = directory
        self._today = today
        self.diagnostics: list[Diagnostic] = []
        self.policies: dict[str, Policy] = {}
        self.lists: dict[str, NamedList] = {}
        self.fixtures: dict[str, Fixture] = {}
        self.list_trees: dict[str, ListFile] = {}
        self.policy_trees: list[Node] = []
        self._all_read = True
        self.list_files = 0
        self.fixture_files = 0

    def read_everything(self) -> None:
        """Read all files of the directory, and judge them together."""
        paths = self._policy_paths()
        files = self._read_neighbours()
        policies = self._policy_files(paths)
        for file in _sources_first(policies):
            self.policy_trees.append(self._judge(file, policies, files))
        if self._all_read:
            check_together(policies)
        for file in _sources_first(policies):
            self.diagnostics += file.faults.diagnostics
        self.diagnostics += check_against_each_other(self.policy_trees, self.list_trees)
        self.diagnostics = _without_repeats(self.diagnostics)
        self._report_unused_files()

    def read_one_policy(self, path: Path) -> None:
        """Read one policy; of the files beside it only those count that it names."""
        files = self._read_neighbours()
        of_neighbours, self.diagnostics = self.diagnostics, []
        read = self._policy_files([path])
        beside = self._beside(path) if any(takes_rules(file.root) for file in read) else []
        for file in _sources_first([*beside, *read]):
            is_source = word(child(file.root, "policy")) == word(child(read[0].root, "rules_from"))
            if file in read or is_source or not file.has_name:
                tree = self._judge(file, [*read, *beside], files)
                self.policy_trees += [tree] if file in read else []
                named = {str(self.directory / name) for name in _named_files(file.root)}
                self.diagnostics += file.faults.diagnostics
                self.diagnostics += [entry for entry in of_neighbours if entry.file in named]
        self.diagnostics = _without_repeats(self.diagnostics)

    def read_part(self, part: str, paths: Sequence[Path] | None = None) -> None:
        """Read these files of `lists` or `fixtures`, or all of them."""
        found = self._paths_below(part) if paths is None else paths
        for path in found:
            (self.read_list if part == _LISTS else self.read_fixture)(self._name(path), path)
        if not found:
            self._report_no_files(self.directory / part, f"there is no file in {part}")

    def read_list(self, name: str, path: Path) -> None:
        """Read one list file, which policies call by this name."""
        self.list_files += 1
        data = self._data(path, LARGEST_LIST)
        if data is None:
            return
        found, file = _list_the_short_way(data, _shown(path)) or self._list_the_long_way(data, path)
        if file is not None:
            check_list(file, self._today)
            self.diagnostics += file.faults.diagnostics
            self.list_trees[name] = file
        if found is not None:
            self.lists[name] = found

    def _list_the_long_way(self, data: bytes, path: Path) -> tuple[NamedList | None, ListFile | None]:
        tree = self._tree_of(data, path, LARGEST_LIST)
        if tree is None:
            return None, None
        root, faults = tree
        return parse(NamedList, root, faults), ListFile.from_tree(root, faults)

    def read_fixture(self, name: str, path: Path) -> None:
        """Read one fixture file, which policies call by this name."""
        self.fixture_files += 1
        if tree := self._tree(path):
            root, faults = tree
            found = parse(Fixture, root, faults)
            check_fixture(root, faults)
            self.diagnostics += faults.diagnostics
            if found is not None:
                self.fixtures[name] = found

    def _read_neighbours(self) -> RuleFiles:
        lists, fixtures = self._paths_below(_LISTS), self._paths_below(_FIXTURES)
        for part, paths in ((_LISTS, lists), (_FIXTURES, fixtures)):
            if paths:
                self.read_part(part, paths)
        return RuleFiles([self._name(path) for path in lists], [self._name(path) for path in fixtures])

    def _policy_files(self, paths: Iterable[Path]) -> list[PolicyFile]:
        """Read policies; those without a tree are reported and left out."""
        trees = [self._tree(path) for path in paths]
        self._all_read &= None not in trees
        return [PolicyFile(*tree) for tree in trees if tree is not None]

    def _beside(self, path: Path) -> list[PolicyFile]:
        """Read the policies beside a file, from which it may take rules."""
        return self._policy_files(other for other in self._policy_paths() if other.name != path.name)

    def _judge(self, file: PolicyFile, policies: Sequence[PolicyFile], files: RuleFiles) -> Node:
        """Report the faults of one policy, keep it if it has the shape of one, and return it with all its rules."""
        if is_too_new(file.root, file.faults):
            return file.root
        root = with_rules_taken(file, policies, all_read=self._all_read)
        policy = parse(WrittenPolicy, root, file.faults)
        check_policy(root, files, file.faults)
        remark_on_text(root, file.faults)
        if policy is not None:
            self.policies[policy.policy] = policy.spelled_out()
            concerned = [other for other in policies if other is file or other.root in file.faults.taken_from]
            lacks_rules = takes_rules(root) and not file.faults.taken_from
            if not lacks_rules and not any(other.faults.has_errors for other in concerned):
                remark_on_policy(root, policy, file.faults)
        return root

    def _tree(self, path: Path) -> tuple[Node, Faults] | None:
        """Read a policy or fixture; None after its faults were reported, if there is no tree."""
        data = self._data(path, LARGEST_FILE)
        return None if data is None else self._tree_of(data, path, LARGEST_FILE)

    def _data(self, path: Path, largest: int) -> bytes | None:
        """Read a file's bytes, one more than allowed at most; None after it was reported that there are none."""
        try:
            return read_ordinary(path, largest + 1)
        except CannotReadError as error:
            sentence = f"the file cannot be read: {error}"
            self.diagnostics.append(Source(_shown(path), "").fault_of_file(sentence, suggestion=error.hint))
            return None

    def _tree_of(self, data: bytes, path: Path, largest: int) -> tuple[Node, Faults] | None:
        """Read bytes as a tree; None after their faults were reported, if there is none."""
        root, source, found = read_tree(data, _shown(path), largest=largest)
        if root is None:
            self.diagnostics += found or [source.fault_of_file("the file is empty", code=Code.SYNTAX)]
            return None
        faults = Faults(source)
        faults.diagnostics += found
        return root, faults

    def _policy_paths(self) -> list[Path]:
        try:
            paths = sorted(path for path in self.directory.iterdir() if is_rule_file(path))
        except (OSError, ValueError) as error:
            sentence = f"the rules directory cannot be read: {why_not(error, 'not a directory name')}"
            hint = "rule files are called *.yaml" if isinstance(error, NotADirectoryError) else ""
            source = Source(_shown(self.directory), "")
            self.diagnostics.append(source.fault_of_file(sentence, suggestion=hint))
            return []
        if not paths:
            self._report_no_files(self.directory, "there is no policy file in this directory")
        return paths

    def _report_no_files(self, directory: Path, sentence: str) -> None:
        source, hint = Source(_shown(directory), ""), "rule files are called *.yaml"
        self.diagnostics.append(source.fault_of_file(sentence, code=Code.NO_RULE_FILES, suggestion=hint))

    def _paths_below(self, name: str) -> list[Path]:
        return [path for path in files_below(self.directory / name) if is_rule_file(path)]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.directory).as_posix()

    def _report_unused_files(self) -> None:
        """Name what somebody may take for a rule file: one below the directory, or under another ending."""
        try:
            here = sorted(entry for entry in self.directory.iterdir() if entry.name[0] != ".")
            others = [entry for entry in here if entry.is_dir() and entry.name not in (_LISTS, _FIXTURES)]
            unused = [path for entry in others for path in sorted(entry.iterdir()) if is_rule_file(path)]
        except (OSError, ValueError):
            return
        for path in unused:
            self._report_not_used(path, "policies stand directly in the rules directory, lists in lists/")
        read = [path for name in (_LISTS, _FIXTURES) for path in files_below(self.directory / name)]
        for path in (*here, *read):
            if resembles_rule_file(path) and not path.is_dir():
                self._report_not_used(path, "rule files are called *.yaml")

    def _report_not_used(self, path: Path, hint: str) -> None:
        sentence, code = "this file is not read", Code.FILE_NOT_USED
        fault = Source(_shown(path), "").fault_of_file(sentence, code=code, suggestion=hint)
        self.diagnostics.append(replace(fault, severity=Severity.WARNING))


def _has_rule_files(directory: Path) -> bool:
    try:
        return any(is_rule_file(path) for path in directory.iterdir())
    except (OSError, ValueError):
        return False


def _list_the_short_way(data: bytes, file: str) -> tuple[NamedList, ListFile] | None:
    """Read a list that is written plainly and has the shape of one; None for any other, whatever is wrong with it."""
    if len(data) > LARGEST_LIST:
        return None
    try:
        text = data.decode("utf-8-sig")
        plain = read_plain_list(text)
        found = NamedList.model_validate(plain.content) if plain else None
    except ValueError:  # not UTF-8, or not the shape of a list
        return None
    if plain is None or found is None:
        return None
    return found, ListFile.from_plain(plain, Faults(Source(file, text)))


def _sources_first(policies: Sequence[PolicyFile]) -> list[PolicyFile]:
    """Return the policies from which others take rules before those: a fault is reported where it is at home."""
    return sorted(policies, key=lambda file: takes_rules(file.root))


def _without_repeats(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return each fault once: one in a rule is found again in every policy that takes the rule."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in diagnostics:
        found.setdefault(diagnostic.place, diagnostic)
    return list(found.values())


def _named_files(policy: Node) -> set[str]:
    """Return the lists and fixtures that a policy names, as it names them."""
    named = {word(path) for _, path in entries(child(policy, "lists"))}
    named |= {word(child(scenario, "start_from")) for scenario in items(child(policy, "scenarios"))}
    return {name for name in named if name is not None}


def _shown(path: Path) -> str:
    """Return a path as it can always be printed."""
    return os.fsencode(path).decode("utf-8", "replace")

"""From rule files to a bundle, or to every fault that they have.

A rules directory holds policies (`*.yaml`), lists (`lists/`) and fixtures (`fixtures/`). Whatever the files hold,
nothing but `PolicyErrors` is raised.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from screening.bundle import Bundle
from screening.bundle_faults import PolicyFile, check_fixture, check_list, check_together
from screening.diagnostics import Code, Diagnostic, PolicyErrors, Severity, Source
from screening.named_lists import NamedList
from screening.policy import Fixture, Policy
from screening.policy_faults import RuleFiles, check_policy, is_too_new
from screening.policy_values import RuleModel
from screening.shape import Faults, parse
from screening.yaml_tree import LARGEST_FILE, Node, child, entries, items, read_tree, word

LARGEST_LIST = 16_000_000
"""Bytes of a list file; 50,000 entries with their reasons fit in."""

_SUFFIXES = (".yaml", ".yml")
_LISTS, _FIXTURES = "lists", "fixtures"

Model = TypeVar("Model", bound=RuleModel)


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


def check_paths(paths: Iterable[Path]) -> Report:
    """Check rules directories and single files, and raise nothing.

    A policy file by itself is judged with the lists and fixtures beside it, but not as part of a bundle: it needs no
    default policy. A file in a directory `lists` or `fixtures` is judged as such.
    """
    report = Report()
    for path in paths:
        reading = _Reading(path if path.is_dir() or path.suffix not in _SUFFIXES else path.parent)
        if path == reading.directory:
            reading.read_everything()
        elif path.parent.name == _LISTS:
            reading.read_list(path.name, path)
        elif path.parent.name == _FIXTURES:
            reading.read_fixture(path.name, path)
        else:
            reading.read_one_policy(path)
        report.diagnostics += reading.diagnostics
        report.policies += len(reading.policy_trees)
        report.lists += reading.list_files
        report.fixtures += reading.fixture_files
        for root in reading.policy_trees:
            rules = items(child(root, "rules"))
            report.rules += len(rules)
            report.tests += sum(len(items(child(rule, "tests"))) for rule in rules)
            report.tests += len(items(child(root, "scenarios")))
    report.diagnostics.sort(key=lambda diagnostic: diagnostic.place)
    return report


class _Reading:
    """One pass over a rules directory, or over a part of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.diagnostics: list[Diagnostic] = []
        self.policies: dict[str, Policy] = {}
        self.lists: dict[str, NamedList] = {}
        self.fixtures: dict[str, Fixture] = {}
        self.policy_trees: list[Node] = []
        self.list_files = 0
        self.fixture_files = 0

    def read_everything(self) -> None:
        """Read all files of the directory, and judge them together."""
        paths = self._policy_paths()
        files = self._read_neighbours()
        together = [read for path in paths if (read := self._read_policy(path, files))]
        if len(together) == len(paths):
            check_together(together)
        for read in together:
            self.diagnostics += read.faults.diagnostics
        self._report_unused_files()

    def read_one_policy(self, path: Path) -> None:
        """Read one policy; of the files beside it only those count that it names."""
        files = self._read_neighbours()
        of_neighbours, self.diagnostics = self.diagnostics, []
        if read := self._read_policy(path, files):
            named = {str(self.directory / name) for name in _named_files(read.root)}
            self.diagnostics += read.faults.diagnostics
            self.diagnostics += [entry for entry in of_neighbours if entry.file in named]

    def read_list(self, name: str, path: Path) -> None:
        """Read one list file, which policies call by this name."""
        self.list_files += 1
        if found := self._read(path, NamedList, check_list, LARGEST_LIST):
            self.lists[name] = found

    def read_fixture(self, name: str, path: Path) -> None:
        """Read one fixture file, which policies call by this name."""
        self.fixture_files += 1
        if found := self._read(path, Fixture, check_fixture, LARGEST_FILE):
            self.fixtures[name] = found

    def _read_neighbours(self) -> RuleFiles:
        lists, fixtures = self._paths_below(_LISTS), self._paths_below(_FIXTURES)
        for path in lists:
            self.read_list(self._name(path), path)
        for path in fixtures:
            self.read_fixture(self._name(path), path)
        return RuleFiles([self._name(path) for path in lists], [self._name(path) for path in fixtures])

    def _read_policy(self, path: Path, files: RuleFiles) -> PolicyFile | None:
        tree = self._tree(path, LARGEST_FILE)
        if tree is None:
            return None
        root, faults = tree
        self.policy_trees.append(root)
        if not is_too_new(root, faults):
            policy = parse(Policy, root, faults)
            check_policy(root, files, faults)
            if policy is not None:
                self.policies[policy.policy] = policy
        return PolicyFile(root, faults)

    def _read(
        self, path: Path, model: type[Model], check: Callable[[Node, Faults], None], largest: int
    ) -> Model | None:
        tree = self._tree(path, largest)
        if tree is None:
            return None
        root, faults = tree
        found = parse(model, root, faults)
        check(root, faults)
        self.diagnostics += faults.diagnostics
        return found

    def _tree(self, path: Path, largest: int) -> tuple[Node, Faults] | None:
        """Read a file; None after its faults were reported, if there is no tree."""
        file = _shown(path)
        try:
            with path.open("rb") as opened:
                data = opened.read(largest + 1)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            why = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
            self.diagnostics.append(Source(file, "").fault_of_file(f"the file cannot be read: {why}"))
            return None
        root, source, found = read_tree(data, file, largest=largest)
        if root is None:
            self.diagnostics += found or [source.fault_of_file("the file is empty", code=Code.SYNTAX)]
            return None
        faults = Faults(source)
        faults.diagnostics += found
        return root, faults

    def _policy_paths(self) -> list[Path]:
        try:
            paths = sorted(path for path in self.directory.iterdir() if _is_rule_file(path))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "not a directory name"
            source = Source(_shown(self.directory), "")
            self.diagnostics.append(source.fault_of_file(f"the rules directory cannot be read: {why}"))
            return []
        if not paths:
            source = Source(_shown(self.directory), "")
            sentence = "there is no policy file in this directory"
            self.diagnostics.append(
                source.fault_of_file(
                    sentence, code=Code.NO_RULE_FILES, suggestion="policies are files *.yaml"
                )
            )
        return paths

    def _paths_below(self, name: str) -> list[Path]:
        found: list[Path] = []
        if not (self.directory / name).is_dir():
            return found
        for directory, below, files in os.walk(self.directory / name):
            below[:] = sorted(entry for entry in below if not entry.startswith("."))
            found += [path for file in sorted(files) if _is_rule_file(path := Path(directory, file))]
        return found

    def _name(self, path: Path) -> str:
        return path.relative_to(self.directory).as_posix()

    def _report_unused_files(self) -> None:
        """Say that policies are read from the top of the directory only, where somebody put one deeper."""
        try:
            below = sorted(entry for entry in self.directory.iterdir() if entry.is_dir())
            others = [
                entry for entry in below if entry.name not in (_LISTS, _FIXTURES) and entry.name[0] != "."
            ]
            unused = [path for entry in others for path in sorted(entry.iterdir()) if _is_rule_file(path)]
        except (OSError, ValueError):
            return
        for path in unused:
            self.diagnostics.append(
                Diagnostic(
                    _shown(path),
                    1,
                    1,
                    Severity.WARNING,
                    Code.FILE_NOT_USED,
                    "this file is not read",
                    suggestion="policies stand directly in the rules directory, lists in lists/",
                )
            )


def _is_rule_file(path: Path) -> bool:
    # Editors leave hidden copies beside the file that is being edited.
    return path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()


def _named_files(policy: Node) -> set[str]:
    """Return the lists and fixtures that a policy names, as it names them."""
    named = {word(path) for _, path in entries(child(policy, "lists"))}
    named |= {word(child(scenario, "start_from")) for scenario in items(child(policy, "scenarios"))}
    return {name for name in named if name is not None}


def _shown(path: Path) -> str:
    """Return a path as it can always be printed."""
    return os.fsencode(path).decode("utf-8", "replace")

"""Edits of lists: entries added, removed, or counting on other days, and what that does to the rules that ask them."""

from collections.abc import Iterator, Mapping
from datetime import date

from screening.authoring.gate_effects import Context
from screening.authoring.gate_rules import Moves, moves_soften
from screening.authoring.gate_words import Edit
from screening.bundle import Bundle
from screening.checks import CHECKS
from screening.named_lists import Entry, NamedList
from screening.policy import Policy, Rule
from screening.spelling import plain_key

_FOUND: Mapping[tuple[str, str], Moves] = {
    ("carrier", "block"): frozenset({("allowed", "blocked"), ("missing", "blocked")}),
    ("timing", "holidays"): frozenset({("ordinary", "holiday"), ("weekend", "holiday")}),
}
"""What can move when an entry is added to the list in this parameter; removed, the same moves back. Of a list that is
not here nothing can be told, except for SPIDs (see `_moves`)."""
_BY_NAMES = ("carrier", "block")
"""In this parameter the names of an entry count like its value."""
_NAMED = 8
"""More entries than this are counted and only the first of them named."""


def list_edits(before: Bundle, after: Bundle) -> Iterator[Edit]:
    """Edits of the lists of two bundles. Lists are in both under the same path; another path is an edit of a policy."""
    for path in sorted(before.lists.keys() | after.lists.keys()):
        old, new = before.lists.get(path), after.lists.get(path)
        if old == new:
            continue
        if old is None or new is None:
            # It counts through the policies that name it, and those differ too.
            yield f"{path} {'added' if old is None else 'removed'}", False
            continue
        yield from _entry_edits(path, old, new, _Uses(before, after, path))


class _Uses:
    """The rules that ask a list, and whether more or less in it opens the gate."""

    def __init__(self, before: Bundle, after: Bundle, path: str) -> None:
        self._uses = [
            (Context(old, after.policies[name]), rule, parameter)
            for name, old in before.policies.items()
            if name in after.policies
            for policy in (old, after.policies[name])
            for rule, parameter in _rules_asking(policy, path)
        ]
        self.more_opens = self._opens(grows=True)
        self.less_opens = self._opens(grows=False)
        self.other_opens = bool(self._uses)
        self.names_count_alike = all(
            (rule.check.kind, parameter) == _BY_NAMES for _, rule, parameter in self._uses
        )

    def _opens(self, *, grows: bool) -> bool:
        for both, rule, parameter in self._uses:
            moves = _moves(rule, parameter)
            if moves is None:
                return True
            back = frozenset((to, from_) for from_, to in moves)
            if moves_soften(moves if grows else back, rule.id, both):
                return True
        return False


def _rules_asking(policy: Policy, path: str) -> Iterator[tuple[Rule, str | None]]:
    names = {name for name, its_path in policy.lists.items() if its_path == path}
    for rule in policy.rules:
        kind = CHECKS.get(rule.check.kind)
        declared = kind.list_params if kind else ()
        for name in names:
            parameters = [parameter for parameter in declared if rule.check.params.get(parameter) == name]
            yield from ((rule, parameter) for parameter in parameters)
            if not parameters and _occurs(name, rule.check.params):
                yield rule, None


def _occurs(name: str, value: object) -> bool:
    if isinstance(value, dict):
        return any(_occurs(name, inner) for inner in value.values())
    if isinstance(value, list):
        return any(_occurs(name, inner) for inner in value)
    return value == name


def _moves(rule: Rule, parameter: str | None) -> Moves | None:
    """What moves when an entry is added; None when that cannot be told."""
    if (rule.check.kind, parameter) == ("spid", "known"):
        results = CHECKS["spid"].results.keys() - {"missing", "error", "unlisted"}
        return frozenset(("unlisted", result) for result in results)
    return _FOUND.get((rule.check.kind, parameter or ""))


def _entry_edits(path: str, old: NamedList, new: NamedList, uses: _Uses) -> Iterator[Edit]:
    before, after = _by_value(old), _by_value(new)
    removed = [entry.value for value in before.keys() - after.keys() for entry in before[value]]
    added = [entry.value for value in after.keys() - before.keys() for entry in after[value]]
    if removed:
        yield f"{_entries(removed)} removed from {path}", uses.less_opens
    if added:
        yield f"{_entries(added)} added to {path}", uses.more_opens
    silent = not removed and not added
    for value in sorted(before.keys() & after.keys()):
        for text, opens in _value_edits(before[value], after[value], uses):
            yield f"{text} in {path}", opens
            silent = False
    if silent:
        yield f"texts or order of {path} changed", False


def _value_edits(before: list[Entry], after: list[Entry], uses: _Uses) -> Iterator[Edit]:
    bare_before, bare_after = map(_bare, before), map(_bare, after)
    if list(bare_before) == list(bare_after):
        return
    value = after[0].value
    if len(before) != 1 or len(after) != 1:
        yield f"entries of {value} changed", uses.other_opens
        return
    [old], [new] = before, after
    if (old.starts, old.until) != (new.starts, new.until):
        opens = False
        if not _covers(old, new):
            opens |= uses.more_opens
        if not _covers(new, old):
            opens |= uses.less_opens
        yield f"{value} counts {_days(old)} -> {_days(new)}", opens
    if old.value != new.value:
        yield f"{old.value} written as {new.value}", uses.other_opens
    if set(old.also) != set(new.also):
        opens = uses.other_opens
        if uses.names_count_alike:
            opens = (bool(set(new.also) - set(old.also)) and uses.more_opens) or (
                bool(set(old.also) - set(new.also)) and uses.less_opens
            )
        yield f"other names of {value} [{', '.join(old.also)}] -> [{', '.join(new.also)}]", opens


def _by_value(named: NamedList) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in named.entries:
        found.setdefault(plain_key(entry.value), []).append(entry)
    return found


def _bare(entry: Entry) -> Entry:
    """The entry without what only people read."""
    return entry.model_copy(update={"why": None, "added_by": None, "also": sorted(entry.also)})


def _covers(wide: Entry, narrow: Entry) -> bool:
    """Whether the first counts on every day on which the second does."""
    return (wide.starts or date.min) <= (narrow.starts or date.min) and (wide.until or date.max) >= (
        narrow.until or date.max
    )


def _days(entry: Entry) -> str:
    days = [f"from {entry.starts}" if entry.starts else "", f"until {entry.until}" if entry.until else ""]
    return " ".join(filter(None, days)) or "always"


def _entries(values: list[str]) -> str:
    named = ", ".join(sorted(values)[:_NAMED])
    if len(values) > _NAMED:
        return f"{len(values)} entries ({named}, …)"
    return named

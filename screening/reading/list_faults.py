"""Faults of lists: entries that never count, count no longer, or contradict each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from screening.policy_values import is_day
from screening.reading.diagnostics import Code, Diagnostic, quoted
from screening.reading.look_alikes import misleading_letter
from screening.reading.plain_lists import PlainList
from screening.reading.shape import Faults
from screening.reading.yaml_tree import Node, child, entries, items, word
from screening.spelling import company_key, plain_key

_ALLOWING = (("spid", "known"),)
_BLOCKING = (("carrier", "block"),)
"""Which parameters of which checks name lists of what is wanted and of what is not."""

_DAYS = (("timing", "holidays"),)
"""Which parameters of which checks name lists of days."""

Days = tuple[str, str]
"""The first and the last day of an entry. Days as ISO text sort as days do."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list file while it is being judged.

    Attributes:
        faults: collects what is wrong with it.
        entries: what is written, whatever that is.
        node: the place of a key's value in an entry, counted from 0; the entry's own where it has no such key.
    """

    faults: Faults
    entries: Sequence[Mapping[str, object]]
    node: Callable[[int, str], Node]

    @classmethod
    def from_tree(cls, root: Node, faults: Faults) -> "ListFile":
        nodes = items(child(root, "entries"))
        written = [{key.text: value.plain() for key, value in entries(node)} for node in nodes]
        return cls(faults, written, lambda number, key: child(nodes[number], key) or nodes[number])

    @classmethod
    def from_plain(cls, plain: PlainList, faults: Faults) -> "ListFile":
        return cls(faults, plain.entries, plain.node)

    def by_value(self) -> dict[str, list[int]]:
        """Return which entries are about the same value."""
        found: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            if isinstance(value := entry.get("value"), str) and (key := plain_key(value)):
                found.setdefault(key, []).append(number)
        return found

    def days(self, number: int) -> Days:
        """Return the days on which an entry counts."""
        starts, until = self.entries[number].get("from"), self.entries[number].get("until")
        return (
            starts if isinstance(starts, str) else "0000-00-00",
            until if isinstance(until, str) else "9999-99-99",
        )


def check_list(file: ListFile, today: date | None) -> None:
    """Report entries whose dates are reversed, that count no longer or twice on one day, or whose letters mislead.

    Args:
        today: for what counts no longer; None reports nothing of the kind.
    """
    _remark_on_letters(file)
    now = today.isoformat() if today else ""
    for number, entry in enumerate(file.entries):
        if "from" not in entry and "until" not in entry:
            continue
        starts, until = file.days(number)
        if starts > until:
            file.faults.error(file.node(number, "until"), Code.OUT_OF_ORDER, "until lies before from")
        elif until < now:
            sentence = f"this entry does not count any more since {until} is over"
            hint = "remove it, or write a later day"
            file.faults.warning(file.node(number, "until"), Code.ENTRY_EXPIRED, sentence, hint)
    for numbers in file.by_value().values():
        for earlier, later in _overlapping(file, numbers) if len(numbers) > 1 else ():
            first = file.node(earlier, "value")
            value = str(file.entries[later]["value"])
            sentence = f"a second entry {quoted(value)} for the same days"
            place = f"first one at {first.line}:{first.column}"
            file.faults.error(file.node(later, "value"), Code.DUPLICATE_NAME, sentence, place)


def _remark_on_letters(file: ListFile) -> None:
    if file.faults.source.text.isascii():
        return
    for number, entry in enumerate(file.entries):
        for key in ("value", "also"):
            written = entry.get(key)
            for text in written if isinstance(written, list) else [written]:
                if isinstance(text, str) and (misleading := misleading_letter(text)):
                    sentence = f"{quoted(text)} is not what it looks like"
                    file.faults.warning(file.node(number, key), Code.LOOK_ALIKE, sentence, misleading)


def check_against_each_other(policies: Iterable[Node], lists: Mapping[str, ListFile]) -> list[Diagnostic]:
    """Find values that one policy has both in a list of what is wanted and in one of what is not, and lists of days that
    hold something else.

    Args:
        policies: the policy files, all rules spelled out.
        lists: the list files by their path under the rules directory.
    """
    policies = list(policies)
    pairs = {
        (wanted, unwanted)
        for root in policies
        for wanted in _files_named(root, _ALLOWING)
        for unwanted in _files_named(root, _BLOCKING)
        if wanted in lists and unwanted in lists and wanted != unwanted
    }
    of_days = {file for root in policies for file in _files_named(root, _DAYS) if file in lists}
    in_both = [found for pair in sorted(pairs) for found in _in_both(*pair, lists)]
    return in_both + [found for file in sorted(of_days) for found in _no_days(lists[file])]


def _no_days(file: ListFile) -> list[Diagnostic]:
    faults = Faults(file.faults.source)
    for number, entry in enumerate(file.entries):
        value = entry.get("value")
        if isinstance(value, str) and not is_day(value):
            sentence = (
                f"this list is one of holidays and needs a date such as 2026-12-25, found {quoted(value)}"
            )
            faults.error(file.node(number, "value"), Code.WRONG_VALUE, sentence)
    return faults.diagnostics


def _in_both(wanted: str, unwanted: str, lists: Mapping[str, ListFile]) -> Iterator[Diagnostic]:
    """Find what blocks an order of a provider that is wanted, by its SPID or by one of its names."""
    allowing, blocking = lists[wanted], lists[unwanted]
    spids, names = allowing.by_value(), _by_name(allowing)
    faults = Faults(blocking.faults.source)
    for number, entry in enumerate(blocking.entries):
        for key, text in _spellings(entry):
            found = [("value", other) for other in spids.get(plain_key(text), ())]
            found += [("also", other) for other in names.get(company_key(text), ())]
            found = [one for one in found if _meet(allowing.days(one[1]), blocking.days(number))]
            if found:
                there, other = found[0]
                node = allowing.node(other, there)
                sentence = f"{quoted(text)} is in the list {wanted} too"
                place = f"there at {node.line}:{node.column}"
                faults.warning(blocking.node(number, key), Code.ALLOWED_AND_BLOCKED, sentence, place)
                break
    yield from faults.diagnostics


def _by_name(file: ListFile) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, entry in enumerate(file.entries):
        for key, text in _spellings(entry):
            if key == "also" and (name := company_key(text)):
                found.setdefault(name, []).append(number)
    return found


def _spellings(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Return what an entry is found by, each with its key."""
    also = entry.get("also")
    written = [
        ("value", entry.get("value")),
        *(("also", name) for name in (also if isinstance(also, list) else ())),
    ]
    return ((key, text) for key, text in written if isinstance(text, str))


def _files_named(root: Node, params: Iterable[tuple[str, str]]) -> set[str]:
    """Return the files that the checks of a policy name in such parameters."""
    names = {
        word(child(rule, "check", kind, param))
        for rule in items(child(root, "rules"))
        for kind, param in params
    }
    files = {word(child(root, "lists", name)) for name in names if name is not None}
    return {file for file in files if file is not None}


def _overlapping(file: ListFile, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Return entries that count on a day on which another one does, each with that one, the earlier in the file first."""
    by_days = sorted(numbers, key=file.days)
    latest = by_days[0]
    for number in by_days[1:]:
        if _meet(file.days(latest), file.days(number)):
            yield min(latest, number), max(latest, number)
        latest = max(latest, number, key=lambda entry: file.days(entry)[1])


def _meet(one: Days, other: Days) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]

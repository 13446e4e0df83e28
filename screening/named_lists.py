"""Lists that rules name: carriers to block, providers that are known. One file under `rules/lists/` each."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property

from pydantic import Field

from screening.policy_values import Day, RuleModel, Text


class Entry(RuleModel):
    """One entry of a list.

    Attributes:
        value: what it is about. For carriers the SPID is the key, because names vary and SPIDs do not.
        also: names under which the same thing is known.
        why, added_by: for the people who find it later.
        starts, until: the days, both inclusive and in the policy's time zone, on which it counts; None is unbounded.
    """

    value: Text
    also: list[Text] = Field(default_factory=list)
    why: Text | None = None
    added_by: Text | None = None
    starts: Day | None = Field(default=None, alias="from")
    until: Day | None = None

    def counts_on(self, today: date) -> bool:
        """Whether the entry is in force on that day."""
        return (self.starts is None or self.starts <= today) and (self.until is None or today <= self.until)


Key = Callable[[str], str]
"""Turns a text into what spellings of the same thing have in common; empty for a text that says nothing."""


class NamedList(RuleModel):
    """A list file.

    Attributes:
        title: what is in the list.
        entries: what the list holds.
    """

    title: Text | None = None
    entries: list[Entry]

    def in_force(self, today: date) -> Iterator[Entry]:
        """The entries that count on that day, in the order of the file."""
        return (entry for entry in self.entries if entry.counts_on(today))

    def find(self, text: str, today: date, *, key: Key, by_names: bool = True) -> Entry | None:
        """Return the first entry in force on that day that a text stands for.

        Args:
            text: the value, or a name if `by_names`.
            key: by what texts are the same. A text without a key stands for nothing.
            by_names: whether an entry is found by its `also` too.
        """
        wanted = key(text)
        if not wanted:
            return None
        index = self._indexes.get((key, by_names))
        if index is None:
            index = self._indexes[key, by_names] = self._indexed(key, by_names)
        for entry in index.get(wanted, ()):
            if entry.counts_on(today):
                return entry
        return None

    @cached_property
    def _indexes(self) -> dict[tuple[Key, bool], dict[str, tuple[Entry, ...]]]:
        return {}

    def _indexed(self, key: Key, by_names: bool) -> dict[str, tuple[Entry, ...]]:
        index: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            for spelling in (entry.value, *entry.also) if by_names else (entry.value,):
                found = key(spelling)
                index[found] = (*index.get(found, ()), entry)
        return index

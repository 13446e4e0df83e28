"""Lists that rules name: carriers to block, providers that are known. One file under `rules/lists/` each."""

from collections.abc import Iterator
from datetime import date

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


class NamedList(RuleModel):
    """A list file."""

    title: Text | None = None
    entries: list[Entry]

    def in_force(self, today: date) -> Iterator[Entry]:
        """The entries that count on that day, in the order of the file."""
        return (entry for entry in self.entries if entry.counts_on(today))

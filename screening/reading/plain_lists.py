"""The short way to read a long list: list files in the plain block style that we ship and that imports write.

A tree of a file in which every node knows its place takes seconds for a list of 50,000 entries, and a list without
faults needs no places. So a list is first read entry by entry: keys in the order in which they are documented, each text
on one line. What the YAML parser could understand in any other way (a brace, an escape, a comment behind a value, another
order) is not read here at all: the whole file is then read the long way, which knows all of YAML.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from screening.reading.yaml_tree import ListNode, MapNode, Node, Scalar

_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_CHARACTER = f"[^:#{_CONTROL}]"  # of a text without quotes: no comment and no key begins in it
_PLAIN = rf"(?:[^\W_]|[+(]){_CHARACTER}*+(?:(?::(?=[^\s])|(?<=[^\s])#){_CHARACTER}*+)*+"
_TEXT = rf"(?:{_PLAIN}|\"[^\"\\{_CONTROL}]*+\" *+|'[^'{_CONTROL}]*+' *+)"
_DAY = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|\"[0-9]{4}-[0-9]{2}-[0-9]{2}\"|'[0-9]{4}-[0-9]{2}-[0-9]{2}')"
_NOTHING = rf"(?: *+(?:\#[^{_CONTROL}]*+)?\n)*+"  # blank lines and comments
_HEAD = re.compile(rf"{_NOTHING}(?:title: ({_TEXT})\n{_NOTHING})?entries:\n{_NOTHING}(?=((?:  )?)- )")


def _entry(indent: str) -> re.Pattern[str]:
    return re.compile(
        rf"{indent}- value: ({_TEXT})\n"
        rf"(?:{indent}  also:\n((?:{indent}    - {_TEXT}\n)+))?"
        rf"(?:{indent}  why: ({_TEXT})\n)?"
        rf"(?:{indent}  added_by: ({_TEXT})\n)?"
        rf"(?:{indent}  from: ({_DAY})\n)?"
        rf"(?:{indent}  until: ({_DAY})\n)?"
        rf"{_NOTHING}"
    )


_ENTRY = {indent: _entry(indent) for indent in ("", "  ")}
_KEYS = ("value", "also", "why", "added_by", "from", "until")


@dataclass(frozen=True, slots=True)
class PlainList:
    """A list file as it was read the short way.

    Attributes:
        text: the file.
        title: of the list.
        entries: in dicts, lists and texts.
        starts: where in the text each entry begins.
    """

    text: str
    title: str | None
    entries: list[dict[str, object]]
    starts: list[int]

    @property
    def content(self) -> dict[str, object]:
        """What a list is made of."""
        titled: dict[str, object] = {} if self.title is None else {"title": self.title}
        return {**titled, "entries": self.entries}

    def node(self, number: int, key: str) -> Node:
        """Return the value of a key that an entry, counted from 0, has, as a node that knows its place."""
        root = MapNode(1, 1, 1)
        entries = ListNode(1, 1, 1, root, "entries")
        entry = MapNode(*self._place(self.starts[number]), 1, entries, number)
        start = self.text.index(f" {key}:", self.starts[number]) + len(f" {key}:")
        if self.text[start] == "\n":
            return ListNode(*self._place(self.text.index("-", start)), 1, entry, key)
        start += 1
        length = len(self.text[start : self.text.index("\n", start)].rstrip(" "))
        return Scalar(*self._place(start), length, entry, key)

    def _place(self, offset: int) -> tuple[int, int]:
        before = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, before) + 1, offset - before + 1


def read_plain_list(text: str) -> PlainList | None:
    """Read a list file; None if it has to be read the long way."""
    if not text.endswith("\n"):
        text += "\n"
    head = _HEAD.match(text)
    if head is None:
        return None
    entries: list[dict[str, object]] = []
    starts: list[int] = []
    position = head.end()
    for found in _matches(_ENTRY[head[2]], text, position):
        starts.append(position)
        position = found.end()
        value, names, why, added_by, first, last = found.groups()
        entry: dict[str, object] = {"value": _text(value)}
        if names is not None:
            entry["also"] = [_text(line.split("- ", 1)[1]) for line in names.split("\n")[:-1]]
        for key, written in zip(_KEYS[2:], (why, added_by, first, last), strict=True):
            if written is not None:
                entry[key] = _text(written)
        entries.append(entry)
    if position != len(text):
        return None
    return PlainList(text, _text(head[1]) if head[1] is not None else None, entries, starts)


def _matches(pattern: re.Pattern[str], text: str, position: int) -> Iterator[re.Match[str]]:
    """Match again and again, each time where the last match ended."""
    while found := pattern.match(text, position):
        yield found
        position = found.end()


def _text(written: str) -> str:
    text = written.rstrip(" ")
    return text[1:-1] if text[0] in "\"'" else text

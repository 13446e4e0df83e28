"""A YAML file as a tree of texts, in which every node knows its place.

Read with `yaml.BaseLoader`, so nothing is ever turned into a number, a date or a boolean. The tree is built from the
parser's events rather than by its composer: anchors, tags and the like are seen before they can act, nesting is
bounded (the composer recurses without bound), and it is several times faster.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import yaml

from screening.reading.diagnostics import Code, Diagnostic, Severity, Source, quoted
from screening.reading.yaml_faults import syntax_fault

LARGEST_FILE = 1_000_000
"""Bytes."""

DEEPEST_NESTING = 24

_CUT = re.compile(r"[ \t]+#[^\s#]")

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True, eq=False)
class Node(ABC):
    """A value in a file. `line` and `column` count from 1; `broken` means that a fault of it is reported already."""

    line: int
    column: int
    length: int
    parent: "Branch | None" = field(default=None, repr=False)
    key: str | int = ""
    broken: bool = False

    @property
    def trail(self) -> tuple[str | int, ...]:
        """The keys and positions that lead here from the top."""
        steps: list[str | int] = []
        node: Node = self
        while node.parent is not None:
            steps.append(node.key)
            node = node.parent
        return tuple(reversed(steps))

    @abstractmethod
    def plain(self) -> object:
        """Return the value as dicts, lists and texts; None for a value that was left out."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A text. `written` is False for a value that was left out (`key:` and nothing)."""

    text: str = ""
    written: bool = True

    def plain(self) -> str | None:
        return self.text if self.written else None


@dataclass(slots=True, eq=False)
class ListNode(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    def plain(self) -> list[object]:
        return [item.plain() for item in self.items]


@dataclass(slots=True, eq=False)
class MapNode(Node):
    """Keys and values. `keys` holds the places of the keys, `values` the values, in the order of the file."""

    flow: bool = False  # written in braces
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        return {key: value.plain() for key, value in self.values.items()}


Branch = ListNode | MapNode


def child(node: Node | None, *steps: str | int) -> Node | None:
    """Follow keys and positions down from a node; None as soon as there is nothing there."""
    for step in steps:
        if isinstance(node, MapNode) and isinstance(step, str):
            node = node.values.get(step)
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def entries(node: Node | None) -> list[tuple[Scalar, Node]]:
    """Return keys with their values; none if the node is no map."""
    return (
        [(node.keys[key], value) for key, value in node.values.items()] if isinstance(node, MapNode) else []
    )


def items(node: Node | None) -> list[Node]:
    """Return the items of a list; none if the node is no list."""
    return node.items if isinstance(node, ListNode) else []


def word(node: Node | None) -> str | None:
    """Return the text of a node; None if it has none."""
    return node.text if isinstance(node, Scalar) and node.written else None


def words(node: Node | None) -> list[Scalar]:
    """Return the texts of a list, or the one text that stands in its place."""
    found = node.items if isinstance(node, ListNode) else [node]
    return [item for item in found if isinstance(item, Scalar) and item.written]


class _NoTreeError(Exception):
    """Ends the reading of a file after a fault behind which nothing can be understood."""


def read_tree(
    data: bytes, file: str, *, largest: int = LARGEST_FILE
) -> tuple[Node | None, Source, list[Diagnostic]]:
    """Read a file's bytes.

    Args:
        data: the bytes of the file.
        file: how the file is called in diagnostics.
        largest: how many bytes it may have.

    Returns:
        The tree (None if there is none), the source for excerpts, and every fault found on the way. Never raises,
        whatever the bytes.
    """
    if len(data) > largest:
        source = Source(file, "")
        return None, source, [source.fault_of_file(f"the file is larger than {largest:,} bytes")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", errors="ignore")
        source = Source(file, good)
        sentence = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return None, source, [_at_offset(source, good, len(good), sentence, "save the file as UTF-8")]
    source = Source(file, text)
    if found := _NOT_TEXT.search(text):
        sentence = f"control character U+{ord(found[0]):04X}"
        return None, source, [_at_offset(source, text, found.start(), sentence, "remove it")]
    builder = _Builder(source)
    root: Node | None = None
    try:
        root = builder.build(text)
    except _NoTreeError:
        pass
    except yaml.YAMLError as error:
        fault = syntax_fault(source, error)
        same_place = (fault.line, fault.column)
        builder.faults = [entry for entry in builder.faults if (entry.line, entry.column) != same_place]
        builder.faults.append(fault)
    return root, source, builder.faults


def _at_offset(source: Source, text: str, offset: int, message: str, suggestion: str) -> Diagnostic:
    before = Source(source.file, text[:offset]).lines
    line, column = len(before), len(before[-1]) + 1
    return source.diagnostic(line, column, Code.UNREADABLE, message, suggestion=suggestion)


class _Builder:
    """Builds the tree from the parser's events, and reports what rule files do not use of YAML."""

    def __init__(self, source: Source) -> None:
        self.faults: list[Diagnostic] = []
        self._source = source
        self._root: Node | None = None
        # Lines on which a comment seems to begin in the middle of a text.
        self._cuts = {number for number, line in enumerate(source.lines) if _CUT.search(line)}
        self._open: list[Branch] = []
        # Beside each open branch the key whose value comes next; None in lists, and where a key comes next.
        self._waiting_keys: list[Scalar | None] = []

    def build(self, text: str) -> Node | None:
        """Return the tree of the first document.

        Raises:
            _NoTreeError: for a fault, already reported, behind which nothing can be understood.
            yaml.YAMLError: for text that is not YAML.
        """
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent):
                self._branch(event, MapNode(*_span(event), flow=bool(event.flow_style)))
            elif isinstance(event, yaml.SequenceStartEvent):
                self._branch(event, ListNode(*_span(event)))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._open.pop()
                self._waiting_keys.pop()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._document(event)
        return self._root

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if event.tags:
            self._report(event, "a %TAG line", "remove it")
        if self._root is not None:
            self._report(event, "a second document", "keep one policy, list or fixture in a file")
            raise _NoTreeError

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        text, style = event.value, event.style
        node = Scalar(*_span(event), text=text, written=bool(text or style))
        if text and not style and event.end_mark is not None and event.end_mark.line in self._cuts:
            self._report_cut(event.end_mark.line, event.end_mark.column)
        if style == '"' and _NOT_TEXT.search(text):
            self._report(event, "a text with a control character", "remove the escape")
            node.broken = True
        if event.anchor is not None or event.tag is not None:
            self._report_properties(event, node)
        if self._waiting_keys and self._waiting_keys[-1] is None and isinstance(self._open[-1], MapNode):
            self._waiting_keys[-1] = node
            if text == "<<" and not style:
                self._report(event, "a merge key", "write out what it stands for")
                # What it stands for is not known, nor what the map lacks.
                node.broken = self._open[-1].broken = True
            return
        self._attach(node)

    def _report_cut(self, line: int, column: int) -> None:
        if found := _CUT.match(self._source.lines[line], column):
            sentence = "the text ends here, because '#' begins a comment"
            suggestion = "put it in quotes if this belongs to it, or write '# ' before a comment"
            self.faults.append(
                self._source.diagnostic(
                    line + 1,
                    found.end() - 1,
                    Code.TEXT_CUT_OFF,
                    sentence,
                    severity=Severity.WARNING,
                    length=2,
                    suggestion=suggestion,
                )
            )

    def _branch(self, event: yaml.CollectionStartEvent, node: Branch) -> None:
        if len(self._open) >= DEEPEST_NESTING:
            sentence = f"more than {DEEPEST_NESTING} levels inside each other"
            self.faults.append(self._source.diagnostic(node.line, node.column, Code.UNREADABLE, sentence))
            raise _NoTreeError
        if self._open and isinstance(self._open[-1], MapNode) and self._waiting_keys[-1] is None:
            sentence = "a key must be a text"
            suggestion = "put a text that begins with '[' or '{' in quotes"
            self.faults.append(
                self._source.diagnostic(node.line, node.column, Code.SYNTAX, sentence, suggestion=suggestion)
            )
            raise _NoTreeError
        if event.anchor is not None or event.tag is not None:
            self._report_properties(event, node)
        self._attach(node)
        self._open.append(node)
        self._waiting_keys.append(None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._report(
            event, "an alias", "write out what it stands for, or put a text that begins with '*' in quotes"
        )
        if self._open and isinstance(self._open[-1], MapNode) and self._waiting_keys[-1] is None:
            raise _NoTreeError
        self._attach(Scalar(*_span(event), text="", broken=True))

    def _attach(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        node.parent = parent
        if isinstance(parent, ListNode):
            node.key = len(parent.items)
            parent.items.append(node)
            return
        key = self._waiting_keys[-1]
        assert key is not None, "a value comes behind its key"
        self._waiting_keys[-1] = None
        node.key = key.key = key.text
        key.parent = parent
        if first := parent.keys.get(key.text):
            self.faults.append(
                self._source.diagnostic(
                    key.line,
                    key.column,
                    Code.DUPLICATE_KEY,
                    f"duplicate key {quoted(key.text)}",
                    length=key.length,
                    suggestion=f"first written at {first.line}:{first.column}",
                )
            )
        elif not key.broken:
            parent.keys[key.text] = key
            parent.values[key.text] = node

    def _report_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, node: Node) -> None:
        node.broken = True
        if event.anchor is not None:
            suggestion = "write it out where it is needed, or put a text that begins with '&' in quotes"
            self._report(event, "an anchor", suggestion)
        if event.tag is not None:
            self._report(event, "a tag", "remove it, or put a text that begins with '!' in quotes")

    def _report(self, event: yaml.Event, what: str, suggestion: str) -> None:
        line, column, length = _span(event)
        sentence = f"{what}: rule files use plain YAML only"
        self.faults.append(
            self._source.diagnostic(
                line, column, Code.NOT_PLAIN, sentence, length=length, suggestion=suggestion
            )
        )


def _span(event: yaml.Event) -> tuple[int, int, int]:
    """Return line and column, from 1, and how many characters the event covers in its first line."""
    start, end = event.start_mark, event.end_mark
    assert start is not None, "the parser marks every event"
    assert end is not None, "the parser marks every event"
    line, column = start.line, start.column
    length = end.column - column
    return line + 1, column + 1, length if length > 0 and end.line == line else 1

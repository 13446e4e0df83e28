"""What the loader makes of YAML itself: what it takes, what it refuses, and in which words."""

from pathlib import Path

import pytest
import yaml

from screening.reading import yaml_tree
from screening.reading.diagnostics import Code, Diagnostic, Source
from screening.reading.yaml_tree import (
    DEEPEST_NESTING,
    ListNode,
    MapNode,
    Node,
    Scalar,
    entries,
    items,
    read_tree,
)
from tests.screening.rule_files import POLICY, SHIPPED, copied, faults_of, shipped_text


def read(text: str) -> tuple[object, list[Diagnostic]]:
    root, _, faults = read_tree(text.encode(), "file.yaml")
    return root.plain() if root else None, faults


def test_everything_stays_text() -> None:
    plain, faults = read(
        "{a: 0123, b: NO, c: 22:30, d: 1.50, e: ~, f: 2026-01-01, g: true, h: '', i: [1, 2]}"
    )
    assert faults == []
    assert plain == {
        "a": "0123",
        "b": "NO",
        "c": "22:30",
        "d": "1.50",
        "e": "~",
        "f": "2026-01-01",
        "g": "true",
        "h": "",
        "i": ["1", "2"],
    }


def test_a_value_that_was_left_out_is_not_an_empty_text() -> None:
    assert read("a:\nb: ''\n")[0] == {"a": None, "b": ""}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: b: c", (1, 5), "a ':' where no key can stand"),
        ("a: b\n c: d", (2, 3), "a ':' where no key can stand"),
        ("a: [1,2\nb: c", (1, 4), "this bracket is never closed"),
        ("a: [1,2]]", (1, 9), "this does not fit into the block that begins in line 1"),
        ("a: {b: 'x' y}", (1, 12), "something out of place between brackets"),
        ("a: {b: c: d}", (1, 9), "a second ':' in one entry"),
        ("a: [b #1, c]", (1, 7), "this '#' begins a comment, and the bracket before it stays open"),
        ("a: b\n\tc: d", (2, 1), "a tab cannot indent a line"),
        ("a: [1,\n 2\n\n", (1, 4), "this bracket is never closed"),
        ("a: {b: c", (1, 4), "this bracket is never closed"),
        ("a:\n\t- b", (2, 1), "a tab cannot indent a line"),
        ("a: 'x", (1, 4), "this quote is never closed"),
        ('a: "x\n', (1, 4), "this quote is never closed"),
        ("a: 'it's'", (1, 8), "something stands behind a closing quote"),
        ('a: "b" c', (1, 8), "something stands behind a closing quote"),
        ('a: "\\q"', (1, 5), "an escape that YAML does not know"),
        ("a: @b", (1, 4), "a text cannot begin with '@'"),
        ("a: %b", (1, 4), "a text cannot begin with '%'"),
        ("a: * b", (1, 4), "a text cannot begin with '*'"),
        ("a: & b", (1, 4), "a text cannot begin with '&'"),
        ("a: - b", (1, 4), "a list cannot begin on the line of its key"),
        ("a: ? b", (1, 4), "a '?' where no text can begin with one"),
        ("- a\nb: c", (2, 1), "this does not fit into the block that begins in line 1"),
        ("a:\n  b: 1\n c: 2", (3, 2), "this does not fit into the block that begins in line 1"),
        ("a: |\n x\ny\n", (3, 1), "this is neither 'key: value' nor part of a text"),
        ("%FOO\n", (1, 5), "not YAML: found unknown directive name"),
        ("? [a]\n: b", (1, 3), "a key must be a text"),
    ],
)
def test_what_is_no_yaml_is_explained_in_plain_words(text: str, place: tuple[int, int], message: str) -> None:
    _, [fault] = read(text)
    assert fault.code is Code.SYNTAX
    assert (fault.line, fault.column) == place
    assert fault.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x b", "an anchor"),
        ("a: *x", "an alias"),
        ("*x : b", "an alias"),
        ("a: !!int 3", "a tag"),
        ("a: !secret {b: c}", "a tag"),
        ("<<: {a: b}", "a merge key"),
        ("%TAG ! tag:example.com,2026:\n---\na: b", "a %TAG line"),
        ("a: b\n---\nc: d", "a second document"),
        ('a: "b\\0"', "a text with a control character"),
    ],
)
def test_what_rule_files_do_not_use_of_yaml_is_refused(text: str, message: str) -> None:
    _, [fault] = read(text)
    assert fault.code is Code.NOT_PLAIN
    assert fault.message == f"{message}: rule files use plain YAML only"


def test_several_of_them_are_reported_together() -> None:
    _, faults = read("a: &x b\nc: {<<: *x}\nd: !t e\n")
    assert [fault.message.split(":")[0] for fault in faults] == [
        "an anchor",
        "a merge key",
        "an alias",
        "a tag",
    ]


def test_a_second_value_for_a_key_is_reported_with_both_places() -> None:
    plain, [fault] = read("a: 1\nb: 2\na: 3\n")
    assert plain == {"a": "1", "b": "2"}
    assert (fault.code, fault.line, fault.column) == (Code.DUPLICATE_KEY, 3, 1)
    assert (fault.message, fault.suggestion) == ("duplicate key 'a'", "first written at 1:1")


def test_the_deepest_file_is_read_and_a_deeper_one_refused_whatever_its_size() -> None:
    assert read("[" * DEEPEST_NESTING + "]" * DEEPEST_NESTING)[1] == []
    for levels in (DEEPEST_NESTING + 1, 900_000):
        _, [fault] = read("[" * levels)
        assert (fault.code, fault.column) == (Code.UNREADABLE, DEEPEST_NESTING + 1)


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a: b\nc: \xff", (2, 4), "byte 0xff is not UTF-8"),
        ("a: b\nc: ü".encode("latin-1"), (2, 4), "byte 0xfc is not UTF-8"),
        ("a: b".encode("utf-16"), (1, 1), "byte 0xff is not UTF-8"),
        (b"a: b\nc\x00: d", (2, 2), "control character U+0000"),
        (b"a: \x1b[31m", (1, 4), "control character U+001B"),
    ],
)
def test_a_file_that_is_no_text_is_refused_at_its_place(
    data: bytes, place: tuple[int, int], message: str
) -> None:
    root, _, [fault] = read_tree(data, "file.yaml")
    assert root is None
    assert (fault.code, fault.message, (fault.line, fault.column)) == (Code.UNREADABLE, message, place)


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "\n\n"])
def test_an_empty_file_is_a_fault(tmp_path: Path, text: str) -> None:
    rules = copied(tmp_path)
    (rules / POLICY).write_text(text)
    assert [fault.message for fault in faults_of(rules)] == ["the file is empty"]


@pytest.mark.parametrize("text", ["just text", "- a\n- b\n", "---\n", "null"])
def test_a_file_that_is_no_map_is_a_fault(tmp_path: Path, text: str) -> None:
    rules = copied(tmp_path)
    (rules / POLICY).write_text(text)
    sentences = [fault.message for fault in faults_of(rules) if fault.file == str(rules / POLICY)]
    assert any("needs keys with values" in sentence for sentence in sentences)


def every_node(node: Node) -> list[Node]:
    below = [value for _, value in entries(node)] + items(node)
    return [node, *(found for child in below for found in every_node(child))]


def test_every_node_knows_its_place() -> None:
    source = shipped_text()
    root, _, _ = read_tree(source.encode(), "file.yaml")
    assert root is not None
    lines = source.splitlines()
    for node in every_node(root):
        here = lines[node.line - 1][node.column - 1 :]
        if isinstance(node, Scalar):
            assert here[: node.length].strip("\"'") == node.text
        elif isinstance(node, MapNode):
            assert here.startswith("{") == node.flow


def test_the_parser_without_its_c_library_sees_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def seen() -> list[tuple[object, ...]]:
        root, _, faults = read_tree(shipped_text().encode(), "file.yaml")
        assert root is not None
        assert faults == []
        return [
            (type(node), node.line, node.column, node.trail, node.plain())
            for node in every_node(root)
            if not isinstance(node, ListNode)
        ]

    with_c = seen()
    monkeypatch.setattr(yaml_tree, "_LOADER", yaml.BaseLoader)
    assert seen() == with_c


def test_the_caret_stands_under_its_place_whatever_stands_before_it() -> None:
    source = Source("file.yaml", "a:\t日本e\u0301 x")
    text = source.diagnostic(1, 9, Code.SYNTAX, "here").render()
    assert text.splitlines()[-2] == "    | " + " " * (3 + 4 + 1 + 1) + "^"


def test_a_line_of_any_length_is_shown_shortened() -> None:
    source = Source("file.yaml", "x" * 100_000)
    near = source.diagnostic(1, 5, Code.SYNTAX, "here", length=50_000).render()
    far = source.diagnostic(1, 90_000, Code.SYNTAX, "here", suggestion="shorten it").render()
    assert max(len(line) for line in [*near.splitlines(), *far.splitlines()]) < 200
    assert far.splitlines() == [
        "file.yaml:1:90000  error PO100  here",
        "  shorten it",
        "  more: portout rules help PO100",
    ]


def test_shipped_rule_files_are_plain_text_of_their_own() -> None:
    for path in SHIPPED.rglob("*.yaml"):
        _, _, faults = read_tree(path.read_bytes(), str(path))
        assert faults == []

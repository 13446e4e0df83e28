"""Lists are read the same whichever way, and say what counts no longer, twice, or against another list."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.reading.diagnostics import Diagnostic, Severity
from screening.reading.list_faults import ListFile, check_list
from screening.reading.loading import check_paths, load_bundle
from screening.reading.plain_lists import read_plain_list
from screening.reading.shape import Faults
from screening.reading.yaml_tree import read_tree
from tests.screening.rule_files import SHIPPED, copied

TODAY = date(2026, 3, 15)
LIST = "lists/known-spids.yaml"


def read_long(text: str) -> tuple[object, list[Diagnostic]]:
    root, _, faults = read_tree(text.encode(), "list.yaml")
    return (root.plain() if root else None), faults


def told(text: str, today: date | None, *, plainly: bool) -> list[Diagnostic]:
    """What is said about a list that was read the short way, or the long one."""
    root, source, _ = read_tree(text.encode(), "list.yaml")
    assert root is not None
    faults = Faults(source)
    if plainly:
        plain = read_plain_list(text)
        assert plain is not None
        check_list(ListFile.from_plain(plain, faults), today)
    else:
        check_list(ListFile.from_tree(root, faults), today)
    return faults.diagnostics


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("lists/*.yaml")), ids=lambda path: path.name)
def test_shipped_lists_are_read_the_short_way(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    plain = read_plain_list(text)
    assert plain is not None
    assert (plain.content, []) == read_long(text)


SPELLINGS = [
    "073H",
    "Onvoy, LLC",
    "Telnyx/4",
    "a:b",
    "a: b",
    "a:",
    "a#b",
    "a #b",
    "a # b",
    '"quoted: text # here"',
    "'single: text'",
    "'it''s'",
    '"with \\n escape"',
    '"open',
    '""',
    "''",
    '" "',
    "é",
    "- dash",
    "[flow]",
    "{a: b}",
    "&anchor x",
    "*alias",
    "!tag x",
    "| ",
    "> x",
    "%x",
    "@x",
    "`x`",
    "? x",
    "~",
    "null",
    "x  ",
    "x\ty",
    "+1 555",
    "(a)",
    "2026-01-01",
    '"2026-01-01"',
    "x\xa0",
    "\u2028",
    "a\u2028b",
    "a\x85b",
    "\ufeffa",
    "...",
    "---",
    "<<",
    "",
]
texts = st.sampled_from(SPELLINGS)
lines = st.one_of(
    st.builds("{}{}: {}".format, st.sampled_from(["  - ", "    ", "- ", "  ", ""]),
              st.sampled_from(["value", "also", "why", "added_by", "from", "until", "title", "other"]), texts),
    st.builds("{}- {}".format, st.sampled_from(["      ", "    ", "  ", "        "]), texts),
    st.sampled_from(["", "  ", "# comment", "      # comment", "entries:", "---", "    also:", "  also:"]),
)  # fmt: skip
names = st.lists(texts, max_size=2)


@st.composite
def list_files(draw: st.DrawFn) -> str:
    """A list in the plain style, now and then with a text or a line that is not."""
    indent = draw(st.sampled_from(["", "  "]))
    written = draw(st.sampled_from([[], ["title: Known"], ["# c", "", "title: " + draw(texts)]]))
    written += ["entries:"]
    for _ in range(draw(st.integers(0, 3))):
        written.append(f"{indent}- value: {draw(texts)}")
        if also := draw(names):
            written += [f"{indent}  also:", *(f"{indent}    - {name}" for name in also)]
        for key in ("why", "added_by", "from", "until"):
            if draw(st.booleans()):
                written.append(f"{indent}  {key}: {draw(texts)}")
    for line in draw(st.lists(lines, max_size=2)):
        written.insert(draw(st.integers(0, len(written))), line)
    return "\n".join(written) + draw(st.sampled_from(["", "\n", "\n\n"]))


@given(list_files())
def test_what_is_read_the_short_way_is_what_the_long_way_reads(text: str) -> None:
    plain = read_plain_list(text)
    if plain is not None:
        assert (plain.content, []) == read_long(text)


def test_the_short_way_reads_what_it_is_meant_for() -> None:
    text = (
        "# who we know\ntitle: Known\nentries:\n  - value: 073H\n    also:\n      - Onvoy, LLC\n"
        '    why: "one: two"\n    from: 2026-01-01\n\n  # later\n  - value: "0123"  \n    until: "2026-03-31"'
    )
    plain = read_plain_list(text)
    assert plain is not None
    assert plain.content == {
        "title": "Known",
        "entries": [
            {"value": "073H", "also": ["Onvoy, LLC"], "why": "one: two", "from": "2026-01-01"},
            {"value": "0123", "until": "2026-03-31"},
        ],
    }


FAULTY = """\
title: Known
entries:
  - value: 073H
    until: 2026-03-14
  - value: 888X
    until: 2026-03-15
  - value: "073h"
    from: 2026-03-14
    until: 2026-04-01
  - value: ABCD
    from: 2026-03-02
    until: 2026-03-01
  - value: 073H
    from: 2026-03-30
  - value: 073H
    from: 2026-04-01
"""


@pytest.mark.parametrize("plainly", [True, False])
def test_faults_of_entries_are_told_at_their_place_whichever_way_they_were_read(plainly: bool) -> None:
    found = sorted(told(FAULTY, TODAY, plainly=plainly), key=lambda fault: fault.place)
    assert [(fault.line, fault.column, fault.code.value, fault.severity.value) for fault in found] == [
        (4, 12, "PO162", "warning"),
        (7, 12, "PO120", "error"),
        (12, 12, "PO125", "error"),
        (13, 12, "PO120", "error"),
        (15, 12, "PO120", "error"),
    ]
    assert found[0].message == "this entry does not count any more since 2026-03-14 is over"
    assert found[0].path == "in entries[1].until"
    assert [fault.suggestion for fault in found if fault.code.value == "PO120"] == [
        "first one at 3:12",
        "first one at 7:12",
        "first one at 13:12",
    ]
    assert found[1].message == "a second entry '073h' for the same days"


def test_places_are_the_same_whichever_way_a_list_was_read() -> None:
    def places(plainly: bool) -> list[Diagnostic]:
        return told(FAULTY, TODAY, plainly=plainly)

    assert places(True) == places(False)


@pytest.mark.parametrize("key", ["value: А73H", "value: 073H\n    also:\n      - Onvoy\n      - Опvoy"])
def test_places_of_values_and_names_are_the_same_too(key: str) -> None:
    text = f"entries:\n  - value: 888X\n    also:\n      - Nobody\n  - {key}\n"
    plain, (root, source, _) = read_plain_list(text), read_tree(text.encode(), "list.yaml")
    assert plain is not None
    assert root is not None
    ways = (ListFile.from_plain(plain, Faults(source)), ListFile.from_tree(root, Faults(source)))
    for name in ("value", "also") if "also" in key else ("value",):
        short, long = (way.node(1, name) for way in ways)
        assert (short.line, short.column, short.trail) == (long.line, long.column, long.trail)


def test_without_a_day_nothing_is_over() -> None:
    assert not any(fault.code.value == "PO162" for fault in told(FAULTY, None, plainly=True))


def test_an_entry_counts_on_its_last_day(tmp_path: Path) -> None:
    path = copied(tmp_path) / LIST
    path.write_text("entries:\n  - value: 073H\n    until: 2026-03-15\n", encoding="utf-8")
    assert check_paths([path], today=date(2026, 3, 15)).warnings == 0
    report = check_paths([path], today=date(2026, 3, 16))
    assert (report.errors, [fault.code.value for fault in report.diagnostics]) == (0, ["PO162"])
    assert "PO162" in {
        fault.code.value for fault in check_paths([tmp_path / "rules"], today=date(2026, 3, 16)).diagnostics
    }


def test_a_value_that_is_wanted_and_blocked_is_a_warning(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    (rules / LIST).write_text("title: Known\nentries:\n  - value: 073H\n", encoding="utf-8")
    blocked = rules / "lists/blocked-carriers.yaml"
    blocked.write_text("entries:\n  - value: 888X\n  - value: 073h\n    why: Fraud.\n", encoding="utf-8")
    [fault] = [fault for fault in check_paths([rules]).diagnostics if fault.code.value == "PO163"]
    assert (fault.file, fault.line, fault.column) == (str(blocked), 3, 12)
    assert (fault.message, fault.severity) == (f"'073h' is in the list {LIST} too", Severity.WARNING)
    assert fault.suggestion == "there at 3:12"
    load_bundle(rules)


@pytest.mark.parametrize(
    ("entry", "message", "column"),
    [
        ("value: ONVOY LLC", "'ONVOY LLC'", 12),
        ("value: 888X\n    also: [Fly-By, Onvoy]", "'Onvoy'", 11),
        ("value: Acme\n    also: [073h]", "'073h'", 11),
        ("value: Telnyx\n    from: 2026-03-15", None, 0),
        ("value: On", None, 0),
    ],
)
def test_a_name_of_what_is_wanted_is_not_to_be_blocked_either(
    tmp_path: Path, entry: str, message: str | None, column: int
) -> None:
    rules = copied(tmp_path)
    known = "entries:\n  - value: 073H\n    also: [Onvoy]\n  - value: 4455\n    also: [Telnyx]\n    until: 2026-03-14\n"
    (rules / LIST).write_text(known, encoding="utf-8")
    blocked = rules / "lists/blocked-carriers.yaml"
    blocked.write_text(f"entries:\n  - {entry}\n", encoding="utf-8")
    found = [fault for fault in check_paths([rules]).diagnostics if fault.code.value == "PO163"]
    assert [(fault.message, fault.column) for fault in found] == (
        [(f"{message} is in the list {LIST} too", column)] if message else []
    )


def test_a_value_wanted_until_it_is_blocked_is_none(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    (rules / LIST).write_text("entries:\n  - value: 073H\n    until: 2026-03-14\n", encoding="utf-8")
    blocked = rules / "lists/blocked-carriers.yaml"
    blocked.write_text("entries:\n  - value: 073H\n    from: 2026-03-15\n", encoding="utf-8")
    assert not any(fault.code.value == "PO163" for fault in check_paths([rules]).diagnostics)


def test_a_list_of_holidays_holds_days_and_nothing_else(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    (rules / "lists" / "days.yaml").write_text("entries:\n  - value: 2026-12-25\n  - value: 2026-12-32\n")
    policy = rules / "us-standard.yaml"
    timing = (
        "\n  - {id: timing, title: T, why: W, check: {timing: {holidays: days}}, then: {%s}}\n\ndecide:\n"
    )
    effects = "ordinary: pass, holiday: review"
    text = policy.read_text().replace("\nlists:\n", "\nlists:\n  days: lists/days.yaml\n")
    policy.write_text(text.replace("\ndecide:\n", timing % effects))
    [fault] = [fault for fault in check_paths([rules]).diagnostics if fault.severity is Severity.ERROR]
    assert (Path(fault.file).name, fault.line, fault.column) == ("days.yaml", 3, 12)
    assert fault.message == (
        "this list is one of holidays and needs a date such as 2026-12-25, found '2026-12-32'"
    )

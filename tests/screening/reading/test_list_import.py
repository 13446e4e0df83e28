"""Rows become entries: all or none, told by line, and never at the cost of what stands in the list."""

import csv
import io

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from screening.named_lists import NamedList
from screening.reading.list_import import ImportRefused, import_rows
from screening.reading.plain_lists import read_plain_list
from screening.reading.yaml_tree import read_tree

LIST = """\
# Asked of fraud-ops before it is changed.
title: Known
entries:
- value: 073H   # our trunk
  also:
    - Onvoy
"""


def entries_of(text: str) -> list[dict[str, object]]:
    root, _, faults = read_tree(text.encode(), "list.yaml")
    assert root is not None
    assert faults == []
    named = NamedList.model_validate(root.plain())
    return [entry.model_dump(mode="json", by_alias=True, exclude_defaults=True) for entry in named.entries]


def test_rows_are_added_behind_what_is_there() -> None:
    table = 'until,value,also\n2026-12-31, 0123 ,"Tel, Inc; Tel"\n,888X,\n\n,073h,\n'
    with pytest.raises(ImportRefused):
        import_rows(table, LIST)
    done = import_rows(table.replace("073h", "073G"), LIST)
    assert (done.added, done.known) == (3, 0)
    assert done.text == LIST + (
        '- value: "0123"\n  also:\n    - Tel, Inc\n    - Tel\n  until: "2026-12-31"\n'
        "- value: 888X\n- value: 073G\n"
    )


def test_a_list_that_is_not_there_is_made() -> None:
    done = import_rows("value,why,added_by,from\n073H,'tis: so,me@example.com,2026-01-01\n", None)
    assert done.text == (
        'entries:\n  - value: 073H\n    why: "\'tis: so"\n    added_by: me@example.com\n    from: "2026-01-01"\n'
    )


def test_importing_twice_adds_nothing_the_second_time() -> None:
    table = "value,also\n0123,A;B\n0124,\n"
    once = import_rows(table, LIST)
    again = import_rows(table, once.text)
    assert (again.added, again.known, again.text) == (0, 2, once.text)


@pytest.mark.parametrize(
    ("table", "faults"),
    [
        ("", ["Line 1: there is no column 'value'."]),
        ("value\n", ["Line 1: there is no row below the head."]),
        (
            "valu,why\nx,\n",
            ["Line 1: there is no column 'value'.", "unknown column 'valu', did you mean 'value'"],
        ),
        ("value,value\nx,y\n", ["Line 1: a second column 'value'."]),
        (
            "value,why\n073H,\nx\ny,a,b\n,z\n",
            ["Line 2: '073H' is in the list", "Line 4: more cells", "Line 5: value is"],
        ),
        ("value,from\nx,\n\nx,2026-01-01\n", ["Line 4: 'x' stands in line 2 for the same days."]),
        ("value,from\nx,tomorrow\n", ["Line 2: from needs a date such as 2026-03-31, found 'tomorrow'."]),
        ("value,from,until\nx,2026-02-01,2026-01-31\n", ["Line 2: until lies before from."]),
        ('value\n"x\n', ["this is no CSV"]),
    ],
)
def test_every_fault_is_told_by_its_line_and_nothing_is_imported(table: str, faults: list[str]) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_rows(table, LIST)
    assert len(refused.value.faults) == len(faults)
    for told, expected in zip(refused.value.faults, faults, strict=True):
        assert expected in told


def test_the_same_value_on_other_days_is_another_entry() -> None:
    done = import_rows("value,from,until\nx,,2026-01-31\nx,2026-02-01,\n", LIST)
    assert done.added == 2


@pytest.mark.parametrize(
    ("existing", "says"),
    [
        ("entries: [{value: 073H}]\n", "only be added where"),
        ("entries:\n  - value: 073H\ntitle: Known\n", "only be added where"),
        ("entries: 5\n", "has faults"),
        ("entries:\n  - value: [", "has faults"),
    ],
)
def test_a_list_that_cannot_take_entries_is_left_alone(existing: str, says: str) -> None:
    with pytest.raises(ImportRefused, match=says):
        import_rows("value\nx\n", existing)


cells = st.one_of(
    st.sampled_from(["0123", "NO", "null", "1e5", "22:30", "a: b", "a #b", "- x", "'", '"', "{", "é", "x\ny", "2026-01-01"]),
    st.text(st.characters(blacklist_categories=["Cc", "Cs", "Cn"]), max_size=6),
)  # fmt: skip


@given(st.lists(st.tuples(cells, st.lists(cells, max_size=2), cells), min_size=1, max_size=4))
def test_what_was_in_the_table_is_in_the_list_for_every_reader(
    rows: list[tuple[str, list[str], str]],
) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [("value", "also", "why"), *((row[0], ";".join(row[1]), row[2]) for row in rows)]
    )
    try:
        done = import_rows(buffer.getvalue(), LIST)
    except ImportRefused:
        return
    assert done.text.startswith(LIST)
    added = entries_of(done.text)[1:]
    assert len(added) == done.added
    for entry in added:
        assert entry["value"] in {" ".join(row[0].split()) for row in rows}
    everyones = yaml.safe_load(done.text)["entries"][1:]
    assert everyones == added


def test_imported_lists_are_read_the_short_way() -> None:
    done = import_rows("value,also,why,from\n0123,A: b,it is,2026-01-01\n", None)
    assert read_plain_list(done.text) is not None

"""`rules import-list` adds all rows or none, and leaves what stands in the list as it is."""

import os
from pathlib import Path

from tests.commands.shell import Shell

LIST = "# ours\nentries:\n  - value: 073H  # a comment\n"


async def test_rows_of_a_spreadsheet_become_entries(apart: Shell, tmp_path: Path) -> None:
    into, table = tmp_path / "lists" / "known.yaml", tmp_path / "known.csv"
    table.write_text("value,also\n888X,Fly-By-Night; FBN\n", encoding="utf-8-sig")
    made = await apart("rules", "import-list", str(table), str(into))
    assert (made.code, made.out) == (0, f"1 entry added to {into}.\n")
    into.write_text(LIST, encoding="utf-8")
    added = await apart("rules", "import-list", str(table), str(into))
    assert added.code == 0
    assert into.read_text(encoding="utf-8") == (
        LIST + "  - value: 888X\n    also:\n      - Fly-By-Night\n      - FBN\n"
    )
    again = await apart("rules", "import-list", str(table), str(into))
    assert again.out == f"0 entries added to {into}. 1 row was in it already.\n"
    assert [path.name for path in into.parent.iterdir()] == ["known.yaml"]


async def test_one_bad_row_keeps_all_out(apart: Shell, tmp_path: Path) -> None:
    into, table = tmp_path / "known.yaml", tmp_path / "known.csv"
    into.write_text(LIST, encoding="utf-8")
    table.write_text("value,from\n888X,\n0123,soon\n", encoding="utf-8")
    ran = await apart("rules", "import-list", str(table), str(into))
    assert ran.code == 3
    assert "Line 3: from needs a date such as 2026-03-31, found 'soon'." in ran.out
    assert ran.err.endswith(f"Nothing is imported into {into}.\n")
    assert into.read_text(encoding="utf-8") == LIST


async def test_files_that_cannot_be_read_are_said_so(apart: Shell, tmp_path: Path) -> None:
    ran = await apart("rules", "import-list", str(tmp_path / "no.csv"), str(tmp_path / "list.yaml"))
    assert (ran.code, "cannot be read: No such file" in ran.err) == (3, True)
    os.mkfifo(tmp_path / "pipe.yaml")
    for words in (["pipe.yaml", "list.yaml"], ["no.csv", "pipe.yaml"]):
        ran = await apart("rules", "import-list", *(str(tmp_path / word) for word in words))
        assert (ran.code, "pipe.yaml cannot be read: it is not an ordinary file." in ran.err) == (3, True)
    (tmp_path / "bad.csv").write_bytes(b"value\n\xff\n")
    ran = await apart("rules", "import-list", str(tmp_path / "bad.csv"), str(tmp_path / "list.yaml"))
    assert (ran.code, "is not UTF-8" in ran.err) == (3, True)

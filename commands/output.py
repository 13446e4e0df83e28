"""What commands print: tables for people, JSON for programs, and one sentence when something could not be done.

Text is printed as it is: what a carrier sends is never read as markup, and control codes in it are made visible.
"""

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import TypeAdapter

WIDTH = 100
"""Columns when the output is no terminal."""
HIDDEN_PIN = "[PIN]"
"""All that is ever shown of a PIN: that there is one."""


class Failed(Exception):
    """A command could not do what was asked: one sentence with what, where and what to do, and its exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(_ANY.dump_python(value, mode="json"), ensure_ascii=False, indent=2))


def print_lines(*lines: str) -> None:
    """Print sentences: folded in a terminal, each on one line elsewhere."""
    for line in lines:
        _print(plain(line), fold=sys.stdout.isatty())


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Collection[str] = ()
) -> None:
    """Print a table with a heading for each column.

    Args:
        whole: columns with short cells that stay on one line; where there is no room, the others fold.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    _print(table)


def print_fields(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print a heading and, below it, rows of which all but the last cell are short."""
    from rich.padding import Padding
    from rich.table import Table

    if not rows:
        return
    _print("", plain(title))
    grid = Table.grid(padding=(0, 2))
    for position in range(len(rows[0])):
        grid.add_column(overflow="fold", no_wrap=position == 0)
    for row in rows:
        grid.add_row(*(plain(cell) for cell in row))
    _print(Padding(grid, (0, 0, 0, 2)))


def plain(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _print(*things: Any, fold: bool = True) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH
    console = Console(markup=False, highlight=False, emoji=False, width=width)
    for thing in things:
        console.print(thing, soft_wrap=not fold)

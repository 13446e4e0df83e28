"""What commands print: tables for people, JSON for programs, and one sentence when something could not be done."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table


class Failed(Exception):
    """A command could not do what was asked: one sentence with what, where and what to do, and its exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(_ANY.dump_python(value, mode="json"), ensure_ascii=False, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table. Cells are text as it is: what a carrier sends is never read as markup."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    Console(markup=False, highlight=False).print(table)


def _plain(cell: str) -> str:
    # A carrier's text could carry terminal control codes.
    return "".join(character if character.isprintable() else "�" for character in cell)

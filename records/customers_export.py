"""Customers as a file that `customers import` takes: everything but their PINs."""

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TextIO

from records.customers_rows import COLUMNS, LISTS
from records.customers_stored import Stored

EXPORTED = tuple(column for column in COLUMNS if column != "pin")


def write_csv(customers: Iterable[Stored], file: TextIO) -> int:
    """Writes a header and a row for each customer; how many there are."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(EXPORTED)
    count = 0
    for customer in customers:
        values = _values(customer).values()
        writer.writerow([";".join(value) if isinstance(value, list) else value for value in values])
        count += 1
    return count


def write_json_lines(customers: Iterable[Stored], file: TextIO) -> int:
    """Writes a line for each customer; how many there are."""
    count = 0
    for customer in customers:
        file.write(json.dumps(_values(customer), ensure_ascii=False) + "\n")
        count += 1
    return count


def _values(customer: Stored) -> dict[str, Any]:
    return {
        column: customer.lists[column] if column in LISTS else _value(getattr(customer.row, column))
        for column in EXPORTED
    }


def _value(value: str | datetime | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value

"""What was changed about customers: when, by whom, and how. A PIN is never in it, only that there is another one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.schema import customer_changes

_INSERT = sa.insert(customer_changes).inline()
_LAST = sa.select(sa.func.max(customer_changes.c.seq))
_OF = (
    sa.select(customer_changes)
    .where(customer_changes.c.customer_id == sa.bindparam("wanted"))
    .order_by(customer_changes.c.seq)
)


class Action(StrEnum):
    """What was done."""

    ADDED = "added"
    CHANGED = "changed"
    PIN_SET = "pin set"
    PIN_REKEYED = "pin carried over"
    LOCKED = "locked"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True)
class Change:
    """One field; a list is told whole. Of a PIN neither value is there."""

    field: str
    before: str | list[str] | None
    after: str | list[str] | None


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """An entry of a customer's history.

    Args:
        by: who did it.
        file: from which file it came, if from one.
        why: the reason given for a lock, or for its end.
        token: public id of the token that proved who locked or unlocked; None when a name was only said.
    """

    at: datetime
    by: str
    action: Action
    file: str | None
    why: str | None
    changes: list[Change]
    token: str | None


def change_row(
    customer_id: str,
    action: Action,
    *,
    by: str,
    at: datetime,
    file: str | None = None,
    why: str | None = None,
    changes: Sequence[Change] = (),
    token: str | None = None,
) -> dict[str, Any]:
    """An entry as it is inserted."""
    return {
        "customer_id": customer_id,
        "at": at,
        "made_by": by,
        "action": action.value,
        "file": file,
        "why": why,
        "changes": [asdict(change) for change in changes] or None,
        "token": token,
    }


def write_change(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(_INSERT, row)


def last_change(connection: Connection) -> int:
    """The number of the newest entry of any customer; 0 when there is none."""
    return connection.execute(_LAST).scalar_one() or 0


def changes_of(connection: Connection, customer_id: str) -> list[CustomerChange]:
    """The history of a customer, oldest first."""
    return [
        CustomerChange(
            at=row.at,
            by=row.made_by,
            action=Action(row.action),
            file=row.file,
            why=row.why,
            changes=[Change(**change) for change in row.changes or ()],
            token=row.token,
        )
        for row in connection.execute(_OF, {"wanted": customer_id})
    ]

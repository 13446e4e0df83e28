"""The ledger for a spreadsheet or another program. Personal facts stay sealed in it."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from records.store import Records

COLUMNS = (
    "seq", "at", "portout_id", "position", "kind", "round", "actor", "name", "authenticated", "policy",
    "policy_digest", "engine", "mode", "outcome", "score", "findings", "sent_status", "sent_code", "sent_reason",
    "carrier_status", "carrier_code", "note", "hash",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def print_jsonl(records: "Records", since: datetime) -> None:
    """Print one entry a line, as it is stored, with its sequence number and hash."""
    for found in records.export.since(since):
        print(json.dumps(found, sort_keys=True, separators=(",", ":")))


def print_csv(records: "Records", since: datetime) -> None:
    """Print one entry a line, with the columns that a spreadsheet can use."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in _rows(records, since):
        table.writerow([_cell(row.get(column)) for column in COLUMNS])


def _rows(records: "Records", since: datetime) -> Iterator[dict[str, Any]]:
    for found in records.export.since(since):
        entry = found["entry"] or {}
        body, actor = entry.get("body") or {}, entry.get("actor") or {}
        sent = body.get("sent") or {}
        findings = [f"{one.get('rule_id')}={one.get('result')}" for one in body.get("findings") or []]
        yield {
            **{name: body.get(name) for name in COLUMNS if name in body},
            **{name: entry.get(name) for name in ("at", "portout_id", "position", "kind")},
            "seq": found["seq"],
            "hash": found["hash"],
            "actor": actor.get("kind"),
            "name": actor.get("name"),
            "authenticated": actor.get("authenticated"),
            "findings": " ".join(findings),
            "sent_status": sent.get("status"),
            "sent_code": sent.get("rejection_code"),
            "sent_reason": sent.get("reason"),
            "carrier_code": body.get("carrier_rejection_code"),
        }


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet must not take what a carrier or a reviewer wrote for a formula.
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int) else text

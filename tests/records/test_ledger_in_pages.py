"""Reading many port-outs from the ledger gives what reading each of them gives, page by page."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from records import ledger
from records.ledger_entries import KEY_IS_NOT_HERE, EntryKind, LedgerEntry
from records.schema import keys
from records.store import Records
from tests.records.conftest import NOW, OTHER_KEY, Open

LONG_AGO = NOW - timedelta(days=400)


def _entry(portout_id: str, kind: EntryKind = EntryKind.SCREENED, at: datetime = NOW) -> LedgerEntry:
    return LedgerEntry(
        portout_id=portout_id,
        kind=kind,
        step_key=f"run:{kind}:{at}",
        body={"round": 1},
        personal={"name": portout_id},
        at=at,
    )


def test_every_screened_port_out_is_on_one_page(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 3)
    wanted = [f"order-{number}" for number in range(8)]
    for portout_id in reversed(wanted):
        records.ledger.append_all(
            [
                _entry(portout_id),
                _entry(portout_id, EntryKind.ANSWERED),
                _entry(portout_id, EntryKind.DECIDED),
            ]
        )
    records.ledger.append(_entry("only-noted", EntryKind.REVIEWED))
    records.ledger.append(_entry("older", at=LONG_AGO))
    pages = list(records.ledger.pages_of_screened(NOW))
    assert [portout_id for page in pages for portout_id in page] == wanted
    assert [len(page) for page in pages] == [3, 3, 2]
    assert records.ledger.screened(NOW) == 8
    assert records.ledger.screened(LONG_AGO) == 9


def test_entries_of_many_are_those_of_each(records: Records) -> None:
    for portout_id in ("b", "a", "c"):
        records.ledger.append_all([_entry(portout_id), _entry(portout_id, EntryKind.ANSWERED)])
    found = list(records.ledger.entries_of(["c", "a", "nobody"]))
    assert found == [("a", records.ledger.entries("a")), ("c", records.ledger.entries("c"))]
    assert found[0][1][0].personal == {"name": "a"}


def test_of_many_too_what_cannot_be_unsealed_is_said(records: Records, open_records: Open) -> None:
    records.ledger.append_all([_entry("a"), _entry("b")])
    with records._database.write() as connection:
        connection.execute(sa.delete(keys).where(keys.c.portout_id == "a"))
    (_, [erased]), (_, [kept]) = records.ledger.entries_of(["a", "b"])
    assert (erased.personal, erased.unreadable) == (None, "The personal facts were erased.")
    assert kept.personal == {"name": "b"}
    [(_, [sealed])] = open_records(records_key=OTHER_KEY).ledger.entries_of(["b"])
    assert sealed.unreadable == KEY_IS_NOT_HERE

"""Replacing PORTOUT_RECORDS_KEY: personal facts stay readable, the chain stays what it was, the old key can be dropped."""

from pydantic import SecretStr

from records.ledger_entries import EntryKind, LedgerEntry
from records.ledger_keys import AT_ONCE, Rewrapped
from records.store import Records
from tests.records.conftest import NOW, OTHER_KEY, RECORDS_KEY, Open

BOTH = SecretStr(f"{OTHER_KEY.get_secret_value()},{RECORDS_KEY.get_secret_value()}")
PERSONAL = {"name": "Maria Lopez"}


def write(records: Records, step: str, *portouts: str) -> None:
    records.ledger.append_all(
        [LedgerEntry(one, EntryKind.SCREENED, step, NOW, {"round": 1}, PERSONAL) for one in portouts]
    )


def facts(records: Records, portout: str = "p1") -> list[object]:
    assert records.ledger.verify_chain(portout) == []
    return [entry.personal for entry in records.ledger.entries(portout)]


def of_keys(records: Records) -> list[str]:
    return [sentence for sentence in records.warnings() if "RECORDS_KEY" in sentence]


def test_a_key_is_replaced_while_orders_go_on(open_records: Open) -> None:
    many = [f"p{number}" for number in range(AT_ONCE + 5)]
    write(open_records(), "s1", *many)
    both = open_records(records_key=BOTH)
    assert "keep it until `portout records rekey` finds none" in of_keys(both)[0]
    write(both, "s2", "p1", "new")
    assert list(both.fact_keys.rewrap()) == [Rewrapped(AT_ONCE, 0), Rewrapped(5, 0)]
    assert (list(both.fact_keys.rewrap()), of_keys(both)) == ([], [])
    alone = open_records(records_key=OTHER_KEY)
    write(alone, "s3", "p1")
    assert facts(alone) == [PERSONAL] * 3
    assert (facts(alone, many[-1]), facts(alone, "new"), of_keys(alone)) == ([PERSONAL], [PERSONAL], [])


def test_what_either_key_alone_wrote_is_carried_over_too(open_records: Open) -> None:
    write(open_records(), "s1", "p1")
    write(open_records(records_key=OTHER_KEY), "s2", "p1")
    both = open_records(records_key=BOTH)
    assert facts(both) == [PERSONAL] * 2
    assert list(both.fact_keys.rewrap()) == [Rewrapped(1, 0)]
    alone = open_records(records_key=OTHER_KEY)
    write(alone, "s3", "p1")
    assert (facts(alone), of_keys(alone)) == ([PERSONAL] * 3, [])


def test_what_no_key_opens_is_counted_and_left_as_it_is(open_records: Open) -> None:
    first = open_records()
    write(first, "s1", "p1", "p2")
    later = open_records(records_key=OTHER_KEY)
    assert list(later.fact_keys.rewrap()) == [Rewrapped(0, 2)]
    assert "behind a comma" in of_keys(later)[0]
    assert facts(first) == [PERSONAL]

"""Checks on real facts: each looks up what its rule reads, in the records and at the carrier, and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from temporalio.exceptions import ApplicationError

from sandbox.models import NewFault, ScanStatus
from sandbox.uploads import Upload
from tests.activities.parts import Parts
from tests.activities.screening_desk import EVENTS, NUMBER, OTHER, PER_SPID, Desk, add_customers

DOCUMENTS = ("GET", "/portouts/ID/supporting_documents")


def set_customer(parts: Parts, customer_id: str, **fields: str) -> None:
    """What the import does not take: locks, and changes that others saw."""
    engine = sa.create_engine(f"sqlite:///{parts.home}/records.db")
    changes = ", ".join(f"{name} = :{name}" for name in fields)
    statement = sa.text(f"UPDATE customers SET {changes} WHERE customer_id = :id")
    with engine.begin() as connection:
        connection.execute(statement, {**fields, "id": customer_id})
    engine.dispose()


# number


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("active", "ours"),
        ("port-out-pending", "ours"),
        ("ported-out", "not_ours"),
        ("deleted", "not_ours"),
        ("emergency-only", "other_status"),
        ("unknown", "other_status"),
    ],
)
async def test_the_carrier_says_how_every_number_stands(parts: Parts, status: str, result: str) -> None:
    desk = Desk.under(parts, r={"number": {}})
    order = parts.place(phone_numbers=[NUMBER, OTHER])
    parts.sandbox.add_number(phone_number=OTHER, status=status)
    found = await desk.screen(order)
    told = "unstated" if status == "unknown" else status
    assert found.result == result
    assert found.facts == {"number.statuses": ["active", told]}
    assert desk.asked == [("GET", "/phone_numbers")] * 2


async def test_a_number_that_the_carrier_does_not_list_is_unknown(parts: Parts) -> None:
    desk = Desk.under(parts, r={"number": {}})
    found = await desk.screen(parts.place(phone_numbers=[NUMBER, OTHER]))
    assert (found.result, found.facts) == ("not_ours", {"number.statuses": ["active", "unknown"]})


@pytest.mark.parametrize(
    ("fault", "kind", "final"),
    [
        ({"status": 503}, "CarrierFault", False),
        ({"status": 401}, "Unauthorized", False),
        ({"status": 429, "retry_after": 7}, "TooManyRequests", False),
        ({"status": 422}, "Unprocessable", True),
    ],
)
@pytest.mark.parametrize(
    "check", [{"number": {}}, {"when": {"number.statuses": {"contains": "active"}}}], ids=["number", "when"]
)
async def test_a_carrier_that_does_not_tell_is_asked_again(
    parts: Parts, check: Mapping[str, Any], fault: dict[str, int], kind: str, final: bool
) -> None:
    desk = Desk.under(parts, r=check)
    opened = await desk.open(parts.place())
    parts.sandbox.faults.add(NewFault(path_prefix="/phone_numbers", **fault))
    with pytest.raises(ApplicationError) as caught:
        await desk.ask(opened)
    assert (caught.value.type, caught.value.non_retryable) == (kind, final)
    assert NUMBER.removeprefix("+") not in str(caught.value)


# account_lock


async def test_a_lock_and_late_changes_of_the_account_are_seen(parts: Parts) -> None:
    desk = Desk.under(parts, r={"account_lock": {}})
    opened = await desk.open(parts.place())
    assert (await desk.ask(opened)).result == "missing"
    add_customers(parts, f"c1,{NUMBER},Ann Smith")
    set_customer(parts, "c1", email_changed_at="2026-01-01T00:00:00.000000Z")
    quiet = await desk.ask(opened)
    set_customer(parts, "c1", sim_changed_at=_stored(datetime.now(UTC) - timedelta(hours=200)))
    changed = await desk.ask(opened)
    set_customer(parts, "c1", locked_at=_stored(datetime.now(UTC)), lock_why="Called us.")
    locked = await desk.ask(opened)
    assert [found.result for found in (quiet, changed, locked)] == ["unlocked", "recently_changed", "locked"]
    assert quiet.facts["customer.email_changed_at"] == "2026-01-01T00:00:00+00:00"
    assert (locked.facts["customer.locked"], locked.facts["customer.lock_why"]) == (True, "Called us.")
    assert desk.asked == []


def _stored(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


# timing and documents


async def test_timing_knows_the_order_and_the_list_of_holidays(parts: Parts) -> None:
    desk = Desk.under(parts, r={"timing": {"weekend": "true", "holidays": "holidays"}})
    sunday = parts.place(foc_date=datetime(2026, 12, 20, 12, tzinfo=UTC))
    holiday = parts.place(foc_date=datetime(2026, 12, 25, 12, tzinfo=UTC))
    assert [(await desk.screen(order)).result for order in (sunday, holiday, parts.place())] == [
        "weekend",
        "holiday",
        "missing",
    ]
    assert desk.asked == []


PAPER = Upload("loa.pdf", b"a letter", "application/pdf")
LOA = {"documents": {"needs": ["loa"]}}


@pytest.mark.parametrize(
    ("scan", "result"),
    [
        ("scanned", "complete"),
        ("infected", "infected"),
        ("pending_scan", "unscanned"),
        ("not_scanned", "unscanned"),
    ],
)
async def test_only_a_document_that_the_scan_found_clean_counts(
    parts: Parts, scan: ScanStatus, result: str
) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    parts.sandbox.documents.scan_takes = 60.0
    parts.sandbox.hand_in(order, "loa", PAPER, scan)
    assert (await desk.screen(order)).result == result


async def test_the_hash_of_a_document_that_counts_is_among_what_was_seen(parts: Parts) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    parts.sandbox.hand_in(order, "loa", PAPER)
    found = await desk.screen(order)
    assert found.facts["documents.sha256"] == [f"loa {sha256(PAPER.content).hexdigest()}"]


async def test_documents_of_another_order_do_not_count(parts: Parts) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    parts.sandbox.hand_in(parts.place(), "loa", PAPER)
    assert (await desk.screen(order)).result == "missing"
    # Nor do those that a carrier lists here although they are linked elsewhere.
    parts.sandbox.hand_in(order, "loa", PAPER)
    [link] = parts.sandbox.supporting_documents(order)
    link["portout_id"] = "another"
    assert (await desk.screen(order)).result == "missing"


@pytest.mark.parametrize("changed", [{"status": "denied"}, {"sha256": None}])
async def test_a_document_that_was_denied_or_has_no_hash_does_not_count(
    parts: Parts, changed: dict[str, Any]
) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    link = parts.sandbox.hand_in(order, "loa", PAPER)
    parts.sandbox.documents.read(link["document_id"]).update(changed)
    assert (await desk.screen(order)).result in ("missing", "unscanned")


async def test_a_link_to_a_document_that_is_gone_is_no_document(parts: Parts) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    link = parts.sandbox.hand_in(order, "loa", PAPER)
    del parts.sandbox.documents._by_id[link["document_id"]]
    assert (await desk.screen(order)).result == "missing"


async def test_documents_that_cannot_be_read_are_not_missing_but_tried_again(parts: Parts) -> None:
    desk, order = Desk.under(parts, r=LOA), parts.place()
    parts.sandbox.hand_in(order, "loa", PAPER)
    parts.sandbox.faults.add(NewFault(path_prefix="/documents", status=503))
    with pytest.raises(ApplicationError):
        await desk.screen(order)


# What is looked up


@pytest.mark.parametrize(
    ("check", "result", "tables", "asked"),
    [
        ({"spid": {"known": "holidays"}}, "unlisted", set(), []),
        ({"carrier": {"block": "holidays"}}, "allowed", set(), []),
        ({"timing": {"weekend": "true"}}, "missing", set(), []),
        (LOA, "missing", set(), [DOCUMENTS]),
        (
            {"authorized_name": {"given": "portout.authorized_name", "against": ["customer.name"]}},
            "missing",
            {"customers"},
            [],
        ),
        (PER_SPID, "within_limit", {"history"}, []),
        ({"repeat_request": {"within": "1h"}}, "changed", {"history", "ledger"}, EVENTS),
        ({"when": {"portout.spid": {"equals": "073H"}}}, "holds", set(), []),
        ({"when": {"customer.name": {"equals": "Ann"}}}, "missing", {"customers"}, []),
        ({"when": {"documents.types": {"contains": "loa"}}}, "does_not_hold", set(), [DOCUMENTS]),
        ({"when": {"number.statuses": {"contains": "active"}}}, "holds", set(), [("GET", "/phone_numbers")]),
        (
            {"when": {"history.rejected_at": {"is_missing": "true"}}},
            "does_not_hold",
            {"history", "ledger"},
            EVENTS,
        ),
        (
            {"when": {"history.changed": {"contains": "portout.zip"}}},
            "holds",
            {"history", "ledger"},
            EVENTS,
        ),
    ],
)
async def test_a_rule_costs_what_its_facts_cost_and_nothing_else(
    parts: Parts,
    check: dict[str, Any],
    result: str,
    tables: set[str],
    asked: list[tuple[str, str]],
) -> None:
    desk = Desk.under(parts, r=check)
    await desk.deny(parts.place(zip="10001"))
    opened = await desk.open(parts.place(zip="10002"))
    statements = list[str]()
    engine = parts.records._database._engine
    sa.event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    found = await desk.ask(opened)
    read = [(method, path.replace(opened.order.id, "ID")) for method, path in desk.asked]
    assert (found.result, read) == (result, asked)
    known = ("customers", "history", "ledger", "policies", "cases")
    assert {
        table for table in known for text in statements if f"FROM {table}" in text or f"JOIN {table}" in text
    } == tables
    assert bool(statements) == bool(tables)

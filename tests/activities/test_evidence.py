"""Checks on real facts: each looks up what its rule reads, in the records and at the carrier, and nothing else."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from temporalio.exceptions import ApplicationError

from activities.checks import CheckActivities
from activities.concluding import ConcludingActivities
from activities.contracts import ConcludeInput, Ending, Opened, RuleInput
from activities.policies import PolicyShelf
from activities.records import write_ending
from records.cases import DecidedBy
from records.ledger import EntryKind
from sandbox.models import NewFault, ScanStatus
from sandbox.uploads import Upload
from screening.results import CheckResult
from tests.activities.parts import DENIAL, Parts, to_answer, tried
from tests.service import RIGHT_PIN, WRONG_PIN
from tests.small_policy import small_policy

NUMBER, OTHER = "+12125550123", "+13035550124"
HOLIDAYS = {"holidays": "entries:\n  - {value: 2026-12-25, until: 2026-12-31}\n"}
EVENTS = [("GET", "/portouts/events")] * 2
DOCUMENTS = ("GET", "/portouts/ID/supporting_documents")
PER_SPID = {"velocity": {"count": "orders", "per": "spid", "at_most": "1"}}


@dataclass
class Desk:
    """Screens orders under a policy of a test's own, one activity at a time."""

    parts: Parts
    shelf: PolicyShelf
    asked: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """What the last check asked the carrier."""

    @classmethod
    def under(cls, parts: Parts, **checks: Mapping[str, Any]) -> "Desk":
        rules = {
            name: {"when": check["when"]} if "when" in check else {"check": check}
            for name, check in checks.items()
        }
        return cls(
            parts, PolicyShelf(small_policy(parts.home / "small", rules, lists=HOLIDAYS), parts.records)
        )

    async def open(self, portout_id: str) -> Opened:
        return await dataclasses.replace(self.parts, shelf=self.shelf).opened(portout_id)

    async def ask(self, opened: Opened, rule_id: str = "r") -> CheckResult:
        [kind] = [rule.check for rule in opened.rules if rule.rule_id == rule_id]
        parts = self.parts
        checks = CheckActivities(parts.telnyx, parts.records, self.shelf, parts.board, 60.0)
        given = RuleInput(
            order=opened.order,
            round=opened.round,
            policy=opened.policy,
            policy_digest=opened.policy_digest,
            rule_id=rule_id,
            several_customers=opened.several_customers,
            now=datetime.now(UTC),
            pin_wait=0.0,
        )
        before = parts.sandbox.log.last
        try:
            found: CheckResult = await tried(getattr(checks, f"check_{kind}"), given)
        finally:
            self.asked = parts.requests(since=before)
        return found

    async def screen(self, portout_id: str, rule_id: str = "r") -> CheckResult:
        return await self.ask(await self.open(portout_id), rule_id)

    async def deny(self, portout_id: str, *, decided: Literal["deny", "none"] = "deny") -> None:
        """Open an order, conclude, and write its end."""
        parts = self.parts
        opened = await self.open(portout_id)
        concluding = ConcludingActivities(parts.telnyx, parts.records, self.shelf, parts.board, parts.timing)
        await tried(
            concluding.conclude, ConcludeInput(opened=opened, results=[], step="s", now=datetime.now(UTC))
        )
        ending = Ending(
            opened=opened,
            conclusion=None,
            verdict=to_answer(opened, DENIAL).verdict,
            kind=EntryKind.ANSWERED,
            outcome=decided,
            decided_by=DecidedBy.POLICY,
            carrier_status="rejected-pending",
            at=datetime.now(UTC),
        )
        write_ending(parts.records, ending)


def add_customers(parts: Parts, *rows: str) -> None:
    file = parts.home / "customers.csv"
    file.write_text("customer_id,numbers,name\n" + "".join(f"{row}\n" for row in rows))
    parts.records.customers.import_csv(file, datetime.now(UTC))


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


# velocity


async def test_other_orders_of_the_spid_are_counted_once_they_are_opened(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    orders = [await desk.open(parts.place(spid=spid)) for spid in ("073H", "073h ", "ZZZZ")]
    found = await desk.ask(orders[0])
    assert (found.result, found.facts) == ("within_limit", {"history.orders_per_spid": 1})
    orders.append(await desk.open(parts.place()))
    found = await desk.ask(orders[0])
    assert (found.result, found.values) == ("over_limit", {"count": 2, "limit": 1})
    assert (await desk.screen(parts.place(spid=None))).result == "missing"
    assert desk.asked == []


async def test_a_spid_that_no_database_can_hold_is_counted_all_the_same(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    for _ in range(2):
        await desk.open(parts.place(spid="07\x003H"))
    assert (await desk.screen(parts.place(spid="07\x003H"))).result == "over_limit"


async def test_orders_that_came_before_the_window_do_not_count(parts: Parts) -> None:
    desk = Desk.under(parts, r={"velocity": {**PER_SPID["velocity"], "within": "1h"}})
    await desk.open(parts.place(age_seconds=3700))
    await desk.open(parts.place(age_seconds=3500))
    assert (await desk.screen(parts.place())).facts == {"history.orders_per_spid": 1}


async def test_opening_an_order_again_counts_it_once(parts: Parts) -> None:
    desk = Desk.under(parts, r=PER_SPID)
    order = parts.place()
    for _ in range(3):
        await desk.open(order)
    assert (await desk.screen(parts.place())).facts == {"history.orders_per_spid": 1}


async def test_of_several_numbers_the_one_with_the_most_counts(parts: Parts) -> None:
    desk = Desk.under(parts, r={"velocity": {"count": "orders", "per": "number", "at_most": "5"}})
    for _ in range(2):
        await desk.open(parts.place(phone_numbers=[OTHER]))
    await desk.open(parts.place())
    found = await desk.screen(parts.place(phone_numbers=[NUMBER, OTHER]))
    assert found.facts == {"history.orders_per_number": 2}


async def test_a_customer_is_counted_over_all_of_its_numbers(parts: Parts) -> None:
    third = "+14155550125"
    add_customers(parts, f"c1,{NUMBER};{OTHER},Ann Smith", f"c2,{third},Bob Jones")
    desk = Desk.under(parts, r={"velocity": {"count": "orders", "per": "customer", "at_most": "0"}})
    await desk.open(parts.place(phone_numbers=[OTHER]))
    same = await desk.screen(parts.place())
    assert (same.result, same.facts["history.orders_per_customer"]) == ("over_limit", 1)
    assert (await desk.screen(parts.place(phone_numbers=[NUMBER, third]))).result == "mixed"
    assert (await desk.screen(parts.place(phone_numbers=["+15125550126"]))).result == "missing"


async def test_wrong_pins_and_denials_of_other_orders_are_counted(parts: Parts) -> None:
    def per_carrier(what: str) -> dict[str, Any]:
        return {"velocity": {"count": what, "per": "carrier", "at_most": "0"}}

    desk = Desk.under(
        parts, pin={"pin": {}}, failures=per_carrier("pin_failures"), denials=per_carrier("denials")
    )
    wrong = parts.place(attempted_pin=WRONG_PIN, carrier_name="Onvoy, LLC")
    assert (await desk.screen(wrong, "pin")).result == "mismatch"
    await desk.deny(wrong)
    await desk.deny(parts.place(), decided="none")
    mine = await desk.open(parts.place(carrier_name="ONVOY"))
    found = [await desk.ask(mine, rule) for rule in ("failures", "denials")]
    assert [(check.result, check.values["count"]) for check in found] == [("over_limit", 1)] * 2
    assert [(await desk.ask(await desk.open(wrong), rule)).result for rule in ("failures", "denials")] == [
        "within_limit"
    ] * 2


# repeat_request


async def test_the_first_request_costs_the_carrier_nothing(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}})
    await desk.deny(parts.place(phone_numbers=[OTHER]))
    await desk.open(parts.place())
    assert (await desk.screen(parts.place())).result == "first"
    assert desk.asked == []


async def test_the_same_request_again_is_unchanged_and_a_corrected_one_says_what(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}})
    await desk.deny(parts.place(authorized_name="Ann Smith", attempted_pin=WRONG_PIN))
    again = await desk.screen(parts.place(authorized_name="ann smith", attempted_pin=WRONG_PIN, pon="2"))
    assert (again.result, again.facts["history.changed"]) == ("unchanged", [])
    assert desk.asked == [("GET", "/portouts/events")] * 2
    corrected = await desk.screen(parts.place(authorized_name="Ann Jones", attempted_pin=RIGHT_PIN))
    assert corrected.result == "changed"
    assert corrected.facts["history.changed"] == ["portout.authorized_name", "pin"]
    without = await desk.screen(parts.place(authorized_name="Ann Smith", attempted_pin=None))
    assert without.values == {"changed": ["PIN"]}
    told = str([again, corrected, without])
    assert RIGHT_PIN not in told
    assert WRONG_PIN not in told


async def test_a_rejected_order_that_can_no_longer_be_read_is_not_called_unchanged(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}}, pin={"pin": {}})
    erased = parts.place(attempted_pin=None)
    await desk.deny(erased)
    _execute(parts, "DELETE FROM keys")
    assert (await desk.screen(parts.place(attempted_pin=None))).result == "missing"


def _execute(parts: Parts, statement: str) -> None:
    engine = sa.create_engine(f"sqlite:///{parts.home}/records.db")
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


async def test_an_attempt_that_the_carrier_no_longer_shows_cannot_be_compared(parts: Parts) -> None:
    desk = Desk.under(parts, r={"repeat_request": {}}, pin={"pin": {}})
    rejected = parts.place(attempted_pin=WRONG_PIN)
    await desk.screen(rejected, "pin")
    await desk.deny(rejected)
    parts.sandbox._orders.get(rejected).events.clear()
    assert (await desk.screen(parts.place(attempted_pin=WRONG_PIN))).result == "missing"


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

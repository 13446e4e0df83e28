"""A desk that screens orders on real facts, one activity at a time."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from activities.checks import CheckActivities
from activities.concluding import ConcludingActivities
from activities.contracts import ConcludeInput, Ending, Opened, RuleInput
from activities.policies import PolicyShelf
from activities.records import write_ending
from records.cases import DecidedBy
from records.ledger_entries import EntryKind
from screening.results import CheckResult
from tests.activities.parts import DENIAL, Parts, to_answer, tried
from tests.small_policy import small_policy

NUMBER, OTHER = "+12125550123", "+13035550124"
PER_SPID = {"velocity": {"count": "orders", "per": "spid", "at_most": "1"}}
EVENTS = [("GET", "/portouts/events")] * 2
HOLIDAYS = {"holidays": "entries:\n  - {value: 2026-12-25, until: 2026-12-31}\n"}


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
    parts.records.customers.import_file(file, datetime.now(UTC), by="ann")

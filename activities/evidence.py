"""Gathering the facts of checks, reading only: what rule activities and `portout preflight` share."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from records.store import Records
from screening import evaluation
from screening.bundle import Bundle
from screening.facts import CustomerFacts, OrderFacts
from screening.gathered import GatheredFacts
from screening.policy import Policy, Rule
from screening.results import CheckResult

BAR_AFTER_MISMATCH = timedelta(days=30)


def customers_among(records: Records, numbers: Sequence[str]) -> list[CustomerFacts]:
    """The different customers who hold these numbers.

    Raises:
        DatabaseUnavailable: they cannot be read.
    """
    matches = records.customers.find(numbers)
    customers = {
        match.customer.id: CustomerFacts(
            name=match.customer.name,
            business_name=match.customer.business_name,
            authorized_names=match.customer.authorized_names,
            tags=match.customer.tags,
        )
        for match in matches
        if match.customer
    }
    return list(customers.values())


def ask(
    bundle: Bundle,
    policy: Policy,
    rule: Rule,
    *,
    order: OrderFacts,
    now: datetime,
    customers: Sequence[CustomerFacts] = (),
) -> CheckResult:
    """Put a rule's question to its check. Not for `pin`: PINs are compared where they are counted."""
    gathered = GatheredFacts(
        order=order,
        now=now,
        zone=policy.zone,
        customers=customers,
        lists=bundle.lists_of(policy),
    )
    return evaluation.ask(rule, gathered)


def pin_result(result: str, *, barred: bool, unfinished: bool = False) -> CheckResult:
    """The answer of `check_pin`: the result alone, and why it must not approve automatically.

    Args:
        barred: other attempts on these numbers bar it.
        unfinished: the carrier has an event of the order that may still get another PIN.
    """
    why = None
    if barred:
        why = "Another PIN was tried, or a wrong one, on a number of this order in the last 30 days."
    elif unfinished:
        why = "The carrier has not completed an event of this order, which may bring another PIN."
    return CheckResult(result=result, bars_approval=why)

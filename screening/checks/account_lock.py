"""Check `account_lock`: did the holder lock the account, and was anything changed on it lately?

Whoever takes over an account changes its PIN, e-mail, contact or SIM first and asks for the number next. Neither a
lock nor a change is a ground on which a port may be refused (47 CFR 52.36): a person looks at it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.facts import CustomerFacts
from screening.policy_values import PositiveDuration, RuleModel
from screening.results import CheckResult, FactValue

UNLOCKED = "unlocked"
LOCKED = "locked"
RECENTLY_CHANGED = "recently_changed"

_FACTS = (
    "customer.count",
    "customer.locked",
    "customer.lock_why",
    "customer.pin_changed_at",
    "customer.email_changed_at",
    "customer.contact_changed_at",
    "customer.sim_changed_at",
)


class AccountLockParams(RuleModel):
    """How long a change counts as recent."""

    changed_within: PositiveDuration = Field(
        default=timedelta(hours=72),
        description="A PIN, e-mail or authorized contact changed this long ago, or less, is a recent change.",
    )
    # The window of the CAMARA SIM swap API.
    sim_changed_within: PositiveDuration = Field(
        default=timedelta(hours=240),
        description="A SIM changed this long ago, or less, is a recent change.",
    )


def check(params: AccountLockParams, customers: Sequence[CustomerFacts], now: datetime) -> CheckResult:
    """Look at the accounts of all customers who hold numbers of the order; the worst one counts.

    Args:
        now: the moment of the screening. A change dated after it is a recent one.

    Returns:
        `locked` if any account is; `recently_changed` if anything was changed on any; `missing` when no customer is
        on file or nobody says whether an account is locked; else `unlocked`. Always with `changed`: what was, lately.
    """
    changed = _changes(params, customers, now)
    if any(customer.locked for customer in customers):
        result = LOCKED
    elif changed:
        result = RECENTLY_CHANGED
    else:
        known = bool(customers) and all(customer.locked is not None for customer in customers)
        result = UNLOCKED if known else MISSING
    return CheckResult(result=result, values={"changed": changed})


def _changes(params: AccountLockParams, customers: Sequence[CustomerFacts], now: datetime) -> list[str]:
    found: dict[str, None] = {}
    for customer in customers:
        for word, changed_at, within in (
            ("PIN", customer.pin_changed_at, params.changed_within),
            ("e-mail", customer.email_changed_at, params.changed_within),
            ("contact", customer.contact_changed_at, params.changed_within),
            ("SIM", customer.sim_changed_at, params.sim_changed_within),
        ):
            if changed_at is not None and now - changed_at <= within:
                found[word] = None
    return list(found)


def _run(params: AccountLockParams, gathered: GatheredFacts) -> CheckResult:
    known = gathered.as_facts()
    facts: dict[str, FactValue] = {name: known[name] for name in _FACTS if name in known}
    found = check(params, gathered.customers, gathered.now)
    return found.model_copy(update={"facts": facts})


KIND = CheckKind(
    name="account_lock",
    sentence="Whether the holder locked the account, or something was changed on it lately.",
    params=AccountLockParams,
    run=_run,
    example=Example(params={"changed_within": "72h"}, given={"customer.locked": True}, expect=LOCKED),
    results={
        UNLOCKED: "No account is locked, and no recent change is on record.",
        LOCKED: "The holder locked the account.",
        RECENTLY_CHANGED: "The PIN, e-mail, contact or SIM of the account was changed lately.",
        MISSING: "We have no customer on file for the numbers, or nobody says whether the account is locked.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({UNLOCKED}),
    facts=_FACTS,
    placeholders={"changed": "What was changed lately: PIN, e-mail, contact, SIM."},
)

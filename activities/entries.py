"""What every entry of the ledger says besides its own: under which rules it was made, and who acted."""

import json
from functools import lru_cache

from activities.contracts import Opened, Verdict
from records.cases import Case, DecidedBy
from records.errors import DatabaseDamaged
from records.ledger_actor import DEADLINE, POLICY, LedgerActor
from records.policies import Policies
from records.store import Records
from records.tokens import Verified
from screening.bundle import ENGINE_VERSION


def header_of(opened: Opened) -> dict[str, object]:
    """The round of an order, and the rules that judge it."""
    return {
        "round": opened.round,
        "policy": opened.policy,
        "policy_digest": opened.policy_digest,
        "engine": ENGINE_VERSION,
        "mode": opened.mode,
    }


def header_from(case: Case | None, round_: int) -> dict[str, object]:
    """The same of an order of which only its case is at hand."""
    return {
        "round": round_,
        "policy": case.policy if case else None,
        "policy_digest": case.policy_digest if case else None,
        "engine": ENGINE_VERSION,
        "mode": case.mode if case else None,
    }


def is_authored(records: Records, policy_digest: str, reason: str) -> bool:
    """Whether a reason stands in the rules word for word, so that it names nobody and may be kept in clear.

    Every other one is sealed with the personal facts, whoever decided: a person may have typed anything, and a text of the
    rules may name facts of the order.

    Raises:
        DatabaseUnavailable: try again later.
    """
    try:
        rules = _rules(records.policies, policy_digest)
    except DatabaseDamaged:
        return False
    # The canonical form of a bundle is JSON without blanks.
    return f'"reason":{json.dumps(reason, ensure_ascii=False)}'.encode("utf-8", "backslashreplace") in rules


@lru_cache(maxsize=4)
def _rules(policies: Policies, digest: str) -> bytes:
    # Every order that is answered asks, and a digest names the same rules for ever.
    return policies.load(digest) or b""


def person(name: str | None, verified: Verified | None) -> LedgerActor:
    """Somebody who acts, and what proves that it is them."""
    if verified is None:
        return LedgerActor.person(name)
    return LedgerActor.person(name, token=verified.token_id, role=verified.role)


def who_decided(verdict: Verdict) -> LedgerActor:
    """Whose decision it is."""
    if verdict.by is DecidedBy.REVIEWER:
        return LedgerActor.person(verdict.people, token=verdict.token, role=verdict.role)
    return DEADLINE if verdict.by is DecidedBy.DEADLINE else POLICY

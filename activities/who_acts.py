"""Who acts on an order, and whether they may now: claims, grants, and the second of two approvals."""

from dataclasses import dataclass
from datetime import datetime

from activities.contracts import Conclusion
from activities.review_messages import AdmitInput
from records.errors import RecordsError
from records.store import Records
from records.tokens import Verified
from screening.policy import Policy

UNPROVED = "Who acts could not be verified: what this command was granted is over, or was not meant for this; try again."
NEEDS_TOKENS = (
    "Two people must approve this order, each with a token of their own (PORTOUT_TOKEN); without one it can only be "
    "denied or left."
)


@dataclass(frozen=True)
class Actor:
    """Who acts. Without `verified` it is only a name that somebody gave."""

    verified: Verified | None = None
    refused_because: str | None = None


def who_acts(records: Records, given: AdmitInput, at: datetime) -> Actor:
    """Redeem the grant of a decision. One that does not hold refuses it: a wrong proof is worse than none.

    Raises:
        DatabaseUnavailable: try again.
    """
    if given.grant is None:
        return Actor()
    verified = records.tokens.redeem(
        given.grant,
        person=given.reviewer,
        portout_id=given.opened.order.id,
        action=given.action,
        by=f"{given.opened.run_id}:{given.update_id}",
        at=at,
    )
    return Actor(verified, None if verified else UNPROVED)


def claimed(records: Records, given: AdmitInput, at: datetime) -> str | None:
    """Why somebody else's claim stands against a decision, as a sentence; None if none does.

    A claim keeps people from doing the same work twice. While records are away nobody waits for it.
    """
    try:
        case = records.cases.get(given.opened.order.id)
    except RecordsError:
        return None
    claim = case.claim_of_another(given.reviewer, at) if case else None
    return claimed_sentence(claim) if claim else None


def claimed_sentence(claim: str) -> str:
    """What somebody is told who decides what another has claimed."""
    return f"The order is claimed by {claim}; until then only they decide it."


def people_needed(policy: Policy, conclusion: Conclusion) -> int:
    """How many must approve. What could not be concluded might have needed two."""
    if conclusion.possible:
        return conclusion.people
    effects = [effect for rule in policy.rules for effect in rule.then.values()]
    asks = policy.review.two_people_from_score is not None or any(
        wanted.people > 1 for wanted in (*effects, *policy.decide.score)
    )
    return 2 if asks else conclusion.people


def approval_objection(given: AdmitInput, actor: Actor, people: int) -> str | None:
    """Why somebody's approval cannot count, as a sentence; None when it does."""
    if people > 1 and actor.verified is None:
        return NEEDS_TOKENS
    first = given.first_approval
    if people > 1 and first is not None and first.reviewer == given.reviewer:
        return same_person(first.reviewer)
    return None


def same_person(reviewer: str) -> str:
    return f"{reviewer} has approved the order already; somebody else must approve it as well."

"""From the documents that somebody wants to the question that is asked: how long, and under which key."""

import hashlib
from datetime import timedelta

from activities.asking_messages import Ask
from screening.policy import Ask as Patience
from screening.policy import Policy
from screening.results import DocumentRequest

USUAL = Patience(wait=timedelta(hours=8))
"""How long documents are awaited under a policy that does not say it: a reviewer can ask under any."""


def question_of(
    request: DocumentRequest, policy: Policy, *, by: str | None = None, key: str | None = None
) -> Ask:
    """The question, with the patience of the policy.

    Args:
        by: the reviewer who asks; None for the policy.
        key: names the question; None for one of the policy, which is the same whenever it says the same.
    """
    patience = policy.ask or USUAL
    words = "\n".join([request.message, *request.types])
    return Ask(
        message=request.message,
        types=request.types,
        key=key or f"policy-{hashlib.sha256(words.encode()).hexdigest()[:16]}",
        by=by,
        wait=patience.wait.total_seconds(),
        recheck=patience.recheck.total_seconds(),
    )

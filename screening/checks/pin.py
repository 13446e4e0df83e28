"""Check `pin`: does the port-out PIN that came with the request fit the PIN on file of every number?

A passcode that the end user asked for and was given is one of the few things that may hold a port back
(47 CFR 52.36, FCC 07-188).
"""

from collections.abc import Sequence

from pydantic import SecretStr

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, MIXED, CheckKind, Example, GatheredFacts
from screening.facts import PinOnFile
from screening.policy_values import RuleModel
from screening.results import CheckResult

MATCH = "match"
MISMATCH = "mismatch"
PARTLY_SET = "partly_set"
NOT_SET = "not_set"


class PinParams(RuleModel):
    """The check has no parameters."""


def judge(
    numbers: Sequence[PinOnFile | None], attempted: SecretStr | None, *, several_customers: bool = False
) -> str:
    """Compare the attempted PIN with the PIN on file of every number of one order.

    Of several answers that hold at once the worst is given: mismatch, mixed, partly_set, missing, not_set,
    match.

    Args:
        numbers: the PIN on file, one entry per number of the order; None where a number has none.
        attempted: the PIN that came with the request. A blank one is none.
        several_customers: whether the numbers belong to more than one of our customers.

    Returns:
        `mismatch`: a PIN came and differs from one on file.
        `mixed`: several customers.
        `partly_set`: only some of the numbers have a PIN on file.
        `missing`: PINs are on file and none came.
        `not_set`: no number has a PIN on file, whatever came.
        `match`: every number has a PIN on file and all are the one that came.
    """
    on_file = [pin for pin in numbers if pin is not None]
    supplied = attempted if attempted is not None and attempted.get_secret_value().strip() else None
    # Every number is compared, whatever the first ones said: the time taken tells nothing.
    comparisons = [pin.matches(supplied) for pin in on_file] if supplied is not None else []
    if not all(comparisons):
        return MISMATCH
    if several_customers:
        return MIXED
    if not on_file:
        return NOT_SET
    if len(on_file) < len(numbers):
        return PARTLY_SET
    return MATCH if supplied is not None else MISSING


def _run(_: PinParams, gathered: GatheredFacts) -> CheckResult:
    return CheckResult(
        result=judge(gathered.pins, gathered.attempted_pin, several_customers=len(gathered.customers) > 1)
    )


KIND = CheckKind(
    name="pin",
    sentence="Whether the port-out PIN of the request is the one on file for every number.",
    params=PinParams,
    run=_run,
    example=Example(given={"portout.attempted_pin": "0042", "customer.pin": "0042"}, expect=MATCH),
    results={
        MATCH: "The PIN supplied is the one on file for every number.",
        MISMATCH: "The PIN supplied is not the one on file.",
        MISSING: "A PIN is on file, but none came with the request.",
        PARTLY_SET: "Only some of the numbers have a PIN on file.",
        NOT_SET: "None of the numbers has a PIN on file.",
        MIXED: COMMON_SENTENCES[MIXED],
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({MATCH}),
    grounds=frozenset({MISMATCH}),
    facts=("portout.attempted_pin", "customer.pin", "customer.count"),
)

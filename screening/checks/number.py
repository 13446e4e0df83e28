"""Check `number`: are all numbers of the order still ours, as the carrier sees them?

One decision covers every number of an order, so the worst number counts. A number that we do not have cannot be
given away: the carrier's guide for rejections, and every comparable carrier, knows that ground.
"""

from collections.abc import Iterable, Sequence

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.policy_values import RuleModel
from screening.results import CheckResult

OURS = "ours"
NOT_OURS = "not_ours"
OTHER_STATUS = "other_status"

UNKNOWN = "unknown"
"""Stands for the status of a number that the carrier does not know as ours."""

# A number that waits for this very decision may already be shown as `port-out-pending`.
_OURS = frozenset({"active", "port-out-pending"})
_GONE = frozenset({"ported-out", "deleted", UNKNOWN})


class NumberParams(RuleModel):
    """The check has no parameters."""


def judge(statuses: Sequence[str] | None, wanted: int) -> str:
    """Judge the statuses of all numbers of one order. Worst first: not_ours, other_status, missing, ours.

    Args:
        statuses: the carrier's status of each number; None when nobody looked them up.
        wanted: how many numbers the order asks for. A number whose status is not there keeps the answer from being
            `ours`.
    """
    seen = [_word(status) for status in statuses or ()]
    if not _GONE.isdisjoint(seen):
        return NOT_OURS
    if not _OURS.issuperset(seen):
        return OTHER_STATUS
    return OURS if seen and len(seen) >= wanted else MISSING


def _run(_: NumberParams, gathered: GatheredFacts) -> CheckResult:
    numbers, statuses = gathered.order.phone_numbers, gathered.number_statuses
    return CheckResult(
        result=judge(statuses, len(numbers)),
        facts={"number.statuses": None if statuses is None else list(statuses)},
        values={"numbers_not_ours": _not_ours(numbers, statuses or ())},
    )


def _not_ours(numbers: Sequence[str], statuses: Iterable[str]) -> list[str]:
    told = zip(numbers, statuses, strict=False)
    return [f"{number} {status}" for number, status in told if _word(status) not in _OURS]


def _word(status: str) -> str:
    return status.strip().lower()


KIND = CheckKind(
    name="number",
    sentence="Whether the carrier shows every number of the order as ours.",
    params=NumberParams,
    run=_run,
    example=Example(given={"number.statuses": ["active", "ported-out"]}, expect=NOT_OURS),
    results={
        OURS: "Every number is active with us, or waits for this port-out.",
        NOT_OURS: "A number was ported out or deleted, or the carrier does not know it as ours.",
        OTHER_STATUS: "A number is neither active with us nor gone.",
        MISSING: "The status of a number could not be looked up.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({OURS}),
    grounds=frozenset({NOT_OURS}),
    facts=("number.statuses", "portout.phone_numbers"),
    placeholders={"numbers_not_ours": "The numbers that are not plainly ours, each with its status."},
)

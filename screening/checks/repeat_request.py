"""Check `repeat_request`: are these numbers asked for again after we rejected an order for them, and what changed since?

The same request sent once more may be somebody who tries what gets through; one that was corrected is ordinary. Neither
is a ground on which a port may be refused (47 CFR 52.36).
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example, GatheredFacts
from screening.facts import OrderFacts
from screening.policy_values import PositiveDuration, RuleModel
from screening.results import CheckResult
from screening.spelling import plain_key

FIRST = "first"
UNCHANGED = "unchanged"
CHANGED = "changed"

PIN = "pin"
"""Stands for the attempted PIN among what changed: that it did, never what it was."""

_REJECTED_AT = "history.rejected_at"
_CHANGED = "history.changed"
_NOTHING = {_REJECTED_AT: None, _CHANGED: None}
# Not the id, the PON and the FOC dates: every new order has others, whether or not anything was corrected.
_FIELDS = ("authorized_name", "end_user_name", "carrier_name", "spid", "zip")
COMPARED = (PIN, "portout.phone_numbers", *(f"portout.{name}" for name in _FIELDS))
"""All that can have changed."""
_WORDS = {PIN: "PIN", "portout.spid": "SPID", "portout.zip": "ZIP"}


class RepeatRequestParams(RuleModel):
    """How long a rejection is remembered."""

    within: PositiveDuration = Field(
        default=timedelta(days=30), description="A rejection longer ago than this does not count."
    )


def changes(earlier: OrderFacts, later: OrderFacts) -> list[str]:
    """Name the facts that are not as they were: who asks for whom, and for which numbers.

    Case and blanks around a text make no difference, nor does the order of numbers. What appears or goes is a change.
    """
    found = [] if set(earlier.phone_numbers) == set(later.phone_numbers) else ["portout.phone_numbers"]
    found += [
        f"portout.{name}"
        for name in _FIELDS
        if plain_key(getattr(earlier, name) or "") != plain_key(getattr(later, name) or "")
    ]
    return found


def check(params: RepeatRequestParams, gathered: GatheredFacts) -> CheckResult:
    """Say whether we rejected an order for one of these numbers lately, and what is not as it was then.

    Returns:
        `first` when we did not; `unchanged` or `changed`, with `changed` in words; `missing` when nobody looked, or what
        was rejected can no longer be compared.
    """
    earlier = gathered.earlier
    if not gathered.history_known:
        return CheckResult(result=MISSING, facts=_NOTHING)
    if earlier is None or gathered.now - earlier.at > params.within:
        return CheckResult(result=FIRST, facts=_NOTHING)
    return CheckResult(
        result=CHANGED if earlier.changed else UNCHANGED,
        facts={_REJECTED_AT: earlier.at.astimezone(UTC).isoformat(), _CHANGED: list(earlier.changed)},
        values={"changed": _in_words(earlier.changed)},
    )


def _in_words(names: Sequence[str]) -> list[str]:
    return [_WORDS.get(name, name.removeprefix("portout.").replace("_", " ")) for name in names]


KIND = CheckKind(
    name="repeat_request",
    sentence="Whether these numbers are asked for again after we rejected an order for them.",
    params=RepeatRequestParams,
    run=check,
    example=Example(
        params={"within": "30d"},
        given={_REJECTED_AT: "2026-01-10T15:00:00Z", _CHANGED: ["pin"]},
        expect=CHANGED,
    ),
    results={
        FIRST: "We rejected no other order for these numbers lately.",
        UNCHANGED: "The same numbers are asked for again after our rejection, and nothing was changed.",
        CHANGED: "The same numbers are asked for again after our rejection, and something was changed.",
        MISSING: "Earlier rejections could not be looked up, or not be compared.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({FIRST}),
    facts=(_REJECTED_AT, _CHANGED),
    placeholders={"changed": "What is not as it was in the order that we rejected."},
)

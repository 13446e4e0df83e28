"""Check `carrier`: is the gaining carrier on the author's block list?

The SPID is the key, because names vary: Telnyx's own examples call 073H "Onvoy", "Telnyx" and "Telnyx/4". A
block list is read generously all the same: an entry also blocks by its names.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind
from screening.checks.names import company_key
from screening.checks.spid import normal
from screening.facts import OrderFacts
from screening.named_lists import Entry, NamedList
from screening.policy_values import Name, RuleModel
from screening.results import CheckResult

ALLOWED = "allowed"
BLOCKED = "blocked"


class CarrierParams(RuleModel):
    """`block`: the policy's name of the list of carriers to block."""

    block: Name


def check(
    params: CarrierParams, order: OrderFacts, lists: Mapping[str, NamedList], today: date
) -> CheckResult:
    """Look for the gaining carrier in the block list, by its SPID first and then by its name.

    Args:
        lists: the lists of the policy by its names for them.
        today: the day on which entries must be in force, in the policy's time zone.

    Returns:
        `blocked` with `entry.value` and `entry.why`; `allowed` when the SPID is there and nothing blocks;
        `missing` when there is no SPID and the name, if there is one, is not blocked: without the key that
        proves nothing.
    """
    facts = {"portout.spid": order.spid, "portout.carrier_name": order.carrier_name}
    spid, name = normal(order.spid), company_key(order.carrier_name or "")
    in_force = list(lists[params.block].in_force(today))
    blocking = spid and _first(entry for entry in in_force if spid in map(normal, _spellings(entry)))
    blocking = blocking or (
        name and _first(entry for entry in in_force if name in map(company_key, _spellings(entry)))
    )
    if blocking:
        values = {"entry.value": blocking.value, "entry.why": blocking.why}
        return CheckResult(result=BLOCKED, facts=facts, values=values)
    return CheckResult(result=ALLOWED if spid else MISSING, facts=facts)


def _spellings(entry: Entry) -> list[str]:
    return [entry.value, *entry.also]


def _first(entries: Iterable[Entry]) -> Entry | None:
    return next(iter(entries), None)


KIND = CheckKind(
    name="carrier",
    sentence="Whether the gaining carrier is on a block list.",
    params=CarrierParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.lists, gathered.today),
    results={
        ALLOWED: "The gaining carrier is not on the block list.",
        BLOCKED: "The gaining carrier is on the block list.",
        MISSING: "The request names no SPID, and no blocked carrier.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({ALLOWED}),
    facts=("portout.spid", "portout.carrier_name"),
    list_params=("block",),
    placeholders={
        "entry.value": "The list entry that was found, as the author wrote it.",
        "entry.why": "Why that entry is in the list.",
    },
)

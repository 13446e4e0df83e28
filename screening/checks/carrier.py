"""Check `carrier`: is the gaining carrier on the author's block list?

The SPID is the key, because names vary: Telnyx's own examples call 073H "Onvoy", "Telnyx" and "Telnyx/4". A
block list is read generously all the same: an entry also blocks by its names.
"""

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.policy_values import Name, RuleModel
from screening.results import CheckResult
from screening.spelling import company_key, plain_key

ALLOWED = "allowed"
BLOCKED = "blocked"


class CarrierParams(RuleModel):
    """Which carriers are blocked."""

    block: Name = Field(description="The policy's name for the list of carriers to block.")


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
    named, spid, name = lists[params.block], order.spid or "", order.carrier_name or ""
    blocking = named.find(spid, today, key=plain_key) or named.find(name, today, key=company_key)
    if blocking:
        values = {"entry.value": blocking.value, "entry.why": blocking.why}
        return CheckResult(result=BLOCKED, facts=facts, values=values)
    return CheckResult(result=ALLOWED if plain_key(spid) else MISSING, facts=facts)


KIND = CheckKind(
    name="carrier",
    sentence="Whether the gaining carrier is on a block list.",
    params=CarrierParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.lists, gathered.today),
    example=Example(params={"block": "blocked_carriers"}, given={"portout.zip": "10001"}, expect=MISSING),
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

"""Check `spid`: is the gaining provider one that the author lists?

A SPID has four alphanumerics, usually the carrier's OCN; toll-free numbers have a five-character RespOrg id.
One that looks like neither (the API's own example is a UUID) is simply not listed. The SPID is the key and a name that
does not fit it a weak signal: Telnyx's own examples call 073H "Onvoy", "Telnyx" and "Telnyx/4".
"""

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import Field

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind, Example
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.policy_values import Name, RuleModel
from screening.results import CheckResult
from screening.spelling import company_key, plain_key

LISTED = "listed"
UNLISTED = "unlisted"
NAME_DIFFERS = "name_differs"

_TELLING = 4
"""So many letters of a name, without blanks, tell carriers apart."""


class SpidParams(RuleModel):
    """Which providers are known."""

    known: Name = Field(description="The policy's name for the list of providers that are known.")


def check(params: SpidParams, order: OrderFacts, lists: Mapping[str, NamedList], today: date) -> CheckResult:
    """Look the SPID up among the values of the list, and compare the carrier's name with the names of its entry.

    Args:
        lists: the lists of the policy by its names for them.
        today: the day on which entries must be in force, in the policy's time zone.

    Returns:
        `listed` with `entry.value` and `entry.why`; `name_differs` with the same when the order names a carrier
        and the entry has names (`also`) that it fits none of; `unlisted`; or `missing` when the order has no SPID.
    """
    facts = {"portout.spid": order.spid, "portout.carrier_name": order.carrier_name}
    spid = order.spid or ""
    if not plain_key(spid):
        return CheckResult(result=MISSING, facts=facts)
    entry = lists[params.known].find(spid, today, key=plain_key, by_names=False)
    if entry is None:
        return CheckResult(result=UNLISTED, facts=facts)
    values = {"entry.value": entry.value, "entry.why": entry.why}
    result = LISTED if _fits(order.carrier_name or "", entry.also) else NAME_DIFFERS
    return CheckResult(result=result, facts=facts, values=values)


def _fits(name: str, names: Sequence[str]) -> bool:
    """Whether a carrier's name may be one of these; read generously, and nothing on either side is no difference."""
    given = company_key(name)
    known = [key for key in map(company_key, names) if key]
    return not given or not known or given in known or any(_is_like(given, key) for key in known)


def _is_like(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    # "Onvoy" and "Onvoy Spectrum, LLC" are one carrier; letters of an abbreviation begin many names.
    return len(short) >= _TELLING and long.startswith(short)


KIND = CheckKind(
    name="spid",
    sentence="Whether the gaining provider's SPID is in a list of known ones.",
    params=SpidParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.lists, gathered.today),
    example=Example(params={"known": "known_spids"}, given={"portout.carrier_name": "Onvoy"}, expect=MISSING),
    results={
        LISTED: "The SPID of the gaining provider is in the list.",
        UNLISTED: "The SPID of the gaining provider is not in the list.",
        NAME_DIFFERS: "The SPID is in the list, but under other names than the one on the request.",
        MISSING: "The request names no SPID.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({LISTED}),
    facts=("portout.spid", "portout.carrier_name"),
    list_params=("known",),
    placeholders={
        "entry.value": "The list entry that was found, as the author wrote it.",
        "entry.why": "Why that entry is in the list.",
    },
)

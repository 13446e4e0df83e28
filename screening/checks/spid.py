"""Check `spid`: is the gaining provider one that the author lists?

A SPID has four alphanumerics, usually the carrier's OCN; toll-free numbers have a five-character RespOrg id.
One that looks like neither (the API's own example is a UUID) is simply not listed.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date

from screening.checks.kind import COMMON_SENTENCES, ERROR, MISSING, CheckKind
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.policy_values import Name, RuleModel
from screening.results import CheckResult

LISTED = "listed"
UNLISTED = "unlisted"


class SpidParams(RuleModel):
    """`known`: the policy's name of the list of providers that are known."""

    known: Name


def normal(spid: str | None) -> str:
    """Return a SPID as it is compared: upper case, without blanks around it; empty for none."""
    return unicodedata.normalize("NFKC", spid or "").strip().upper()


def check(params: SpidParams, order: OrderFacts, lists: Mapping[str, NamedList], today: date) -> CheckResult:
    """Look the SPID up among the values of the list; its `also` holds names, which are not asked here.

    Args:
        lists: the lists of the policy by its names for them.
        today: the day on which entries must be in force, in the policy's time zone.

    Returns:
        `listed` with `entry.value` and `entry.why`, `unlisted`, or `missing` when the order has no SPID.
    """
    facts = {"portout.spid": order.spid}
    spid = normal(order.spid)
    if not spid:
        return CheckResult(result=MISSING, facts=facts)
    for entry in lists[params.known].entries:
        if normal(entry.value) == spid and entry.counts_on(today):
            values = {"entry.value": entry.value, "entry.why": entry.why}
            return CheckResult(result=LISTED, facts=facts, values=values)
    return CheckResult(result=UNLISTED, facts=facts)


KIND = CheckKind(
    name="spid",
    sentence="Whether the gaining provider's SPID is in a list of known ones.",
    params=SpidParams,
    run=lambda params, gathered: check(params, gathered.order, gathered.lists, gathered.today),
    results={
        LISTED: "The SPID of the gaining provider is in the list.",
        UNLISTED: "The SPID of the gaining provider is not in the list.",
        MISSING: "The request names no SPID.",
        ERROR: COMMON_SENTENCES[ERROR],
    },
    evidence=frozenset({LISTED}),
    facts=("portout.spid",),
    list_params=("known",),
    placeholders={
        "entry.value": "The list entry that was found, as the author wrote it.",
        "entry.why": "Why that entry is in the list.",
    },
)

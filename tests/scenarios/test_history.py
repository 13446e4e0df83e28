"""A policy of every kind of check through the real worker: what it finds stands in the decision and in the ledger."""

from pathlib import Path
from typing import Any

from records.cases import Stage
from records.ledger_entries import EntryKind
from screening.checks import CHECKS
from tests.service import RIGHT_PIN, WRONG_PIN, Service, installed
from tests.small_policy import small_policy

RULES: dict[str, dict[str, Any]] = {
    "pin": {
        "check": {"pin": {}},
        "then": {
            "match": "pass",
            "mismatch": {"outcome": "deny", "reject_as": "other", "reason": "Wrong PIN."},
        },
    },
    "spid": {"check": {"spid": {"known": "known"}}, "then": {"listed": "pass"}},
    "carrier": {"check": {"carrier": {"block": "known"}}},
    "name": {
        "check": {"authorized_name": {"given": "portout.authorized_name", "against": ["customer.name"]}}
    },
    "number": {"check": {"number": {}}, "then": {"ours": "pass"}},
    "lock": {"check": {"account_lock": {}}, "then": {"missing": "skip"}},
    "documents": {"check": {"documents": {"needs": ["loa"]}}, "then": {"missing": "skip"}},
    "timing": {"check": {"timing": {"weekend": "true"}}, "then": {"missing": "skip"}},
    "burst": {
        "check": {"velocity": {"count": "pin_failures", "per": "spid", "at_most": "0"}},
        "then": {
            "within_limit": "pass",
            "over_limit": {
                "outcome": "review",
                "note": "<count> wrong PINs from <portout.spid>, <limit> allowed.",
            },
        },
    },
    "repeat": {
        "check": {"repeat_request": {}},
        "then": {
            "first": "pass",
            "changed": {
                "outcome": "review",
                "note": "Asked for again after a rejection; changed: <changed>.",
            },
        },
    },
    "gone": {"when": {"number.statuses": {"contains": "ported-out"}}, "then": {"does_not_hold": "pass"}},
}
KNOWN = {"known": "entries:\n  - {value: 073H}\n"}


async def test_every_kind_of_check_answers_and_an_order_after_a_denial_shows_what_came_before(
    temporal: str, tmp_path: Path
) -> None:
    rules = small_policy(tmp_path / "small", RULES, lists=KNOWN)
    async with installed(temporal, tmp_path / "home", rules=rules) as service:
        number = next(service.numbers)
        service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
        usual: dict[str, Any] = {"phone_numbers": [number], "authorized_name": "Ann Smith"}
        async with service.working():
            denied = await service.result(service.place(attempted=WRONG_PIN, **usual))
            again = service.place(**usual)
            await service.stands_in(Stage.AWAITING_REVIEW, again)
        await check_order(service, again)
    assert (denied.outcome, denied.decided_by) == ("deny", "policy")
    assert denied.rules == {
        "pin": "mismatch",
        "spid": "listed",
        "carrier": "blocked",
        "name": "missing",
        "number": "ours",
        "lock": "missing",
        "documents": "missing",
        "timing": "missing",
        "burst": "within_limit",
        "repeat": "first",
        "gone": "does_not_hold",
    }
    kinds = {next(iter(rule.get("check", {"condition": {}}))) for rule in RULES.values()}
    assert kinds == CHECKS.keys()


async def check_order(service: Service, portout_id: str) -> None:
    """The order was asked for again with the right PIN."""
    case = service.case(portout_id)
    assert case is not None
    assert (case.rules["pin"], case.rules["burst"], case.rules["repeat"]) == (
        "match",
        "over_limit",
        "changed",
    )
    [entry] = service.ledger(portout_id, EntryKind.SCREENED)
    assert entry.personal is not None
    seen = entry.personal["findings"]
    assert seen["burst"]["facts"] == {"history.pin_failures_per_spid": 1}
    assert seen["burst"]["note"] == "1 wrong PINs from 073H, 0 allowed."
    assert seen["repeat"]["facts"]["history.changed"] == ["pin"]
    assert seen["repeat"]["note"] == "Asked for again after a rejection; changed: PIN."
    assert seen["number"]["facts"] == {"number.statuses": ["active"]}
    assert RIGHT_PIN not in str(entry)
    assert WRONG_PIN not in str(entry)

"""Checks that look into lists: `spid` and `carrier`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from screening.checks import CHECKS, GatheredFacts
from screening.facts import OrderFacts
from screening.named_lists import NamedList
from screening.results import CheckResult

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LIST = NamedList.model_validate(
    {
        "entries": [
            {"value": "073H", "also": ["Onvoy, LLC", "Telnyx/4"], "why": "Trunk partner."},
            {"value": "0123"},
            {"value": "OLD1", "also": ["Old Carrier"], "until": "2026-03-14"},
            {"value": "NEW1", "from": "2026-03-16"},
            {"value": "DAY1", "from": "2026-03-15", "until": "2026-03-15"},
            {"value": "Shady Telecom Inc.", "also": ["shdy"], "why": "Two frauds in May."},
            {"value": "---"},
        ]
    }
)


def ask(kind: str, **order: Any) -> CheckResult:
    params = {"spid": {"known": "l"}, "carrier": {"block": "l"}}[kind]
    facts = GatheredFacts(order=OrderFacts(id="1", status="pending", **order), now=NOW, lists={"l": LIST})
    return CHECKS[kind].ask(params, facts)


@pytest.mark.parametrize(
    ("spid", "result"),
    [
        ("073H", "listed"),
        (" 073h ", "listed"),
        ("０７３Ｈ", "listed"),
        ("0123", "listed"),
        ("123", "unlisted"),
        ("ZZZZ", "unlisted"),
        ("OLD1", "unlisted"),
        ("NEW1", "unlisted"),
        ("DAY1", "listed"),
        ("Onvoy, LLC", "unlisted"),
        ("SHDY", "unlisted"),
        ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "unlisted"),
        ("", "missing"),
        ("  ", "missing"),
        (None, "missing"),
    ],
)
def test_a_spid_is_listed_by_its_own_value_while_the_entry_counts(spid: str | None, result: str) -> None:
    assert ask("spid", spid=spid).result == result


def test_a_listed_spid_tells_its_entry() -> None:
    assert ask("spid", spid="073h") == CheckResult(
        result="listed",
        facts={"portout.spid": "073h", "portout.carrier_name": None},
        values={"entry.value": "073H", "entry.why": "Trunk partner."},
    )
    assert ask("spid", spid="ZZZZ").values == {}


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("Onvoy", "listed"),
        ("ONVOY L.L.C.", "listed"),
        ("Onvoy Spectrum, LLC", "listed"),
        ("Telnyx/4", "listed"),
        ("telnyx 4", "listed"),
        ("Telnyx", "listed"),
        (None, "listed"),
        (" - ", "listed"),
        ("Fly-By-Night Telecom", "name_differs"),
        ("Tel", "name_differs"),
        ("On", "name_differs"),
    ],
)
def test_a_name_that_does_not_fit_its_spid_is_told(name: str | None, result: str) -> None:
    found = ask("spid", spid="073H", carrier_name=name)
    assert found.result == result
    assert found.values == {"entry.value": "073H", "entry.why": "Trunk partner."}
    assert found.facts == {"portout.spid": "073H", "portout.carrier_name": name}


def test_an_entry_without_names_fits_every_name() -> None:
    assert ask("spid", spid="0123", carrier_name="Anybody").result == "listed"


@pytest.mark.parametrize(
    ("spid", "name", "result"),
    [
        ("073H", None, "blocked"),
        ("073h ", "Somebody Else", "blocked"),
        ("ZZZZ", "ONVOY", "blocked"),
        ("ZZZZ", "telnyx 4", "blocked"),
        (None, "Onvoy Inc", "blocked"),
        ("ZZZZ", "Shady-Telecom", "blocked"),
        ("SHDY", None, "blocked"),
        ("ZZZZ", "Telnyx", "allowed"),
        ("ZZZZ", None, "allowed"),
        ("OLD1", "Old Carrier", "allowed"),
        ("NEW1", None, "allowed"),
        ("DAY1", None, "blocked"),
        ("ZZZZ", "!!!", "allowed"),
        (None, "Telnyx", "missing"),
        (" ", "", "missing"),
        (None, None, "missing"),
    ],
)
def test_a_carrier_is_blocked_by_spid_or_name(spid: str | None, name: str | None, result: str) -> None:
    assert ask("carrier", spid=spid, carrier_name=name).result == result


def test_the_spid_is_asked_before_the_name() -> None:
    found = ask("carrier", spid="SHDY", carrier_name="Onvoy")
    assert found.values == {"entry.value": "Shady Telecom Inc.", "entry.why": "Two frauds in May."}
    assert found.facts == {"portout.spid": "SHDY", "portout.carrier_name": "Onvoy"}

"""Check `repeat_request`: the same numbers once more after a rejection, and what is not as it was."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.checks import CHECKS, GatheredFacts
from screening.checks.repeat_request import changes
from screening.facts import OrderFacts
from screening.gathered import EarlierRejection
from screening.results import CheckResult

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
KIND = CHECKS["repeat_request"]
NUMBERS = ["+12125550101", "+12125550102"]
NOTHING_KNOWN = {"history.rejected_at": None, "history.changed": None}
SPELLINGS = st.sampled_from([None, "", " ", "Smith", "SMITH ", "Jones"])


def ask(
    earlier: EarlierRejection | None, params: Mapping[str, str] | None = None, *, known: bool = True
) -> CheckResult:
    order = OrderFacts(id="2", status="pending")
    return KIND.ask(params or {}, GatheredFacts(order=order, now=NOW, history_known=known, earlier=earlier))


def rejected(changed: Sequence[str] = (), *, ago: timedelta = timedelta(days=2)) -> EarlierRejection:
    return EarlierRejection(at=NOW - ago, changed=changed)


def order(**fields: Any) -> OrderFacts:
    usual = {"phone_numbers": NUMBERS, "authorized_name": "Ann Smith", "spid": "073H", "zip": "10001"}
    return OrderFacts.model_validate({"id": "1", "status": "pending", **usual, **fields})


def test_a_history_that_nobody_looked_up_is_missing() -> None:
    assert ask(None, known=False) == CheckResult(result="missing", facts=NOTHING_KNOWN)


def test_without_a_rejection_it_is_the_first_request() -> None:
    assert ask(None) == CheckResult(result="first", facts=NOTHING_KNOWN)


def test_the_same_request_again_is_unchanged() -> None:
    found = ask(rejected())
    assert found.result == "unchanged"
    assert found.facts == {"history.rejected_at": "2026-03-13T12:00:00+00:00", "history.changed": []}


def test_what_was_changed_is_told_in_words() -> None:
    names = ["portout.phone_numbers", "portout.authorized_name", "portout.spid", "portout.zip", "pin"]
    found = ask(rejected(names))
    assert found.result == "changed"
    assert found.facts["history.changed"] == names
    assert found.values == {"changed": ["phone numbers", "authorized name", "SPID", "ZIP", "PIN"]}


@pytest.mark.parametrize(
    ("ago", "within", "result"),
    [
        (timedelta(days=30), None, "unchanged"),
        (timedelta(days=30, seconds=1), None, "first"),
        (timedelta(hours=49), "2d", "first"),
        (timedelta(days=60), "90d", "unchanged"),
        (timedelta(seconds=-5), None, "unchanged"),
    ],
)
def test_a_rejection_counts_within_the_window(ago: timedelta, within: str | None, result: str) -> None:
    params = {} if within is None else {"within": within}
    assert ask(rejected(ago=ago), params).result == result


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({}, []),
        ({"phone_numbers": NUMBERS[::-1]}, []),
        ({"phone_numbers": NUMBERS[:1]}, ["portout.phone_numbers"]),
        ({"authorized_name": " ANN SMITH"}, []),
        ({"authorized_name": "Ann Smyth"}, ["portout.authorized_name"]),
        ({"authorized_name": None}, ["portout.authorized_name"]),
        ({"end_user_name": "Acme"}, ["portout.end_user_name"]),
        ({"carrier_name": "Onvoy"}, ["portout.carrier_name"]),
        ({"spid": "073h"}, []),
        ({"spid": "ZZZZ", "zip": "10002"}, ["portout.spid", "portout.zip"]),
        ({"id": "2", "support_key": "SR_2", "pon": "PON-2", "foc_date": NOW, "updated_at": NOW}, []),
    ],
)
def test_who_asks_for_whom_is_compared_and_what_every_order_has_anew_is_not(
    fields: dict[str, Any], changed: list[str]
) -> None:
    assert changes(order(), order(**fields)) == changed
    assert changes(order(**fields), order()) == changed


@given(st.tuples(SPELLINGS, SPELLINGS, SPELLINGS), st.tuples(SPELLINGS, SPELLINGS, SPELLINGS))
def test_only_what_differs_in_more_than_spelling_is_named(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    names = ("authorized_name", "end_user_name", "carrier_name")
    earlier, later = (order(**dict(zip(names, texts, strict=True))) for texts in (one, other))
    differ = {
        f"portout.{name}"
        for name, mine, theirs in zip(names, one, other, strict=True)
        if (mine or "").strip().lower() != (theirs or "").strip().lower()
    }
    assert set(changes(earlier, later)) == differ

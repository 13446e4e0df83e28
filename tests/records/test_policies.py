"""Bundles by digest, which one is live, and what workers say of them."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from records.errors import DatabaseDamaged, NotRecordable
from records.policies import Activation, RuleReport
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW

ONE, OTHER, THIRD = b'{"policies":1}', b'{"policies":2}', b'{"policies":3}'


def kept(records: Records, canonical: bytes) -> str:
    digest = hashlib.sha256(canonical).hexdigest()
    records.policies.keep(digest, canonical, NOW)
    return digest


def activated(
    records: Records,
    canonical: bytes,
    *,
    instead_of: str | None = None,
    engine: str = "1",
    by: str | None = None,
) -> str:
    digest = kept(records, canonical)
    assert records.policies.activate(digest, engine, NOW, instead_of=instead_of, by=by)
    return digest


def test_a_kept_bundle_comes_back_by_its_digest(records: Records) -> None:
    assert records.policies.load(kept(records, ONE)) == ONE
    assert records.policies.load("0" * 64) is None


def test_a_kept_bundle_is_not_live_until_it_is_activated(records: Records) -> None:
    one = kept(records, ONE)
    assert records.policies.live() is None
    assert not records.policies.was_live(one)
    assert records.policies.activate(one, "1", NOW, instead_of=None, by="dana")
    assert records.policies.live() == Activation(one, "1", NOW, "dana")


def test_the_newest_activation_is_live_whatever_the_clock_says(records: Records) -> None:
    one = activated(records, ONE)
    other = activated(records, OTHER, instead_of=one)
    assert records.policies.activate(one, "1", NOW - timedelta(hours=1), instead_of=other)
    live = records.policies.live()
    assert live is not None
    assert live.digest == one
    assert records.policies.was_live(other)


def test_of_two_that_activate_at_once_the_second_changes_nothing(records: Records) -> None:
    one, other, third = activated(records, ONE), kept(records, OTHER), kept(records, THIRD)
    assert records.policies.activate(other, "1", NOW, instead_of=one)
    assert not records.policies.activate(third, "1", NOW, instead_of=one)
    live = records.policies.live()
    assert live is not None
    assert live.digest == other


def test_only_changes_are_kept_as_activations(records: Records, url: str) -> None:
    one = activated(records, ONE)
    activated(records, ONE)
    activated(records, ONE, engine="2", instead_of=one)
    activated(records, OTHER, engine="2", instead_of=one)
    rows = behind_its_back(url, "SELECT engine_version FROM activations ORDER BY seq", triggers=True)
    assert rows == [("1",), ("2",), ("2",)]


def test_bundles_are_found_by_how_their_digest_begins(records: Records) -> None:
    one, other = sorted([kept(records, ONE), kept(records, OTHER)])
    assert records.policies.matching(one[:8]) == [one]
    assert records.policies.matching("") == [one, other]
    assert records.policies.matching("", limit=1) == [one]


def test_a_bundle_under_a_wrong_digest_is_refused(records: Records) -> None:
    with pytest.raises(NotRecordable, match="does not have the digest"):
        records.policies.keep("0" * 64, ONE, NOW)
    assert records.policies.matching("") == []


def test_a_bundle_changed_in_the_database_decides_nothing(records: Records, url: str) -> None:
    digest = kept(records, ONE)
    behind_its_back(url, "UPDATE policies SET canonical = ?", OTHER, triggers=True)
    with pytest.raises(DatabaseDamaged, match="was changed"):
        records.policies.load(digest)


def test_a_worker_is_known_by_what_it_said_last_until_it_withdraws(records: Records) -> None:
    first = RuleReport("w1", "host", 17, NOW, "a" * 64, "a" * 64, None)
    later = replace(first, at=NOW + timedelta(hours=1), found=None, refused="The rules are refused.")
    other = RuleReport("w2", "host", 18, NOW + timedelta(hours=2), "a" * 64, "b" * 64, None)
    for report in (first, later, other):
        records.policies.report(report, forget_before=NOW)
    assert records.policies.reports() == [later, other]
    records.policies.withdraw("w2")
    assert records.policies.reports() == [later]


def test_workers_that_said_nothing_for_long_are_forgotten(records: Records) -> None:
    gone = RuleReport("w1", "host", 17, NOW, "a" * 64, None, None)
    here = RuleReport("w2", "host", 18, NOW + timedelta(days=2), "a" * 64, None, None)
    records.policies.report(gone, forget_before=NOW)
    records.policies.report(here, forget_before=NOW + timedelta(days=1))
    assert records.policies.reports() == [here]

"""Bundles by digest, and which one is active."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from records.errors import DatabaseDamaged, NotRecordable
from records.store import Records
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW

ONE, OTHER = b'{"policies":1}', b'{"policies":2}'


def store(records: Records, canonical: bytes, engine: str = "1", minutes: int = 0) -> str:
    digest = hashlib.sha256(canonical).hexdigest()
    records.policies.store(digest, canonical, engine, NOW + timedelta(minutes=minutes))
    return digest


def test_a_stored_bundle_comes_back_by_its_digest(records: Records) -> None:
    assert records.policies.load(store(records, ONE)) == ONE
    assert records.policies.load("0" * 64) is None


def test_before_the_first_there_is_no_latest(records: Records) -> None:
    assert records.policies.latest() is None


def test_storing_a_known_bundle_activates_it_again(records: Records) -> None:
    one = store(records, ONE)
    assert records.policies.latest() == (one, ONE)
    other = store(records, OTHER, minutes=1)
    assert records.policies.latest() == (other, OTHER)
    store(records, ONE, minutes=-60)  # a clock that went back does not matter
    assert records.policies.latest() == (one, ONE)


def test_only_changes_are_kept_as_activations(records: Records, file: Path) -> None:
    for canonical, engine in ((ONE, "1"), (ONE, "1"), (ONE, "2"), (OTHER, "2"), (OTHER, "2")):
        store(records, canonical, engine)
    rows = behind_its_back(file, "SELECT engine_version FROM activations ORDER BY seq", triggers=True)
    assert rows == [("1",), ("2",), ("2",)]


def test_a_bundle_under_a_wrong_digest_is_refused(records: Records) -> None:
    with pytest.raises(NotRecordable, match="does not have the digest"):
        records.policies.store("0" * 64, ONE, "1", NOW)
    assert records.policies.latest() is None


def test_a_bundle_changed_in_the_database_decides_nothing(records: Records, file: Path) -> None:
    digest = store(records, ONE)
    behind_its_back(file, "UPDATE policies SET canonical = ?", OTHER, triggers=True)
    with pytest.raises(DatabaseDamaged, match="was changed"):
        records.policies.load(digest)
    with pytest.raises(DatabaseDamaged, match="was changed"):
        records.policies.latest()

"""Parts of policies are found where they stand, those taken over from another policy in its file."""

import pytest

from screening.reading.places import Places, Step
from screening.reading.yaml_tree import read_tree

BASE = b"""policy: base
rules:
  - id: pin
    then:
      match: pass
      mismatch: review
    tests:
      - name: a test
        expect: match
scenarios:
  - {name: a scenario}
decide: {score: [{from: 1}, {from: 2}]}
"""
OWN = b"""policy: own
rules_from: base
rules:
  - id: pin
    then:
      mismatch: skip
"""
CYCLE = b"policy: cycle\nrules_from: cycle\n"


def places() -> Places:
    files = []
    for name, data in (
        ("base.yaml", BASE),
        ("own.yaml", OWN),
        ("cycle.yaml", CYCLE),
        ("none.yaml", b"title: x\n"),
    ):
        root, _, _ = read_tree(data, name)
        assert root is not None
        files.append((name, root))
    return Places(files)


@pytest.mark.parametrize(
    ("policy", "steps", "place"),
    [
        ("base", (), "base.yaml:1"),
        ("base", ("rules", "pin"), "base.yaml:3"),
        ("base", ("rules", "pin", "then", "mismatch"), "base.yaml:6"),
        ("base", ("rules", "pin", "then", "not_set"), "base.yaml:4"),
        ("base", ("rules", "pin", "tests", "a test"), "base.yaml:8"),
        ("base", ("scenarios", "a scenario"), "base.yaml:11"),
        ("base", ("decide", "score", 1), "base.yaml:12"),
        ("base", ("defaults", "missing"), "base.yaml:1"),
        ("own", ("rules", "pin", "then", "mismatch"), "own.yaml:6"),
        ("own", ("rules", "pin", "then", "match"), "base.yaml:5"),
        ("own", ("rules", "pin"), "own.yaml:4"),
        ("cycle", ("rules", "pin"), "cycle.yaml:1"),
        ("unheard-of", ("rules", "pin"), ""),
    ],
)
def test_a_part_is_found_or_the_nearest_thing_around_it(
    policy: str, steps: tuple[Step, ...], place: str
) -> None:
    assert places().of(policy, *steps) == place


@pytest.mark.parametrize(("file", "policy"), [("own.yaml", "own"), ("none.yaml", None), ("other.yaml", None)])
def test_a_file_is_known_by_its_policy(file: str, policy: str | None) -> None:
    assert places().policy_in(file) == policy


def test_without_files_no_place_is_known() -> None:
    assert Places().of("base", "rules") == ""

"""Whatever the files hold, the loader refuses them in its own words or gives a bundle that stands.

The ordinary run tries 500 inputs. `pytest -m slow tests/screening/reading/test_loading_fuzz.py` tries 20,000, in about a
quarter of an hour.
"""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.bundle import Bundle
from screening.reading.diagnostics import PolicyErrors
from screening.reading.loading import check_paths, load_bundle
from tests.screening.rule_files import POLICY, SHIPPED, shipped_text

POLICIES = (POLICY, "us-vip.yaml", "ca-standard.yaml")
LISTS = ("lists/blocked-carriers.yaml", "lists/known-spids.yaml", "fixtures/typical.yaml")
FILES = {name: shipped_text(name).splitlines() for name in (*POLICIES, *LISTS)}
LINES = sorted({line for lines in FILES.values() for line in lines})
FRAGMENTS = [
    *LINES,
    *("- ", "- - -", "? x", "<<: *a", "&a b", "!!set {}", "---", "...", "{", "[", "]", "}", "'", '"', "|", ">-", "\t", "#"),
    *("~", "null", "0x1F", "1e9", "99999999999999999999", "-1", "%", "@", "<score>", "<<portout.spid>>", " #x", ": "),
    *("\ufeff", "\x85", "é", "о", "\u200b", "rules_from: us-vip", "drop_rules: [pin]", "    shadow: true", "    when: {}"),
    *("{a: }", "[]", "{}", "{{a: b}: c}", "[[[[[[[[", "key", '"\\ud800"', '"\\x00"', "pin.match", "all: {any: []}"),
]  # fmt: skip

Change = tuple[str, int, str]
changes = st.lists(
    st.tuples(
        st.sampled_from(["delete", "duplicate", "replace", "insert", "append", "indent", "swap", "bytes"]),
        st.integers(0, 400),
        st.sampled_from(FRAGMENTS),
    ),
    min_size=1,
    max_size=6,
)


def mutated(name: str, changes: list[Change]) -> bytes:
    lines = [line.encode() for line in FILES[name]]
    for change, number, fragment in changes:
        at = number % len(lines) if lines else 0
        new = fragment.encode()
        if not lines or change == "insert":
            lines.insert(at, new)
        elif change == "delete":
            del lines[at]
        elif change == "duplicate":
            lines.insert(at, lines[at])
        elif change == "replace":
            lines[at] = new
        elif change == "append":
            lines[at] += new
        elif change == "indent":
            lines[at] = b"  " + lines[at]
        elif change == "swap":
            lines[at], lines[0] = lines[0], lines[at]
        else:
            noise = random.Random(number).randbytes(3)
            place = number % (len(lines[at]) + 1)
            lines[at] = lines[at][:place] + noise + lines[at][place:]
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default policy with all lists and fixtures. Each input stands there in place of a file, or beside them."""
    others = [name for name in POLICIES if name != POLICY]
    directory = tmp_path_factory.mktemp("fuzzed") / "rules"
    return Path(shutil.copytree(SHIPPED, directory, ignore=shutil.ignore_patterns(*others)))


def complaints(rules: Path, name: str, data: bytes) -> list[str]:
    """What is wrong with how the loader takes a file: nothing, when it refuses it in words or the bundle stands."""
    path = rules / name
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(data)
    try:
        if check_paths([path]).errors:
            return _complaints_of(rules)
        bundle = load_bundle(rules)
        stands = Bundle.from_canonical(bundle.canonical()) == bundle
        return [] if stands else ["the bundle is another one after it was stored"]
    except PolicyErrors:
        return _complaints_of(rules)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def _complaints_of(rules: Path) -> list[str]:
    try:
        load_bundle(rules)
    except PolicyErrors as refused:
        return [
            f"says nothing, or names no place: {fault}"
            for fault in refused.diagnostics
            if fault.line < 1 or fault.column < 1 or not fault.render().encode()
        ]
    return ["a file that has errors by itself has none among the others"]


SHIPPED_TREES = {name: yaml.load(shipped_text(name), yaml.BaseLoader) for name in POLICIES}
KEYS = sorted({key[:-1] for line in LINES for key in line.replace("{", " ").split() if key.endswith(":")})
shapes = st.recursive(
    st.sampled_from(
        [
            "",
            "x",
            "review",
            "deny",
            "pin.match",
            "5",
            "1h",
            "<score>",
            "portout.spid",
            "US",
            "other",
            "us-standard",
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=10,
)


def replaced(node: object, steps: list[int], shape: object) -> object:
    """Put another shape somewhere into a tree."""
    if not steps or not isinstance(node, dict | list) or not node:
        return shape
    if isinstance(node, dict):
        at = sorted(node)[steps[0] % len(node)]
        return {**node, at: replaced(node[at], steps[1:], shape)}
    place = steps[0] % len(node)
    return [*node[:place], replaced(node[place], steps[1:], shape), *node[place + 1 :]]


def damaged(rules: Path, name: str, changes: list[Change]) -> None:
    assert complaints(rules, name, mutated(name, changes)) == []


def random_bytes(rules: Path, name: str, data: bytes) -> None:
    assert complaints(rules, name, data) == []


def of_another_shape(rules: Path, name: str, steps: list[int], shape: object) -> None:
    assert complaints(rules, name, json.dumps(replaced(SHIPPED_TREES[name], steps, shape)).encode()) == []


def inputs(count: int, test: Callable[..., None], **drawn: st.SearchStrategy[object]) -> Callable[..., None]:
    """A test over so many inputs."""
    tried: Callable[..., None] = settings(max_examples=count)(given(**drawn)(test))
    return tried


DAMAGED = {"name": st.sampled_from(list(FILES)), "changes": changes}
BYTES = {"name": st.sampled_from(list(FILES)), "data": st.binary(max_size=300)}
SHAPES = {
    "name": st.sampled_from(POLICIES),
    "steps": st.lists(st.integers(0, 50), max_size=6),
    "shape": shapes,
}

test_a_damaged_file_is_refused_in_words_or_still_stands = inputs(250, damaged, **DAMAGED)
test_random_bytes_are_refused_in_words = inputs(100, random_bytes, **BYTES)
test_a_part_of_another_shape_is_refused_in_words_or_fits = inputs(150, of_another_shape, **SHAPES)

test_thousands_of_damaged_files = pytest.mark.slow(inputs(10_000, damaged, **DAMAGED))
test_thousands_of_random_bytes = pytest.mark.slow(inputs(4_000, random_bytes, **BYTES))
test_thousands_of_other_shapes = pytest.mark.slow(inputs(6_000, of_another_shape, **SHAPES))

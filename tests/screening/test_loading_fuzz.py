"""Whatever the files hold, the loader refuses them in its own words or gives a bundle that stands."""

import json
import random
import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.bundle import Bundle
from screening.diagnostics import PolicyErrors
from screening.loading import check_paths, load_bundle
from tests.screening.rule_files import POLICY, copied, shipped_text

LINES = shipped_text().splitlines()
FRAGMENTS = [
    *LINES,
    *("- ", "- - -", "? x", "<<: *a", "&a b", "!!set {}", "---", "...", "{", "[", "]", "}", "'", '"', "|", ">-", "\t", "#"),
    *("~", "null", "0x1F", "1e9", "99999999999999999999", "-1", "%", "@", "<score>", "<<portout.spid>>"),
    *("\ufeff", "\x85", "é"),
    *("{a: }", "[]", "{}", "{{a: b}: c}", "[[[[[[[[", ": ", "key", '"\\ud800"', '"\\x00"', "pin.match", "all: {any: []}"),
]  # fmt: skip

mutations = st.lists(
    st.tuples(
        st.sampled_from(["delete", "duplicate", "replace", "insert", "append", "indent", "swap", "bytes"]),
        st.integers(0, len(LINES) * 2),
        st.sampled_from(FRAGMENTS),
    ),
    min_size=1,
    max_size=6,
)


def mutated(changes: list[tuple[str, int, str]]) -> bytes:
    lines = [line.encode() for line in LINES]
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


def loads_or_is_refused(policy: bytes, listed: bytes | None = None) -> None:
    with tempfile.TemporaryDirectory() as directory:
        rules = copied(Path(directory))
        (rules / POLICY).write_bytes(policy)
        if listed is not None:
            (rules / "lists" / "known-spids.yaml").write_bytes(listed)
            (rules / "fixtures" / "typical.yaml").write_bytes(listed)
        refused: PolicyErrors | None = None
        try:
            bundle = load_bundle(rules)
        except PolicyErrors as errors:
            refused = errors
        if refused is None:
            assert Bundle.from_canonical(bundle.canonical()) == bundle
        else:
            assert refused.diagnostics
            assert all(fault.line >= 1 and fault.column >= 1 for fault in refused.diagnostics)
            assert "\n".join(fault.render() for fault in refused.diagnostics).encode()
        check_paths([rules / POLICY])


@settings(max_examples=300)
@given(mutations)
def test_a_damaged_policy_is_refused_in_words_or_still_a_policy(changes: list[tuple[str, int, str]]) -> None:
    loads_or_is_refused(mutated(changes))


@settings(max_examples=100)
@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_refused_in_words(data: bytes, as_list: bool) -> None:
    loads_or_is_refused(shipped_text().encode() if as_list else data, data if as_list else None)


SHIPPED_TREE = yaml.load(shipped_text(), yaml.BaseLoader)
KEYS = sorted({key for line in LINES for key in line.replace("{", " ").split() if key.endswith(":")})
shapes = st.recursive(
    st.sampled_from(
        ["", "x", "review", "deny", "pin.match", "5", "1h", "<score>", "portout.spid", "US", "other"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([key[:-1] for key in KEYS]), inner, max_size=4),
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


@settings(max_examples=200)
@given(st.lists(st.integers(0, 50), max_size=6), shapes)
def test_a_part_of_another_shape_is_refused_in_words_or_fits(steps: list[int], shape: object) -> None:
    loads_or_is_refused(json.dumps(replaced(SHIPPED_TREE, steps, shape)).encode())

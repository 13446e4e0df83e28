"""Canonical bytes: one value, one form."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.canonical import canonical
from records.errors import NotRecordable

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)


@settings(max_examples=50)
@given(OBJECTS)
def test_parsing_gives_the_value_and_writing_it_the_same_bytes(value: dict[str, Any]) -> None:
    data = canonical(value)
    parsed = json.loads(data)
    assert parsed == value
    assert canonical(parsed) == data


@settings(max_examples=50)
@given(OBJECTS, st.randoms())
def test_the_order_of_keys_never_matters(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


def test_a_lone_surrogate_from_a_carrier_has_a_form_in_ascii() -> None:
    assert canonical({"name": "\ud800"}) == b'{"name":"\\ud800"}'


@pytest.mark.parametrize(
    "value",
    [
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"score": float("nan")},
        {"score": float("inf")},
        {1: "a"},
        {"numbers": ("a",)},
        {"numbers": {"a"}},
        {"data": b"a"},
        {"a": {"b": {None: 1}}},
    ],
)
def test_what_is_not_plain_json_is_refused_without_being_shown(value: dict[str, Any]) -> None:
    with pytest.raises(NotRecordable, match="not plain JSON"):
        canonical(value)


def test_nesting_without_end_is_refused() -> None:
    value: dict[str, Any] = {}
    inner = value
    for _ in range(100_000):
        inner["a"] = inner = {}
    with pytest.raises(NotRecordable):
        canonical(value)

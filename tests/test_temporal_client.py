"""Payload keys: what they seal and what they cannot open."""

import base64

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from environment import settings_without_environment
from settings import SettingsError
from temporal_client import data_converter, keys_of, readable_history

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"Maria Lopez"')


def codec(*names: str, filled_with: bytes = b"k") -> PayloadCodec:
    """A codec with a key for each name."""
    keys = ",".join(f"{name}:{base64.b64encode(filled_with * 32).decode()}" for name in names)
    found = data_converter(SecretStr(keys)).payload_codec
    assert found is not None
    return found


async def test_what_is_sealed_shows_nothing_and_is_opened_by_its_key_wherever_that_stands() -> None:
    [sealed] = await codec("old").encode([PLAIN])
    assert b"Maria" not in sealed.SerializeToString()
    assert await codec("new", "old").decode([sealed]) == [PLAIN]


@pytest.mark.parametrize(
    "opener",
    [codec("other"), codec("ours", filled_with=b"x")],
    ids=["a key of another name", "another key of that name"],
)
async def test_what_cannot_be_opened_stays_sealed_and_the_others_are_opened(opener: PayloadCodec) -> None:
    [strange] = await codec("ours").encode([PLAIN])
    [own] = await opener.encode([PLAIN])
    assert await opener.decode([strange, own, PLAIN]) == [strange, PLAIN, PLAIN]


async def test_what_was_damaged_stays_as_it_is() -> None:
    [sealed] = await codec("ours").encode([PLAIN])
    damaged = Payload(metadata=dict(sealed.metadata), data=sealed.data[:-1] + b"\0\0")
    cut = Payload(metadata=dict(sealed.metadata), data=sealed.data[:5])
    empty = Payload(metadata={"encoding": sealed.metadata["encoding"]}, data=b"")
    assert await codec("ours").decode([damaged, cut, empty]) == [damaged, cut, empty]


GOOD = base64.b64encode(b"k" * 32).decode()
NO_KEY = "is not name:base64 of 32 bytes"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("", f"key 1 {NO_KEY}"),
        ("first", f"key 1 {NO_KEY}"),
        (f"first:{GOOD},second:c2hvcnQ=", f"key 2 {NO_KEY}"),
        (GOOD, f"key 1 {NO_KEY}"),
        (f":{GOOD}", f"key 1 {NO_KEY}"),
        ("first:%%%", f"key 1 {NO_KEY}"),
        (f"first:{GOOD} first:{GOOD}", "key 2 has the name of an earlier one."),
    ],
)
def test_keys_that_cannot_be_used_are_refused_and_not_repeated(keys: str, why: str) -> None:
    with pytest.raises(SettingsError) as refused:
        data_converter(SecretStr(keys))
    assert str(refused.value).startswith(f"PORTOUT_PAYLOAD_KEYS: {why}")
    assert GOOD not in str(refused.value)


def test_keys_may_stand_between_commas_or_one_a_line_in_either_base64() -> None:
    sealing, opening = bytes(range(200, 232)), b"\xff" * 32
    written = (
        f"new:{base64.urlsafe_b64encode(sealing).decode()} \n\nold:{base64.b64encode(opening).decode()},\n"
    )
    assert list(keys_of(SecretStr(written)).items()) == [("new", sealing), ("old", opening)]


def test_readable_history_is_warned_of_unless_the_server_is_our_own() -> None:
    readable, sealed = (settings_without_environment(payload_keys=keys) for keys in (None, f"first:{GOOD}"))
    assert [bool(readable_history(readable, address)) for address in (None, "127.0.0.1:7233")] == [
        True,
        False,
    ]
    assert readable_history(sealed, None) == []

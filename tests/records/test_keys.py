"""The key file of the embedded default, and keys as text."""

import base64
import stat
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from records.errors import BadKey
from records.keys import key_id, load_or_make_key, parse_key


def test_a_missing_key_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pin.key"
    key = load_or_make_key(path)
    assert len(parse_key(key, "it")) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["pin.key"]


def test_the_next_start_gets_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "pin.key"
    assert load_or_make_key(path) == load_or_make_key(path)


def test_all_who_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path, barrier, keys = tmp_path / "pin.key", threading.Barrier(8), set()

    def start() -> None:
        barrier.wait()
        keys.add(load_or_make_key(path).get_secret_value())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ=", b"\xff\xfe\x00", b"A" * 100])
def test_a_garbled_key_file_is_one_sentence_and_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pin.key"
    path.write_bytes(content)
    with pytest.raises(BadKey, match=r"pin\.key holds no key: put the right file back"):
        load_or_make_key(path)
    assert path.read_bytes() == content


def test_a_key_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="cannot be read or made"):
        load_or_make_key(tmp_path)


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadKey, match="cannot be read or made"):
        load_or_make_key(tmp_path / "file" / "pin.key")


def test_standard_and_url_safe_base64_are_the_same_key() -> None:
    key = b"\xfb\xff" * 16
    standard, url_safe = base64.b64encode(key), base64.urlsafe_b64encode(key)
    assert standard != url_safe
    assert parse_key(SecretStr(f" {standard.decode()}\n"), "it") == parse_key(
        SecretStr(url_safe.decode()), "it"
    )


@pytest.mark.parametrize("text", ["hunter2!", "aHVudGVyMg==", "", "hünter"])
def test_a_bad_key_is_named_but_not_shown(text: str) -> None:
    with pytest.raises(BadKey, match="PORTOUT_PIN_KEY") as caught:
        parse_key(SecretStr(text), "PORTOUT_PIN_KEY")
    assert not text or text not in str(caught.value)
    assert "openssl rand -base64 32" in str(caught.value)


def test_key_ids_tell_keys_apart_and_are_no_part_of_them() -> None:
    one, other = b"a" * 32, b"b" * 32
    assert key_id(one) != key_id(other)
    assert key_id(one) not in one.hex()

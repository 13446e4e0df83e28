"""Keys: reading one from its text, and the key file that the embedded default makes for itself."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from records.errors import BadKey

KEY_BYTES = 32
MOST_KEYS = 2
_HOW = "make one with `openssl rand -base64 32`."


def parse_key(key: SecretStr, name: str) -> bytes:
    """The 32 bytes of a key written in base64 (standard or URL-safe).

    Args:
        name: what the message calls it, such as `PORTOUT_PIN_KEY`.

    Raises:
        BadKey: it is something else. The message does not show it.
    """
    text = key.get_secret_value().strip().replace("-", "+").replace("_", "/")
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadKey(f"{name} is not base64: {_HOW}") from None
    if len(found) != KEY_BYTES:
        raise BadKey(f"{name} has {len(found)} bytes instead of {KEY_BYTES}: {_HOW}")
    return found


def parse_keys(keys: SecretStr, name: str, *, most: int = MOST_KEYS) -> list[bytes]:
    """One key, or two parted by a comma or a line's end while one replaces the other: the new one first.

    Raises:
        BadKey: one of them is no key, both are the same, or there are more.
    """
    parts = keys.get_secret_value().replace(",", " ").split()
    if len(parts) > most:
        if most == 1:
            raise BadKey(f"{name} has {len(parts)} keys, and only one can be set.")
        raise BadKey(
            f"{name} has {len(parts)} keys: give the new one and, while it is replaced, the old one."
        )
    found = [parse_key(SecretStr(part), name) for part in parts or [""]]
    if len(set(found)) < len(found):
        raise BadKey(f"{name} has the same key twice: give the new one first, then the old one.")
    return found


def key_id(key: bytes) -> str:
    """16 hex digits that tell keys apart and say nothing about them."""
    return hmac.new(key, b"portout key id", hashlib.sha256).hexdigest()[:16]


def load_or_make_key(path: Path) -> SecretStr:
    """What a key file holds (base64 of 32 bytes, or two such lines); a missing one is made, mode 0600, at random.

    Processes that start at once get the same key: each writes its own file, and the first to link it to
    `path` wins. A file that is there is never replaced.

    Raises:
        BadKey: the file cannot be read or made, or holds no key.
    """
    try:
        if not path.exists():
            _make(path)
        text = path.read_text("ascii")
    except OSError as error:
        raise BadKey(
            f"The key file {path} cannot be read or made ({error.strerror}): check its rights."
        ) from None
    except UnicodeDecodeError:
        text = ""
    key = SecretStr(text.strip())
    try:
        parse_keys(key, str(path))
    except BadKey:
        raise BadKey(
            f"The key file {path} holds no key: put the right file back; "
            "without it PINs and sealed facts cannot be read."
        ) from None
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    own = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(own, path)
        except FileExistsError:
            return
        _sync_directory(path.parent)
    finally:
        own.unlink()


def _sync_directory(directory: Path) -> None:
    # A key that is lost with the power takes every PIN and sealed fact with it.
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

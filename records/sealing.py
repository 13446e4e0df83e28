"""Personal facts, sealed with AES-256-GCM under a random key per port-out.

PORTOUT_RECORDS_KEY wraps those keys. Whoever destroys a port-out's wrapped key erases its personal facts; the
sealed bytes, and with them every hash over them, stay.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from records.canonical import canonical
from records.errors import BadKey
from records.keys import KEY_BYTES, key_id, parse_keys

_NONCE_BYTES = 12


class Sealer:
    """Seals and unseals under PORTOUT_RECORDS_KEY.

    While a key is replaced there are two: the first wraps what is new, and what either of them wrapped is opened.

    Attributes:
        wrapped_by, also_by: the ids of the first key and of the second, empty without one.
        key_ids: of those that are set.

    Raises:
        BadKey: a key is garbled.
    """

    def __init__(self, records_key: SecretStr | None) -> None:
        found = [] if records_key is None else parse_keys(records_key, "PORTOUT_RECORDS_KEY")
        self._wrapping = {key_id(key): AESGCM(key) for key in found}
        self.key_ids = tuple(self._wrapping)
        self.wrapped_by, self.also_by = (*self.key_ids, "", "")[:2]

    def new_key(self, portout_id: str) -> "FactKey":
        """A random key for one port-out.

        Raises:
            BadKey: there is no PORTOUT_RECORDS_KEY to wrap it with.
        """
        if not self._wrapping:
            raise BadKey("PORTOUT_RECORDS_KEY is not set, but personal facts are to be sealed: set it.")
        identity, key = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
        return FactKey(identity, key, self._wrap(key, portout_id, identity))

    def unwrap(self, portout_id: str, identity: str, wrapped: bytes) -> "FactKey":
        """A port-out's key as it is kept in the table `keys`.

        Raises:
            BadKey: it was wrapped by another key, for another port-out, or was changed.
        """
        return FactKey(identity, self._opened(portout_id, identity, wrapped), wrapped)

    def rewrap(self, portout_id: str, identity: str, wrapped: bytes) -> bytes:
        """The same key, wrapped by the first key. Raises BadKey as `unwrap`."""
        return self._wrap(self._opened(portout_id, identity, wrapped), portout_id, identity)

    def _wrap(self, key: bytes, portout_id: str, identity: str) -> bytes:
        return _encrypt(self._wrapping[self.wrapped_by], key, f"{portout_id}/{identity}")

    def _opened(self, portout_id: str, identity: str, wrapped: bytes) -> bytes:
        for cipher in self._wrapping.values():
            key = _decrypt(cipher, wrapped, f"{portout_id}/{identity}")
            if key is not None:
                return key
        raise BadKey("The personal facts are sealed under another PORTOUT_RECORDS_KEY: set that one.")


class FactKey:
    """The key of one port-out's personal facts."""

    __slots__ = ("_cipher", "key_id", "wrapped")

    def __init__(self, identity: str, key: bytes, wrapped: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = identity
        self.wrapped = wrapped

    def seal(self, personal: Mapping[str, Any], bound_to: str) -> dict[str, str]:
        """The facts as they stand in an entry: `{"key": …, "data": base64}`.

        Args:
            bound_to: what they belong to; they unseal nowhere else.
        """
        data = _encrypt(self._cipher, canonical(dict(personal)), bound_to)
        return {"key": self.key_id, "data": base64.b64encode(data).decode("ascii")}

    def unseal(self, data: str, bound_to: str) -> dict[str, Any] | None:
        """The facts again; None if the sealed bytes are not what was sealed for that place."""
        try:
            plain = _decrypt(self._cipher, base64.b64decode(data), bound_to)
        except ValueError:
            return None
        facts: dict[str, Any] | None = None if plain is None else json.loads(plain)
        return facts


def _encrypt(cipher: AESGCM, plain: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, _bytes(bound_to))


def _decrypt(cipher: AESGCM, data: bytes, bound_to: str) -> bytes | None:
    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bytes(bound_to))
    except (InvalidTag, ValueError):
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

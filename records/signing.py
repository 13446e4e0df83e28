"""Signatures by which checkpoints and stubs of the ledger are known to be ours (Ed25519)."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from records.errors import BadKey
from records.keys import KEY_BYTES, parse_key

NAME = "PORTOUT_LEDGER_KEY"


class Signer:
    """Signs under PORTOUT_LEDGER_KEY.

    Attributes:
        public_key: what proves the signatures, base64 of 32 bytes.

    Raises:
        BadKey: the key is garbled.
    """

    def __init__(self, ledger_key: SecretStr) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(parse_key(ledger_key, NAME))
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64.b64encode(public).decode("ascii")

    def sign(self, data: bytes) -> str:
        """The signature over these bytes, base64."""
        return base64.b64encode(self._key.sign(data)).decode("ascii")


def is_signed(data: bytes, signature: str, public_key: str) -> bool:
    """Whether this signature (base64) over these bytes was made with the key that belongs to the public one (base64)."""
    try:
        _public(public_key).verify(base64.b64decode(signature), data)
    except (InvalidSignature, binascii.Error, ValueError, TypeError):
        return False
    return True


def parse_public_key(text: str) -> str:
    """A public key as somebody gave it, in the form in which checkpoints name it.

    Raises:
        BadKey: it is none.
    """
    try:
        _public(text.strip())
    except (binascii.Error, ValueError):
        raise BadKey(
            f"{text[:60]!r} is no public key: give base64 of {KEY_BYTES} bytes, as `portout ledger key` prints it."
        ) from None
    return text.strip()


def as_pem(public_key: str) -> str:
    """The public key as other programs want it, openssl for one."""
    return _public(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))

"""PINs on file: only a keyed hash is kept, and nothing here ever shows one."""

import base64
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Any, Self

from pydantic import SecretStr

from records.errors import BadKey, BadPin
from records.keys import KEY_BYTES, key_id, parse_keys

LONGEST_PIN = 32
_PURPOSE = b"portout pin 1\x00"
_WORDS = (r"\w+", r"\d+", r"\S+")
"""What a PIN may stand as in a text: a word, the digits of one, or anything between blanks."""
_BETWEEN = r"[\s.,:;/_\u2010-\u2015-]{1,3}"
"""What people put between the digits of a PIN that they spell."""
_SPELLED = re.compile(rf"\d+(?:{_BETWEEN}\d+)+")
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_WHOLE = re.compile(
    rf"""(?x) (?<!\d) (?:
    (?:1[ .-]?)? (?:\d{{3}}\)?[ .-]|\d{{3}}\)) \d{{3}}[ .-]\d{{4}}  # a number of North America
    | (?<=\+) \d[\d .()-]{{5,17}}\d  # or of elsewhere
    | [12]\d{{3}}([ ./-]){_MONTH}\1{_DAY}  # a date
    | (?:{_DAY}([ ./-]){_MONTH}\2 | {_MONTH}([ ./-]){_DAY}\3) [12]\d{{3}}
    | (?:{_DAY}([./-]){_MONTH}\4 | {_MONTH}([./-]){_DAY}\5) \d\d
    ) (?!\d)"""
)
"""What is no PIN that was spelled, unless all of it is: a part of its digits is nobody's secret."""
_UNCOMPARED = "which was stored under another PORTOUT_PIN_KEY: say it without digits."


def tidy_pin(pin: SecretStr) -> SecretStr:
    """The PIN without the spaces around it. `0042` stays `0042`.

    Raises:
        BadPin: not 1 to 32 printable characters.
    """
    text = pin.get_secret_value().strip()
    if not text or len(text) > LONGEST_PIN or not text.isprintable():
        raise BadPin(
            f"The PIN is not 1 to {LONGEST_PIN} printable characters: give it as the customer knows it."
        )
    return SecretStr(text)


def words_in(text: str) -> set[SecretStr]:
    """Whatever may be a PIN in a free text."""
    words = {word for pattern in _WORDS for word in re.findall(pattern, text)}
    return {SecretStr(word) for word in words.union(_spelled_in(text))}


def unspelled(pin: SecretStr) -> SecretStr:
    """The PIN without what may stand between its digits: `1234` for `12-34`."""
    return SecretStr(re.sub(_BETWEEN, "", pin.get_secret_value()))


def _spelled_in(text: str) -> Iterator[str]:
    """The digits that `12-34`, `1.2.3.4` or `1 2 3 4` spell, and any part of them that begins and ends at a gap."""
    inside = {place for whole in _WHOLE.finditer(text) for place in range(whole.start() + 1, whole.end())}
    for run in _SPELLED.finditer(text):
        groups = [match.span() for match in re.compile(r"\d+").finditer(text, *run.span())]
        for first, (begin, _) in enumerate(groups):
            digits = ""
            for start, end in groups[first:]:
                digits += text[start:end]
                if len(digits) > LONGEST_PIN:
                    break
                if start > begin and begin not in inside and end not in inside:
                    yield digits


class PinHasher:
    """HMAC-SHA-256 under PORTOUT_PIN_KEY, over customer id and PIN, so that equal PINs look different.

    While a key is replaced there are two: new hashes are made under the first, those of both can be compared.

    Raises:
        BadKey: a key is garbled.
    """

    def __init__(self, pin_key: SecretStr | None) -> None:
        keys = [] if pin_key is None else parse_keys(pin_key, "PORTOUT_PIN_KEY")
        self._keys = {key_id(key): key for key in keys}
        self.key_ids = tuple(self._keys)
        self.key_id = next(iter(self._keys), None)
        """Under which new hashes are made."""

    @classmethod
    def at_random(cls) -> Self:
        """One whose hashes nobody else can compare."""
        return cls(SecretStr(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")))

    def digest(self, customer_id: str, pin: SecretStr) -> bytes:
        """32 bytes, made under the first key.

        Raises:
            BadKey: PORTOUT_PIN_KEY is not set.
        """
        if self.key_id is None:
            raise BadKey("PORTOUT_PIN_KEY is not set, so PINs can be neither stored nor compared: set it.")
        return _digest(self._keys[self.key_id], customer_id, pin)

    def knows(self, made_under: str | None) -> bool:
        """Whether hashes made under that key can be compared."""
        return made_under in self._keys

    def is_of(self, digest: bytes, made_under: str | None, customer_id: str, pin: SecretStr) -> bool:
        """Whether a stored hash is that of a customer's PIN, in constant time.

        Raises:
            BadKey: the hash was made under another key, or there is none: neither yes nor no would be true.
        """
        key = self._keys.get(made_under or "")
        if key is None:
            raise BadKey(
                "A PIN on file was stored under another PORTOUT_PIN_KEY: set that, or store it again."
            )
        return hmac.compare_digest(digest, _digest(key, customer_id, pin))


def _digest(key: bytes, customer_id: str, pin: SecretStr) -> bytes:
    who, secret = (text.encode("utf-8", "surrogatepass") for text in (customer_id, pin.get_secret_value()))
    return hmac.digest(key, _PURPOSE + len(who).to_bytes(4) + who + secret, "sha256")


class HashedPin:
    """One customer's PIN on file (a `screening.facts.PinOnFile`)."""

    __slots__ = ("_customer_id", "_digest", "_hasher", "_key_id")

    def __init__(self, hasher: PinHasher, customer_id: str, digest: bytes, made_under: str | None) -> None:
        self._hasher = hasher
        self._customer_id = customer_id
        self._digest = digest
        self._key_id = made_under

    def __repr__(self) -> str:
        return "HashedPin(**********)"

    def matches(self, attempted: SecretStr) -> bool:
        """Whether this is the PIN, in constant time. `0123` is not `123`.

        Raises:
            BadKey: the hash was made under a key that is not set.
        """
        return self._hasher.is_of(self._digest, self._key_id, self._customer_id, attempted)

    def fault_of(self, text: str) -> str | None:
        """Why a text must not be kept or shown: it contains this PIN, or may. None if it does not."""
        if not self._hasher.knows(self._key_id):
            has_digits = any(character.isdigit() for character in text)
            return f"may contain the PIN on file, {_UNCOMPARED}" if has_digits else None
        if any(self.matches(word) for word in words_in(text)):
            return "contains the PIN of this customer: say it without the PIN."
        return None


def pin_of(hasher: PinHasher, row: Any) -> HashedPin | None:
    """The PIN in a row of the table of customers."""
    if row.pin_hash is None:
        return None
    return HashedPin(hasher, row.customer_id, row.pin_hash, row.pin_key_id)

"""The public keys that webhooks are checked with, as the settings say; a file of keys is read again when it changes."""

from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from settings import Settings, SettingsError
from telnyx_api.webhooks import BadPublicKey, public_keys

log = structlog.get_logger(__name__)
Keys = tuple[Ed25519PublicKey, ...]


class PublicKeys:
    """The keys in force. None at all means that no webhook can be believed.

    Raises:
        SettingsError: a key that is set cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._file = settings.telnyx_public_key_file
        self._keys: Keys = ()
        self._read_at: tuple[int, ...] = ()
        if settings.telnyx_public_key:
            try:
                self._keys = public_keys(settings.telnyx_public_key)
            except BadPublicKey as error:
                raise SettingsError(f"TELNYX_PUBLIC_KEY {error}.") from None
        if self._file is not None:
            try:
                self._read_at = _state(self._file)
                self._keys = _read(self._file)
            except BadPublicKey as error:
                raise SettingsError(f"TELNYX_PUBLIC_KEY_FILE: {self._file} {error}.") from None

    def in_force(self) -> Keys:
        """The keys now. What the file says counts, so a file that cannot be used leaves none."""
        if self._file is not None:
            self._follow(self._file)
        return self._keys

    def _follow(self, file: Path) -> None:
        state: tuple[int, ...] = ()
        try:
            state = _state(file)
            if state == self._read_at:
                return
            self._keys = _read(file)
            log.info("public keys read", file=str(file), keys=len(self._keys))
        except BadPublicKey as error:
            if self._keys or state != self._read_at:
                log.error(
                    "webhooks are refused: the file of public keys cannot be used", error=f"{file} {error}"
                )
            self._keys = ()
        self._read_at = state


def _state(file: Path) -> tuple[int, ...]:
    """What differs when the file was written or replaced."""
    try:
        status = file.stat()
    except OSError as error:
        raise BadPublicKey(f"cannot be read ({error.strerror})") from None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size


def _read(file: Path) -> Keys:
    try:
        return public_keys(file.read_text())
    except OSError as error:
        raise BadPublicKey(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BadPublicKey("is no text") from None

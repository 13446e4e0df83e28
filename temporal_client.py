"""Connecting to Temporal: the standard environment names, the data converter and the payload codec."""

import base64
import contextlib
import dataclasses
import logging
import os
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime

from settings import Settings, SettingsError

_ENCODING = b"binary/aes-256-gcm"
_NONCE_BYTES = 12
KEY_BYTES = 32
_URL_SAFE = str.maketrans("-_", "+/")
LOCAL_ADDRESS = "localhost:7233"
log = logging.getLogger(__name__)


class TemporalUnreachable(Exception):
    """No Temporal server answers: one sentence with the address and what to do."""


class SealedHistory(Exception):
    """What Temporal holds is encrypted with a key that this process lacks: one sentence with what to do."""


class PayloadEncryption(PayloadCodec):
    """Encrypts what enters workflow history, so that names and numbers are unreadable in Temporal's database.

    Each payload says which key sealed it: the first key encrypts, all of them decrypt. To replace a key, give the new
    one to every worker and command behind the old one, then put it in front, and drop the old one after the retention
    time. What cannot be opened stays sealed and fails alone: raised here, it would hold up a whole run, because one
    signal from somebody with another key is decoded together with the run's own timers.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._first = next(iter(keys), "")

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._open_or_leave(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        data = nonce + self._ciphers[self._first].encrypt(nonce, payload.SerializeToString(), None)
        return Payload(metadata={"encoding": _ENCODING, "key-id": self._first.encode()}, data=data)

    def _open_or_leave(self, payload: Payload) -> Payload:
        try:
            return self.opened(payload)
        except SealedHistory as sealed:
            log.error("a payload stays sealed: %s", sealed)
            return payload

    def opened(self, payload: Payload) -> Payload:
        """What was sealed, or what never was as it is.

        Raises:
            SealedHistory: none of the keys opens it.
        """
        if payload.metadata.get("encoding") != _ENCODING:
            return payload
        name = payload.metadata.get("key-id", b"").decode(errors="replace")
        cipher = self._ciphers.get(name)
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        if cipher is not None:
            with contextlib.suppress(InvalidTag, ValueError, DecodeError):
                return Payload.FromString(cipher.decrypt(nonce, sealed, None))
        raise SealedHistory(
            f"Temporal's history is encrypted with the payload key '{name}', which is "
            f"{'another one' if cipher else 'not'} here: set PORTOUT_PAYLOAD_KEYS, or PORTOUT_PAYLOAD_KEYS_FILE, as "
            "the worker has it."
        )


class OnlyWhatOpens(PayloadCodec):
    """For a command, which fails alone and tells a person why: what stays sealed is refused, not misread.

    Args:
        keys: the payload keys by name; none where history is readable.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._encryption = PayloadEncryption(keys)
        self._seals = bool(keys)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return await self._encryption.encode(payloads) if self._seals else list(payloads)

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encryption.opened(payload) for payload in payloads]


async def see_that_it_opens(client: Client, workflow_id: str) -> None:
    """Look whether this client can open what a workflow was given, before it is sent something in clear.

    Raises:
        SealedHistory: it cannot.
        RPCError: there is no such workflow, or Temporal is away.
    """
    codec = client.data_converter.payload_codec
    events = client.get_workflow_handle(workflow_id).fetch_history_events(page_size=1)
    first = await anext(aiter(events))
    if codec is not None:
        await codec.decode(first.workflow_execution_started_event_attributes.input.payloads)


def data_converter(payload_keys: SecretStr | None) -> DataConverter:
    """The converter that every client and worker of the service shares.

    Args:
        payload_keys: `name:base64` of 32-byte keys, between commas or one a line, the first one encrypting. None:
            history is readable.

    Raises:
        SettingsError: a key is not what it should be.
    """
    if payload_keys is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=PayloadEncryption(keys_of(payload_keys)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def keys_of(payload_keys: SecretStr) -> dict[str, bytes]:
    """The keys by name, the one that encrypts first.

    Raises:
        SettingsError: a key is not what it should be. The message shows nothing of it.
    """
    keys: dict[str, bytes] = {}
    for position, word in enumerate(re.split(r"[,\s]+", payload_keys.get_secret_value().strip(", \n")), 1):
        name, _, text = word.partition(":")
        try:
            key = base64.b64decode(text.translate(_URL_SAFE), validate=True)
        except ValueError:
            key = b""
        if not name or len(key) != KEY_BYTES:
            raise SettingsError(
                f"PORTOUT_PAYLOAD_KEYS: key {position} is not name:base64 of {KEY_BYTES} bytes; make one with "
                '`echo "$(date +%F):$(openssl rand -base64 32)"`.'
            )
        if name in keys:
            raise SettingsError(f"PORTOUT_PAYLOAD_KEYS: key {position} has the name of an earlier one.")
        keys[name] = key
    return keys


def readable_history(settings: Settings, address: str | None) -> list[str]:
    """A warning for the operator when Temporal's history holds personal data in clear on a server of others.

    Args:
        address: of an embedded server: its database is as private as the records beside it.
    """
    if settings.payload_keys is not None or address is not None:
        return []
    return [
        "PORTOUT_PAYLOAD_KEYS is not set: names and numbers are readable in Temporal's history for whoever may "
        "look into the server."
    ]


def temporal_config() -> ClientConnectConfig:
    """How to connect, from Temporal's own environment names and configuration file.

    Raises:
        SettingsError: they cannot be read.
    """
    try:
        return ClientConfig.load_client_connect_config()
    except (RuntimeError, ValueError, TypeError) as error:
        raise SettingsError(f"Temporal's settings cannot be read: {error}.") from None


async def connect(
    settings: Settings,
    *,
    address: str | None = None,
    lazy: bool = False,
    runtime: Runtime | None = None,
    only_what_opens: bool = False,
) -> Client:
    """Connect as Temporal's own environment names say (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, …).

    Args:
        address: an embedded server that this process or `portout up` started; the environment is then ignored.
        lazy: connect with the first call only, so that a server which is away keeps nobody from starting.
        only_what_opens: refuse what no key opens with `SealedHistory`; a worker leaves it sealed and goes on.

    Raises:
        TemporalUnreachable: nothing answers there, or it refuses us.
        SettingsError: the environment is not usable.
    """
    config: ClientConnectConfig = temporal_config() if address is None else {"target_host": address}
    config.setdefault("target_host", LOCAL_ADDRESS)
    converter = data_converter(settings.payload_keys)
    if only_what_opens:
        keys = keys_of(settings.payload_keys) if settings.payload_keys else {}
        converter = dataclasses.replace(converter, payload_codec=OnlyWhatOpens(keys))
    try:
        return await Client.connect(**config, data_converter=converter, lazy=lazy, runtime=runtime)
    except (RuntimeError, ValueError):
        raise TemporalUnreachable(
            f"No Temporal server answers at {config['target_host']}: start one (`portout up` brings its own) "
            "or set TEMPORAL_ADDRESS."
        ) from None

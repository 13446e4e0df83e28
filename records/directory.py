"""The operator's own directory of customers, asked over HTTP: one GET for each number.

`GET <PORTOUT_DIRECTORY_URL>/<number>`, the number in E.164 with its + as %2B. The answer is 200 and
`{"customer": {...}}` as `DirectoryCustomer` says, or `{"customer": null}` with 200 or 404: nobody of ours has it.
Whatever else comes is a failure and never "no such customer".
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated
from urllib.parse import quote

import httpx
import phonenumbers
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError

from records.customer_record import CustomerRecord, Lock
from records.errors import BadPin, DirectoryFailed
from records.pins import HashedPin, PinHasher, tidy_pin

TIMEOUT = 5.0
"""Seconds for one answer."""
KEPT = 60.0
"""Seconds that an answer is used again: the rules of one order ask at the same time, and all for the same numbers."""
MOST_KEPT = 10_000
AT_ONCE = 8
"""Requests at the same time."""
LARGEST = 64 * 1024
"""Bytes of an answer."""


def _is_country(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError
    return text


def _is_something(text: str) -> str:
    if not text.strip():
        raise ValueError
    return text


class _Strict(BaseModel):
    # A name that is not known here may be a misspelt `locked`, and must not pass for no lock.
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class DirectoryCustomer(_Strict):
    """A customer as the directory tells it.

    Args:
        customer_id: the same customer always has the same, and it is that of the tables, if they are a source too.
        locked: absent or null when the directory does not know; then nothing passes for unlocked.
        pin: as text, for `0042` is not `42`; absent, null or empty when there is none on file.
        locked_at, pin_changed_at, email_changed_at, contact_changed_at, sim_changed_at: ISO 8601 with an offset.
    """

    customer_id: Annotated[str, AfterValidator(_is_something)]
    name: str | None = None
    business_name: str | None = None
    authorized_names: list[str] = []
    tags: list[str] = []
    country: Annotated[str, AfterValidator(_is_country)] | None = None
    pin: SecretStr | None = None
    locked: bool | None = None
    locked_at: AwareDatetime | None = None
    locked_by: str | None = None
    lock_why: str | None = None
    pin_changed_at: AwareDatetime | None = None
    email_changed_at: AwareDatetime | None = None
    contact_changed_at: AwareDatetime | None = None
    sim_changed_at: AwareDatetime | None = None


class _Answer(_Strict):
    customer: DirectoryCustomer | None


class Directory:
    """Asks the directory. Thread-safe.

    PINs are hashed as they come, under a key of this object's own: none is kept in clear.

    Args:
        url: without the number.
        token: sent as bearer token.
        clock: seconds.
    """

    def __init__(
        self, url: str, token: SecretStr | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url.rstrip("/")
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.get_secret_value()}"
        self._http = httpx.Client(timeout=TIMEOUT, headers=headers, follow_redirects=False)
        self._hasher = PinHasher.at_random()
        self._clock = clock
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="directory")
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Future[CustomerRecord | None]]] = {}

    def close(self) -> None:
        """Gives the connections back."""
        self._pool.shutdown(cancel_futures=True)
        self._http.close()

    def find(self, numbers: Sequence[str]) -> dict[str, CustomerRecord]:
        """Who holds these numbers; a number that nobody of ours has is not in it.

        Raises:
            DirectoryFailed: for one of the numbers it cannot be said.
        """
        asked = {number: self._asked(number) for number in numbers}
        found = {number: future.result() for number, future in asked.items()}
        return {number: customer for number, customer in found.items() if customer is not None}

    def _asked(self, number: str) -> "Future[CustomerRecord | None]":
        now = self._clock()
        with self._lock:
            until, future = self._kept.get(number, (0.0, None))
            if future is not None and (not future.done() or (until > now and future.exception() is None)):
                return future
            if len(self._kept) >= MOST_KEPT:
                self._kept = {one: kept for one, kept in self._kept.items() if kept[0] > now}
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            future = self._pool.submit(self._ask, number)
            self._kept[number] = (now + KEPT, future)
            return future

    def _ask(self, number: str) -> CustomerRecord | None:
        # Outside of the `except` blocks, for an error raised within one would carry the request, number and token.
        fault, status, body = "", 0, b""
        try:
            with self._http.stream("GET", f"{self._url}/{quote(number, safe='')}") as response:
                status = response.status_code
                give_up = time.monotonic() + TIMEOUT
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST or time.monotonic() > give_up:
                        fault = "its answer is too large or too slow"
                        break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            fault = f"no answer, {type(error).__name__}"
        answer = None
        if not fault:
            answer, fault = _read(status, body)
        if fault or answer is None:
            raise DirectoryFailed(
                f"The customer directory failed ({fault}): see that it answers as docs/customers.md says."
            )
        return None if answer.customer is None else self._record(answer.customer)

    def _record(self, told: DirectoryCustomer) -> CustomerRecord:
        pin = None
        if told.pin is not None and told.pin.get_secret_value().strip():
            digest = self._hasher.digest(told.customer_id, _tidy(told.pin))
            pin = HashedPin(self._hasher, told.customer_id, digest, self._hasher.key_id)
        return CustomerRecord(
            id=told.customer_id,
            name=told.name,
            business_name=told.business_name,
            authorized_names=told.authorized_names,
            tags=sorted(set(told.tags)),
            country=told.country,
            lock=Lock(told.locked_at, told.locked_by, told.lock_why) if told.locked else None,
            lock_known=told.locked is not None,
            pin=pin,
            pin_changed_at=told.pin_changed_at,
            email_changed_at=told.email_changed_at,
            contact_changed_at=told.contact_changed_at,
            sim_changed_at=told.sim_changed_at,
        )


def _read(status: int, body: bytes) -> tuple[_Answer | None, str]:
    """The answer, or what is wrong with it, in words that show nothing of it."""
    if status in (401, 403):
        return None, f"it refuses PORTOUT_DIRECTORY_TOKEN with {status}"
    if status not in (200, 404):
        return None, f"it answered {status}"
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        if status == 404:
            return None, "it answered 404 without saying that there is no such customer"
        names = {str(part) for fault in error.errors(include_input=False) for part in fault["loc"][1:2]}
        known = sorted(names & DirectoryCustomer.model_fields.keys())
        return None, f"its JSON cannot be used{', at ' + ', '.join(known) if known else ''}"
    if status == 404 and answer.customer is not None:
        return None, "it answered 404 with a customer"
    return answer, ""


def _tidy(pin: SecretStr) -> SecretStr:
    try:
        return tidy_pin(pin)
    except BadPin as error:
        raise DirectoryFailed(f"The customer directory failed: {error}") from None

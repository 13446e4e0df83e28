"""One request to the carrier and its answer, or the error that stands for what went wrong."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from pydantic import SecretStr

from telnyx_api import arguments
from telnyx_api.budget import RateBudget, Urgency
from telnyx_api.errors import CarrierError, CarrierUnreachable, UnexpectedAnswer, read_errors, refused

Found = TypeVar("Found")

# No connection was made, so nothing can have been carried out.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

# Servers commonly drop idle connections after 5 s or more. Dropping them first keeps a PATCH from being
# written into a connection that is just being closed, which would leave its fate in doubt. As many at once as
# there are requests, so that none queues behind others: the callers are few, and `RateBudget` says who goes first.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=4.0)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to the carrier."""

    name: str
    content: bytes = field(repr=False)


class Transport:
    """Sends with the API key. The arguments are those of `TelnyxClient`."""

    def __init__(
        self, api_key: SecretStr, base_url: str, *, timeout: float, http: httpx.AsyncClient | None
    ) -> None:
        # httpx.Headers and not a dict, since its repr hides the key.
        self._headers = httpx.Headers({"Authorization": arguments.bearer(api_key)})
        self._base_url = arguments.base_url(base_url)
        self._budget = RateBudget()
        self._owned = http is None
        self._http = httpx.AsyncClient(timeout=timeout, limits=_LIMITS) if http is None else http

    async def aclose(self) -> None:
        """Closes the connections, unless they belong to a client that was passed in."""
        if self._owned:
            await self._http.aclose()

    async def send(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        change: Mapping[str, object] | None = None,
        upload: Upload | None = None,
        accept: str = "application/json",
        urgency: Urgency = Urgency.ONE_THING,
        on_wait: Callable[[], None] | None = None,
    ) -> httpx.Response:
        """A successful answer.

        Args:
            doing: where an error happened, in words: "listing port-outs".
            change: sent as JSON.
            upload: sent as the form's field `file`, its type guessed from its name.
            on_wait: called every few seconds while the carrier's rate limit lets it wait.

        Raises:
            CarrierError: outside of the `except` blocks, since an error raised within them would carry
                httpx's own as context, and with it the request: its URL, its key, its body.
        """
        fault: CarrierError
        headers = httpx.Headers({**self._headers, "Accept": accept})
        if change is not None:
            headers["Content-Type"] = "application/json"
        response: httpx.Response | None = None
        entered = await self._budget.enter(urgency, doing=doing, on_wait=on_wait)
        try:
            response = await self._http.request(
                method,
                self._base_url + path,
                params=query,
                # Not httpx's own encoder, which breaks on a character that is half of a surrogate pair.
                content=None if change is None else json.dumps(change).encode(),
                files=None if upload is None else {"file": (upload.name, upload.content)},
                headers=headers,
                follow_redirects=False,
            )
        except httpx.TransportError as error:
            fault = _unreachable(error, doing)
        except httpx.DecodingError:
            fault = UnexpectedAnswer(f"The carrier's answer cannot be unpacked: try again ({doing}).")
        else:
            if response.is_success:
                return response
            now = datetime.now(UTC)
            fault = refused(response.status_code, response.headers, response.content, doing=doing, now=now)
        finally:
            if response is None:
                self._budget.leave(entered, None, {})
            else:
                self._budget.leave(entered, response.status_code, response.headers)
        raise fault from None


def understood(found: Found | None, doing: str, response: httpx.Response) -> Found:
    """What was found in a successful answer.

    Raises:
        UnexpectedAnswer: nothing was.
    """
    if found is None:
        raise UnexpectedAnswer(
            f"The carrier's answer is not what its API promises: look whether the API changed ({doing}, "
            f"HTTP {response.status_code}).",
            status=response.status_code,
            errors=read_errors(response.content),
        )
    return found


def _unreachable(fault: httpx.TransportError, doing: str) -> CarrierUnreachable:
    kind = type(fault).__name__
    if isinstance(fault, _NOT_SENT):
        return CarrierUnreachable(f"The carrier cannot be reached: try again ({doing}, {kind}).", sent=False)
    return CarrierUnreachable(
        f"No answer came from the carrier: read before sending a change again ({doing}, {kind}).", sent=True
    )

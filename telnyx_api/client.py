"""The port-out operations of the Telnyx API, version 2: one client, its topics in files of their own."""

from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from telnyx_api.comments import Comments
from telnyx_api.documents import Documents
from telnyx_api.events import Events
from telnyx_api.numbers import Numbers
from telnyx_api.orders import Orders
from telnyx_api.reports import Reports
from telnyx_api.transport import Transport


class TelnyxClient(Orders, Events, Comments, Documents, Reports, Numbers):
    """Speaks with the carrier. Make one and share it: it keeps its connections, and many tasks may use it.

    Nothing is retried here, since only callers know what a retry may cost. Any 2xx is success. Whatever goes
    wrong is a `CarrierError`, one class per kind. What the carrier says about its rate limit is kept to, before
    it has to refuse anything (`RateBudget`); with a second client there would be a second count.

    Args:
        api_key: sent as bearer token, shown nowhere.
        base_url: with the version, such as `https://api.telnyx.com/v2`.
        timeout: seconds for each of: connecting, writing, waiting for the answer, a free connection.
        http: used instead of a client of its own, and then not closed by this one.

    Raises:
        InvalidArgument: the key is empty or holds characters that no key has, or the URL is no http(s) URL.
    """

    def __init__(
        self,
        api_key: SecretStr,
        base_url: str = "https://api.telnyx.com/v2",
        *,
        timeout: float = 10.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(Transport(api_key, base_url, timeout=timeout, http=http))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections, unless they belong to a client that was passed in."""
        await self._transport.aclose()

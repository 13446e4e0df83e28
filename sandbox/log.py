"""The request log: who asked for what, in order, without anything secret."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from typing import Any

from sandbox.clock import iso_us

_KEPT = 100_000


class RequestLog:
    """The last 100,000 API requests, numbered from 1."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.last = 0

    def record(
        self,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]],
        *,
        at: datetime,
        status: int | None,
        order_id: str | None,
        effective: bool,
    ) -> None:
        """Keep one request. ``status`` None: it got no answer. ``effective``: it changed an order."""
        self.last += 1
        self._entries.append(
            {
                "seq": self.last,
                "time": iso_us(at),
                "method": method,
                "path": path,
                # Only what the API defines is kept: whatever else a caller wrote there might be a secret.
                "query": {
                    key: value if key.startswith(("filter[", "page[")) else "[not kept]"
                    for key, value in query
                },
                "status": status,
                "order_id": order_id,
                "effective": effective,
            }
        )

    def since(self, seq: int = 0) -> list[dict[str, Any]]:
        """Requests with a number above ``seq``, oldest first."""
        newest_first = takewhile(lambda entry: entry["seq"] > seq, reversed(self._entries))
        return list(newest_first)[::-1]

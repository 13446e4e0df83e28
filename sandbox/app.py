"""The carrier's API under ``/v2``, as an ASGI application."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hmac import compare_digest
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.carrier import Carrier
from sandbox.control import control_routes
from sandbox.errors import ApiError
from sandbox.faults import Effect
from sandbox.operations import Data, Handler, Operations, nowhere
from sandbox.wire import File, as_download, as_json

_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(carrier: Carrier, key: str = "sandbox") -> Starlette:
    """The API of ``carrier``, open to the bearer key ``key``, and its control side, open to all."""
    return Starlette(routes=[*_Api(carrier, key).routes(), *control_routes(carrier)])


class _Api:
    def __init__(self, carrier: Carrier, key: str) -> None:
        self._carrier = carrier
        self._authorization = f"Bearer {key}".encode()

    def routes(self) -> list[Route]:
        return [
            *(
                Route(f"/v2{path}", self._guarded(handler, status), methods=[method])
                for method, path, handler, status in Operations(self._carrier).all()
            ),
            Route("/v2/{rest:path}", self._guarded(nowhere, 200), methods=_EVERY_METHOD),
        ]

    def _guarded(self, handler: Handler, well: int) -> Callable[[Request], Awaitable[Response]]:
        """Put a handler behind the faults in force, the rate limit, the bearer key and the log."""

        async def endpoint(request: Request) -> Response:
            effect = self._carrier.faults.take(request.method, request.url.path.removeprefix("/v2"))
            try:
                body = await request.body()
            except ClientDisconnect:
                return _HangUp()
            if effect.delay:
                await _delay(request, effect.delay)
            if effect.drop:
                self._record(request, None, effective=False)
                return _HangUp()
            status, content = self._answer(request, body, effect, handler, well)
            effective = request.method == "PATCH" and status == 200
            self._record(request, None if effect.drop_after_apply else status, effective=effective)
            if effect.drop_after_apply:
                return _HangUp()
            return _response(status, content, self._headers(effect))

        return endpoint

    def _answer(
        self, request: Request, body: bytes, effect: Effect, handler: Handler, well: int
    ) -> tuple[int, Data | File | None]:
        within_budget = self._carrier.rate_limit.take()
        try:
            if effect.status is not None:
                raise ApiError(effect.status)
            if not within_budget:
                raise ApiError(429)
            if not compare_digest(request.headers.get("authorization", "").encode(), self._authorization):
                raise ApiError(401)
            return well, handler(request, body, effect)
        except ApiError as error:
            return error.status, error.body()

    def _record(self, request: Request, status: int | None, *, effective: bool) -> None:
        self._carrier.log.record(
            request.method,
            request.url.path,
            request.query_params.multi_items(),
            at=self._carrier.clock.now(),
            status=status,
            order_id=request.path_params.get("portout_id"),
            effective=effective,
        )

    def _headers(self, effect: Effect) -> dict[str, str]:
        limit = self._carrier.rate_limit
        remaining, reset = limit.remaining, float(limit.reset)
        headers: dict[str, str] = {}
        if effect.status == 429:
            remaining = 0
            reset = next(
                (wait for wait in (effect.ratelimit_reset, effect.retry_after) if wait is not None), 1
            )
        if effect.retry_after is not None:
            headers["retry-after"] = f"{effect.retry_after:g}"
        headers["x-ratelimit-limit"] = str(limit.limit)
        headers["x-ratelimit-remaining"] = str(remaining)
        headers["x-ratelimit-reset"] = f"{reset:g}"
        return headers


def _response(status: int, content: Any, headers: dict[str, str]) -> Response:
    if content is None:
        return Response(status_code=status, headers=headers)
    if isinstance(content, File):
        return as_download(content, headers)
    return as_json(content, status, headers)


async def _delay(request: Request, seconds: float) -> None:
    closing = getattr(request.state, "closing", None) or asyncio.Event()
    with suppress(TimeoutError):
        await asyncio.wait_for(closing.wait(), seconds)


class _HangUp(Response):
    """No answer at all: the connection is closed under the client, which sees a network error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        hang_up = scope.get("state", {}).get("hang_up")
        if hang_up is None:
            raise ConnectionError("the sandbox closed the connection without an answer")
        hang_up()
        while (await receive())["type"] != "http.disconnect":
            pass

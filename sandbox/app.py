"""The carrier's API under ``/v2``, as an ASGI application."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from hmac import compare_digest
from math import ceil
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
from sandbox.phone_numbers import NUMBER_FILTERS
from sandbox.query import (
    CODE_FILTERS,
    EVENT_FILTERS,
    ORDER_FILTERS,
    event_search,
    parse,
    wanted_codes,
)
from sandbox.wire import as_json

_LIMIT = 1000
_WINDOW = timedelta(seconds=60)
_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]

Handler = Callable[[Request, bytes, Effect], dict[str, Any]]


def create_app(carrier: Carrier, key: str = "sandbox") -> Starlette:
    """The API of ``carrier``, open to the bearer key ``key``, and its control side, open to all."""
    return Starlette(routes=[*_Api(carrier, key).routes(), *control_routes(carrier)])


class _Api:
    def __init__(self, carrier: Carrier, key: str) -> None:
        self._carrier = carrier
        self._authorization = f"Bearer {key}".encode()
        self._window_ends = carrier.clock.real() + _WINDOW
        self._used = 0

    def routes(self) -> list[Route]:
        # Starlette takes the first that fits: fixed names come before {portout_id}.
        return [
            self._route("GET", "/portouts", self._portouts),
            self._route("GET", "/portouts/events", self._events),
            self._route("GET", "/portouts/events/{event_id}", self._event),
            self._route("GET", "/portouts/rejections/{portout_id}", self._rejections),
            self._route("GET", "/portouts/{portout_id}", self._portout),
            self._route("PATCH", "/portouts/{portout_id}/{status}", self._update_status),
            self._route("GET", "/phone_numbers", self._phone_numbers),
            Route("/v2/{rest:path}", self._guarded(_nowhere), methods=_EVERY_METHOD),
        ]

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        return Route(f"/v2{path}", self._guarded(handler), methods=[method])

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Put a handler behind the faults in force, the bearer key, the log and the rate limit's headers.

        Handlers are plain functions: between reading the body and writing the answer nobody else touches the
        carrier.
        """

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
            status, content = self._answer(request, body, effect, handler)
            effective = request.method == "PATCH" and status == 200
            self._record(request, None if effect.drop_after_apply else status, effective=effective)
            if effect.drop_after_apply:
                return _HangUp()
            return as_json(content, status, self._headers(effect))

        return endpoint

    def _answer(self, request: Request, body: bytes, effect: Effect, handler: Handler) -> tuple[int, Any]:
        try:
            if effect.status is not None:
                raise ApiError(effect.status)
            if not compare_digest(request.headers.get("authorization", "").encode(), self._authorization):
                raise ApiError(401)
            return 200, handler(request, body, effect)
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
        now = self._carrier.clock.real()
        if now >= self._window_ends:
            self._window_ends = now + _WINDOW
            self._used = 0
        self._used += 1
        remaining = max(0, _LIMIT - self._used)
        reset: float = ceil((self._window_ends - now).total_seconds())
        headers: dict[str, str] = {}
        if effect.status == 429:
            remaining = 0
            reset = next(
                (wait for wait in (effect.ratelimit_reset, effect.retry_after) if wait is not None), 1
            )
        if effect.retry_after is not None:
            headers["retry-after"] = f"{effect.retry_after:g}"
        headers["x-ratelimit-limit"] = str(_LIMIT)
        headers["x-ratelimit-remaining"] = str(remaining)
        headers["x-ratelimit-reset"] = f"{reset:g}"
        return headers

    # Operations, by the names of the API's document

    def _portouts(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        query = parse(request.query_params.multi_items(), ORDER_FILTERS)
        rows, total = self._carrier.list_orders(query)
        return {"data": rows, "meta": query.meta(total)}

    def _portout(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        return {"data": self._carrier.read_order(request.path_params["portout_id"])}

    def _events(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        query = parse(request.query_params.multi_items(), EVENT_FILTERS)
        rows, total = self._carrier.list_events(event_search(query.filters), query)
        return {"data": rows, "meta": query.meta(total)}

    def _event(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        return {"data": self._carrier.read_event(request.path_params["event_id"])}

    def _rejections(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        query = parse(request.query_params.multi_items(), CODE_FILTERS)
        codes = self._carrier.rejection_codes(request.path_params["portout_id"], wanted_codes(query.filters))
        return {"data": codes}

    def _phone_numbers(self, request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
        query = parse(request.query_params.multi_items(), NUMBER_FILTERS)
        rows, total = self._carrier.list_numbers(query)
        return {"data": rows, "meta": query.meta(total)}

    def _update_status(self, request: Request, body: bytes, effect: Effect) -> dict[str, Any]:
        try:
            content = json.loads(body)
        except ValueError:
            raise ApiError(400) from None
        path = request.path_params
        return {"data": self._carrier.update_status(path["portout_id"], path["status"], content, effect)}


def _nowhere(_request: Request, _body: bytes, _effect: Effect) -> dict[str, Any]:
    raise ApiError(404)


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

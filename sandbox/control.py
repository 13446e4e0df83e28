"""The strings to pull, under ``/sandbox``: what the world outside the API does. No key is needed here."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import AwareDatetime, Base64Bytes, BaseModel, Field, HttpUrl, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.carrier import Carrier
from sandbox.clock import iso_us
from sandbox.errors import ApiError, unprocessable
from sandbox.models import (
    Input,
    Mischief,
    NewFault,
    NewNumber,
    NewOrder,
    PaperType,
    Ruling,
    ScanStatus,
    Seconds,
    Wait,
)
from sandbox.rate_limit import WINDOW
from sandbox.uploads import Upload, content_type_of
from sandbox.wire import as_json

_Model = TypeVar("_Model", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]


class _Foc(Input):
    foc_date: AwareDatetime


class _Ruling(Input):
    ruling: Ruling
    comment: str | None = None
    silence_after: Seconds | None = None


class _Pin(Input):
    attempted_pin: SecretStr | None = None


class _Portal(Input):
    reason: str | None = None


class _Comment(Input):
    body: str


class _Paper(Input):
    """A document of the gaining side; its content is ``text`` or ``file`` in base64."""

    type: PaperType
    filename: str = "loa.pdf"
    text: str | None = None
    file: Base64Bytes | None = None
    av_scan_status: ScanStatus = "scanned"

    @property
    def upload(self) -> Upload:
        content = self.file or (self.text or "A letter of authorization.").encode()
        return Upload(self.filename, content, content_type_of(self.filename))


class _Scan(Input):
    av_scan_status: ScanStatus


class _RateLimit(Input):
    limit: int = Field(ge=0)
    window: Seconds = WINDOW


class _Webhooks(Input):
    url: HttpUrl
    failover_url: HttpUrl | None = None


class _Clock(Input):
    scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    advance: Wait | None = None
    offset: float | None = Field(default=None, ge=-3.2e8, le=3.2e8, allow_inf_nan=False)
    silence_after: Seconds | None = None
    scan_takes: Wait | None = None
    report_takes: Wait | None = None


def control_routes(carrier: Carrier) -> list[Route]:
    """The routes that control ``carrier``; they answer ``{"data": ...}``, or errors as the API does."""
    control = _Control(carrier)
    order = "/orders/{portout_id}"
    return [
        _route("POST", "/orders", control.create_orders),
        _route("GET", "/orders", control.orders),
        _route("GET", order, control.order),
        _route("POST", f"{order}/cancel", control.cancel),
        _route("POST", f"{order}/foc", control.foc),
        _route("POST", f"{order}/ruling", control.ruling),
        _route("POST", f"{order}/pin", control.pin),
        _route("POST", f"{order}/authorize", control.authorize),
        _route("POST", f"{order}/comments", control.comment),
        _route("POST", f"{order}/documents", control.hand_in),
        _route("POST", "/documents/{document_id}/scan", control.scan),
        _route("POST", "/numbers", control.add_numbers),
        _route("GET", "/faults", control.faults),
        _route("POST", "/faults", control.add_fault),
        _route("DELETE", "/faults", control.clear_faults),
        _route("GET", "/requests", control.requests),
        _route("GET", "/webhooks", control.webhooks),
        _route("POST", "/webhooks", control.register),
        _route("DELETE", "/webhooks", control.unregister),
        _route("POST", "/webhooks/mischief", control.mischief),
        _route("POST", "/webhooks/key", control.rotate_key),
        _route("GET", "/webhooks/deliveries", control.deliveries),
        _route("GET", "/rate_limit", control.rate_limit),
        _route("POST", "/rate_limit", control.set_rate_limit),
        _route("GET", "/clock", control.clock),
        _route("POST", "/clock", control.set_clock),
    ]


def _route(method: str, path: str, endpoint: Endpoint) -> Route:
    async def mapped(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError as error:
            return as_json(error.body(), error.status)

    return Route(f"/sandbox{path}", mapped, methods=[method])


def _checked(model: type[_Model], content: Any) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # Never the input: it may be a PIN.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        pointer = "/" + "/".join(str(part) for part in first["loc"])
        raise unprocessable(f"{first['msg']}.", pointer=pointer) from None


async def _content(request: Request) -> Any:
    body = await request.body()
    try:
        return json.loads(body) if body else {}
    except ValueError:
        raise ApiError(400) from None


class _Control:
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def create_orders(self, request: Request) -> Response:
        content = await _content(request)
        if isinstance(content, list):
            orders = [_checked(NewOrder, item) for item in content]
            return as_json({"data": [self._create(order) for order in orders]}, 201)
        return as_json({"data": self._create(_checked(NewOrder, content))}, 201)

    async def orders(self, _request: Request) -> Response:
        return as_json({"data": self._carrier.truths()})

    async def order(self, request: Request) -> Response:
        return self._truth(request)

    async def cancel(self, request: Request) -> Response:
        self._carrier.cancel(_id(request))
        return self._truth(request)

    async def foc(self, request: Request) -> Response:
        foc = _checked(_Foc, await _content(request))
        self._carrier.move_foc(_id(request), foc.foc_date)
        return self._truth(request)

    async def ruling(self, request: Request) -> Response:
        ruling = _checked(_Ruling, await _content(request))
        self._carrier.rule(_id(request), **ruling.model_dump())
        return self._truth(request)

    async def pin(self, request: Request) -> Response:
        late = _checked(_Pin, await _content(request)).attempted_pin
        self._carrier.supply_pin(_id(request), late.get_secret_value() if late else None)
        return self._truth(request)

    async def authorize(self, request: Request) -> Response:
        portal = _checked(_Portal, await _content(request))
        self._carrier.authorize(_id(request), portal.reason)
        return self._truth(request)

    async def comment(self, request: Request) -> Response:
        comment = _checked(_Comment, await _content(request))
        return as_json({"data": self._carrier.comment(_id(request), comment.body, by_staff=True)}, 201)

    async def hand_in(self, request: Request) -> Response:
        paper = _checked(_Paper, await _content(request))
        linked = self._carrier.hand_in(_id(request), paper.type, paper.upload, paper.av_scan_status)
        return as_json({"data": linked}, 201)

    async def scan(self, request: Request) -> Response:
        status = _checked(_Scan, await _content(request)).av_scan_status
        return as_json({"data": self._carrier.documents.set_scan(request.path_params["document_id"], status)})

    async def add_numbers(self, request: Request) -> Response:
        content = await _content(request)
        numbers = [
            _checked(NewNumber, item) for item in (content if isinstance(content, list) else [content])
        ]
        for number in numbers:
            self._carrier.add_number(number)
        return as_json({"data": [number.phone_number for number in numbers]}, 201)

    async def faults(self, _request: Request) -> Response:
        return as_json({"data": [fault.model_dump() for fault in self._carrier.faults.standing()]})

    async def add_fault(self, request: Request) -> Response:
        fault = _checked(NewFault, await _content(request))
        self._carrier.faults.add(fault)
        return as_json({"data": fault.model_dump()}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        self._carrier.faults.clear()
        return as_json({"data": []})

    async def requests(self, request: Request) -> Response:
        since = request.query_params.get("since", "0")
        if not (since.isascii() and since.isdigit()):
            raise unprocessable("since must be the seq of a request.", parameter="since")
        log = self._carrier.log
        return as_json({"data": log.since(int(since)), "meta": {"last": log.last}})

    async def webhooks(self, _request: Request) -> Response:
        return as_json({"data": self._carrier.webhooks.state()})

    async def register(self, request: Request) -> Response:
        wanted = _checked(_Webhooks, await _content(request))
        failover = str(wanted.failover_url) if wanted.failover_url else None
        self._carrier.webhooks.register(str(wanted.url), failover)
        return await self.webhooks(request)

    async def unregister(self, request: Request) -> Response:
        await self._carrier.webhooks.close()
        return await self.webhooks(request)

    async def mischief(self, request: Request) -> Response:
        self._carrier.webhooks.misbehave(_checked(Mischief, await _content(request)))
        return await self.webhooks(request)

    async def rotate_key(self, request: Request) -> Response:
        self._carrier.webhooks.rotate_key()
        return await self.webhooks(request)

    async def deliveries(self, _request: Request) -> Response:
        return as_json({"data": list(self._carrier.webhooks.deliveries)})

    async def rate_limit(self, _request: Request) -> Response:
        budget = self._carrier.rate_limit
        return as_json(
            {"data": {"limit": budget.limit, "window": budget.window, "remaining": budget.remaining}}
        )

    async def set_rate_limit(self, request: Request) -> Response:
        wanted = _checked(_RateLimit, await _content(request))
        self._carrier.rate_limit.set(wanted.limit, wanted.window)
        return await self.rate_limit(request)

    async def clock(self, _request: Request) -> Response:
        clock = self._carrier.clock
        state = {
            "now": iso_us(clock.now()),
            "scale": clock.scale,
            "offset": clock.offset,
            "silence_after": self._carrier.silence_after,
            "scan_takes": self._carrier.documents.scan_takes,
            "report_takes": self._carrier.reports.takes,
        }
        return as_json({"data": state})

    async def set_clock(self, request: Request) -> Response:
        wanted = _checked(_Clock, await _content(request))
        if wanted.scale is not None:
            self._carrier.clock.set_scale(wanted.scale)
        if wanted.advance is not None:
            self._carrier.clock.advance(wanted.advance)
        if wanted.offset is not None:
            self._carrier.clock.set_offset(wanted.offset)
        if wanted.silence_after is not None:
            self._carrier.set_silence(wanted.silence_after)
        if wanted.scan_takes is not None:
            self._carrier.documents.scan_takes = wanted.scan_takes
        if wanted.report_takes is not None:
            self._carrier.reports.takes = wanted.report_takes
        return await self.clock(request)

    def _create(self, order: NewOrder) -> dict[str, Any]:
        return self._carrier.truth(self._carrier.create_order(order))

    def _truth(self, request: Request) -> Response:
        return as_json({"data": self._carrier.truth(_id(request))})


def _id(request: Request) -> str:
    return str(request.path_params["portout_id"])

"""One class per kind of trouble, the carrier's own errors kept, and nothing of request or answer in the text."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from telnyx_api import (
    CarrierError,
    CarrierErrorItem,
    CarrierFault,
    CarrierUnreachable,
    Conflict,
    DocumentToAttach,
    Forbidden,
    InvalidArgument,
    NotFound,
    ReportFilters,
    TelnyxClient,
    TooManyRequests,
    Unauthorized,
    UnexpectedAnswer,
    Unprocessable,
)
from telnyx_api import errors as room
from telnyx_api.errors import LONGEST_WAIT, seconds_to_wait
from tests.telnyx_api.conftest import KEY, ScriptedCarrier

Call = Callable[[TelnyxClient], Awaitable[object]]

CALLS: dict[str, Call] = {
    "portouts": lambda client: client.portouts(status="pending", phone_number="+13035551212"),
    "portout": lambda client: client.portout("o-1"),
    "events": lambda client: client.events(portout_id="o-1"),
    "rejection_codes": lambda client: client.rejection_codes("o-1"),
    "update_status": lambda client: client.update_status("o-1", "authorized", reason="Because."),
    "phone_number": lambda client: client.phone_number("+13035551212"),
    "event": lambda client: client.event("o-1"),
    "comments": lambda client: client.comments("o-1"),
    "create_comment": lambda client: client.create_comment("o-1", "Because."),
    "supporting_documents": lambda client: client.supporting_documents("o-1"),
    "attach_documents": lambda client: client.attach_documents("o-1", [DocumentToAttach("o-1", "loa")]),
    "upload_document": lambda client: client.upload_document("Because.pdf", b"secret-detail"),
    "document": lambda client: client.document("o-1"),
    "reports": lambda client: client.reports(),
    "create_report": lambda client: client.create_report(ReportFilters(end_user_name="Because")),
    "report": lambda client: client.report("o-1"),
}
WITHOUT_JSON: dict[str, Call] = {
    "republish_event": lambda client: client.republish_event("o-1"),
    "download_document": lambda client: client.download_document("o-1"),
}
ALL_CALLS = CALLS | WITHOUT_JSON

KINDS: list[tuple[int, type[CarrierError]]] = [
    (400, UnexpectedAnswer),
    (401, Unauthorized),
    (402, UnexpectedAnswer),
    (403, Forbidden),
    (404, NotFound),
    (405, UnexpectedAnswer),
    (408, UnexpectedAnswer),
    (409, Conflict),
    (410, UnexpectedAnswer),
    (415, UnexpectedAnswer),
    (422, Unprocessable),
    (429, TooManyRequests),
    (500, CarrierFault),
    (501, CarrierFault),
    (502, CarrierFault),
    (503, CarrierFault),
    (504, CarrierFault),
    (599, CarrierFault),
    (301, UnexpectedAnswer),
    (302, UnexpectedAnswer),
    (304, UnexpectedAnswer),
]

ERRORS = {
    "errors": [
        {
            "code": "10015",
            "title": "Invalid parameter",
            "detail": "The reason is secret-detail.",
            "source": {"pointer": "/reason"},
            "meta": {"url": "https://developers.telnyx.com/docs/overview/errors/10015"},
        },
        {"code": 7, "source": {"parameter": "page[size]"}, "new": 1},
        "not an object",
        {"title": None, "source": "/x"},
    ]
}


def test_the_tables_here_know_every_kind_of_error() -> None:
    kinds = {
        kind for kind in vars(room).values() if isinstance(kind, type) and issubclass(kind, CarrierError)
    }
    assert kinds == {kind for _, kind in KINDS} | {CarrierError, CarrierUnreachable, InvalidArgument}


@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS)
async def test_each_status_raises_its_own_class_from_every_call(
    client: TelnyxClient, carrier: ScriptedCarrier, call: Call
) -> None:
    for times, (status, kind) in enumerate(KINDS, start=1):
        carrier.answers(ERRORS, status, {"location": "/elsewhere"})
        with pytest.raises(CarrierError) as caught:
            await call(client)
        assert (caught.value.status, type(caught.value)) == (status, kind)
        assert len(carrier.asked) == times
        assert_tells_nothing_of_request_or_answer(caught.value, carrier)


@pytest.mark.parametrize(
    "body", [b"", b"oops <html>", b'{"errors": "secret-detail"}', b"[1]", b"\xff\xfe{", b"[" * 9999]
)
async def test_the_class_is_right_when_the_body_is_not_what_was_promised(
    client: TelnyxClient, carrier: ScriptedCarrier, body: bytes
) -> None:
    carrier.answers_raw(body, 422)
    with pytest.raises(Unprocessable) as caught:
        await client.portout("o-1")
    assert caught.value.errors == ()


async def test_what_the_carrier_wrote_is_kept_beside_the_message(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers(ERRORS, 422)
    with pytest.raises(Unprocessable) as caught:
        await client.portout("o-1")
    assert caught.value.errors == (
        CarrierErrorItem("10015", "Invalid parameter", "The reason is secret-detail.", "/reason"),
        CarrierErrorItem("7", None, None, "page[size]"),
        CarrierErrorItem(None, None, None, None),
    )


NOT_WHAT_WAS_PROMISED = [
    b"", b"{}", b"null", b"[]", b'"x"', b"<html>", b'{"data": null}', b'{"data": 7}', b'{"data": "4821"', b"\xff\xfe",
    b'{"data": {"status": "pending", "phone_number": 1}', b"[" * 9999, b'{"errors": []}', b"9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_success_that_cannot_be_understood_is_never_an_empty_result(
    client: TelnyxClient, carrier: ScriptedCarrier, call: Call
) -> None:
    for body in NOT_WHAT_WAS_PROMISED:
        carrier.answers_raw(body)
        with pytest.raises(UnexpectedAnswer) as caught:
            await call(client)
        assert (body, caught.value.status) == (body, 200)
        assert_tells_nothing_of_request_or_answer(caught.value, carrier)


@pytest.mark.parametrize(
    "body", [b'{"data": []}', b'{"data": {"status": "pending"}}', b'{"data": {"id": ""}}']
)
async def test_an_order_without_an_id_is_no_order(
    client: TelnyxClient, carrier: ScriptedCarrier, body: bytes
) -> None:
    carrier.answers_raw(body)
    with pytest.raises(UnexpectedAnswer):
        await client.portout("o-1")


async def test_an_answer_that_cannot_be_unpacked_is_unexpected(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers_raw(b"not gzip 4821", headers={"content-encoding": "gzip"})
    with pytest.raises(UnexpectedAnswer) as caught:
        await client.portout("o-1")
    assert_tells_nothing_of_request_or_answer(caught.value, carrier)


# The network


@contextlib.asynccontextmanager
async def listening(
    treat: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that does with each connection what it is told, and then drops it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await treat(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"


async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"data": "4821')
    await writer.drain()


async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"4821 is not HTTP\r\n\r\n")
    await writer.drain()


async def stay_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client gives up


@pytest.mark.parametrize("treat", [hang_up, break_off, babble])
@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS)
async def test_without_an_answer_it_stays_open_whether_the_request_was_carried_out(
    http: httpx.AsyncClient,
    treat: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    call: Call,
) -> None:
    async with listening(treat) as url:
        with pytest.raises(CarrierUnreachable) as caught:
            await call(TelnyxClient(KEY, url, http=http))
    assert caught.value.sent is True
    assert caught.value.status is None
    assert_tells_nothing_of_request_or_answer(caught.value)


async def test_a_carrier_that_never_answers_is_given_up_after_the_timeout() -> None:
    async with listening(stay_silent) as url, TelnyxClient(KEY, url, timeout=0.05) as client:
        with pytest.raises(CarrierUnreachable, match="ReadTimeout") as caught:
            await client.update_status("o-1", "authorized", reason="Because.")
    assert caught.value.sent is True
    assert_tells_nothing_of_request_or_answer(caught.value)


async def test_without_a_connection_nothing_was_sent(http: httpx.AsyncClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CarrierUnreachable) as caught:
        await TelnyxClient(KEY, f"http://127.0.0.1:{port}/v2", http=http).update_status(
            "o-1", "authorized", reason="Because."
        )
    assert caught.value.sent is False
    assert_tells_nothing_of_request_or_answer(caught.value)


FAULTS = [
    (httpx.ConnectError, False),
    (httpx.ConnectTimeout, False),
    (httpx.PoolTimeout, False),
    (httpx.ReadTimeout, True),
    (httpx.WriteTimeout, True),
    (httpx.ReadError, True),
    (httpx.WriteError, True),
    (httpx.CloseError, True),
    (httpx.RemoteProtocolError, True),
    (httpx.LocalProtocolError, True),
    (httpx.ProxyError, True),
]


@pytest.mark.parametrize(("fault", "sent"), FAULTS)
async def test_whatever_breaks_on_the_way_the_carrier_counts_as_unreachable(
    fault: type[httpx.TransportError], sent: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise fault(f"4821 {request.url}", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle), verify=False) as http:
        with pytest.raises(CarrierUnreachable) as caught:
            await TelnyxClient(KEY, "https://carrier.test/v2", http=http).portout("o-1")
    assert caught.value.sent is sent
    assert_tells_nothing_of_request_or_answer(caught.value)


# How long to wait

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LATER = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
WAITS: list[tuple[dict[str, str], float]] = [
    ({}, 1.0),
    ({"retry-after": "3"}, 3.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "0.25"}, 0.25),
    ({"retry-after": "-5"}, 0.0),
    ({"retry-after": LATER}, 90.0),
    ({"retry-after": LATER.replace("GMT", "-0000")}, 90.0),
    ({"retry-after": LATER, "date": format_datetime(NOW + timedelta(seconds=60), usegmt=True)}, 30.0),
    ({"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 0.0),
    ({"retry-after": "100000"}, LONGEST_WAIT),
    ({"retry-after": "nan"}, 1.0),
    ({"retry-after": "inf"}, 1.0),
    ({"retry-after": "soon"}, 1.0),
    ({"retry-after": ""}, 1.0),
    ({"x-ratelimit-reset": "7"}, 7.0),
    ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 12)}, 12.0),
    ({"x-ratelimit-reset": "never"}, 1.0),
    ({"retry-after": "2", "x-ratelimit-reset": "7"}, 2.0),
    ({"retry-after": "soon", "x-ratelimit-reset": "7"}, 7.0),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
def test_the_wait_is_the_one_that_the_carrier_asks_for(headers: dict[str, str], seconds: float) -> None:
    assert seconds_to_wait(headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS)
async def test_too_many_requests_says_how_long_to_wait_on_every_call(
    client: TelnyxClient, carrier: ScriptedCarrier, call: Call
) -> None:
    carrier.answers(ERRORS, 429, {"Retry-After": "17"})
    with pytest.raises(TooManyRequests, match="wait 17 s") as caught:
        await call(client)
    assert caught.value.retry_after == 17.0
    assert len(caught.value.errors) == 3


def assert_tells_nothing_of_request_or_answer(
    fault: CarrierError, carrier: ScriptedCarrier | None = None
) -> None:
    assert fault.__cause__ is None
    assert fault.__context__ is None
    for text in (str(fault), repr(fault), repr(fault.args), repr(fault.errors)):
        assert text.count("\n") == 0
        for secret in (
            "4821",
            "secret-detail",
            "http://",
            "https://",
            "+1303",
            "1303555",
            "Because",
            "o-1",
            "KEY0123",
        ):
            assert secret not in text
        assert carrier is None or carrier.base_url not in text
    assert str(fault).endswith(".")

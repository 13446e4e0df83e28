"""The codec endpoint: who may have payloads opened, from where, and that it opens and seals as the service does."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from google.protobuf.json_format import MessageToJson, Parse
from pydantic import SecretStr
from starlette.applications import Starlette
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from console.codec import LARGEST_BODY, CodecEndpoint
from records.store import Records
from records.tokens import Role
from temporal_client import data_converter

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
UI = "https://temporal.example.com"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"Maria Lopez"')


def a_codec(name: str = "ours") -> PayloadCodec:
    key = base64.b64encode(name.encode().ljust(32, b".")).decode()
    found = data_converter(SecretStr(f"{name}:{key}")).payload_codec
    assert found is not None
    return found


def endpoint(records: Records, codec: PayloadCodec | None) -> httpx.AsyncClient:
    codecs = CodecEndpoint(codec, records, reviewers=("dana",), origins=(UI,), clock=lambda: NOW)
    app = Starlette(routes=codecs.routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://console")


@pytest.fixture
def http(records: Records) -> httpx.AsyncClient:
    return endpoint(records, a_codec())


@pytest.fixture
def token(records: Records) -> str:
    return made(records)


def made(records: Records, person: str = "dana", *, holds: timedelta | None = None) -> str:
    until = None if holds is None else NOW + holds
    _, secret = records.tokens.add(person, Role.REVIEWER, at=NOW - timedelta(days=1), expires_at=until)
    return secret.get_secret_value()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "X-Namespace": "default"}


def written(*payloads: Payload) -> str:
    return MessageToJson(Payloads(payloads=payloads))


def read(answer: httpx.Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(Parse(answer.text, Payloads()).payloads)


async def test_with_a_token_payloads_are_sealed_and_opened_as_the_service_does(
    http: httpx.AsyncClient, token: str
) -> None:
    [sealed] = read(await http.post("/codec/encode", content=written(PLAIN), headers=bearer(token)))
    assert await a_codec().decode([sealed]) == [PLAIN]
    [theirs] = await a_codec("theirs").encode([PLAIN])
    asked = written(sealed, theirs, PLAIN)
    with capture_logs() as lines:
        # As the web UI asks.
        answer = await http.post(
            "/codec/decode?preserveStorageRefs=true", content=asked, headers=bearer(token)
        )
    assert read(answer) == [PLAIN, theirs, PLAIN]
    assert answer.headers["cache-control"] == "no-store"
    [line] = lines
    assert (line["person"], line["what"], line["count"]) == ("dana", "decode", 3)
    assert not any(word in str(lines) for word in (token, "Lopez"))


@pytest.mark.parametrize(
    ("status", "spoil"),
    [
        pytest.param(401, lambda _: {}, id="no token"),
        pytest.param(401, lambda _: bearer("portout_made-up"), id="a token of nobody"),
        pytest.param(401, lambda records: bearer(made(records, holds=timedelta(0))), id="expired"),
        pytest.param(403, lambda records: bearer(made(records, "eve")), id="of no reviewer"),
        pytest.param(
            401, lambda records: {"Authorization": f"Basic {made(records)}"}, id="in another manner"
        ),
    ],
)
async def test_without_the_token_of_a_reviewer_nothing_is_opened(
    http: httpx.AsyncClient, records: Records, status: int, spoil: Callable[[Records], dict[str, str]]
) -> None:
    with capture_logs() as lines:
        answer = await http.post("/codec/decode", content=written(PLAIN), headers=spoil(records))
    assert (answer.status_code, [line["status"] for line in lines]) == (status, [status])
    assert not any(word in f"{answer.text} {lines}" for word in ("Lopez", "made-up"))


@pytest.mark.parametrize("headers", [{}, bearer("portout_made-up")], ids=["no token", "a token of nobody"])
async def test_who_may_not_in_is_told_what_to_send_and_a_page_of_temporals_ui_may_read_it(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await http.post("/codec/decode", content="{}", headers={**headers, "Origin": UI})
    assert "the header `Authorization: Bearer portout_…` with a reviewer's token" in answer.text
    assert "`portout token add`" in answer.text
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["access-control-allow-origin"] == UI


async def test_a_token_opens_nothing_once_it_is_revoked(
    http: httpx.AsyncClient, records: Records, token: str
) -> None:
    assert (await http.post("/codec/decode", content="{}", headers=bearer(token))).status_code == 200
    records.tokens.revoke("dana", NOW)
    assert (await http.post("/codec/decode", content="{}", headers=bearer(token))).status_code == 401


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, b"Maria Lopez"), (400, b"\xff"), (400, b"[" * 100_000), (413, b" " * (LARGEST_BODY + 1))],
    ids=["no JSON", "no text", "too deep", "too large"],
)
async def test_what_is_no_list_of_payloads_is_refused(
    http: httpx.AsyncClient, token: str, status: int, body: bytes
) -> None:
    answer = await http.post("/codec/decode", content=body, headers=bearer(token))
    assert (answer.status_code, "Lopez" in answer.text) == (status, False)


async def test_without_keys_it_says_that_it_opens_nothing(records: Records, token: str) -> None:
    answer = await endpoint(records, None).post("/codec/decode", content="{}", headers=bearer(token))
    assert answer.status_code == 503
    assert answer.text.startswith("PORTOUT_PAYLOAD_KEYS is not set here")


async def test_only_pages_of_temporals_ui_may_ask_from_another_origin(
    http: httpx.AsyncClient, token: str
) -> None:
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,authorization-extras,content-type,x-namespace",
    }
    allowed = await http.options("/codec/decode", headers={"Origin": UI, **asks})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == UI
    assert allowed.headers["access-control-allow-credentials"] == "true"
    may = {name.strip().lower() for name in allowed.headers["access-control-allow-headers"].split(",")}
    assert set(asks["Access-Control-Request-Headers"].split(",")) <= may
    for origin in ("https://temporal.example.com.evil.test", "http://temporal.example.com", "null"):
        refused = await http.options("/codec/decode", headers={"Origin": origin, **asks})
        assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (400, False)
    answer = await http.post("/codec/decode", content="{}", headers={**bearer(token), "Origin": UI})
    assert answer.headers["access-control-allow-origin"] == UI


async def test_a_browser_that_signed_in_is_believed_on_pages_of_temporals_ui_alone(
    http: httpx.AsyncClient, token: str
) -> None:
    page = await http.get("/codec")
    assert (page.status_code, (await http.get("/codec/")).text) == (200, page.text)
    assert 'action="/codec/session"' in page.text
    assert ('type="password"' in page.text, "<script" in page.text) == (True, False)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert (await http.post("/codec/session", data={"token": "portout_made-up"})).status_code == 401
    entered = await http.post("/codec/session", data={"token": token})
    assert "Signed in as <strong>dana</strong>" in entered.text
    kept = entered.headers["set-cookie"]
    assert all(
        word in kept for word in ("HttpOnly", "Secure", "Path=/codec", "SameSite=none", "Max-Age=43200")
    )
    # With single sign-on the UI sends a token of its own along, which is none of ours.
    from_ui = {"Origin": UI, "Authorization": "Bearer eyJhbGciOi.x.y"}
    [sealed] = read(await http.post("/codec/encode", content=written(PLAIN), headers=from_ui))
    assert read(await http.post("/codec/decode", content=written(sealed), headers=from_ui)) == [PLAIN]
    for elsewhere in ({"Origin": "https://evil.test"}, {}):
        refused = await http.post("/codec/decode", content=written(sealed), headers=elsewhere)
        assert (refused.status_code, "Lopez" in refused.text) == (403, False)
    left = await http.post("/codec/session")
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await http.post("/codec/decode", content="{}", headers=from_ui)).status_code == 401

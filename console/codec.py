"""The codec endpoint: Temporal's web UI and command line have payloads opened and sealed here, with our keys.

It speaks the protocol of Temporal's remote codecs. Who asks shows a reviewer's token: what is opened is what reviewers
see anyway, a token names one person, and it ends when it is revoked, none of which a password for all would do. The
command line sends it as a bearer token. The web UI can only send a cookie, so a small page takes the token and sets
one, which counts for the pages of Temporal's UI alone.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import UTC, datetime
from urllib.parse import parse_qs

import structlog
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from pydantic import SecretStr
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

from console.bodies import Refused, read_body
from console.codec_page import SIGN_IN, signed_in
from records.errors import RecordsError, TokenRefused
from records.store import Records
from records.tokens import PREFIX, Token

PATH = "/codec"
COOKIE = "portout_codec"
SIGNED_IN_FOR = 12 * 3600
"""Seconds that a browser keeps the token."""
LARGEST_BODY = 16 * 2**20
"""Bytes: a page of history, which the server cuts at 4 MB, in base64 and with room to spare."""
LARGEST_FORM = 4096
SECONDS_FOR_THE_BODY = 30.0
HEADERS = ("Authorization", "Authorization-Extras", "Content-Type", "X-Namespace")
"""What Temporal's web UI sends along."""
HOW = "the header `Authorization: Bearer portout_…` with a reviewer's token from `portout token add`"
log = structlog.get_logger(__name__)


class CodecEndpoint:
    """Opens and seals payloads for whoever shows a reviewer's token.

    Args:
        codec: None when no payload key is set.
        reviewers: whose tokens count.
        origins: of Temporal's web UI: pages of any other are neither answered readably nor believed by their cookie.
    """

    def __init__(
        self,
        codec: PayloadCodec | None,
        records: Records,
        *,
        reviewers: Collection[str],
        origins: Collection[str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._codec = codec
        self._records = records
        self._reviewers = frozenset(reviewers)
        self._origins = frozenset(origins)
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """All of it, with the answers that browsers want before they let another origin's page ask."""
        # Without the first one, Starlette would send a browser behind a TLS proxy on to http://…/codec/.
        return [Route(PATH, self.page, methods=["GET"]), self._mounted()]

    def _mounted(self) -> Mount:
        return Mount(
            PATH,
            routes=[
                Route("/", self.page, methods=["GET"]),
                Route("/session", self.sign_in, methods=["POST"]),
                Route("/encode", self.encode, methods=["POST"]),
                Route("/decode", self.decode, methods=["POST"]),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=sorted(self._origins),
                    allow_methods=["POST"],
                    allow_headers=HEADERS,
                    allow_credentials=True,
                )
            ],
        )

    async def encode(self, request: Request) -> Response:
        return await _answer(self._run(request, "encode"))

    async def decode(self, request: Request) -> Response:
        """What none of our keys opens comes back as it came."""
        return await _answer(self._run(request, "decode"))

    async def page(self, _: Request) -> Response:
        return _page(SIGN_IN)

    async def sign_in(self, request: Request) -> Response:
        """Keep the token in a cookie, which no script can read; without one, forget the one before."""
        return await _answer(self._sign_in(request))

    async def _run(self, request: Request, what: str) -> Response:
        token = await self._whose(self._shown(request))
        if self._codec is None:
            raise Refused(503, "PORTOUT_PAYLOAD_KEYS is not set here, so nothing is sealed or opened")
        body = await read_body(request, largest=LARGEST_BODY, seconds=SECONDS_FOR_THE_BODY)
        # Beside the event loop: a large history must not keep webhooks waiting.
        asked = await asyncio.to_thread(_payloads, body)
        run = self._codec.encode if what == "encode" else self._codec.decode
        done = Payloads(payloads=await run(asked.payloads))
        if done.payloads:  # Temporal's command line also asks about nothing.
            log.info(
                "payloads handled",
                what=what,
                count=len(done.payloads),
                person=token.person,
                token_id=token.token_id,
            )
        text = await asyncio.to_thread(MessageToJson, done, indent=None)
        return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})

    def _shown(self, request: Request) -> str:
        """The token of a request. A bearer token that is not ours is the UI's own, from its single sign-on."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and bearer.strip().startswith(PREFIX):
            return bearer
        kept = request.cookies.get(COOKIE, "")
        if kept and request.headers.get("origin") not in self._origins:
            raise Refused(
                403, "only a page of Temporal's web UI may use the cookie: see PORTOUT_CODEC_ORIGINS"
            )
        return kept

    async def _whose(self, secret: str) -> Token:
        if not secret:
            raise Refused(401, f"a reviewer's token is needed: send {HOW}")
        try:
            token = await asyncio.to_thread(self._records.tokens.owner, SecretStr(secret), self._clock())
        except TokenRefused:
            raise Refused(401, f"the token is unknown, revoked or expired: send {HOW} that holds") from None
        except RecordsError:
            raise Refused(503, "tokens cannot be checked now: try again") from None
        if token.person not in self._reviewers:
            raise Refused(403, "the token's owner is no reviewer any more")
        return token

    async def _sign_in(self, request: Request) -> Response:
        body = await read_body(request, largest=LARGEST_FORM, seconds=SECONDS_FOR_THE_BODY)
        [secret] = parse_qs(body.decode("ascii", "replace")).get("token", [""])[:1]
        if not secret.strip():
            left = _page(SIGN_IN)
            left.delete_cookie(COOKIE, path=PATH, secure=True, httponly=True, samesite="none")
            return left
        token = await self._whose(secret.strip())
        entered = _page(signed_in(token.person))
        # SameSite=None: the UI may be served from another site, Temporal Cloud's for one. `_shown` looks at the origin.
        entered.set_cookie(
            COOKIE,
            secret.strip(),
            max_age=SIGNED_IN_FOR,
            path=PATH,
            secure=True,
            httponly=True,
            samesite="none",
        )
        return entered


async def _answer(work: Coroutine[None, None, Response]) -> Response:
    try:
        return await work
    except Refused as refused:
        log.warning("codec refused", status=refused.status, why=refused.why)
        headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else None
        return PlainTextResponse(refused.why, refused.status, headers)
    except ClientDisconnect:
        return Response(status_code=400)


def _payloads(body: bytes) -> Payloads:
    try:
        return Parse(body, Payloads(), ignore_unknown_fields=True)
    except (ParseError, ValueError, RecursionError):
        raise Refused(400, "the body is no `payloads` in JSON") from None


def _page(html: str) -> HTMLResponse:
    return HTMLResponse(
        html,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'",
            "Referrer-Policy": "no-referrer",
        },
    )

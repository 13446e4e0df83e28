"""The endpoint that the carrier sends its webhooks to: believe it or not, queue it, answer at once."""

import time
from collections.abc import Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from console.bodies import Refused, read_body
from console.handover import Handover, Offer
from console.public_keys import PublicKeys
from telnyx_api.webhooks import SIGNATURE, TIMESTAMP, BadSignature, StaleWebhook, read_webhook, verify

PATH = "/webhooks/telnyx"
KNOWN_TYPES = ("portout.status_changed", "portout.new_comment", "portout.foc_date_changed")
LARGEST_BODY = 256 * 1024
"""Bytes. An event of a thousand numbers has about 20 kB."""
SECONDS_FOR_THE_BODY = 5.0
log = structlog.get_logger(__name__)


class WebhookEndpoint:
    """Takes webhooks. Nothing of a body is logged or answered but ids of what the carrier signed.

    Args:
        clock: seconds since 1970.
    """

    def __init__(
        self, keys: PublicKeys, handover: Handover, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._handover = handover
        self._clock = clock

    async def receive(self, request: Request) -> Response:
        """What is believed is answered with 200 whatever becomes of it: sent again it would not fare better."""
        try:
            said = await self._take(request)
        except Refused as refused:
            log.warning("webhook refused", status=refused.status, why=refused.why)
            return PlainTextResponse(refused.why, refused.status)
        except ClientDisconnect:
            log.warning("webhook refused", status=None, why="the sender hung up")
            return Response(status_code=400)
        return PlainTextResponse(said)

    async def _take(self, request: Request) -> str:
        keys = self._keys.in_force()
        if not keys:
            raise Refused(503, "no public key is in force, so no webhook can be believed")
        body = await read_body(request, largest=LARGEST_BODY, seconds=SECONDS_FOR_THE_BODY)
        try:
            verify(
                body,
                signature=request.headers.get(SIGNATURE),
                timestamp=request.headers.get(TIMESTAMP),
                keys=keys,
                now=self._clock(),
            )
        except BadSignature as error:
            raise Refused(401, str(error)) from None
        except StaleWebhook as error:
            raise Refused(403, str(error)) from None
        event = read_webhook(body)
        if event is None:
            raise Refused(400, "the body is no event in JSON")
        if event.event_type not in KNOWN_TYPES:
            log.info("webhook ignored", event_id=event.event_id, why="its type is not one of a port-out")
            return "ignored"
        if event.portout_id is None:
            raise Refused(400, "the event names no port-out")
        offered = self._handover.offer(event.portout_id, event)
        if offered is Offer.FULL:
            log.warning(
                "webhook dropped", portout_id=event.portout_id, event_ids=[event.event_id], error="no room"
            )
        return str(offered)

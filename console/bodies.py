"""Reading the body of a request: not more of it, and not for longer, than its kind may need."""

import asyncio

from starlette.requests import Request


class Refused(Exception):
    """Why a request is not taken, and the HTTP status that says so."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def read_body(request: Request, *, largest: int, seconds: float) -> bytes:
    """The body, exactly as it came.

    Args:
        largest: bytes.
        seconds: until its last byte.

    Raises:
        Refused: it is larger or slower.
        ClientDisconnect: the sender hung up.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > largest:
        raise Refused(413, f"the body has more than {largest} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                body += piece
                if len(body) > largest:
                    raise Refused(413, f"the body has more than {largest} bytes")
    except TimeoutError:
        raise Refused(408, f"the body did not come within {seconds:g} s") from None
    return bytes(body)

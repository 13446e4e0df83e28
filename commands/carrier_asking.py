"""Asking the carrier for an operator: which order is meant, what its filters take, and refusals in its own words."""

import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from commands.output import Failed, plain
from commands.session import Place
from commands.times import moment
from settings import Settings
from telnyx_api import (
    CarrierError,
    CarrierUnreachable,
    InvalidArgument,
    Listing,
    NotFound,
    PortOut,
    TelnyxClient,
    read_timestamp,
)

USAGE = 2
NOTHING = "—"
"""What stands where the carrier gave nothing."""

STATUSES = ("pending", "authorized", "ported", "rejected", "rejected-pending", "canceled")
"""What the API's filters on a status take; what an order shows may be another one."""


@asynccontextmanager
async def carrier_of(place: Place) -> AsyncIterator[TelnyxClient]:
    """The carrier's client; whatever goes wrong with it leaves as one sentence.

    Raises:
        Failed: the carrier is away, refuses the key or the request, or answers nonsense.
    """
    async with place.carrier() as carrier:
        try:
            yield carrier
        except CarrierError as error:
            raise Failed(sentence_of(error, place.settings)) from None


def sentence_of(error: CarrierError, settings: Settings) -> str:
    """What went wrong and what to do, with what the carrier wrote about it."""
    if isinstance(error, CarrierUnreachable) and not error.sent:
        what = (
            "check TELNYX_BASE_URL and the network"
            if settings.real_carrier
            else "start `portout up` or `portout sandbox`, or set TELNYX_API_KEY for a real account"
        )
        return f"No carrier answers at {settings.carrier_url}: {what}."
    words = "; ".join(_words_of(error))
    return f"{error} It says: {words}" if words else str(error)


def _words_of(error: CarrierError) -> Iterator[str]:
    for item in error.errors:
        said = item.detail or item.title
        if said:
            yield plain(f"{said} ({item.pointer})" if item.pointer else said)


@contextmanager
def known_as(sentence: str) -> Iterator[None]:
    """Say this sentence when the carrier answers that there is no such thing."""
    try:
        yield
    except (NotFound, InvalidArgument):
        raise Failed(sentence) from None


def about_order(wanted: str) -> str:
    """What is said about an order that the carrier does not know."""
    return (
        f"The carrier knows no order {plain(wanted)}: give the port-out id or the support key, in its spelling, that "
        "`portout carrier list` shows."
    )


async def the_order(carrier: TelnyxClient, wanted: str) -> PortOut:
    """The order of a port-out id or a support key.

    Raises:
        Failed: the carrier knows none.
    """
    with known_as(about_order(wanted)):
        return await carrier.portout(await order_id(carrier, wanted))


async def order_id(carrier: TelnyxClient, wanted: str) -> str:
    """The port-out id of an id, which is taken as it is, or of a support key, which is looked up.

    Raises:
        Failed: no order has that support key.
    """
    wanted = wanted.strip()
    with contextlib.suppress(ValueError):
        return str(UUID(wanted))
    for spelling in dict.fromkeys((wanted, wanted.upper())) if wanted else ():
        for order in await carrier.portouts(support_key=spelling):
            if order.support_key == spelling:
                return order.id
    raise Failed(about_order(wanted))


def time_of(option: str, text: str | None) -> datetime | None:
    """The moment that an option names.

    Raises:
        Failed: it names none.
    """
    if text is None:
        return None
    found = read_timestamp(text)
    if found is None:
        _refuse(option, text, "a date or time: write 2026-01-31 or 2026-01-31T09:30:00Z")
    return found


def one_of(option: str, text: str | None, allowed: Collection[str]) -> str | None:
    """The value of an option that takes only these.

    Raises:
        Failed: it is none of them.
    """
    if text is not None and text not in allowed:
        _refuse(option, text, f"one of {', '.join(allowed)}")
    return text


def each_of(option: str, texts: Sequence[str] | None, allowed: Collection[str]) -> list[str] | None:
    """The values of an option that may be given several times, or once with commas."""
    values = several(texts)
    for value in values or ():
        one_of(option, value, allowed)
    return values


def several(texts: Sequence[str] | None) -> list[str] | None:
    """The values of an option that may be given several times, or once with commas; None when it is not given."""
    return [value.strip() for text in texts for value in text.split(",") if value.strip()] if texts else None


def _refuse(option: str, text: str, wanted: str) -> NoReturn:
    raise Failed(f"{option}: '{plain(text)}' is not {wanted}.", USAGE)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[int], None]]:
    """Tell on a terminal how many answers a listing took so far; nothing where nobody watches."""
    with progress_of(doing) as tell:
        yield lambda answers: tell(f"{answers} answers so far")


@contextmanager
def progress_of(doing: str) -> Iterator[Callable[[str], None]]:
    """Tell on a terminal what goes on, and how far it is."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(f"{doing} …") as status:
        yield lambda far: status.update(f"{doing} … {far}")


def warn_of_gaps(listing: Listing[Any]) -> None:
    """Say on stderr when a listing could not be read in full."""
    if listing.unreadable:
        print(
            f"Not everything is listed: the carrier sent {listing.unreadable} entries that cannot be read; look at its "
            "portal.",
            file=sys.stderr,
        )


def short(value: datetime | str | None) -> str:
    """`2026-01-31 09:30`, for columns whose title says that times are in UTC."""
    found = read_timestamp(value)
    return f"{found:%Y-%m-%d %H:%M}" if found else NOTHING


def readable(value: object) -> str:
    """A field of the carrier's as people read it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    return str(value) if value not in (None, "") else NOTHING

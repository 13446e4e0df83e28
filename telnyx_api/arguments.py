"""What a caller may pass, checked before anything is sent. No message repeats what was passed."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from telnyx_api.errors import InvalidArgument
from telnyx_api.timestamps import write_timestamp

_LONGEST_ID = 200  # the carrier's are UUIDs


def bearer(api_key: SecretStr) -> str:
    """The value of the authorization header; white space around the key is taken for a slip."""
    key = api_key.get_secret_value().strip()
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        raise InvalidArgument(
            "The API key is empty or holds characters that no key has: check TELNYX_API_KEY."
        )
    return f"Bearer {key}"


def base_url(text: str) -> str:
    """The URL without a slash at its end."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise InvalidArgument("The carrier's base URL is not an http or https URL: check TELNYX_BASE_URL.")
    return text.rstrip("/")


def path_segment(id_: str, of: str = "a port-out") -> str:
    """An id as one segment of a path, quoted. `of` says what has the id.

    Empty ids, dots alone and slashes are refused: with them the request would go to another operation.
    """
    misleading = id_.strip() in ("", ".", "..") or "/" in id_ or "\\" in id_
    if misleading or not id_.isprintable() or len(id_) > _LONGEST_ID:
        raise InvalidArgument(f"This is not the id of {of}: pass the id as the carrier lists it.")
    return quote(id_, safe="")


def file_name(name: str) -> str:
    """The name of a file to upload, without any folder."""
    if name.strip() in ("", ".", "..") or not name.isprintable() or "/" in name or "\\" in name:
        raise InvalidArgument("This is not the name of a file: pass it without its folder.")
    return name


def joined(values: Sequence[str] | None) -> str | None:
    """Several values of one filter, joined by commas as the official SDKs do."""
    if values is None:
        return None
    if isinstance(values, str) or not values:
        raise InvalidArgument(
            "A filter for any of several values needs a list of at least one: leave it out for all."
        )
    return ",".join(values)


def moment(value: datetime | None) -> str | None:
    """A time as a filter takes it; None stays None."""
    return None if value is None else write_timestamp(value)


def digits(phone_number: str) -> str:
    """The digits of a phone number, which is all that the carrier's filter takes."""
    found = "".join(character for character in phone_number if character in "0123456789")
    if len(found) < 3:
        raise InvalidArgument("A phone number needs at least three digits: pass it in E.164.")
    return found

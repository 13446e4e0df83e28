"""What the tests of the rate budget share: how urgent a request is, and what the carrier tells of its limit."""

from telnyx_api.budget import Urgency

STATUS_UPDATE, ONE_THING, LISTING = Urgency


def told(**said: float | str) -> dict[str, str]:
    """The carrier's headers: `limit` and `remaining` requests, `reset` in seconds."""
    return {f"x-ratelimit-{name}": str(value) for name, value in said.items()}

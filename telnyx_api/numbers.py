"""Phone numbers of ours, as the carrier has them."""

from datetime import UTC, datetime

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.errors import UnexpectedAnswer
from telnyx_api.models import PhoneNumber
from telnyx_api.operations import Operations
from telnyx_api.paging import PAGE_SIZE, follows
from telnyx_api.transport import understood

_NUMBERS = Reader(PhoneNumber, Listed[PhoneNumber], Single[PhoneNumber])

_OURS = ("active", "port-out-pending")


class Numbers(Operations):
    """The operation on phone numbers."""

    async def phone_number(self, e164: str) -> PhoneNumber | None:
        """The number as the carrier has it for us (`GET /phone_numbers`), or None when it is not listed.

        The API's filter takes digits only and finds parts of numbers, so only an exact match counts. Of
        several entries (a number that left and came back) one that is ours now wins, then the latest.

        Raises:
            InvalidArgument: fewer than three digits, which the API refuses.
            UnexpectedAnswer: the number was not among what could be read, but not everything could be.
                None would say that the number is not ours.
        """
        doing = "looking up a phone number"
        digits = arguments.digits(e164)
        response = await self._transport.send(
            doing,
            "GET",
            "/phone_numbers",
            # Without the last one, trouble with messaging profiles, which nobody reads here, is a 503.
            query={
                "page[number]": "1",
                "page[size]": str(PAGE_SIZE),
                "filter[phone_number]": digits,
                "handle_messaging_profile_error": "true",
            },
        )
        page = understood(_NUMBERS.page(response.content), doing, response)
        found = [number for number in page.items if number.phone_number.removeprefix("+") == digits]
        if found:
            return max(found, key=_how_much_ours)
        more = follows(page, 1)
        if page.unreadable or more or (more is None and page.count >= PAGE_SIZE):
            raise UnexpectedAnswer(
                f"The carrier's list of numbers cannot be read in full: try again ({doing})."
            )
        return None


def _how_much_ours(number: PhoneNumber) -> tuple[bool, datetime]:
    return number.status in _OURS, number.purchased_at or datetime.min.replace(tzinfo=UTC)

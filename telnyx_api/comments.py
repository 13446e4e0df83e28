"""Comments on a port-out: how we and the carrier's staff talk about it."""

from telnyx_api import arguments
from telnyx_api.answers import Listed, Reader, Single
from telnyx_api.errors import InvalidArgument
from telnyx_api.models import Comment
from telnyx_api.operations import Operations
from telnyx_api.paging import Listing

_COMMENTS = Reader(Comment, Listed[Comment], Single[Comment])


class Comments(Operations):
    """The operations on comments."""

    async def comments(self, portout_id: str) -> Listing[Comment]:
        """All comments on a port-out (`GET /portouts/{id}/comments`), in no particular order."""
        return await self._short_list(_COMMENTS, "reading comments", _path(portout_id))

    async def create_comment(self, portout_id: str, body: str) -> Comment:
        """Writes a comment (`POST /portouts/{id}/comments`).

        Whether the gaining carrier reads it is undocumented: write nothing that it must not know. A second
        call writes a second comment; so when an error leaves open whether the first was carried out, look
        in `comments` before calling again.
        """
        if not body.strip():
            raise InvalidArgument("A comment needs a text: pass one.")
        return await self._one(_COMMENTS, "writing a comment", "POST", _path(portout_id), {"body": body})


def _path(portout_id: str) -> str:
    return f"/portouts/{arguments.path_segment(portout_id)}/comments"

"""JSON read as far as it can be, for answers that the strict and fast parser refuses."""

import json


def lenient_json(body: bytes) -> object:
    """The value in `body`, or None when it is no JSON. Never raises: an error would hold the body.

    pydantic's own parser refuses a whole page for half of a surrogate pair in one name. Here such halves
    become question marks, so that the result can be written as UTF-8 again.
    """
    try:
        return json.loads(json.dumps(json.loads(body), ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None

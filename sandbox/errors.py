"""What this room raises, and the carrier's error bodies."""

from typing import Any

_DOCS = "https://developers.telnyx.com/docs/overview/errors/"

# The carrier's own catalogue of general errors, by the HTTP status that goes with each.
_BY_STATUS: dict[int, tuple[str, str, str]] = {
    400: ("10015", "Bad Request", "The request failed because it was not well-formed."),
    401: ("10009", "Authentication failed", "Could not understand the provided credentials."),
    403: ("10010", "Authorization failed", "You do not have permission to perform the requested action."),
    404: ("10005", "Resource not found", "The requested resource or URL could not be found."),
    408: ("10008", "Request timeout", "The request timed out."),
    409: ("10012", "Duplicate resource", "Resource is a duplicate."),
    422: ("10015", "Unprocessable entity", "The request could not be processed."),
    429: ("10011", "Too many requests", "You have exceeded the maximum number of allowed requests."),
    503: ("10007", "Service unavailable", "The service is temporarily unavailable."),
}
_UNEXPECTED = ("10007", "Unexpected error", "An unexpected error occured.")


class SandboxError(Exception):
    """Base of every error of this room; the message is one sentence for a person."""


class PortBusy(SandboxError):
    """The port to listen on is taken, or may not be taken by this user."""


class ApiError(SandboxError):
    """A refusal as the carrier words it.

    Args:
        status: HTTP status of the answer.
        detail: What is wrong, for a person; left out, the sentence of that status.
        pointer: JSON pointer into the request's body.
        parameter: Name of the query parameter at fault.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
    ) -> None:
        self.status = status
        code, title, usual = _BY_STATUS.get(status, _UNEXPECTED)
        self._error: dict[str, Any] = {
            "code": code,
            "title": title,
            "detail": detail or usual,
            "meta": {"url": f"{_DOCS}{code}"},
        }
        if pointer is not None:
            self._error["source"] = {"pointer": pointer}
        elif parameter is not None:
            self._error["source"] = {"parameter": parameter}
        super().__init__(self._error["detail"])

    def body(self) -> dict[str, Any]:
        """The JSON answer: ``{"errors": [...]}``."""
        return {"errors": [self._error]}


def not_found(what: str, identity: str) -> ApiError:
    return ApiError(404, f"{what} {identity} could not be found.")


def unprocessable(detail: str, *, pointer: str | None = None, parameter: str | None = None) -> ApiError:
    return ApiError(422, detail, pointer=pointer, parameter=parameter)

"""The log of a process: one JSON object a line, and a second look at each for what must not stand there.

The first line of defence is that nobody logs it: what is logged are ids, counts, kinds and the sentences of our own
errors. The second look knows the secrets of the settings and the shapes of phone numbers, keys and tokens, and hides
the value of a field that holds a PIN, a name or a number. It cannot know a bare PIN or a name in the middle of prose.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO
from urllib.parse import unquote

import structlog
from pydantic import SecretStr
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from environment import IN_FILES
from settings import Settings

HIDDEN = "[hidden]"
SHORTEST_SECRET = 8
"""Characters. What is shorter would hide ordinary words."""
PERSONAL = (
    "attempted_pin", "authorized_name", "authorized_names", "business_name", "customer_name", "end_user_name",
    "external_pin", "name_on_file", "phone_number", "phone_numbers", "pin", "service_address", "subscriber_name",
)  # fmt: skip
"""Fields of the carrier's API and of ours whose values are hidden, as keys and within texts."""
_FIELD = re.compile(
    rf"""(?ix) \b (?P<name> {"|".join(PERSONAL)} ) (?P<sign> ["']? \s* [:=] \s* )
    (?: "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \[ [^\]]* \] | [^\s,;&)}}\]]+ )"""
)
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?i)(?<=bearer )[^\s\"',]+",
        r"\bportout_[\w-]{40,}",
        r"\bKEY[0-9A-Za-z]{16,}(?:_\w+)?",
        r"(?i)(?<![\w-])(?:\+|%2B)[1-9][0-9]{6,14}(?![0-9])",
        r"(?<![\w-])(?:\+?1[-. ]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ]?)[2-9][0-9]{2}[-. ]?[0-9]{4}(?![\w-])",
    )
)
_OURS = ("timestamp", "level", "logger")
_secrets: tuple[str, ...] = ()


def configure_logs(stream: TextIO | None = None) -> None:
    """Structured logs, one JSON object a line, on stderr unless told otherwise; Temporal's own come the same way.

    Requests are not logged, because their URLs carry numbers.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _only_the_error,
                _second_look,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for quiet in ("httpx", "httpcore", "apprise", "alembic", "uvicorn"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    _forward_temporals_own()


def hide_secrets(settings: Settings) -> None:
    """Know the secrets of this process, so that none of them is ever logged, whatever message it gets into."""
    global _secrets
    _secrets = tuple(sorted(set(_parts_of(_texts(settings))), key=len, reverse=True))


def redacted(value: Any) -> Any:
    """A value as it may be logged. Texts are searched, also within lists and mappings; the rest as its repr is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: HIDDEN if key in PERSONAL else redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    return _redacted_text(value if isinstance(value, str) else repr(value))


def _redacted_text(text: str) -> str:
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    text = _FIELD.sub(rf"\g<name>\g<sign>{HIDDEN}", text)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def _second_look(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    ours = {key: event.pop(key) for key in _OURS if key in event}
    return {**redacted(event), **ours}


def _only_the_error(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """A failed try is one line: what failed and how. Its traceback would be the same for every retry."""
    raised = event.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__name__}: {error}"
    return event


def _texts(settings: Settings) -> Iterable[str]:
    for name in IN_FILES.values():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
    yield from (settings.database_password, unquote(settings.database_password))  # drivers say it decoded
    yield from (os.environ.get(name, "") for name in ("PGPASSWORD", "TEMPORAL_API_KEY"))


def _parts_of(texts: Iterable[str]) -> Iterable[str]:
    """Each secret, and each of several in one: keys with names, addresses with tags."""
    for text in texts:
        words = re.split(r"[\s,]+", text)
        parts = [text, *words, *(re.split(r"[:=]", word, maxsplit=1)[-1] for word in words)]
        yield from (part for part in parts if len(part) >= SHORTEST_SECRET)


def _forward_temporals_own() -> None:
    # Its core is not written in Python and would write to the terminal itself, past every filter.
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporal"))
    chosen = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=chosen)), error_if_already_set=False)

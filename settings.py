"""Every setting of the service: its name, its default and what it may be. `environment` reads them."""

import getpass
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent
TELNYX = "https://api.telnyx.com/v2"
SANDBOX_PORT = 8787
SANDBOX_KEY = "sandbox"
CONSOLE_PORT = 8790
TEMPORAL_UI = ("http://localhost:8233", "http://127.0.0.1:8233")
"""Where the development server of Temporal shows its web UI."""
CUSTOMER_SOURCES = ("tables", "telnyx", "directory")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_DATABASE = re.compile(
    r"(?P<scheme>[\w+]+)://([^:/]*(:(?P<password>[^@]*))?@)?"
    r"(?P<place>(\[[^/?]+\]|[^][/:?@]*)(:\d*)?(/[^?]*)?)(?P<query>\?.*)?",
    re.DOTALL,
)
"""A URL as SQLAlchemy reads it, with a port that is a number."""
_STRAY = re.compile(r"@.*/|\?[^=]*@", re.DOTALL)
"""In a query: what stands there when a password had an @ and a ? in it."""
NOTICE_TAGS = ("review", "escalation", "incident")


def _database_in(url: str) -> re.Match[str] | None:
    """The parts of the URL of a database; None when it is none, or when a part of its password would count as a host."""
    found = _DATABASE.fullmatch(url)
    if found is None or found["scheme"].startswith("sqlite"):
        return found
    return None if "@" in found["place"] or _STRAY.search(found["query"] or "") else found


class SettingsError(Exception):
    """A setting that cannot be used: one sentence that names it and what it should be."""


class Timing(BaseModel):
    """How long the service waits for others, in seconds. Tests scale it down; nobody else needs to.

    It travels in the start argument of each workflow, so that a run replays with the waits it began with.
    """

    activity: float = Field(30.0, gt=0)
    """One try of one activity; also how long an order stands still when its worker was killed."""
    retry_first: float = Field(1.0, gt=0)
    retry_longest: float = Field(60.0, gt=0)
    evidence: float = Field(900.0, gt=0)
    """How long a rule is retried before its result is `error`."""
    pin_wait: float = Field(600.0, ge=0)
    """How long an attempted PIN that is not there yet is waited for (`PORTOUT_PIN_WAIT`)."""
    notice: float = Field(900.0, gt=0)
    """How long a notice is retried before it is given up."""
    answer_least: float = Field(60.0, gt=0)
    """The least time that delivering an answer is given, however near the carrier's limit is."""
    refused_key: float = Field(60.0, gt=0)
    """The pause between tries while the carrier refuses our key (401, 403)."""
    watch_every: float = Field(3600.0, gt=0)
    """How often the orders that were answered are listed."""
    rules_quiet: float = Field(2.0, gt=0)
    """How long edited rule files must be left alone before they are read."""

    @property
    def step(self) -> timedelta:
        """How long a step of a run may wait for, or be held by, a worker that died: ten seconds, as Temporal's own."""
        return timedelta(seconds=min(10.0, self.activity))


class Settings(BaseSettings):
    """The environment of one process. Unknown `PORTOUT_*` names are refused: a misspelt one must not be silent.

    Every secret may stand in a file instead, which the same name with `_FILE` behind it names. A variable that is
    empty counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="PORTOUT_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    telnyx_api_key: SecretStr | None = Field(None, validation_alias="TELNYX_API_KEY")
    telnyx_base_url: str | None = Field(None, validation_alias="TELNYX_BASE_URL")
    telnyx_public_key: str | None = Field(None, validation_alias="TELNYX_PUBLIC_KEY")
    telnyx_public_key_file: Path | None = Field(None, validation_alias="TELNYX_PUBLIC_KEY_FILE")
    send: bool = False
    home: Path = Path(".portout")
    database_url: str | None = Field(None, repr=False)
    """A password may stand in it."""
    rules: Path = PROJECT / "rules"
    activate: Literal["ask", "auto"] = "ask"
    reviewers: Annotated[tuple[str, ...], NoDecode] = ()
    token: SecretStr | None = None
    lease: float = Field(900.0, gt=0)
    pin_key: SecretStr | None = None
    records_key: SecretStr | None = None
    ledger_key: SecretStr | None = None
    ledger_checkpoints: Path | None = None
    directory_url: str | None = None
    directory_token: SecretStr | None = None
    customer_sources: Annotated[tuple[str, ...], NoDecode] = ()
    payload_keys: SecretStr | None = None
    codec_origins: Annotated[tuple[str, ...], NoDecode] = TEMPORAL_UI
    notify: SecretStr | None = None
    pin_wait: float | None = Field(None, ge=0)
    heartbeat_url: SecretStr | None = None
    intake_every: float = Field(60.0, ge=1)
    task_queue: str = "portouts"
    timing: Timing = Field(default_factory=Timing)

    @field_validator("send", mode="before")
    @classmethod
    def _only_a_plain_yes(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip().lower() not in ("yes", "no", ""):
            raise ValueError("must be 'yes' or 'no'")
        return value.strip().lower() == "yes" if isinstance(value, str) else value

    @field_validator("reviewers", "codec_origins", "customer_sources", mode="before")
    @classmethod
    def _words_between_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("*")
    @classmethod
    def _an_empty_secret_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, SecretStr) and not value.get_secret_value().strip() else value

    @field_validator("telnyx_public_key", "telnyx_public_key_file", mode="before")
    @classmethod
    def _an_empty_text_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("telnyx_public_key_file")
    @classmethod
    def _one_place_for_public_keys(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and info.data.get("telnyx_public_key"):
            raise ValueError(
                "must not be set beside TELNYX_PUBLIC_KEY, because nobody could tell which one counts"
            )
        return value

    @field_validator("telnyx_base_url")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
            raise ValueError("must be a web address such as https://api.telnyx.com/v2")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, value: str | None) -> str | None:
        if value and not _database_in(value):
            raise ValueError(
                "must be a URL such as postgresql://user:password@host:5432/records or sqlite:////path/to/records.db, "
                "with every @ of a password, or behind the ?, written %40 and every / written %2F"
            )
        return value

    @field_validator("codec_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}":
                raise ValueError("must be addresses such as https://temporal.example.com, without a path")
        return value

    @field_validator("directory_url")
    @classmethod
    def _a_directory(cls, value: str | None) -> str | None:
        address = cls._a_web_address(value)
        if address is None:
            return None
        parts = urlsplit(address)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be the address alone; a token goes into PORTOUT_DIRECTORY_TOKEN")
        if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
            raise ValueError(
                "must begin with https, because PINs travel over it; http is for this machine only"
            )
        return address

    @field_validator("directory_token")
    @classmethod
    def _a_token_of_a_directory(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not (
            value.get_secret_value().isascii() and value.get_secret_value().isprintable()
        ):
            raise ValueError("must be printable ASCII")
        return value

    @field_validator("customer_sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not set(value) <= set(CUSTOMER_SOURCES) or len(set(value)) < len(value):
            raise ValueError(f"must name some of {', '.join(CUSTOMER_SOURCES)}, each once, between commas")
        if "directory" in value and not info.data.get("directory_url"):
            raise ValueError("names the directory, but PORTOUT_DIRECTORY_URL does not say where that is")
        if value and "directory" not in value and info.data.get("directory_url"):
            raise ValueError(
                "leaves out the directory although PORTOUT_DIRECTORY_URL is set: name it, or unset that"
            )
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _a_secret_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            cls._a_web_address(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _pin_wait_is_a_wait(self) -> Self:
        if self.pin_wait is not None:
            self.timing = self.timing.model_copy(update={"pin_wait": self.pin_wait})
        return self

    @property
    def real_carrier(self) -> bool:
        """Whether answers reach a real account. Without a key of its own the service speaks to the sandbox."""
        return self.telnyx_api_key is not None

    @property
    def sends(self) -> bool:
        """Whether answers leave this machine: always in the sandbox, at a real carrier only after `PORTOUT_SEND=yes`."""
        return self.send or not self.real_carrier

    @property
    def expects_webhooks(self) -> bool:
        """Whether a public key is configured; without one no webhook could be believed."""
        return bool(self.telnyx_public_key or self.telnyx_public_key_file)

    @property
    def who_decides(self) -> frozenset[str]:
        """`PORTOUT_REVIEWERS`, or the user of the operating system alone when it is empty."""
        return frozenset(self.reviewers or (getpass.getuser(),))

    @property
    def sources(self) -> tuple[str, ...]:
        """Who is asked for customers and PINs: `PORTOUT_CUSTOMER_SOURCES`, or all that there are."""
        found = tuple(source for source in CUSTOMER_SOURCES if source != "directory" or self.directory_url)
        return self.customer_sources or found

    @property
    def carrier_key(self) -> SecretStr:
        return self.telnyx_api_key or SecretStr(SANDBOX_KEY)

    @property
    def carrier_url(self) -> str:
        default = TELNYX if self.real_carrier else f"http://127.0.0.1:{SANDBOX_PORT}/v2"
        return self.telnyx_base_url or default

    @property
    def records_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home.resolve() / 'records.db'}"

    @property
    def records_place(self) -> str:
        """The URL of the records without what may hold a password."""
        url = _database_in(self.records_url)
        return f"{url['scheme']}://{url['place']}" if url else "set, but no URL"

    @property
    def database_password(self) -> str:
        """That of the URL, as it stands there; empty when there is none."""
        url = _database_in(self.database_url or "")
        return (url["password"] or "") if url else ""

    @property
    def checkpoint_file(self) -> Path:
        """Where the checkpoints of the ledger are written: nothing that can reach the database should reach it."""
        return self.ledger_checkpoints or self.home.resolve() / "checkpoints.jsonl"

    @property
    def schedule_id(self) -> str:
        return f"{self.task_queue}-intake"

    @property
    def checkpoint_schedule_id(self) -> str:
        return f"{self.task_queue}-checkpoints"

    @property
    def reconcile_schedule_id(self) -> str:
        return f"{self.task_queue}-reconcile"

    def notice_urls(self) -> list[tuple[str, SecretStr]]:
        """The Apprise addresses of `PORTOUT_NOTIFY`, each with its tag.

        Raises:
            SettingsError: a word is not `tag=URL` with one of the known tags.
        """
        pairs = []
        for word in (self.notify.get_secret_value() if self.notify else "").split():
            tag, separator, url = word.partition("=")
            if not separator or tag not in NOTICE_TAGS or "://" not in url:
                raise SettingsError(
                    "PORTOUT_NOTIFY must be words like review=json://host/path, separated by spaces, "
                    f"with the tags {', '.join(NOTICE_TAGS)}."
                )
            pairs.append((tag, SecretStr(url)))
        return pairs

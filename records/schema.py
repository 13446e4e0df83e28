"""The tables, as the newest migration leaves them. A test holds both together.

Texts have no length and times are text on SQLite (ISO 8601, UTC, always 27 characters, so that they sort);
PostgreSQL gets `timestamptz`.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from records.errors import DatabaseDamaged, NaiveTime

REVISION = "0009"
"""The newest migration: what a database must be at for this code."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@lru_cache(maxsize=64)
def utc_text(moment: datetime) -> str:
    """`2026-01-31T09:30:00.000000Z`.

    Raises:
        NaiveTime: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise NaiveTime("A time without a zone cannot be stored: give it as an aware datetime in UTC.")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored and read as UTC; a naive one is refused."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = utc_text(value)
        return value.astimezone(UTC) if dialect.name == "postgresql" else text

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            moment: datetime = value if dialect.name == "postgresql" else datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise DatabaseDamaged(
                "The records hold a time that is none, so somebody wrote there: see `portout ledger verify`."
            ) from None
        return moment.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from outside. What PostgreSQL or UTF-8 cannot hold (NUL, lone surrogates) becomes U+FFFD, so that
    an odd carrier name never keeps an order from being recorded."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        # Drivers treat members of a StrEnum each in their own way.
        text = value if type(value) is str else str.__str__(value)
        return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)


_Sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _belongs_to_customer() -> sa.Column[str]:
    return sa.Column(
        "customer_id", Words, sa.ForeignKey("customers.customer_id", ondelete="CASCADE"), nullable=False
    )


customers = sa.Table(
    "customers",
    metadata,
    sa.Column("customer_id", Words, primary_key=True),
    sa.Column("name", Words),
    sa.Column("business_name", Words),
    sa.Column("country", Words),
    sa.Column("pin_hash", sa.LargeBinary),
    sa.Column("pin_key_id", Words, index=True),
    sa.Column("pin_changed_at", UtcDateTime),
    sa.Column("email_changed_at", UtcDateTime),
    sa.Column("contact_changed_at", UtcDateTime),
    sa.Column("sim_changed_at", UtcDateTime),
    sa.Column("locked_at", UtcDateTime),
    sa.Column("locked_by", Words),
    sa.Column("lock_why", Words),
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

customer_numbers = sa.Table(
    "customer_numbers",
    metadata,
    sa.Column("number", Words, primary_key=True),
    _belongs_to_customer(),
    sa.Index(None, "customer_id"),
)

customer_contacts = sa.Table(
    "customer_contacts",
    metadata,
    _belongs_to_customer(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "position"),
)

customer_tags = sa.Table(
    "customer_tags",
    metadata,
    _belongs_to_customer(),
    sa.Column("tag", Words, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "tag"),
)

customer_channels = sa.Table(
    "customer_channels",
    metadata,
    _belongs_to_customer(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", Words, nullable=False),
    sa.PrimaryKeyConstraint("customer_id", "kind", "value"),
)

customer_changes = sa.Table(
    "customer_changes",
    metadata,
    sa.Column("seq", _Sequence, primary_key=True),
    _belongs_to_customer(),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("made_by", Words, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("file", Words),
    sa.Column("why", Words),
    sa.Column("changes", sa.JSON(none_as_null=True)),
    sa.Column("token", sa.Text),
    sa.Index(None, "customer_id", "seq"),
    sqlite_autoincrement=True,
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("portout_id", Words, primary_key=True),
    sa.Column("support_key", Words, index=True),
    sa.Column("round", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.Column("stage", Words, nullable=False, server_default="screening"),
    sa.Column("mode", Words),
    sa.Column("sends", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("policy", Words),
    sa.Column("policy_digest", Words),
    sa.Column("inserted_at", UtcDateTime),
    sa.Column("limit_at", UtcDateTime),
    sa.Column("respond_by", UtcDateTime),
    sa.Column("carrier_name", Words),
    sa.Column("spid", Words),
    sa.Column("number_count", sa.Integer),
    sa.Column("score", sa.Integer),
    sa.Column("recommendation", Words),
    sa.Column("people", sa.Integer),
    sa.Column("first_approval_by", Words),
    sa.Column("claimed_by", Words),
    sa.Column("claimed_until", UtcDateTime),
    sa.Column("outcome", Words),
    sa.Column("decided_by", Words),
    sa.Column("reviewer", Words),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("reason", Words),
    sa.Column("rejection_code", sa.Integer),
    sa.Column("carrier_status", Words),
    sa.Column("foc_date", UtcDateTime),
    sa.Column("rules", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("note", Words),
    sa.Column("asked_at", UtcDateTime),
    sa.Column("asked_for", Words),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    # In the order of the queue, so that neither its head nor the next order needs the others.
    sa.Index(None, "stage", "respond_by", "portout_id"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("seq", _Sequence, primary_key=True),
    sa.Column("portout_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("step_key", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("portout_id", "position"),
    sa.UniqueConstraint("portout_id", "step_key"),
    # A sequence number is never given twice, so that a removed end leaves a gap.
    sqlite_autoincrement=True,
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("portout_id", sa.Text, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("wrapped_by", sa.Text, nullable=False, index=True),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("portout_id", "wrapped_by"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("up_to_seq", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

stubs = sa.Table(
    "stubs",
    metadata,
    sa.Column("portout_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("portout_id", "position"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("portout_id", Words, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("event_id", Words, nullable=False),
    sa.Column("number", Words, nullable=False),
    sa.Column("spid", Words),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("result", Words),
    sa.PrimaryKeyConstraint("portout_id", "round", "event_id", "number"),
    sa.Index(None, "number", "at"),
    # Wrong PINs are few.
    sa.Index(
        "ix_attempts_mismatch_at",
        "at",
        sqlite_where=sa.text("result = 'mismatch'"),
        postgresql_where=sa.text("result = 'mismatch'"),
    ),
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("portout_id", Words, nullable=False),
    sa.Column("number", Words, nullable=False),
    sa.Column("customer_id", Words),
    sa.Column("spid", Words),
    sa.Column("carrier", Words),
    sa.Column("requested_at", UtcDateTime, nullable=False),
    sa.Column("denied_at", UtcDateTime),
    sa.PrimaryKeyConstraint("portout_id", "number"),
    sa.Index(None, "number", "requested_at"),
    # With the id at the end, orders are counted in the index alone.
    sa.Index(None, "customer_id", "requested_at", "portout_id"),
    sa.Index(None, "spid", "requested_at", "portout_id"),
    sa.Index(None, "carrier", "requested_at", "portout_id"),
    # Denials are few.
    sa.Index(
        "ix_history_denied_at",
        "denied_at",
        sqlite_where=sa.text("denied_at IS NOT NULL"),
        postgresql_where=sa.text("denied_at IS NOT NULL"),
    ),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("canonical", sa.LargeBinary, nullable=False),
    sa.Column("stored_at", UtcDateTime, nullable=False),
)

activations = sa.Table(
    "activations",
    metadata,
    sa.Column("seq", _Sequence, primary_key=True),
    sa.Column("digest", sa.Text, sa.ForeignKey("policies.digest"), nullable=False),
    sa.Column("engine_version", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("activated_by", Words),
    sqlite_autoincrement=True,
)

rule_reports = sa.Table(
    "rule_reports",
    metadata,
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("host", Words, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("running", sa.Text, nullable=False),
    sa.Column("found", sa.Text),
    sa.Column("refused", Words),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Words, nullable=False),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("cause", Words, primary_key=True),
    sa.Column("told_at", UtcDateTime, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("person", Words, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("grant_id", sa.Text, primary_key=True),
    sa.Column("token_id", sa.Text, sa.ForeignKey("tokens.token_id"), nullable=False),
    sa.Column("person", Words, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("portout_id", Words, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("redeemed_by", sa.Text),
)

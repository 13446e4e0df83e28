"""The tables of the main job.

Revision ID: 0001
Revises:
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As they are now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY_SQLITE = """
CREATE TRIGGER ledger_refuses_{event} BEFORE {event} ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
REFUSE_POSTGRESQL = """
CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation'; END $$
"""
APPEND_ONLY_POSTGRESQL = """
CREATE TRIGGER ledger_refuses_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()
"""


def upgrade() -> None:
    _create_customers()
    _create_cases()
    _create_ledger()
    _create_attempts()
    _create_policies()
    _create_marks_and_notices()


def downgrade() -> None:
    # The ledger's triggers go with its table.
    op.drop_table("notices")
    op.drop_table("marks")
    op.drop_table("activations")
    op.drop_table("policies")
    op.drop_table("attempts")
    op.drop_table("keys")
    op.drop_table("ledger")
    op.drop_table("cases")
    op.drop_table("customer_tags")
    op.drop_table("customer_contacts")
    op.drop_table("customer_numbers")
    op.drop_table("customers")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_refuses()")


def _text(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=not required)


def _moment(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=not required)


def _number(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=not required)


def _bytes(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=not required)


def _of_customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id"],
        ["customers.customer_id"],
        name=f"fk_{table}_customer_id",
        ondelete="CASCADE",
    )


def _create_customers() -> None:
    op.create_table(
        "customers",
        _text("customer_id", required=True),
        _text("name"),
        _text("business_name"),
        _text("country"),
        _bytes("pin_hash"),
        _text("pin_key_id"),
        _moment("pin_changed_at"),
        _moment("email_changed_at"),
        _moment("contact_changed_at"),
        _moment("sim_changed_at"),
        _moment("locked_at"),
        _text("locked_by"),
        _text("lock_why"),
        _moment("added_at", required=True),
        _moment("updated_at", required=True),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_pin_key_id", "customers", ["pin_key_id"])
    op.create_table(
        "customer_numbers",
        _text("number", required=True),
        _text("customer_id", required=True),
        _of_customer("customer_numbers"),
        sa.PrimaryKeyConstraint("number", name="pk_customer_numbers"),
    )
    op.create_index("ix_customer_numbers_customer_id", "customer_numbers", ["customer_id"])
    op.create_table(
        "customer_contacts",
        _text("customer_id", required=True),
        _number("position", required=True),
        _text("name", required=True),
        _of_customer("customer_contacts"),
        sa.PrimaryKeyConstraint("customer_id", "position", name="pk_customer_contacts"),
    )
    op.create_table(
        "customer_tags",
        _text("customer_id", required=True),
        _text("tag", required=True),
        _of_customer("customer_tags"),
        sa.PrimaryKeyConstraint("customer_id", "tag", name="pk_customer_tags"),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        _text("portout_id", required=True),
        _text("support_key"),
        sa.Column("round", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("stage", sa.Text(), nullable=False, server_default="screening"),
        _text("mode"),
        sa.Column("sends", sa.Boolean(), nullable=False, server_default=sa.false()),
        _text("policy"),
        _text("policy_digest"),
        _moment("inserted_at"),
        _moment("limit_at"),
        _moment("respond_by"),
        _text("carrier_name"),
        _text("spid"),
        _number("number_count"),
        _number("score"),
        _text("recommendation"),
        _number("people"),
        _text("outcome"),
        _text("decided_by"),
        _text("reviewer"),
        _moment("decided_at"),
        _text("reason"),
        _number("rejection_code"),
        _text("carrier_status"),
        sa.Column("rules", sa.JSON(), nullable=False, server_default="{}"),
        _text("note"),
        _moment("updated_at", required=True),
        sa.PrimaryKeyConstraint("portout_id", name="pk_cases"),
    )
    op.create_index("ix_cases_support_key", "cases", ["support_key"])
    op.create_index("ix_cases_stage_respond_by", "cases", ["stage", "respond_by"])


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", SEQUENCE, nullable=False),
        _text("portout_id", required=True),
        _number("position", required=True),
        _text("step_key", required=True),
        _text("kind", required=True),
        _moment("at", required=True),
        _bytes("entry", required=True),
        _text("hash", required=True),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger"),
        sa.UniqueConstraint("portout_id", "position", name="uq_ledger_portout_id_position"),
        sa.UniqueConstraint("portout_id", "step_key", name="uq_ledger_portout_id_step_key"),
        sqlite_autoincrement=True,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(REFUSE_POSTGRESQL)
        op.execute(APPEND_ONLY_POSTGRESQL)
    else:
        op.execute(APPEND_ONLY_SQLITE.format(event="update"))
        op.execute(APPEND_ONLY_SQLITE.format(event="delete"))
    op.create_table(
        "keys",
        _text("key_id", required=True),
        _text("portout_id", required=True),
        _bytes("wrapped", required=True),
        _text("wrapped_by", required=True),
        _moment("made_at", required=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_keys"),
        sa.UniqueConstraint("portout_id", "wrapped_by", name="uq_keys_portout_id_wrapped_by"),
    )
    op.create_index("ix_keys_wrapped_by", "keys", ["wrapped_by"])


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        _text("portout_id", required=True),
        _number("round", required=True),
        _text("event_id", required=True),
        _text("number", required=True),
        _text("spid"),
        _moment("at", required=True),
        _text("result"),
        sa.PrimaryKeyConstraint("portout_id", "round", "event_id", "number", name="pk_attempts"),
    )
    op.create_index("ix_attempts_number_at", "attempts", ["number", "at"])


def _create_policies() -> None:
    op.create_table(
        "policies",
        _text("digest", required=True),
        _bytes("canonical", required=True),
        _moment("stored_at", required=True),
        sa.PrimaryKeyConstraint("digest", name="pk_policies"),
    )
    op.create_table(
        "activations",
        sa.Column("seq", SEQUENCE, nullable=False),
        _text("digest", required=True),
        _text("engine_version", required=True),
        _moment("at", required=True),
        sa.ForeignKeyConstraint(["digest"], ["policies.digest"], name="fk_activations_digest"),
        sa.PrimaryKeyConstraint("seq", name="pk_activations"),
        sqlite_autoincrement=True,
    )


def _create_marks_and_notices() -> None:
    op.create_table(
        "marks",
        _text("name", required=True),
        _text("value", required=True),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
    op.create_table(
        "notices",
        _text("cause", required=True),
        _moment("told_at", required=True),
        sa.PrimaryKeyConstraint("cause", name="pk_notices"),
    )

"""Tokens that prove who acts, claims, and first approvals.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# As it is now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
CLAIMS = (("first_approval_by", sa.Text()), ("claimed_by", sa.Text()), ("claimed_until", MOMENT))


def upgrade() -> None:
    for name, type_ in CLAIMS:
        op.add_column("cases", sa.Column(name, type_))
    op.create_index("ix_cases_stage_respond_by_portout_id", "cases", ["stage", "respond_by", "portout_id"])
    op.drop_index("ix_cases_stage_respond_by", "cases")
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("token_id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("portout_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("redeemed_by", sa.Text()),
        sa.PrimaryKeyConstraint("grant_id", name="pk_grants"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.token_id"], name="fk_grants_token_id"),
    )


def downgrade() -> None:
    op.drop_table("grants")
    op.drop_table("tokens")
    op.create_index("ix_cases_stage_respond_by", "cases", ["stage", "respond_by"])
    op.drop_index("ix_cases_stage_respond_by_portout_id", "cases")
    for name, _ in reversed(CLAIMS):
        op.drop_column("cases", name)

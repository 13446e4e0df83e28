"""What was asked for and denied before, to be counted and compared.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As they are now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
MISMATCHES = sa.text("result = 'mismatch'")
DENIED = sa.text("denied_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("portout_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.Column("spid", sa.Text()),
        sa.Column("carrier", sa.Text()),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("denied_at", MOMENT),
        sa.PrimaryKeyConstraint("portout_id", "number", name="pk_history"),
    )
    op.create_index("ix_history_number_requested_at", "history", ["number", "requested_at"])
    for key in ("customer_id", "spid", "carrier"):
        columns = [key, "requested_at", "portout_id"]
        op.create_index(f"ix_history_{'_'.join(columns)}", "history", columns)
    op.create_index(
        "ix_history_denied_at", "history", ["denied_at"], sqlite_where=DENIED, postgresql_where=DENIED
    )
    op.create_index(
        "ix_attempts_mismatch_at", "attempts", ["at"], sqlite_where=MISMATCHES, postgresql_where=MISMATCHES
    )


def downgrade() -> None:
    op.drop_index("ix_attempts_mismatch_at", "attempts")
    op.drop_table("history")

"""How customers are reached, and what was changed about each.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# As they are now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customer_channels",
        _of("customer_channels"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "kind", "value", name="pk_customer_channels"),
    )
    op.create_table(
        "customer_changes",
        sa.Column("seq", SEQUENCE, nullable=False),
        _of("customer_changes"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("file", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("changes", sa.JSON()),
        sa.PrimaryKeyConstraint("seq", name="pk_customer_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_changes_customer_id_seq", "customer_changes", ["customer_id", "seq"])


def downgrade() -> None:
    op.drop_table("customer_changes")
    op.drop_table("customer_channels")


def _of(table: str) -> sa.Column[str]:
    holder = sa.ForeignKey("customers.customer_id", ondelete="CASCADE", name=f"fk_{table}_customer_id")
    return sa.Column("customer_id", sa.Text(), holder, nullable=False)

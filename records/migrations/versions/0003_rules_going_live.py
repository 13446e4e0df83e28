"""Who activated a policy bundle, and what each worker says of the rules.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# As it is now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("activations", sa.Column("activated_by", sa.Text()))
    op.create_table(
        "rule_reports",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("running", sa.Text(), nullable=False),
        sa.Column("found", sa.Text()),
        sa.Column("refused", sa.Text()),
        sa.PrimaryKeyConstraint("worker", name="pk_rule_reports"),
    )


def downgrade() -> None:
    op.drop_table("rule_reports")
    op.drop_column("activations", "activated_by")

"""The FOC date of an order that is watched: whoever lists orders sees that it has moved.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# As it is now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("cases", sa.Column("foc_date", MOMENT))


def downgrade() -> None:
    op.drop_column("cases", "foc_date")

"""Which token proved who locked a customer, or ended the lock.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_changes", sa.Column("token", sa.Text()))


def downgrade() -> None:
    op.drop_column("customer_changes", "token")

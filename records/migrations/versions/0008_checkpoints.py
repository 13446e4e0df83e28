"""Checkpoints of the ledger, and the stubs that are left of pruned chains.

From now on an entry can be deleted once a stub stands for it, and in no other way; nothing of the three is ever updated.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# As they are now: a migration does not follow later changes of records.schema.
MOMENT = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")

STANDS = "SELECT 1 FROM stubs WHERE stubs.portout_id = OLD.portout_id AND stubs.position >= OLD.position"
REFUSE_SQLITE = """
CREATE TRIGGER {table}_refuses_{event} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
UNLESS_PRUNED_SQLITE = f"""
CREATE TRIGGER ledger_refuses_delete BEFORE DELETE ON ledger WHEN NOT EXISTS ({STANDS})
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
# REPLACE deletes what stands in its way, and on SQLite no trigger hears of that.
REPLACE_SQLITE = """
CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
SAME = {
    "ledger": "seq = NEW.seq OR (portout_id = NEW.portout_id AND (position = NEW.position OR step_key = NEW.step_key))",
    "checkpoints": "number = NEW.number",
    "stubs": "portout_id = NEW.portout_id AND position = NEW.position",
}
REFUSE_POSTGRESQL = """
CREATE TRIGGER {table}_refuses_changes BEFORE {events} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()
"""
UNLESS_PRUNED_POSTGRESQL = f"""
CREATE FUNCTION ledger_refuses_unless_pruned() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF NOT EXISTS ({STANDS}) THEN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$
"""
DELETE_POSTGRESQL = """
CREATE TRIGGER ledger_refuses_delete BEFORE DELETE ON ledger
FOR EACH ROW EXECUTE FUNCTION ledger_refuses_unless_pruned()
"""


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("up_to_seq", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_checkpoints"),
    )
    op.create_table(
        "stubs",
        sa.Column("portout_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("portout_id", "position", name="pk_stubs"),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(UNLESS_PRUNED_POSTGRESQL)
        op.execute("DROP TRIGGER ledger_refuses_changes ON ledger")
        op.execute(REFUSE_POSTGRESQL.format(table="ledger", events="UPDATE OR TRUNCATE"))
        op.execute(DELETE_POSTGRESQL)
        for table in ("checkpoints", "stubs"):
            op.execute(REFUSE_POSTGRESQL.format(table=table, events="UPDATE OR DELETE OR TRUNCATE"))
        return
    op.execute("DROP TRIGGER ledger_refuses_delete")
    op.execute(UNLESS_PRUNED_SQLITE)
    for table in ("checkpoints", "stubs"):
        for event in ("update", "delete"):
            op.execute(REFUSE_SQLITE.format(table=table, event=event))
    for table, same in SAME.items():
        op.execute(REPLACE_SQLITE.format(table=table, same=same))


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_refuses_delete ON ledger")
        op.execute("DROP TRIGGER ledger_refuses_changes ON ledger")
        op.execute(REFUSE_POSTGRESQL.format(table="ledger", events="UPDATE OR DELETE OR TRUNCATE"))
        op.execute("DROP FUNCTION ledger_refuses_unless_pruned()")
    else:
        op.execute("DROP TRIGGER ledger_refuses_replace")
        op.execute("DROP TRIGGER ledger_refuses_delete")
        op.execute(REFUSE_SQLITE.format(table="ledger", event="delete"))
    # Their own triggers go with them.
    op.drop_table("stubs")
    op.drop_table("checkpoints")

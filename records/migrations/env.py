"""Runs migrations on the connection that `records.upgrade` hands over; logging stays as it was set."""

from alembic import context

from records.schema import metadata

# Online only: the caller's transaction holds the lock against other processes that start at the same time.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

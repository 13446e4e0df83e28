"""Alembic migrations, run by `records.upgrade` inside one transaction."""

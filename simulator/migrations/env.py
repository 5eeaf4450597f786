"""Alembic environment: runs on the connection that `simulator.schema` hands over."""

from __future__ import annotations

from alembic import context

from simulator.models import Base


def run() -> None:
    """Run the migrations in the caller's transaction."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run()

"""Alembic environment: runs the migrations on the connection that `Store.upgrade` passes in. Alembic finds this file
by its name.
"""

from __future__ import annotations

from alembic import context

from gonogo.server.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()

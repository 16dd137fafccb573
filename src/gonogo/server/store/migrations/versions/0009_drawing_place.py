"""Ninth migration: the place of the drawings' bytes, and the files that are about to be deleted there.

`drawing_files.bytes` stays NOT NULL, because SQLite would copy the whole table to allow NULL: it is empty for a file
that lies elsewhere, and no drawing is empty.
"""

from __future__ import annotations

from alembic import op

from gonogo.server.store.migrations.columns import HASH, INTEGER, TEXT, key, optional, required

revision = "drawing_place"
down_revision = "notes"


def upgrade() -> None:
    op.create_table(
        "drawing_place", key("id", INTEGER), *required(TEXT, "url"), *optional(TEXT, "marker", "earlier_url")
    )
    op.execute("INSERT INTO drawing_place (id, url) VALUES (1, 'database:')")
    op.create_table("drawing_deletions", key("sha256", HASH))

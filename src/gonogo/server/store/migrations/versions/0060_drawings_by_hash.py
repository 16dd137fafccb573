"""Drawings are found by the hash of their file: to forget a file one must know that no other drawing has it."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision: str | None = "0050"


def upgrade() -> None:
    op.create_index("ix_drawings_sha256", "drawings", ["sha256"])

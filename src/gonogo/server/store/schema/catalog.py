"""Catalog tables: define parts, their drawings, and imported predictions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gonogo.server.store.schema.columns import (
    Id,
    Instant,
    Json,
    Ref,
    foreign_key,
    metadata,
    number,
    public_id,
    subject_columns,
)

parts = Table(
    "parts",
    metadata,
    Column("id", Id, primary_key=True),
    foreign_key("orgs"),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "name"),
)

part_revisions = Table(
    "part_revisions",
    metadata,
    number(),
    public_id(),
    foreign_key("parts", index=True),
    Column("created_at", Instant, nullable=False),
)

drawing_place = Table(  # one row: where the bytes of all drawings lie (server/drawing_places)
    "drawing_place",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("marker", Text),  # stands in the place, too
    Column("earlier_url", Text),  # a move copied the files from there, and did not delete them yet
)

drawing_deletions = Table(  # files that are about to be deleted in the place: they can't be uploaded meanwhile
    "drawing_deletions",
    metadata,
    Column("sha256", String(64), primary_key=True),
)

drawing_files = Table(  # content by hash: stored once, however many drawings share it
    "drawing_files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),  # empty where they lie in another place
)

drawings = Table(  # the newest drawing of a revision is its active one
    "drawings",
    metadata,
    number(),
    public_id(),
    Column("part_revision_id", Id, ForeignKey("part_revisions.id"), nullable=False, index=True),
    Column("sha256", String(64), ForeignKey("drawing_files.sha256"), nullable=False, index=True),
    Column("content_type", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

calculations = Table(  # one imported prediction run
    "calculations",
    metadata,
    number(),
    public_id(),
    foreign_key("projects"),
    Column("run", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("project_id", "run"),
)

predictions = Table(
    "predictions",
    metadata,
    number(),
    public_id(),
    foreign_key("calculations"),
    Column("external_id", Ref, nullable=False),
    *subject_columns(),
    Column("truth", Json),
    Column("source", Ref),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("calculation_id", "external_id"),
    Index(
        "ix_predictions_part_revision",
        "part_revision_id",
        sqlite_where=text("part_revision_id IS NOT NULL"),
        postgresql_where=text("part_revision_id IS NOT NULL"),
    ),
)
